from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pharmacies.hours import DAY, SHANGHAI, WEEK, HoursError, Status, describe, is_open, minute_of_week, parse

MONDAY = datetime(2026, 11, 16, tzinfo=SHANGHAI)
MO, TU, WE, TH, FR, SA, SU = range(7)


def minute(day: int, clock: str) -> int:
    hours, minutes = clock.split(":")
    return day * DAY + int(hours) * 60 + int(minutes)


def at(day: int, clock: str) -> datetime:
    return MONDAY + timedelta(minutes=minute(day, clock))


def spans(*triples: tuple[int, str, str]) -> tuple[tuple[int, int], ...]:
    return tuple((minute(day, start), minute(day, end)) for day, start, end in triples)


def test_weekdays_and_weekend() -> None:
    expected = spans(*((day, "08:00", "21:30") for day in range(5)), *((day, "09:00", "21:00") for day in (SA, SU)))
    assert parse("Mo-Fr 08:00-21:30;Sa-Su 09:00-21:00") == expected


def test_round_the_clock() -> None:
    assert parse("24/7") == ((0, WEEK),)
    assert parse("Mo-Su 00:00-24:00") == ((0, WEEK),)


def test_hours_without_days_hold_every_day() -> None:
    assert parse("08:00-22:00") == parse("Mo-Su 08:00-22:00")


def test_single_days_and_days_over_the_week_end() -> None:
    assert parse("Mo,We 08:00-12:00") == spans((MO, "08:00", "12:00"), (WE, "08:00", "12:00"))
    assert parse("Sa-Mo 08:00-12:00") == parse("Mo,Sa,Su 08:00-12:00")


def test_a_lunch_break() -> None:
    assert parse("Tu 08:00-12:00,14:00-18:00") == spans((TU, "08:00", "12:00"), (TU, "14:00", "18:00"))


def test_a_night_belongs_to_the_day_it_began_on() -> None:
    assert parse("Fr 20:00-02:00") == ((minute(FR, "20:00"), minute(SA, "02:00")),)
    assert parse("Fr 20:00-26:00") == parse("Fr 20:00-02:00")
    assert parse("Fr 20:00-00:00") == parse("Fr 20:00-24:00")


def test_a_sunday_night_is_split_at_the_week_end() -> None:
    assert parse("Su 20:00-02:00") == ((0, 120), (minute(SU, "20:00"), WEEK))


def test_a_later_rule_replaces_the_day() -> None:
    assert parse("Mo-We 08:00-18:00; Tu 10:00-12:00; We off") == spans((MO, "08:00", "18:00"), (TU, "10:00", "12:00"))
    assert parse("24/7; Mo closed") == ((DAY, WEEK),)


def test_closing_a_day_leaves_the_night_before_it() -> None:
    assert parse("Mo,Tu 20:00-02:00; Tu off") == ((minute(MO, "20:00"), minute(TU, "02:00")),)


def test_touching_and_overlapping_spans_become_one() -> None:
    assert parse("Mo 08:00-12:00,12:00-14:00,13:00-18:00") == spans((MO, "08:00", "18:00"))


def test_a_shop_that_never_opens() -> None:
    assert parse("Mo-Su off") == ()


@pytest.mark.parametrize(
    "text", ["Ｍｏ－Ｆｒ　０８：００－２１：３０", "mo-fr 8:00-21:30;", "Mo–Fr 08:00~21:30", " Mo-Fr  08:00 - 21:30"]
)
def test_accidents_of_typing_are_read(text: str) -> None:
    assert parse(text) == parse("Mo-Fr 08:00-21:30")


@pytest.mark.parametrize(
    "text",
    [
        "",
        ";",
        "Mo-Fr",
        "Mo-Fr 08:00",
        "Mo-Fr 08:00+",
        "Mo-Fr 25:00-26:00",
        "Mo-Fr 08:60-21:00",
        "Mo-Fr 24:00-25:00",
        "Mo-Fr 08:00-33:00",
        "Mo-Fr 08:00-21:30 Sa 09:00-12:00",
        "Mo-Fr 08:00-21:30, Sa 09:00-12:00",
        "Mo-We-Fr 08:00-12:00",
        "Xx 08:00-12:00",
        "PH off",
        "周一至周五 08:00-21:30",
        "8点到9点",
        "Mo-Fr 08:00-12:00,",
        "Mo-Fr 0800-2130",
        "24/7;;Mo off",
        "sunrise-sunset",
    ],
)
def test_what_cannot_be_read_is_refused_and_told_what_to_write(text: str) -> None:
    with pytest.raises(HoursError, match="Mo-Fr 08:00-21:30;Sa-Su 09:00-21:00"):
        parse(text)


