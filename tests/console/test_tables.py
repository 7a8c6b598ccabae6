"""Pages of tables: who sees and takes what, what stands in the files, what the log says of it; both languages."""

import io
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.gis.geos import Point
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from docx import Document

from pharmacies.models import AuditEvent, Pharmacy
from prices.monitoring import access_gaps, compliance, passthrough
from tests import factories as f
from tests.console.leads_world import as_official, figure, index
from tests.console.tables_world import as_user, brief, frozen, rows_of
from tests.factories import AT, since
from tests.monitoring.reporting_world import changed, reporters, sent, weekly

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
PAGES = ("late", "compliance", "access", "passthrough", "as-of", "freezes")
HERE = "/console/420106"


def text(answer: Any) -> str:
    assert answer.status_code == 200, answer.status_code
    return str(answer.content.decode())


@pytest.fixture
def officer(client: Client, db: None) -> Client:
    return as_official(client, f.wuchang())


# -- every page -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("language", ["", "/en"])
def test_every_page_stands_before_any_night_has_worked_out_anything(officer: Client, page: str, language: str) -> None:
    assert "<h1" in text(officer.get(f"{language}{HERE}/{page}"))


@pytest.mark.parametrize("page", [*PAGES, "report.docx", "passthrough/1", "freezes/1"])
def test_an_official_of_another_area_finds_nothing(client: Client, page: str) -> None:
    f.wuchang()
    stranger = as_official(client, f.region("420500", "宜昌市", f.region()))
    assert stranger.get(f"{HERE}/{page}").status_code == 404


def test_an_official_of_a_county_does_not_see_the_city(officer: Client) -> None:
    assert officer.get("/console/420100/late").status_code == 404


# -- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("page", ["late", "access", "passthrough"])
def test_a_viewer_sees_the_table_and_cannot_take_it(client: Client, page: str, kind: str) -> None:
    viewer = as_official(client, f.wuchang(), "viewer")
    assert "format=csv" not in text(viewer.get(f"{HERE}/{page}"))
    refused = viewer.get(f"{HERE}/{page}?format={kind}")
    assert refused.status_code == 403
    assert "您的角色不能做这件事" in refused.content.decode()
    assert viewer.get(f"{HERE}/report.docx").status_code == 403
    assert not AuditEvent.objects.filter(action__startswith="console.").exists()


@pytest.mark.parametrize("query", ["format=pdf", "format=csv&table=secret", "format="])
def test_a_file_that_there_is_not_is_not_found(officer: Client, query: str) -> None:
    assert officer.get(f"{HERE}/late?{query}").status_code == 404


def test_an_export_stands_in_the_log(officer: Client) -> None:
    reporters()
    answer = officer.get(f"{HERE}/late?format=xlsx&state=late")
    assert answer.headers["Content-Type"].endswith("spreadsheetml.sheet")
    assert "20261121.xlsx" in answer.headers["Content-Disposition"]
    event = AuditEvent.objects.get(action="console.export")
    assert (event.area, event.subject_id) == (f.wuchang(), "late")
    assert event.after == {"format": "xlsx", "rows": 1, "as_of": "2026-11-21 10:00"}


def test_a_shop_whose_name_is_a_formula_leaves_as_text(officer: Client) -> None:
    f.pharmacy('=HYPERLINK("http://example.org","点我")', phone="+8627")
    f.rebuild_today()
    _header, row = rows_of(officer.get(f"{HERE}/late?format=csv"))
    assert row[0] == '\'=HYPERLINK("http://example.org","点我")'
    assert row[1] == "'+8627"


# -- 催报清单 ----------------------------------------------------------------------------------------------------------


def test_the_list_names_whom_to_call_the_longest_behind_first(officer: Client) -> None:
    reporters()
    header, *rows = rows_of(officer.get(f"{HERE}/late?format=csv"))
    assert header[:5] == ["药店", "电话", "最近报送", "逾期天数", "状态"]
    assert [row[:5] for row in rows] == [
        ["never", "027-88880000", "", "", "从未报送"],
        ["silent", "027-88880000", "2026-10-12 10:00", "30", "长期未报送"],
        ["late", "027-88880000", "2026-11-08 10:00", "3", "逾期未报送"],
    ]
    page = text(officer.get(f"{HERE}/late"))
    assert 'href="tel:027-88880000"' in page
    assert "4 家正常的定点药店中，3 家要催" in page
    assert "data-copy" in page
    assert "data-print" in page


def test_one_state_alone_and_the_list_of_a_day_gone_by(officer: Client) -> None:
    shops = reporters()
    assert [row[0] for row in rows_of(officer.get(f"{HERE}/late?format=csv&state=on_time"))[1:]] == ["on_time"]
    sent(shops["never"], AT - timedelta(days=20))
    past = rows_of(officer.get(f"{HERE}/late?format=csv&state=on_time&on={AT.date() - timedelta(days=15)}"))
    assert [row[0] for row in past[1:]] == ["never"]
    assert past[1][-1] == "2026-11-06 23:59"
    for nonsense in ("2026-13-40", "2999-01-01", "0001-01-01", "x"):
        assert text(officer.get(f"{HERE}/late?on={nonsense}"))


