"""本期定稿: a frozen month keeps its numbers, whatever is corrected later, and nobody can change it."""

import io
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, connections, transaction
from docx import Document

from catalog.models import ReferencePrice
from pharmacies.models import AuditEvent, Region, User
from prices.models import AccessGap, AreaFigure, Freeze, FrozenTable, Landing, Offer, ReporterMonth
from prices.monitoring import access_gaps, brief, compliance, freezes, freezing, passthrough, tabled, tabled_months
from tests import factories as f
from tests.console.leads_world import figure
from tests.console.tables_world import frozen
from tests.factories import AT, since
from tests.monitoring.cases_world import lead
from tests.monitoring.reporting_world import changed, sent, weekly

SEPTEMBER, OCTOBER = date(2026, 9, 1), date(2026, 10, 1)
FIRST = AT.replace(month=11, day=1, hour=4)


def world() -> Any:
    """October of one shop that reported in three of four weeks, with a procurement price that landed."""
    shop, drug = f.pharmacy("甲店"), f.drug()
    f.report(weekly(), shop, AT)
    f.rebuild_today()
    for day in (5, 20):
        sent(shop, AT.replace(month=10, day=day))
    changed(drug, shop, None, "20.00", AT.replace(month=9, day=1))
    changed(drug, shop, "20.00", "10.00", AT.replace(month=10, day=10))
    f.offer(drug, shop, "10.00")
    f.reference_price(drug, "10.00", kind="vbp", valid=since(OCTOBER))
    AreaFigure.objects.create(
        area=f.wuchang(), on=date(2026, 10, 31), at=FIRST, shops=1, reporting=1, late=0, silent=0, offers=1, fresh=1,
        products=1, covered=1, received=20, refused=0, dispersed=0, leads=0, open_leads=0,
    )  # fmt: skip
    compliance.work_out(FIRST)
    access_gaps.work_out(FIRST)
    passthrough.work_out(FIRST)
    return shop


def reviewer() -> User:
    return User.objects.create_user("shen", first_name="审核人")


def freeze(area: Region, month: date, *, by: User, at: datetime, note: str = "") -> Freeze:
    """Asked for by a person and done by a worker, both at `at`."""
    asked = freezing.run(freezes.ask(area, month, by=by, at=at, note=note).pk, clock=lambda: at)
    assert asked.made, asked.failure
    return asked.made


def contents(made: Freeze) -> dict[str, list[dict[str, Any]]]:
    return {kept.name: [dict(row) for row in freezes.read(kept).rows] for kept in made.tables.order_by("position")}


@pytest.mark.django_db
def test_a_frozen_month_keeps_its_numbers_after_later_corrections() -> None:
    world()
    made = freeze(f.wuchang(), OCTOBER, by=reviewer(), at=FIRST, note="十月")
    before = contents(made)
    (month,) = before["compliance-areas"]
    assert (month["expected"], month["received"]) == (4, 3)
    assert before["figures"][0]["shops"] == 1
    assert before["passthrough"][0]["days"] == 9

    ReporterMonth.objects.update(received=0, expected=9)
    AreaFigure.objects.update(shops=7, reporting=7)
    Landing.objects.all().delete()
    sent(f.pharmacy("乙店"), AT.replace(month=10, day=7))
    f.rebuild_today()
    compliance.work_out(FIRST)
    assert contents(Freeze.objects.get()) == before
    assert freezes.is_whole(made)


@pytest.mark.django_db
def test_new_leads_of_a_month_are_those_found_on_its_days_in_shanghai_that_still_stand() -> None:
    shop, drug = world(), f.drug()
    city = shop.insurance_area.parent
    figure(city, date(2026, 10, 31))
    midnight = AT.replace(month=10, day=1, hour=0, minute=0, second=0, microsecond=0)
    moments = {
        "of September": midnight - timedelta(seconds=1),
        "first": midnight,
        "withdrawn": midnight + timedelta(days=3),
        "last": midnight + timedelta(days=31, seconds=-1),
        "of November": midnight + timedelta(days=31),
    }
    for name, found_at in moments.items():
        stands = {"state": "withdrawn", "withdrawn_because": "更正"} if name == "withdrawn" else {}
        lead(drug, shop, found_at=found_at, since=found_at - timedelta(hours=1), on=found_at.date(), **stands)
    for area in (shop.insurance_area, city):
        assert tabled_months.figures(area, OCTOBER).rows[0]["leads"] == 2


