"""Editions side by side: which is in force, what the next one changes, and the night on which it takes over."""

import json
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from catalog.editions import Change, current, difference, upcoming
from catalog.insurance import classes
from catalog.models import Edition, Listing, ListingMatch
from catalog.nrdl.load import load

from .. import factories as f
from ..factories import AT
from . import small_edition as small

pytestmark = pytest.mark.django_db

NEXT = date(2032, 1, 1)
NEW_DAYS = "2032年1月1日至2033年12月31日"
NEXT_ROWS = (
    "西药,1,XA01,示例口腔药,乙,1,0,示例洛尔,口服常释剂型,,限成人。,",  # class and restriction
    "西药,1,XA02,示例胃药,乙,2,0,样子沙坦,口服常释剂型,,,",  # printed under its other name
    "西药,2,XA02,示例胃药,乙,1,1,示例洛尔,注射剂,,限住院患者。,",
    "西药,2,XC03,示例利尿剂,乙,3,0,试验单抗注射液,,,限二线用药。,",  # moved from the negotiated part
    "中成药,3,ZA01,示例解表剂,甲,1,0,样品颗粒(片、胶囊、丸),,,,",  # one form more
    f"谈判西药,4,XC03,示例利尿剂,乙,1,0,试验替尼片,,*,,{NEW_DAYS}",
    f"谈判中成药,5,ZA01,示例解表剂,乙,1,0,试验口服液,,2.94元(10ml/支),,{NEW_DAYS}",
    f"竞价,6,XC03,示例利尿剂,乙,1,0,崭新溶液,,30.00元(100ml/瓶),,{NEW_DAYS}",  # new; the old one is gone
)
NEXT_TOTALS = "western=3,patent=1,negotiated=3,class_a_western=0,class_a_patent=1"


@pytest.fixture
def editions() -> tuple[Edition, Edition]:
    load(data=small.text().encode(), order=small.order(), at=AT, by="经办人")
    order = small.order(year=2031, first=NEXT, totals=NEXT_TOTALS)
    load(data=small.text(rows=NEXT_ROWS).encode(), order=order, at=AT, by="经办人")
    before, after = Edition.objects.order_by("year")
    return before, after


def test_the_current_edition_and_the_next_stand_side_by_side(editions: tuple[Edition, Edition]) -> None:
    before, after = editions
    eve = NEXT - timedelta(days=1)
    assert (current(eve), upcoming(eve)) == (before, [after])
    assert (current(NEXT), upcoming(NEXT)) == (after, [])
    assert (current(small.FIRST - timedelta(days=1)), upcoming(small.FIRST - timedelta(days=1))) == (
        None,
        [before, after],
    )


def test_an_edition_that_is_not_ready_is_nobodys(editions: tuple[Edition, Edition]) -> None:
    Edition.objects.update(state=Edition.State.LOADING)
    assert (current(NEXT), upcoming(small.FIRST)) == (None, [])


def told(changes: tuple[Change, ...]) -> list[tuple[str, str, str]]:
    return [(change.kind, change.name, change.form) for change in changes]


def test_the_difference_names_each_change_of_each_row_once(editions: tuple[Edition, Edition]) -> None:
    assert told(difference(*editions).changes) == [
        ("new", "崭新溶液", ""),
        ("gone", "示例洛尔", "缓释控释剂型"),
        ("gone", "样品丸", ""),
        ("gone", "试验溶液", ""),
        ("moved", "试验单抗注射液", ""),
        ("class", "示例洛尔", "口服常释剂型"),
        ("restriction", "示例洛尔", "口服常释剂型"),
    ]


def test_a_change_shows_both_rows(editions: tuple[Edition, Edition]) -> None:
    moved = next(change for change in difference(*editions).changes if change.kind == "moved")
    assert moved.before is not None
    assert moved.after is not None
    assert (moved.before.section, moved.before.number) == ("谈判西药", "1")
    assert (moved.after.section, moved.after.number) == ("西药", "3")


def test_an_edition_does_not_differ_from_itself(editions: tuple[Edition, Edition]) -> None:
    found = difference(editions[0], editions[0])
    assert found.changes == ()
    assert set(found.counts.values()) == {0}


def test_the_way_back_is_the_mirror(editions: tuple[Edition, Edition]) -> None:
    there, back = difference(*editions).counts, difference(*reversed(editions)).counts
    assert (there["new"], there["gone"]) == (back["gone"], back["new"])
    assert (there["moved"], there["class"], there["restriction"]) == (back["moved"], back["class"], back["restriction"])