def test_a_long_list_is_shown_a_hundred_at_a_time_or_all_at_once(officer: Client) -> None:
    shops = [
        Pharmacy(
            code=f"P420106{n:05d}", kind="pharmacy", name=f"店{n:03d}", address="路", division=f.wuchang(),
            insurance_area=f.wuchang(), cell=1, location=Point(114.3, 30.5, srid=4326), source_lng=114.3, source_lat=30.5,
            source_datum="wgs84",
        )
        for n in range(80_000, 80_150)
    ]  # fmt: skip
    for shop in Pharmacy.objects.bulk_create(shops):
        shop.designations.create(kind="designated", area=f.wuchang(), valid=since())
    f.rebuild_today()
    first, second = text(officer.get(f"{HERE}/late")), text(officer.get(f"{HERE}/late?page=2&of=late"))
    assert (first.count('scope="row"'), second.count('scope="row"')) == (100, 50)
    assert text(officer.get(f"{HERE}/late?all=1&of=late")).count('scope="row"') == 150
    assert len(rows_of(officer.get(f"{HERE}/late?format=csv&page=2"))) == 151
    with CaptureQueriesContext(
        connection,
    ) as queries:
        officer.get(f"{HERE}/late")
    assert len(queries) < 25, "as many queries for a hundred and fifty shops as for one"


# -- 报送质量, 中选价落地, 双通道 ---------------------------------------------------------------------------------------


def test_compliance_of_a_month_by_area_and_by_shop(officer: Client) -> None:
    shop = f.pharmacy("甲店")
    f.report(weekly(), shop, AT)
    f.rebuild_today()
    sent(shop, AT.replace(day=3))
    compliance.work_out(AT)
    area = rows_of(officer.get(f"{HERE}/compliance?format=csv&month=2026-11"))[1]
    assert area[:5] == ["武昌区", "1", "2", "1", "50.0"]
    shops = rows_of(officer.get(f"{HERE}/compliance?format=csv&table=compliance-shops"))
    assert shops[1][:4] == ["甲店", "2", "1", "50.0"]
    assert "2026-11" in text(officer.get(f"{HERE}/compliance?month=1999-01"))


def landed() -> Any:
    """20.00 until 10 October, then 10.00: the procurement price of 1 October."""
    shop, drug = f.pharmacy("甲店"), f.drug()
    f.rebuild_today()
    changed(drug, shop, None, "20.00", AT.replace(month=9, day=1))
    changed(drug, shop, "20.00", "10.00", AT.replace(month=10, day=10))
    f.offer(drug, shop, "10.00")
    price = f.reference_price(drug, "10.00", kind="vbp", valid=since(date(2026, 10, 1)))
    passthrough.work_out(AT)
    return price


def test_landing_by_product_and_shop_and_the_estimate_with_its_method(officer: Client) -> None:
    price = landed()
    row = rows_of(officer.get(f"{HERE}/passthrough?format=csv"))[1]
    assert row[1:7] == ["10.00", "2026-10-01", "1", "1", "100.0", "9"]
    page = text(officer.get(f"{HERE}/passthrough?packs=3"))
    assert "50.0<small>%" in page
    assert "约 30 元" in page  # 10.00 less × 3 packs × 1 shop
    assert "约 360 元" in page
    assert "约 1.2 万元" in text(officer.get(f"{HERE}/passthrough?packs=100"))
    assert "盒数是假设，不是统计" in page
    shop = rows_of(officer.get(f"{HERE}/passthrough/{price.pk}?format=csv"))[1]
    assert shop[:5] == ["甲店", "已落地", "9", "20.00", "10.00"]
    assert rows_of(officer.get(f"{HERE}/passthrough/{price.pk}?format=csv&table=landing-shops"))
    city = rows_of(
        as_official(Client(), f.region(), "analyst").get(f"/console/420100/passthrough/{price.pk}?format=csv")
    )
    assert city[1][:4] == ["武昌区", "1", "1", "100.0"]
    for nonsense in ("0", "-1", "x", "9" * 40, "٣"):
        assert "假设每店每种每月卖 1" in text(officer.get(f"{HERE}/passthrough?packs={nonsense}"))


def test_a_price_that_holds_elsewhere_is_not_shown_here(officer: Client) -> None:
    elsewhere = f.region("420500", "宜昌市", f.region())
    price = f.reference_price(f.drug(), "10.00", kind="vbp", area=elsewhere)
    listed = f.reference_price(f.drug(), "10.00", kind="listed")
    assert officer.get(f"{HERE}/passthrough/{price.pk}").status_code == 404
    assert officer.get(f"{HERE}/passthrough/{listed.pk}").status_code == 404


def test_where_a_drug_is_nowhere_in_stock(officer: Client) -> None:
    rare = f.drug(f.preparation("诺西那生钠注射液", "注射剂", "12mg"))
    far = f.pharmacy("洪山双通道药房", division=f.hongshan(), north_m=3000, designations=("designated", "dual_channel"))
    f.pharmacy("武昌药房")
    f.drug_list("dual_channel", f.region(), rare)
    f.offer(rare, far, "33000.00")
    f.rebuild_today()
    access_gaps.work_out(AT)
    (row,) = rows_of(officer.get(f"{HERE}/access?format=csv"))[1:]
    assert row[:6] == ["武昌区", "诺西那生钠注射液", "注射剂 12mg", "洪山双通道药房", "3.0", "2026-11-21"]
    assert "没有缺口" in text(officer.get(f"{HERE}/access?on=2026-11-20"))