@pytest.mark.django_db
def test_the_report_of_a_frozen_month_speaks_of_its_end_however_late_it_is_frozen() -> None:
    shop = world()
    figure(f.wuchang(), date(2026, 11, 18), dispersion=0.7777)
    lead(f.drug(), shop, found_at=AT.replace(day=15))
    made = freeze(f.wuchang(), OCTOBER, by=reviewer(), at=AT.replace(day=20))
    table = freezes.read(made.tables.get(name="brief"))
    said = {row["about"]: row["text"] for row in table.rows}
    assert table.day == date(2026, 10, 31)
    assert said["线索与核查"].startswith("当月")
    assert "定点零售药店 1 家" in said["报送"]
    assert "0.7777" not in said["价格水平"]
    assert "线索 0 条" in said["线索与核查"]


@pytest.mark.django_db
def test_procurement_prices_in_a_frozen_month_have_landed_as_far_as_they_had_when_it_ended() -> None:
    """The shop is dear again in November, another price begins then, and the newest night knows only November."""
    shop, drug = world(), ReferencePrice.objects.get().drug
    changed(drug, shop, "10.00", "20.00", AT.replace(month=11, day=5))
    Offer.objects.update(price_fen=2000)
    f.reference_price(f.drug(f.preparation("另一药")), "5.00", kind="vbp", valid=since(date(2026, 11, 1)))
    passthrough.work_out(AT.replace(day=20))
    assert Landing.objects.filter(now_fen=2000, above=1).exists()
    made = freeze(f.wuchang(), OCTOBER, by=reviewer(), at=AT.replace(day=20))
    table = freezes.read(made.tables.get(name="passthrough"))
    (row,) = table.rows
    assert (table.day, row["days"], row["above"]) == (date(2026, 10, 31), 9, 0)
    assert (str(row["before"]), str(row["now"]), str(row["saved"])) == ("20.00", "10.00", "10.00")
    said = next(row["text"] for row in freezes.read(made.tables.get(name="brief")).rows if "集采" in row["about"])
    assert "中选产品 1 个，零售价降到中选价的占 100.0%，逾期未落地 0 家次" in said
    assert "平均下降 50.0%" in said


@pytest.mark.django_db
def test_the_areas_below_that_report_worst_are_kept_with_the_month() -> None:
    world()
    city: Any = f.wuchang().parent
    figure(f.hongshan(), date(2026, 10, 31), shops=4, reporting=1, late=2, silent=1)
    made = freeze(city, OCTOBER, by=reviewer(), at=FIRST)
    kept = freezes.read(made.tables.get(name="worst"))
    AreaFigure.objects.filter(area=f.hongshan()).update(reporting=4, late=0, silent=0)
    assert [(row["area"], row["timely"], row["behind"]) for row in kept.rows] == [
        ("洪山区", 0.25, 3),
        ("武昌区", 1.0, 0),
    ]
    document = brief.document(city, [brief.Line("报送", "共 3 家。")], kept, on=kept.day)
    (grid,) = Document(io.BytesIO(document)).tables
    assert [cell.text for cell in grid.rows[1].cells] == ["洪山区", "4", "25.0%", "3", "3"]


@pytest.mark.django_db
def test_what_was_not_looked_at_in_the_month_is_said_to_be_missing() -> None:
    """A comparison of November says nothing about October, nor do figures of September."""
    shop = world()
    AreaFigure.objects.update(on=date(2026, 9, 30))
    gap = {"preparation": f.drug().preparation, "region": f.wuchang(), "listed": 0, "seen": date(2026, 11, 20)}
    AccessGap.objects.create(since=date(2026, 11, 2), **gap)
    said = {line.about: line.text for line in brief.lines_of_month(shop.insurance_area, OCTOBER, landed=[])}
    assert said["双通道药品"] == "还没有核对。"
    assert said["报送"] == "还没有统计。"
    AccessGap.objects.update(since=date(2026, 10, 3), nearest=shop, distance_m=2500)
    said = {line.about: line.text for line in brief.lines_of_month(shop.insurance_area, OCTOBER, landed=[])}
    assert said["双通道药品"] == "1 个制剂在 1 个区县没有双通道药店有货（共 1 处）。", "the distance is of November"
    (row,) = tabled.access(shop.insurance_area, date(2026, 10, 31), kept=True).rows
    assert (row["since"], row["nearest"], row["km"]) == (date(2026, 10, 3), None, None)


@pytest.mark.django_db
def test_who_froze_it_stands_in_the_log() -> None:
    world()
    made = freeze(f.wuchang(), OCTOBER, by=reviewer(), at=FIRST, note="  第一次 定稿 ")
    for action in ("freeze.start", "freeze.make"):
        event = AuditEvent.objects.get(action=action)
        assert (event.actor_name, event.area, event.reason) == ("shen", f.wuchang(), "第一次 定稿")
    assert event.after == {"month": "2026-10", "tables": made.tables.count(), "sha256": made.sha256}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("month", "at", "why"),
    [
        (date(2026, 11, 1), FIRST, "还没有结束"),
        (date(2026, 10, 2), FIRST, "还没有结束"),
        (date(2026, 8, 1), FIRST, "统计不完整"),
    ],
)
def test_a_month_that_is_not_over_or_has_no_figures_is_not_frozen(month: date, at: Any, why: str) -> None:
    world()
    with pytest.raises(freezes.NotFrozen, match=why):
        freeze(f.wuchang(), month, by=reviewer(), at=at)


