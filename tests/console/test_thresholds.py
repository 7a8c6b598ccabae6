"""阈值方案 in the console: what holds and why not, and a spreadsheet that is looked at before it counts."""

import base64
import io
import re
from typing import Any

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from pharmacies.models import AuditEvent
from prices.models import Threshold
from tests import factories as f
from tests.console.leads_world import as_official
from tests.staff.accounts_world import Clock, text

PAGE = "/console/420100/thresholds"
HEAD = "地区,比较依据,倍数，从（含）,到（不含）,标识,依据文件,从,到"
YELLOW = ",挂网价,1.3,1.8,黄标,例〔2026〕1号,2026-01-01,"
RED = "武昌区,集采中选价,1.8,,红标,例〔2026〕1号,2026-01-01,2026-12-31"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def world(clock: Clock) -> None:
    f.wuchang()


@pytest.fixture
def reviewer(client: Client) -> Client:
    return as_official(client, f.region("420100"), "reviewer")


def sheet(*rows: str, head: str = HEAD) -> bytes:
    return "\n".join([head, *rows]).encode("gb18030")


def workbook(*rows: list[Any]) -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"default_date_format": "yyyy-mm-dd"})
    page = book.add_worksheet()
    for number, row in enumerate(rows):
        page.write_row(number, 0, row)
    book.close()
    return buffer.getvalue()


def send(client: Client, content: bytes, do: str = "check") -> Any:
    return client.post(PAGE, {"file": SimpleUploadedFile("阈值.csv", content), "do": do})


def confirm(client: Client, checked: Any) -> Any:
    kept = re.search(r'name="kept" value="([^"]+)"', checked.content.decode())
    assert kept
    return client.post(PAGE, {"kept": kept[1], "do": "import"}, follow=True)


def lines() -> list[tuple[str, str, float, str]]:
    found = Threshold.objects.filter(valid__isempty=False).order_by("area__code", "lower")
    return [(line.area.code, line.basis, float(line.lower), line.label) for line in found]


# -- what holds -------------------------------------------------------------------------------------------------------


def test_an_area_without_thresholds_is_told_why_and_how(client: Client) -> None:
    page = text(as_official(client, f.wuchang()).get("/console/420106/thresholds"))
    assert "都没有导入阈值方案" in page
    assert "import_thresholds" in page
    assert "其他规则照常工作" in page


def test_thresholds_of_the_nearest_area_are_shown_with_their_document(client: Client) -> None:
    Threshold.objects.create(
        area=f.region(),
        basis="listed",
        lower="1.8",
        upper=None,
        label="红标",
        document="示例〔2026〕1号",
        valid=f.since(),
    )
    page = text(as_official(client, f.wuchang()).get("/console/420106/thresholds"))
    assert "示例〔2026〕1号" in page
    assert "1.8 " in page
    assert "import_thresholds" not in page


# -- a file -----------------------------------------------------------------------------------------------------------


def test_a_spreadsheet_is_shown_back_before_it_counts(reviewer: Client) -> None:
    page = send(reviewer, sheet(YELLOW, RED))
    assert "请核对：还没有导入" in text(page)
    assert "导入后：新增 2 行" in text(page)
    assert "武汉市" in text(page)
    assert lines() == []
    assert "阈值方案已导入：新增 2 行。" in text(confirm(reviewer, page))
    assert lines() == [("420100", "listed", 1.3, "黄标"), ("420106", "vbp", 1.8, "红标")]
    event = AuditEvent.objects.get(action="import_thresholds")
    assert event.after == {"rows": 2, "created": 2, "updated": 0, "unchanged": 0, "removed": 0}
    assert (event.actor_name, event.area) == ("reviewer420100", f.region("420100"))


def test_a_second_click_changes_nothing(reviewer: Client) -> None:
    page = send(reviewer, sheet(YELLOW))
    confirm(reviewer, page)
    assert "与现行相同 1 行" in text(confirm(reviewer, page))
    assert AuditEvent.objects.filter(action="import_thresholds").count() == 1
    again = send(reviewer, sheet(YELLOW))
    assert "导入后：与现行相同 1 行" in text(again)
    assert "没有要改的，返回" in text(again)
    assert 'value="import"' not in again.content.decode()


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_table_of_the_page_comes_back_as_it_left(reviewer: Client, kind: str, language: str) -> None:
    confirm(reviewer, send(reviewer, sheet(YELLOW, RED.replace("武昌区", "武汉市"))))
    reviewer.cookies["django_language"] = language
    left = reviewer.get(f"{PAGE}?format={kind}").content
    reviewer.cookies["django_language"] = "zh-hans"
    assert "导入后：与现行相同 2 行" in text(send(reviewer, left))


