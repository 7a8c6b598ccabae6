"""The one table of what may be done to a case: from which states, to which, by whom, and what has to be said.

The steps and their order are domain.md 6.5 in the glossary's words. Who may do it is an `Action`; what a step needs is
asked for by the form and insisted upon by the verb.
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from pharmacies.access import Action
from prices.models import Case

ASKED = (
    Case.State.NOTICE,
    Case.State.REPLIED,
    Case.State.OVERDUE,
    Case.State.INTERVIEW,
    Case.State.RECTIFY,
    Case.State.RECHECK,
)
"""The pharmacy has been asked in writing: from here on a case is formal."""
UNFINISHED = (Case.State.TRIAGE, Case.State.VERIFY, *ASKED)


@dataclass(frozen=True, slots=True)
class Step:
    """`to` and `outcome` empty: the state stays. `once`: not a second time in the life of a case."""

    name: str
    label: str | Promise
    start: tuple[Case.State, ...]
    to: Case.State | None
    action: Action
    outcome: Case.Outcome | None = None
    reason: bool = True  # has to be given
    document: bool = False  # a document number has to be given
    due: bool = False  # a date may be given instead of the settings' number of days
    once: bool = False
    hint: str | Promise = ""


def _ends(
    name: str,
    label: str | Promise,
    start: tuple[Case.State, ...],
    action: Action,
    outcome: Case.Outcome,
    *,
    reason: bool = True,
    document: bool = False,
) -> Step:
    return Step(name, label, start, Case.State.CLOSED, action, outcome, reason=reason, document=document)


_ALL = [
    # --- before the pharmacy is asked in writing: the officer's own decisions
    Step(
        "verify", _("开始核实"), (Case.State.TRIAGE,), Case.State.VERIFY, Action.OPEN_CASE, reason=False,
        hint=_("初核认为需要核实：打电话、看系统、到店。"),
    ),
    _ends(
        "slip", _("已电话核实：录入错误"), (Case.State.TRIAGE, Case.State.VERIFY), Action.OPEN_CASE, Case.Outcome.DATA_ERROR, reason=False
    ),
    _ends("duplicate", _("重复，办结"), (Case.State.TRIAGE, Case.State.VERIFY), Action.OPEN_CASE, Case.Outcome.DUPLICATE),
    _ends("explained", _("已说明，办结"), (Case.State.TRIAGE, Case.State.VERIFY), Action.OPEN_CASE, Case.Outcome.EXPLAINED),
    Step(
        "notice", _("发提醒函"), (Case.State.VERIFY,), Case.State.NOTICE, Action.OPEN_CASE, document=True, due=True,
        hint=_("药店在工作台收到问询，可以回复并上传材料；提醒函同时生成 Word 文件。"),
    ),
    # --- formal
    Step(
        "interview", _("约谈"), (Case.State.REPLIED, Case.State.OVERDUE), Case.State.INTERVIEW, Action.DECIDE_CASE,
        document=True, due=True, hint=_("生成约谈记录（Word），当面填写、签字。"),
    ),
    Step(
        "rectify", _("限期整改"), (Case.State.INTERVIEW, Case.State.RECHECK), Case.State.RECTIFY, Action.DECIDE_CASE,
        document=True, due=True,
    ),
    Step("recheck", _("复查"), (Case.State.RECTIFY,), Case.State.RECHECK, Action.OPEN_CASE),
    _ends("accept", pgettext_lazy("case", "说明成立，办结"), (*ASKED[1:],), Action.DECIDE_CASE, Case.Outcome.EXPLAINED),
    _ends("was_slip", _("确认录入错误，办结"), (*ASKED,), Action.DECIDE_CASE, Case.Outcome.DATA_ERROR),
    _ends("corrected", _("已整改，办结"), (*ASKED[1:],), Action.DECIDE_CASE, Case.Outcome.CORRECTED),
    # --- 处置
    *(
        _ends(
            outcome.value, outcome.label, (Case.State.INTERVIEW, Case.State.RECTIFY, Case.State.RECHECK), Action.DECIDE_CASE, outcome,
            document=True,
        )
        for outcome in (Case.Outcome.SUSPENDED, Case.Outcome.PAUSED, Case.Outcome.TERMINATED)
    ),
    _ends(
        "handed_over", Case.Outcome.HANDED_OVER.label, (Case.State.VERIFY, *ASKED), Action.DECIDE_CASE, Case.Outcome.HANDED_OVER,
        document=True,
    ),
    # --- at any time
    Step("note", _("补充记录"), (*UNFINISHED,), None, Action.OPEN_CASE),
    Step(
        "reopen", _("重新核查"), (Case.State.CLOSED,), Case.State.VERIFY, Action.DECIDE_CASE, once=True,
        hint=_("一件事项只能重新核查一次；已公开的结果会撤下。"),
    ),
]  # fmt: skip
STEPS: dict[str, Step] = {step.name: step for step in _ALL}
"""What people do with buttons. The pharmacy's answer, the calendar, hand-overs and publication have verbs of their own."""

OTHERS: dict[str, str | Promise] = {
    "open": _("立项"),
    "reply": _("药店回复"),
    "overdue": _("到期未回复"),
    "assign": _("交办"),
    "propose": _("拟公开结果"),
    "send_back": _("退回公开稿"),
    "publish": _("发布结果"),
}
"""The names of those in the timeline."""


NAMES: dict[str, str | Promise] = {**{step.name: step.label for step in _ALL}, **OTHERS}
"""What the timeline and the log call a step."""


def label(name: str) -> str:
    """The name of a step in words of the active language."""
    return str(NAMES.get(name, name))


def possible(state: str, *, reopened: bool) -> list[Step]:
    """The steps that lead on from a state, in the table's order, whoever asks."""
    return [step for step in STEPS.values() if state in step.start and not (step.once and reopened)]
