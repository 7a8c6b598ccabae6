"""What a file says about dated facts, and what becomes of what is stored."""

from datetime import date

import pytest

from pharmacies.importers.history import (
    Period,
    designations_after,
    stated_designations,
    stated_statuses,
    statuses_after,
)
from pharmacies.importers.reading import CellError
from pharmacies.models import Designation, PharmacyStatus

read = stated_designations(Designation.Kind)
read_status = stated_statuses(PharmacyStatus.Status)
DAY = date(2026, 11, 21)
D = date.fromisoformat


def told(periods: list[Period]) -> set[tuple[str, str, str]]:
    return {(each.word, str(each.start or ""), str(each.end or "")) for each in periods}


def designations(stored: list[Period], cell: str, *, new: bool = False) -> set[tuple[str, str, str]]:
    return told(designations_after(stored, read(cell), on=DAY, new=new))


def statuses(stored: list[Period], cell: str) -> set[tuple[str, str, str]]:
    return told(statuses_after(stored, read_status(cell), on=DAY))


# -- reading ----------------------------------------------------------------------------------------------------------


def test_days_are_inclusive_in_files_and_half_open_inside() -> None:
    cell = "designated; dual_channel@2025-01-01..2026-12-31;delivery@2026-05-01;cold_chain@..2026-06-30；"
    assert read(cell) == (
        Period("designated", None, None, dated=False),
        Period("dual_channel", D("2025-01-01"), D("2027-01-01")),
        Period("delivery", D("2026-05-01"), None),
        Period("cold_chain", None, D("2026-07-01")),
    )
    assert read("") == ()


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("star", "unknown_word"),
        ("designated@", "date"),
        ("designated@..", "date"),
        ("designated@2026-13-01", "date"),
        ("designated@2026-02-01..2026-01-31", "range"),
        ("designated;designated", "repeated_kind"),
        ("delivery@2026-01-01..2026-01-31;delivery@2026-01-31", "repeated_kind"),
    ],
)
def test_a_designation_that_cannot_be_read_says_why(cell: str, reason: str) -> None:
    with pytest.raises(CellError) as refused:
        read(cell)
    assert refused.value.reason == reason


def test_one_kind_may_hold_on_different_days() -> None:
    assert len(read("delivery@2026-01-01..2026-01-31;delivery@2026-02-01")) == 2


def test_statuses_last_until_the_next_one() -> None:
    assert read_status("normal;suspended@2026-11-01;terminated@2026-12-01") == (
        Period("normal", None, D("2026-11-01"), dated=False),
        Period("suspended", D("2026-11-01"), D("2026-12-01")),
        Period("terminated", D("2026-12-01"), None),
    )


@pytest.mark.parametrize(
    "cell", ["suspended@2026-11-01;normal", "normal@2026-11-02;suspended@2026-11-01", "suspended@..2026-11-01"]
)
def test_statuses_without_order_are_refused(cell: str) -> None:
    with pytest.raises(CellError, match="由早到晚"):
        read_status(cell)


# -- designations -----------------------------------------------------------------------------------------------------


def test_a_new_pharmacy_has_always_had_what_is_undated() -> None:
    assert designations([], "designated", new=True) == {("designated", "", "")}


def test_a_known_pharmacy_gains_what_is_undated_today() -> None:
    assert designations([], "delivery") == {("delivery", "2026-11-21", "")}


def test_what_is_undated_and_held_goes_on() -> None:
    held = Period("designated", D("2025-01-01"), D("2027-01-01"))
    assert designations([held], "designated") == {("designated", "2025-01-01", "")}


def test_what_is_no_longer_named_ends_today_and_stays_in_history() -> None:
    stored = [Period("delivery", None, None), Period("cold_chain", D("2026-01-01"), D("2026-06-01"))]
    assert designations(stored, "") == {("delivery", "", "2026-11-21"), ("cold_chain", "2026-01-01", "2026-06-01")}


def test_what_would_begin_later_and_is_no_longer_named_never_begins() -> None:
    assert designations([Period("delivery", D("2026-12-01"), None)], "") == set()


def test_days_replace_what_they_overlap() -> None:
    stored = [Period("dual_channel", None, D("2026-01-01")), Period("dual_channel", D("2026-01-01"), None)]
    cell = "dual_channel@2026-02-01..2026-12-31"
    assert designations(stored, cell) == {
        ("dual_channel", "", "2026-01-01"),
        ("dual_channel", "2026-02-01", "2027-01-01"),
    }


# -- statuses ---------------------------------------------------------------------------------------------------------


def test_normal_without_history_needs_no_history() -> None:
    assert statuses([], "normal") == set()


def test_a_dated_suspension_keeps_what_was_before() -> None:
    stored = [Period("normal", D("2020-01-01"), None)]
    assert statuses(stored, "suspended@2026-11-01") == {
        ("normal", "2020-01-01", "2026-11-01"),
        ("suspended", "2026-11-01", ""),
    }


def test_an_undated_change_begins_today() -> None:
    stored = [Period("suspended", D("2026-11-01"), None)]
    assert statuses(stored, "normal") == {("suspended", "2026-11-01", "2026-11-21"), ("normal", "2026-11-21", "")}


def test_an_undated_status_that_already_holds_changes_nothing() -> None:
    stored = [Period("suspended", D("2026-11-01"), None)]
    assert statuses(stored, "suspended") == {("suspended", "2026-11-01", "")}


def test_a_pharmacy_first_heard_of_as_suspended_has_no_known_normal_time() -> None:
    assert statuses([], "suspended") == {("suspended", "", "")}


def test_normal_cancels_a_suspension_that_was_to_come() -> None:
    stored = [Period("suspended", D("2026-12-01"), None)]
    assert statuses(stored, "normal") == {("normal", "2026-11-21", "")}


@pytest.mark.parametrize("cell", ["suspended@2026-11-01", "normal;suspended@2026-11-01", "suspended", "normal"])
@pytest.mark.parametrize("stored", [[], [Period("normal", D("2020-01-01"), None)], [Period("terminated", None, None)]])
def test_saying_it_twice_is_saying_it_once(stored: list[Period], cell: str) -> None:
    once = statuses_after(stored, read_status(cell), on=DAY)
    assert statuses_after(once, read_status(cell), on=DAY) == once
    assert told(statuses_after(once, read_status(cell), on=date(2026, 11, 22))) == told(once)
