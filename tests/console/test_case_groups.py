"""The buttons of a case stand by what they do: what leads on, what ends it, and apart from both what weighs on the shop."""

import pytest
from django.test import Client

from tests.monitoring.cases_world import LATER, Cases, world
from tests.staff.accounts_world import Clock
from tests.staff.signing import sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def here(clock: Clock) -> Cases:
    made = world()
    clock.at = LATER
    return made


def groups(here: Cases, role: str) -> dict[str, list[str]]:
    page = sign_in(Client(), here.people[role]).get(f"/console/420106/cases/{here.case.pk}")
    return {group.name: [choice.step.name for choice in group.choices] for group in page.context["groups_of_steps"]}


def test_one_click_that_closes_does_not_stand_beside_the_one_that_leads_on(here: Cases) -> None:
    assert groups(here, "officer") == {"on": ["verify", "note"], "end": ["slip", "duplicate", "explained"]}


def test_measures_stand_last_and_by_themselves(here: Cases) -> None:
    here.bring_to("interview")
    found = groups(here, "reviewer")
    assert list(found) == ["on", "end", "measure"]
    assert found["measure"] == ["suspended", "paused", "terminated", "handed_over"]
    assert not {"suspended", "terminated"} & {*found["on"], *found["end"]}
    page = sign_in(Client(), here.people["reviewer"]).get(f"/console/420106/cases/{here.case.pk}").content.decode()
    assert page.index("继续办理") < page.index("办结，不作处置") < page.index("处置药店")


def test_where_nothing_but_notes_can_be_taken_no_heading_says_so(here: Cases) -> None:
    here.bring_to("notice")
    assert groups(here, "officer") == {"on": ["note"]}
    page = sign_in(Client(), here.people["officer"]).get(f"/console/420106/cases/{here.case.pk}").content.decode()
    assert "继续办理" not in page
