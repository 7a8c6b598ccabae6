"""What becomes of a case in public: written by one, published by another, counted."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from pharmacies.models import Membership
from prices.models import (
    Case,
    Report,
    ReportGroup,
)
from prices.monitoring import cases
from prices.monitoring.cases import CaseProblem, Overtaken
from prices.monitoring.reports import answers, outcomes
from tests import factories as f
from tests.factories import AT
from tests.monitoring.cases_world import LATER, ROLES, Cases, lead, official, world

pytestmark = pytest.mark.django_db


@pytest.fixture
def here() -> Cases:
    return world()


# -- publication ------------------------------------------------------------------------------------------------------


def propose(here: Cases, *, by: str = "reviewer", text: str = "药店已改正标价。", named: bool = False) -> None:
    here.case.refresh_from_db()
    cases.propose(here.case, text=text, named=named, by=here.people[by], at=LATER, seen=here.case.revision)
    here.case.refresh_from_db()


def publish(here: Cases, *, by: str = "publisher") -> None:
    cases.publish(here.case, by=here.people[by], at=LATER, seen=here.case.revision)
    here.case.refresh_from_db()


def test_what_becomes_public_is_written_by_one_and_published_by_another(here: Cases) -> None:
    here.bring_to("closed")
    propose(here)
    assert cases.public_word(here.case) == cases.Public(True, "", "", None)
    publish(here)
    assert cases.public_word(here.case) == cases.Public(True, "药店已改正标价。", "", LATER)


@pytest.mark.parametrize("role", ROLES)
def test_who_may_propose_send_back_and_publish(here: Cases, role: str) -> None:
    here.bring_to("closed")
    if role != "reviewer":
        with pytest.raises(PermissionDenied):
            propose(here, by=role)
    propose(here)
    if role != "publisher":
        seen = here.case.revision
        with pytest.raises(PermissionDenied):
            publish(here, by=role)
        with pytest.raises(PermissionDenied):
            cases.send_back(here.case, reason="改", by=here.people[role], at=LATER, seen=seen)


def test_nobody_publishes_what_they_proposed_whatever_their_roles(here: Cases) -> None:
    Membership.objects.create(user=here.people["reviewer"], role="publisher", area=f.wuchang(), valid=f.since())
    here.bring_to("closed")
    propose(here)
    with pytest.raises(CaseProblem, match="另一位发布人"):
        publish(here, by="reviewer")
    with pytest.raises(IntegrityError, match="case_published_by_another"), transaction.atomic():
        Case.objects.update(published_by=here.people["reviewer"], published_at=LATER)
    publish(here)


def test_an_unfinished_case_is_not_proposed_and_an_unproposed_one_not_published(here: Cases) -> None:
    with pytest.raises(CaseProblem):
        propose(here)
    here.bring_to("closed")
    with pytest.raises(CaseProblem, match="没有待发布"):
        publish(here)
    propose(here)
    publish(here)
    with pytest.raises(CaseProblem, match="已经发布"):
        propose(here)


def test_a_publisher_may_send_it_back_with_why(here: Cases) -> None:
    here.bring_to("closed")
    propose(here)
    cases.send_back(here.case, reason="写明日期", by=here.people["publisher"], at=LATER, seen=here.case.revision)
    here.case.refresh_from_db()
    assert (here.case.public_text, here.case.proposed_by) == ("", None)
    propose(here, text="11月21日药店已改正标价。")
    publish(here)


def test_a_pharmacys_name_is_public_only_where_the_publication_says_so(here: Cases) -> None:
    here.bring_to("closed")
    with pytest.raises(CaseProblem, match="药店名称"):
        propose(here, text="向阳大药房已改正标价。")
    propose(here, text="向阳大药房已改正标价。", named=True)
    publish(here)
    assert cases.public_word(here.case).pharmacy == "向阳大药房"


def test_reopening_takes_back_what_was_public(here: Cases) -> None:
    here.bring_to("closed")
    propose(here, named=True)
    publish(here)
    here.take("reopen")
    assert cases.public_word(here.case) == cases.Public(False, "", "", None)


def test_two_publishers_at_once(here: Cases) -> None:
    here.people["second"] = official("second", "publisher")
    here.bring_to("closed")
    propose(here)
    stale = Case.objects.get()
    publish(here)
    with pytest.raises(Overtaken):
        cases.publish(stale, by=here.people["second"], at=LATER, seen=stale.revision)


def test_the_citizen_who_reported_reads_the_outcome_once_it_is_published(here: Cases) -> None:
    group = ReportGroup.objects.create(
        pharmacy=here.shop, kind="price", drug_id=here.drug.pk, price_fen=2690, first_at=AT, last_at=AT
    )
    report = Report.objects.create(group=group, at=AT, text="标签 26.90", code_digest="0" * 64)
    answers.into_case(group, case=here.case, by=here.people["officer"], at=LATER)

    def told() -> str:
        return outcomes.outcome(Report.objects.select_related("group__case").get(pk=report.pk)).text

    here.bring_to("replied")
    here.take("corrected")
    propose(here)
    assert "药店已改正标价" not in told()
    publish(here)
    assert told() == "药店已改正标价。"
    here.take("reopen")
    assert "药店已改正标价" not in told()


# -- precision --------------------------------------------------------------------------------------------------------


def test_precision_is_confirmed_of_opened_within_a_year(here: Cases) -> None:
    assert cases.precision(f.hongshan(), at=LATER).share is None
    here.bring_to("replied")
    here.take("corrected")
    for name in ("slip", None):
        here.case = cases.open_case(here.shop, (lead(f.drug(), here.shop),), by=here.people["officer"], at=AT)
        if name:
            here.take(name)
    found = cases.precision(f.region(), at=LATER)
    assert (found.opened, found.closed, found.confirmed, found.percent) == (3, 2, 1, 33)
    assert cases.precision(f.region(), at=AT + timedelta(days=366)).opened == 0