# -- 按日期回看 --------------------------------------------------------------------------------------------------------


def test_a_product_at_a_moment_by_what_was_known_then_and_by_what_is_known_now(officer: Client) -> None:
    drug, shop = f.drug(), f.pharmacy("甲店")
    changed(drug, shop, None, "10.00", AT - timedelta(days=6))
    changed(drug, shop, "10.00", "12.00", AT - timedelta(days=5), received=AT - timedelta(days=2))
    f.offer(drug, shop, "12.00")
    then = f"{HERE}/as-of?format=csv&q={drug.code}&valid=2026-11-17T10:00"
    assert rows_of(officer.get(then))[1][:2] == ["甲店", "10.00"]
    assert rows_of(officer.get(f"{then}&recorded=2026-11-21T10:00"))[1][:2] == ["甲店", "12.00"]
    shelf = rows_of(officer.get(f"{HERE}/as-of?format=csv&q={shop.code}&valid=2026-11-17"))[1]
    assert shelf[1] == "10.00"
    assert "您要看哪一个？" not in text(officer.get(f"{HERE}/as-of?q={drug.code}"))


def test_several_things_of_that_name_are_offered_and_none_is_said(officer: Client) -> None:
    f.drug(), f.drug()
    assert "您要看哪一个？" in text(officer.get(f"{HERE}/as-of?q=氨氯地平"))
    assert "没有这样的药品" in text(officer.get(f"{HERE}/as-of?q=没有的"))
    assert officer.get(f"{HERE}/as-of?q=x&valid=昨天").status_code == 422
    assert officer.get(f"{HERE}/as-of?q=").status_code == 422


@pytest.mark.parametrize("moment", ["0001-01-01", "0001-01-01T00:00", "1999-12-31"])
def test_a_moment_before_all_records_is_refused_in_words(officer: Client, moment: str) -> None:
    drug = f.drug()
    for asked in ("valid", "recorded"):
        answer = officer.get(f"{HERE}/as-of?q={drug.code}&{asked}={moment}")
        assert answer.status_code == 422
        assert "日期" in answer.content.decode()
    assert text(officer.get(f"{HERE}/as-of?q={drug.code}&valid=9999-12-31T23:59"))


def test_another_areas_shop_is_not_found(officer: Client) -> None:
    shop = f.pharmacy("别处", division=f.hongshan())
    assert "没有这样的药品" in text(officer.get(f"{HERE}/as-of?q={shop.code}"))


# -- 专报 --------------------------------------------------------------------------------------------------------------


def paragraphs(answer: Any) -> str:
    assert answer.status_code == 200, answer.status_code
    document = Document(io.BytesIO(answer.content))
    return "\n".join(each.text for each in document.paragraphs)


def test_the_report_says_the_numbers_in_sentences(officer: Client) -> None:
    landed()
    figure(f.wuchang())
    index(f.wuchang(), date(2026, 10, 1), 100.5)
    index(f.wuchang(), date(2026, 11, 1), 101.505)
    said = paragraphs(officer.get(f"{HERE}/report.docx"))
    assert "武昌区药品价格监测专报" in said
    assert "定点零售药店 20 家，按时报送 17 家（85.0%），逾期未报送 2 家，长期未报送 1 家" in said
    assert "药品零售价格指数 101.50" in said or "药品零售价格指数 101.51" in said
    assert "比上月上涨 1.0%" in said
    assert "中位价平均下降 50.0%" in said
    assert AuditEvent.objects.get(action="console.brief").area == f.wuchang()


@pytest.mark.parametrize(
    ("month", "november", "words"),
    [(10, 100.02, "，比上月持平。"), (10, 99, "，比上月下降 1.0%。"), (8, 101, "，比 2026年8月上涨 1.0%。")],
)
def test_the_report_compares_with_the_month_there_is(officer: Client, month: int, november: float, words: str) -> None:
    for on, value in ((7, 100), (month, 100), (11, november)):
        index(f.wuchang(), date(2026, on, 1), value, base=date(2026, 7, 1))
    assert words in paragraphs(officer.get(f"{HERE}/report.docx"))


def test_the_report_is_chinese_on_an_english_page_and_stands_without_any_figures(officer: Client) -> None:
    said = paragraphs(officer.get(f"/en{HERE}/report.docx"))
    assert "还没有统计" in said


def test_the_report_of_a_frozen_month_says_what_was_frozen(officer: Client) -> None:
    made = frozen(f.wuchang(), by=as_user(officer))
    said = paragraphs(officer.get(f"{HERE}/report.docx?freeze={made.pk}"))
    assert "报送：共 3 家。" in said
    assert officer.get(f"{HERE}/report.docx?freeze=x").status_code == 404
    assert brief().rows
