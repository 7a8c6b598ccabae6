"""The log as people read it: theirs and nobody else's, in words, and as a file without formulas."""

import ast
import csv
import io
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from pharmacies import access, audit
from pharmacies.audit import reading, seals
from pharmacies.models import AuditEvent, Membership, Pharmacy, User
from prices.views.staff import audit_words

from .. import factories as f
from ..factories import AT, since
from .signing import sign_in

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]


def person(role: str, name: str = "某人", **place: Any) -> User:
    user = User.objects.create_user(f"user{User.objects.count()}", first_name=name)
    Membership.objects.create(user=user, role=role, valid=since(), **place)
    return user


def write(
    place: access.Place | None, reason: str, *, at: datetime = AT, by: User | str = "李", **fields: Any
) -> AuditEvent:
    base: dict[str, Any] = {"action": "desk.edit", "subject": "prices.FeedRun", "subject_id": 17}
    with transaction.atomic():
        return audit.record(at=at, by=by, place=place, reason=reason, **base | fields)


@pytest.fixture
def shop() -> Pharmacy:
    return f.pharmacy("甲一店", chain=f.chain())


@pytest.fixture
def page(client: Client, shop: Pharmacy) -> str:
    sign_in(client, person("manager", "王店长", pharmacy=shop))
    return f"/desk/{shop.code}/audit"


def text_of(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", response.content.decode()))


def reasons(events: Any) -> set[str]:
    return {event.reason for event in events}


# -- whose log it is --------------------------------------------------------------------------------------------------


def test_each_place_reads_its_own_events_and_those_it_reaches(shop: Pharmacy) -> None:
    other = f.pharmacy(division=f.hongshan())
    wuhan, province = shop.division.parent, f.region()
    assert shop.chain
    assert wuhan
    for place, name in (
        (shop, "店"),
        (other, "别店"),
        (shop.chain, "总部"),
        (f.wuchang(), "区"),
        (wuhan, "市"),
        (None, "命令行"),
    ):
        write(place, name)
    assert reasons(reading.events_of(shop)) == {"店"}
    assert reasons(reading.events_of(shop.chain)) == {"店", "总部"}
    assert reasons(reading.events_of(f.wuchang())) == {"店", "总部", "区"}
    assert reasons(reading.events_of(f.hongshan())) == {"别店"}
    assert reasons(reading.events_of(wuhan)) == {"店", "别店", "总部", "区", "市"}
    assert reasons(reading.events_of(province)) == {"店", "别店", "总部", "区", "市", "命令行"}


def test_an_area_does_not_read_a_chain_that_reaches_beyond_it(shop: Pharmacy) -> None:
    f.pharmacy(chain=shop.chain, division=f.hongshan())
    city = shop.division.parent
    assert city
    write(shop.chain, "总部")
    assert reasons(reading.events_of(f.wuchang())) == set()
    assert reasons(reading.events_of(city)) == {"总部"}


# -- the page ---------------------------------------------------------------------------------------------------------


def test_an_event_is_told_in_words(client: Client, page: str, shop: Pharmacy) -> None:
    drug = f.drug()
    editor = person("editor", "李录入", pharmacy=shop)
    write(shop, "厂家调价", by=editor, before={drug.code: "12.60 有货"}, after={drug.code: "13.50 有货", "changes": 1})
    said = text_of(client.get(page))
    for part in (
        "2026年11月21日",
        "10:00:00",
        "李录入",
        "改价格",
        "报送批次 17",
        "苯磺酸氨氯地平片",
        "12.60 有货",
        "13.50 有货",
        "厂家调价",
    ):
        assert part in said, part


def test_a_change_of_role_is_told_in_words() -> None:
    (change,) = audit_words.changes_of({"role": "editor", "name": "李"}, {"role": "manager", "name": "李"}, {})
    assert (change.label, change.before, change.after) == ("角色", "录入员", "店长")


def test_only_what_changed_is_told() -> None:
    changes = audit_words.changes_of({"a": 1, "b": 2, "d": "x"}, {"a": 1, "b": 3, "c": True}, {})
    assert [(each.label, each.before, each.after) for each in changes] == [
        ("b", "2", "3"),
        ("c", "", "是"),
        ("d", "x", ""),
    ]


def test_days_are_those_of_shanghai(client: Client, page: str, shop: Pharmacy) -> None:
    write(shop, "昨", at=AT.replace(hour=0) - timedelta(minutes=1))
    write(shop, "早", at=AT.replace(hour=0, minute=30))
    said = text_of(client.get(page))
    assert said.index("2026年11月21日") < said.index("早") < said.index("2026年11月20日") < said.index("昨")


def test_older_events_are_on_the_next_page(client: Client, page: str, shop: Pharmacy) -> None:
    for number in range(120):
        write(shop, f"第{number:03d}条")
    seen: list[str] = []
    address = page
    for _ in range(3):
        response = client.get(address)
        seen += re.findall(r"第\d{3}条", response.content.decode())
        older = re.search(r'href="([^"]+)" rel="next"', response.content.decode())
        address = older.group(1).replace("&amp;", "&") if older else ""
    assert seen == [f"第{number:03d}条" for number in reversed(range(120))]
    assert address == ""


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("who=李录入", {"录入"}),
        ("who=录入", {"录入"}),
        ("who=nobody", set()),
        ("action=desk.undo", {"撤销"}),
        ("first=2026-11-21", {"录入", "撤销"}),
        ("last=2026-11-20", {"旧"}),
        ("first=2026-11-20&last=2026-11-20", {"旧"}),
        ("who=李录入&last=2026-11-20", set()),
    ],
)
def test_the_log_can_be_narrowed(client: Client, page: str, shop: Pharmacy, query: str, found: set[str]) -> None:
    write(shop, "旧", at=AT - timedelta(days=1))
    write(shop, "录入", by=person("editor", "李录入", pharmacy=shop))
    write(shop, "撤销", action="desk.undo")
    said = text_of(client.get(f"{page}?{query}"))
    assert {reason for reason in ("旧", "录入", "撤销") if f"理由 {reason}" in said} == found