def test_an_empty_table_is_the_form_to_fill_in(reviewer: Client) -> None:
    assert "下载表样" in text(reviewer.get(PAGE))
    form = reviewer.get(f"{PAGE}?format=csv").content.decode().strip()
    filled = f"{form}\n挂网价,1.3,,黄标,例〔2026〕1号,,2026-01-01,,\n"
    assert "导入后：新增 1 行" in text(send(reviewer, filled.encode()))


def test_a_workbook_with_a_title_and_dates_of_its_own_kind(reviewer: Client) -> None:
    content = workbook(
        ["关于零售价标识的通知"],
        ["地区", "比较依据", "倍数，从（含）", "到（不含）", "标识", "依据文件", "从"],
        ["武昌区", "多数药店价", 1.5, 2, "黄标", "例〔2026〕1号", "2026-01-01"],
    )
    confirm(reviewer, send(reviewer, content))
    assert lines() == [("420106", "mode", 1.5, "黄标")]


def test_the_columns_of_the_import_format_will_do(reviewer: Client) -> None:
    head = "area,basis,lower,upper,label,document,valid_from"
    confirm(reviewer, send(reviewer, sheet("420100,listed,2,,红标,例〔2026〕1号,2026-01-01", head=head)))
    assert lines() == [("420100", "listed", 2.0, "红标")]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "文件是空的"),
        (b"\xff\xfe\x00", "UTF-16"),
        (b"%PDF-1.7", "PDF"),
        (sheet(), "只有表头"),
        (sheet("挂网价,1.3", head="比较依据,倍数，从（含）,别的"), "表头缺少列：到（不含）、标识、依据文件、从；"),
        (sheet(YELLOW.replace("1.3", "0.3")), "倍数“0.3”不对"),
        (sheet(YELLOW, YELLOW.replace("挂网价", "批发价")), "3“批发价”不认识"),
        (sheet(YELLOW.replace("2026-01-01", "今年")), "日期“今年”不对"),
        (sheet("火星" + YELLOW), "“火星”"),
        (sheet("430100" + YELLOW), "地区 430100 不在地区表中"),
        (sheet(YELLOW, YELLOW), "与第 2 行重复"),
        (b"x" * 200_001, "文件太大"),
    ],
)
def test_what_cannot_be_read_says_what_to_do_and_changes_nothing(reviewer: Client, content: bytes, said: str) -> None:
    for do in ("check", "import"):
        page = send(reviewer, content, do)
        assert page.status_code == 422
        assert said in text(page)
        assert "上传并核对" in text(page)
    assert lines() == []


@pytest.mark.parametrize("kept", ["", "不是编码", base64.b64encode(b"\x00").decode()])
def test_a_form_that_somebody_changed_is_a_form_without_a_file(reviewer: Client, kept: str) -> None:
    assert reviewer.post(PAGE, {"kept": kept, "do": "import"}).status_code == 422
    assert lines() == []


def test_a_county_lays_down_nothing_for_its_city_or_its_neighbour(client: Client) -> None:
    f.hongshan()
    county = as_official(client, f.wuchang(), "reviewer")
    for area in ("420100", "420000", "420111", "洪山区"):
        page = county.post(
            "/console/420106/thresholds", {"file": SimpleUploadedFile("阈值.csv", sheet(area + YELLOW)), "do": "import"}
        )
        assert page.status_code == 422
        assert "这个地区不归您管" in text(page)
    assert lines() == []


@pytest.mark.parametrize("role", ["analyst", "officer", "publisher", "auditor"])
def test_others_see_the_scheme_and_no_form(client: Client, role: str) -> None:
    page = text(as_official(client, f.region("420100"), role).get(PAGE))
    assert "上传并核对" not in page
    assert "由审核人" in page
    assert send(client, sheet(YELLOW), "import").status_code == 403