def test_a_span_of_no_length_is_refused_because_it_means_two_things() -> None:
    with pytest.raises(HoursError, match="00:00-24:00"):
        parse("Mo 08:00-08:00")


DAY_NAMES = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
clock_minutes = st.integers(0, DAY - 1)
rules = st.lists(
    st.tuples(st.sets(st.integers(0, 6), min_size=1), st.lists(st.tuples(clock_minutes, clock_minutes), max_size=3)),
    min_size=1,
    max_size=4,
)


def written(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


@given(rules, st.integers(0, WEEK - 1))
def test_any_rules_agree_with_a_minute_by_minute_reading(
    week_rules: list[tuple[set[int], list[tuple[int, int]]]], probe: int
) -> None:
    parts, of_day = [], {day: list[tuple[int, int]]() for day in range(7)}
    for days, pairs in week_rules:
        kept = [(start, end) for start, end in pairs if start != end]
        times = ",".join(f"{written(start)}-{written(end)}" for start, end in kept) or "off"
        parts.append(",".join(DAY_NAMES[day] for day in sorted(days)) + " " + times)
        of_day.update(dict.fromkeys(days, kept))
    intervals = parse("; ".join(parts))
    expected = any(
        (probe - day * DAY - start) % WEEK < (end - start) % DAY
        for day, pairs in of_day.items()
        for start, end in pairs
    )
    assert is_open(intervals, MONDAY + timedelta(minutes=probe)) == expected
    assert all(0 <= start < end <= WEEK for start, end in intervals)
    assert all(one[1] < two[0] for one, two in pairwise(intervals))


def test_the_week_is_the_week_in_shanghai() -> None:
    assert minute_of_week(datetime(2026, 11, 15, 16, 0, tzinfo=UTC)) == 0
    assert minute_of_week(datetime(2026, 11, 15, 15, 59, tzinfo=UTC)) == WEEK - 1


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        is_open(parse("24/7"), datetime(2026, 11, 16))  # noqa: DTZ001  # a naive time is what is tried


def test_open_from_the_first_minute_and_closed_from_the_last() -> None:
    hours = parse("Mo 08:00-22:00")
    moments = ["07:59", "08:00", "21:59", "22:00"]
    assert [is_open(hours, at(MO, clock)) for clock in moments] == [False, True, True, False]


@pytest.mark.parametrize(
    ("hours", "day", "clock", "expected"),
    [
        ("Mo-Su 08:00-22:00", MO, "12:00", Status("open", "22:00", 0)),
        ("Mo-Su 08:00-22:00", MO, "07:00", Status("closed", "08:00", 0)),
        ("Mo-Su 08:00-22:00", MO, "22:00", Status("closed", "08:00", 1)),
        ("Mo-Fr 08:00-22:00", FR, "23:00", Status("closed", "08:00", 3)),
        ("Mo 08:00-22:00", MO, "22:00", Status("closed", "08:00", 7)),
        ("Mo-Su 08:00-24:00", SU, "23:59", Status("open", "24:00", 0)),
        ("Mo-Su 20:00-02:00", SU, "23:00", Status("open", "02:00", 1)),
        ("Mo-Su 20:00-02:00", MO, "01:00", Status("open", "02:00", 0)),
        ("Su 12:00-24:00; Mo 00:00-10:00", SU, "13:00", Status("open", "10:00", 1)),
        ("Mo 08:00-24:00; Tu 00:00-24:00; We 00:00-20:00", MO, "09:00", Status("open", "20:00", 2)),
        ("Mo-Su 08:00-12:00,14:00-18:00", TH, "13:00", Status("closed", "14:00", 0)),
        ("24/7", WE, "03:00", Status("always")),
        ("Mo-Su off", WE, "03:00", Status("closed")),
        ("24/7; We off", WE, "03:00", Status("closed", "00:00", 1)),
    ],
)
def test_what_is_said_about_a_shop(hours: str, day: int, clock: str, expected: Status) -> None:
    assert describe(parse(hours), at(day, clock)) == expected