def test_a_difference_costs_two_queries(
    editions: tuple[Edition, Edition], django_assert_num_queries: pytest.FixtureRequest
) -> None:
    with django_assert_num_queries(2):  # type: ignore[operator]  # a fixture that is a function
        difference(*editions)


def test_two_rows_of_one_name_and_form_pair_within_their_part(editions: tuple[Edition, Edition]) -> None:
    before, after = editions
    for edition, restriction in ((before, "甲限"), (after, "乙限")):
        for section in ("西药", "中成药"):
            Listing.objects.create(
                edition=edition,
                section=section,
                number="90",
                generic_name="两处药",
                names=["两处药"],
                ins_class="乙",
                restriction=restriction,
            )
    found = [change for change in difference(before, after).changes if change.name == "两处药"]
    assert [(change.kind, change.before.section, change.after.section) for change in found] == [  # type: ignore[union-attr]  # both sides are there
        ("restriction", "西药", "西药"),
        ("restriction", "中成药", "中成药"),
    ]


# -- midnight ---------------------------------------------------------------------------------------------------------


def test_the_new_edition_takes_over_at_midnight_in_shanghai(editions: tuple[Edition, Edition]) -> None:
    """Class, agreement and part of the list change with the day, in Shanghai, and not a second before."""
    shanghai = ZoneInfo("Asia/Shanghai")
    midnight = datetime(2032, 1, 1, tzinfo=shanghai)
    drug = f.drug()
    for listing in Listing.objects.filter(generic_name="示例洛尔", dosage_form="口服常释剂型"):
        ListingMatch.objects.create(drug=drug, listing=listing, state="accepted", reviewed_by="药师")

    def seen(at: datetime) -> tuple[str, str, date, set[str]]:
        day = timezone.localdate(at, shanghai)
        rows = Listing.objects.in_force(day)
        agreement = rows.get(generic_name="试验替尼片").agreement
        return (
            classes([drug], day)[drug.pk],
            rows.get(generic_name="试验单抗注射液").section,
            agreement.upper - timedelta(days=1),
            set(rows.filter(section="竞价").values_list("generic_name", flat=True)),
        )

    old = ("甲", "谈判西药", date(2032, 12, 31), {"试验溶液"})
    new = ("乙", "西药", date(2033, 12, 31), {"崭新溶液"})
    assert seen(midnight - timedelta(seconds=1)) == old
    assert seen(midnight) == new
    assert seen(datetime(2031, 12, 31, 16, 0, tzinfo=ZoneInfo("UTC"))) == new  # the same moment, told in UTC


# -- the command ------------------------------------------------------------------------------------------------------


def test_the_command_begins_with_the_counts(
    editions: tuple[Edition, Edition], capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("compare_editions", "2030", "2031")
    lines = capsys.readouterr().out.splitlines()
    assert lines[:6] == [
        "2030年版 → 2031年版",
        "新增\t1",
        "不再列入\t3",
        "所在部分变化\t1",
        "甲乙类变化\t1",
        "限定支付范围变化\t1",
    ]
    assert lines[6] == "新增\t崭新溶液\t\t\t竞价 1 乙"
    assert lines[10:] == [
        "所在部分变化\t试验单抗注射液\t\t谈判西药 1 乙\t西药 3 乙",
        "甲乙类变化\t示例洛尔\t口服常释剂型\t西药 1 甲\t西药 1 乙",
        "限定支付范围变化\t示例洛尔\t口服常释剂型\t\t限成人。",
    ]


def test_the_command_tells_the_same_as_json(
    editions: tuple[Edition, Edition], capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("compare_editions", "2030", "2031", "--json")
    found = json.loads(capsys.readouterr().out)
    assert (found["before"], found["after"]) == (2030, 2031)
    assert found["counts"] == {"new": 1, "gone": 3, "moved": 1, "class": 1, "restriction": 1}
    assert found["changes"][0]["before"] is None
    assert found["changes"][0]["after"]["section"] == "竞价"


def test_an_edition_that_is_not_there_is_named(editions: tuple[Edition, Edition]) -> None:
    with pytest.raises(CommandError, match=r"没有 2019 年版.*2030、2031"):
        call_command("compare_editions", "2019", "2031")
