"""Impossible states of cases, their steps and letters: attempts by constraint."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from pharmacies.models import User
from prices.models import Case, CaseDocument, CaseStep
from tests import factories as f
from tests.factories import AT
from tests.monitoring.impossible_leads import two
from tests.prices.impossible_desk import clerk

LATER, EARLIER = AT + timedelta(days=10), AT - timedelta(seconds=1)


def director() -> User:
    return User.objects.create_user("wang")


def case(**fields: Any) -> Case:
    base = {"number": "420106-2026-0001", "pharmacy": f.pharmacy(), "area": f.wuchang(), "title": "价格异常"}
    base |= {"owner": clerk(), "opened_at": AT, "due_at": LATER}
    return Case.objects.create(**base | fields)


def closed(**fields: Any) -> Case:
    return case(**{"state": "closed", "outcome": "explained", "closed_at": LATER, "due_at": None} | fields)


def proposed(**fields: Any) -> Case:
    return closed(**{"public_text": "已说明", "proposed_by": clerk(), "proposed_at": LATER} | fields)


def published(**fields: Any) -> Case:
    return proposed(**{"published_by": director(), "published_at": LATER} | fields)


def step(of: Case | None = None, **fields: Any) -> CaseStep:
    base = {"case": of or case(), "revision": 1, "name": "open", "after": "triage", "by": clerk(), "by_name": "李"}
    return CaseStep.objects.create(**base | {"at": AT} | fields)


def formal(name: str, **fields: Any) -> CaseStep:
    return step(**{"name": name, "document_number": "武医保函〔2026〕1号"} | fields)


def document(**fields: Any) -> CaseDocument:
    one = step()
    base = {"case": one.case, "step": one, "kind": "notice", "number": "1", "stored": "x", "sha256": "0" * 64}
    return CaseDocument.objects.create(**base | {"size": 1, "made_at": AT} | fields)


def two_steps(name: str, *revisions: int) -> Callable[[], object]:
    def attempt() -> None:
        one = case()
        for revision in revisions:
            step(one, name=name, revision=revision)

    return attempt


NOBODY = {"proposed_by": None, "proposed_at": None}

IMPOSSIBLE: dict[str, list[Callable[[], object]]] = {
    "case_closed_with_an_outcome": [
        lambda: closed(outcome=""),
        lambda: closed(closed_at=None),
        lambda: closed(due_at=LATER),
        lambda: case(outcome="explained"),
        lambda: case(closed_at=LATER),
        lambda: case(due_at=None),
    ],
    "case_asked_before_it_answers": [
        lambda: case(state="notice"),
        lambda: case(state="replied"),
        lambda: case(state="overdue"),
    ],
    "case_proposal_is_whole": [
        lambda: proposed(public_text=""),
        lambda: proposed(proposed_by=None),
        lambda: proposed(proposed_at=None),
        lambda: closed(public_name=True),
        lambda: case(public_text="已说明", proposed_by=clerk(), proposed_at=AT),
    ],
    "case_publication_is_whole": [
        lambda: published(published_by=None),
        lambda: published(published_at=None),
        lambda: published(public_text="", **NOBODY),
    ],
    "case_published_by_another": [lambda: published(published_by=clerk())],
    "case_reopened_after_it_opened": [lambda: case(reopened_at=EARLIER)],
    "case_step_once_per_revision": [two_steps("comment", 2, 2)],
    "case_reopened_once": [two_steps("reopen", 2, 3)],
    "case_formal_step_by_a_person_with_a_number": [
        lambda: formal("notice", document_number=""),
        lambda: formal("interview", document_number=""),
        lambda: formal("rectify", by=None),
        lambda: formal("suspended", by=None),
        lambda: formal("paused", document_number=""),
        lambda: formal("terminated", by=None),
        lambda: formal("handed_over", document_number=""),
    ],
    "case_document_has_a_number": [lambda: document(number="")],
}
KEYS: dict[str, Callable[[], object]] = {"case of a number": two(case)}