@pytest.mark.parametrize(
    "query", ["first=x", "action=nonsense", "before=0", "before=9999999999999999999", "first=2026-02-30"]
)
def test_a_filter_that_cannot_be_read_says_so(client: Client, page: str, query: str) -> None:
    response = client.get(f"{page}?{query}")
    assert response.status_code == 422
    assert "form-error" in response.content.decode()


def test_the_page_says_how_far_the_log_is_sealed(client: Client, page: str, shop: Pharmacy) -> None:
    write(shop, "x")
    seals.seal(at=AT)
    assert "已封存到第 1 号" in text_of(client.get(page))


def test_the_page_costs_few_queries(
    client: Client, page: str, shop: Pharmacy, django_assert_max_num_queries: Any
) -> None:
    for number in range(50):
        write(shop, str(number), by=person("editor", pharmacy=shop), after={f.drug().code: "1.00"})
    with django_assert_max_num_queries(25):
        client.get(page)


def test_text_of_others_is_no_mark_up(client: Client, page: str, shop: Pharmacy) -> None:
    write(shop, "<script>x</script>", after={"<b>k</b>": "<img src=x>"})
    page_text = client.get(page).content.decode()
    assert "<script>x" not in page_text
    assert "<img src=x>" not in page_text
    assert "<b>k" not in page_text


# -- the file ---------------------------------------------------------------------------------------------------------


def table(response: Any) -> list[list[str]]:
    data = b"".join(response.streaming_content)
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))


def test_the_file_has_every_event_and_taking_it_is_an_event(client: Client, page: str, shop: Pharmacy) -> None:
    for number in range(60):
        write(shop, f"第{number}条")
    write(f.pharmacy(), "别店")
    header, *rows = table(client.post(f"{page}.csv"))
    assert header[:4] == ["编号", "时间", "操作人", "操作"]
    assert [row[-1] for row in rows[1:]] == [f"第{number}条" for number in reversed(range(60))]
    assert rows[0][3] == "audit.export"
    assert rows[1][1] == "2026-11-21T10:00:00+08:00"
    assert AuditEvent.objects.get(action="audit.export").pharmacy == shop


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "＋1", "－1", "＠A1"])
def test_no_cell_of_the_file_is_a_formula(client: Client, page: str, shop: Pharmacy, text: str) -> None:
    write(shop, text)
    _, _, row = table(client.post(f"{page}.csv"))
    assert row[-1] == f"'{text}"


def test_the_file_is_narrowed_as_the_page_is(client: Client, page: str, shop: Pharmacy) -> None:
    write(shop, "旧", at=AT - timedelta(days=1))
    write(shop, "新")
    _, *rows = table(client.post(f"{page}.csv", {"first": "2026-11-21", "last": "2026-11-21"}))
    assert [row[-1] for row in rows] == ["新"]


def test_looking_is_no_way_to_the_file(client: Client, page: str) -> None:
    assert client.get(f"{page}.csv").status_code == 405
    assert not AuditEvent.objects.filter(action="audit.export").exists()


# -- words ------------------------------------------------------------------------------------------------------------


NAMED = re.compile(
    r"(?:account|audit|chain|demo|desk|feed|inquiry|invitation|membership|place|prices|rejection|run|sheet|shop|till)\.[a-z_]+"
)


def recorded() -> set[str]:
    """Every action that a call anywhere in the code names: as `action=` or `what=`, or first to a recording verb."""
    found = set()
    for package in ("pharmacies", "catalog", "prices"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    keywords = [each.value for each in node.keywords if each.arg in {"action", "what"}]
                    given = keywords + (node.args[:1] if _name(node) in {"_told", "_record"} else [])
                    found |= {each.value for each in given if isinstance(each, ast.Constant)}
    return {name for name in found if isinstance(name, str) and (NAMED.fullmatch(name) or name.startswith("import_"))}


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def test_every_action_that_is_recorded_has_words() -> None:
    assert len(recorded()) > 40
    assert recorded() - set(audit_words.ACTIONS) == set()
