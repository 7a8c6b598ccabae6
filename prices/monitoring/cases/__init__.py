"""核查事项: the verbs of cases. `table` says what may be done by whom, `moving` does it, the others say what it means."""

from prices.monitoring.cases.moving import CaseProblem, Overtaken
from prices.monitoring.cases.opening import open_case
from prices.monitoring.cases.publication import Precision, Public, precision, propose, public_word, publish, send_back
from prices.monitoring.cases.replies import mark_overdue, replied
from prices.monitoring.cases.steps import assign, close_as_slip, officers, take

__all__ = [
    "CaseProblem",
    "Overtaken",
    "Precision",
    "Public",
    "assign",
    "close_as_slip",
    "mark_overdue",
    "officers",
    "open_case",
    "precision",
    "propose",
    "public_word",
    "publish",
    "replied",
    "send_back",
    "take",
]