@pytest.mark.django_db
def test_a_month_whose_last_night_is_missing_is_not_frozen() -> None:
    world()
    ReporterMonth.objects.update(through=date(2026, 10, 30))
    with pytest.raises(freezes.NotFrozen, match="统计不完整"):
        freeze(f.wuchang(), OCTOBER, by=reviewer(), at=FIRST)


@pytest.mark.django_db
def test_a_month_is_frozen_once_and_another_area_freezes_its_own() -> None:
    world()
    by = reviewer()
    assert freezes.open_months(f.wuchang(), FIRST.date()) == [OCTOBER, SEPTEMBER]
    freeze(f.wuchang(), OCTOBER, by=by, at=FIRST)
    assert freezes.open_months(f.wuchang(), FIRST.date()) == [SEPTEMBER]
    with pytest.raises(freezes.NotFrozen, match="已经定稿"):
        freeze(f.wuchang(), OCTOBER, by=by, at=FIRST + timedelta(hours=1))
    assert freezes.open_months(f.region(), FIRST.date()) == [OCTOBER, SEPTEMBER]
    assert AuditEvent.objects.filter(action="freeze.make").count() == 1


@pytest.mark.django_db
def test_a_month_that_was_frozen_is_frozen_under_the_areas_new_name_too() -> None:
    world()
    made = freeze(f.wuchang(), OCTOBER, by=reviewer(), at=FIRST)
    new = f.renamed(f.wuchang(), "新武昌区")
    assert list(freezes.of(new)) == [made]
    assert OCTOBER not in freezes.open_months(new, FIRST.date())
    with pytest.raises(freezes.NotFrozen, match="已经定稿"):
        freeze(new, OCTOBER, by=User.objects.get(), at=FIRST)


@pytest.mark.django_db
@pytest.mark.parametrize("month", [date(2026, 11, 1), date(2026, 12, 1), date(9999, 12, 1)])
def test_a_month_to_come_is_not_over(month: date) -> None:
    with pytest.raises(freezes.NotFrozen, match="还没有结束"):
        freeze(f.wuchang(), month, by=reviewer(), at=AT)


@pytest.mark.django_db
def test_a_table_that_was_tampered_with_is_not_shown() -> None:
    world()
    made = freeze(f.wuchang(), OCTOBER, by=reviewer(), at=FIRST)
    kept = made.tables.get(name="figures")
    kept.content = kept.content.replace("1", "2", 1)
    with pytest.raises(freezes.Tampered):
        freezes.read(kept)


@pytest.mark.django_db
def test_a_month_is_whole_only_while_every_table_says_what_was_frozen() -> None:
    by = User.objects.create_user("ding")
    assert freezes.is_whole(frozen(f.wuchang(), by=by))
    assert not freezes.is_whole(frozen(f.hongshan(), by=by, spoilt=True))


@pytest.mark.django_db
def test_the_database_keeps_frozen_rows_from_the_app() -> None:
    with connection.cursor() as cursor:
        role = connections["default"].settings_dict["USER"]
        cursor.execute(
            "SELECT t, p, has_table_privilege(%s, t, p) FROM unnest(%s::text[]) t, unnest(%s::text[]) p",
            [role, ["prices_freeze", "prices_frozentable"], ["SELECT", "INSERT", "UPDATE", "DELETE"]],
        )
        held = {(table, right) for table, right, has in cursor.fetchall() if has}
    assert {right for _table, right in held} == {"SELECT", "INSERT"}


@pytest.mark.django_db
@pytest.mark.parametrize("wrong", [{"month": date(2026, 10, 2)}, {"sha256": "x"}], ids=str)
def test_the_database_refuses_what_is_no_month_or_no_digest(wrong: dict[str, Any]) -> None:
    fields = {"area": f.wuchang(), "month": OCTOBER, "at": AT, "by": reviewer(), "sha256": "0" * 64}
    with pytest.raises(IntegrityError), transaction.atomic():
        Freeze.objects.create(**fields | wrong)
    made = Freeze.objects.create(**fields)
    table = {"freeze": made, "name": "a", "title": "A", "rows": 0, "content": "", "sha256": "0" * 64}
    FrozenTable.objects.create(position=0, **table)
    for again in ({"position": 0, "name": "b"}, {"position": 1, "name": "a"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            FrozenTable.objects.create(**table | again)
