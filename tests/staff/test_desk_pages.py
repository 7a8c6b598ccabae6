"""The desk's pages: the table as a form, its answers to scripts, runs of a shop, adding from the catalogue."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from pharmacies.models import Membership
from prices.desk import edits, shelf
from prices.ingest.runs import process
from prices.models import DeskChange, FeedRun
from tests import factories as f
from tests.factories import AT, since
from tests.prices.deliveries import deliver
from tests.staff.desk_world import Desk, desk, shown
from tests.staff.signing import sign_in

pytestmark = pytest.mark.django_db
JSON: dict[str, Any] = {"HTTP_ACCEPT": "application/json"}


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(timezone, "now", lambda: AT)
    made = desk()
    Membership.objects.create(user=made.editor, pharmacy=made.shop, role="editor", valid=since())
    return made


@pytest.fixture
def editor(client: Client, here: Desk) -> Client:
    return sign_in(client, here.editor)


def address(here: Desk, rest: str = "") -> str:
    return f"/desk/{here.shop.code}{rest}"


def form(here: Desk, price: str, **fields: Any) -> dict[str, Any]:
    sent = {"code": here.drug.code, "price": price, "stock": "in", "seen": shown(here.drug, here.shop)}
    return sent | {"nonce": "n"} | fields


def test_the_table_shows_what_stands_on_the_shelf(editor: Client, here: Desk) -> None:
    page = editor.get(address(here)).content.decode()
    assert here.drug.preparation.generic_name in page
    assert 'value="18.90"' in page
    rows = editor.get(address(here, "/rows"), **JSON).json()["rows"]
    assert [(row[0], row[5], row[6], row[8]) for row in rows] == [(here.drug.code, "18.90", "in", 0)]


def test_member_prices_stand_small_beside_the_product(editor: Client, here: Desk) -> None:
    other = f.drug()
    f.offer(other, here.shop, "9.90")
    deliver(f.feed(), f"{here.shop.code},{here.drug.code},17.50,member", header="pharmacy_code,drug_code,price,kind")
    page = editor.get(address(here)).content.decode()
    assert page.count("会员价 17.50 元 · ") == 1
    rows = editor.get(address(here, "/rows"), **JSON).json()["rows"]
    assert {row[0]: row[10] for row in rows} == {here.drug.code: "会员价 17.50 元", other.code: ""}


def test_the_page_itself_filters_by_name_initials_and_code(editor: Client, here: Desk) -> None:
    other = f.drug(f.preparation("阿莫西林胶囊", "胶囊剂", "0.25g"))
    f.offer(other, here.shop, "9.90", stock=3)
    for query in ("阿莫西林", "amxl", other.code, other.code.lower()):
        page = editor.get(address(here), {"q": query}).content.decode()
        assert "阿莫西林胶囊" in page, query
        assert here.drug.code not in page, query
    assert here.drug.code not in editor.get(address(here), {"only": "out"}).content.decode()
    assert "没有符合的药品" in editor.get(address(here), {"q": "没有这种药"}).content.decode()


def test_five_thousand_rows_take_few_queries(editor: Client, here: Desk, django_assert_max_num_queries: Any) -> None:
    for _ in range(30):
        f.offer(f.drug(), here.shop, "9.90")
    with django_assert_max_num_queries(20):
        editor.get(address(here))
    with django_assert_max_num_queries(10):
        editor.get(address(here, "/rows"), **JSON)


def test_a_viewer_sees_the_table_and_changes_nothing(client: Client, here: Desk) -> None:
    Membership.objects.update(role="viewer")
    viewer = sign_in(client, here.editor)
    page = viewer.get(address(here)).content.decode()
    assert "18.90" in page
    assert 'name="price"' not in page
    assert viewer.post(address(here, "/edits"), form(here, "19.00")).status_code == 403
    assert viewer.get(address(here, "/catalogue")).status_code == 403
    assert not FeedRun.objects.filter(channel="desk").exists()


def test_a_stranger_finds_no_such_desk(client: Client, here: Desk) -> None:
    other = f.pharmacy()
    stranger = sign_in(client, here.editor)
    for rest in ("", "/rows", "/catalogue", "/runs"):
        assert stranger.get(f"/desk/{other.code}{rest}").status_code == 404
    assert stranger.post(f"/desk/{other.code}/edits", form(here, "19.00")).status_code == 404


def test_who_is_logged_in_is_told_that_a_place_may_be_others_and_not_which(client: Client, here: Desk) -> None:
    other = f.pharmacy()
    sign_in(client, here.editor)
    theirs, nobodys = (client.get(f"/desk/{code}") for code in (other.code, "P42999999999"))
    for answer in (theirs, nobodys):
        assert answer.status_code == 404
        assert "没有这一页，或不归您管" in answer.content.decode()
        assert answer.headers["Cache-Control"] == "no-store"
    assert other.name not in theirs.content.decode()
    citizens = client.get("/drugs/XNOSUCH")
    assert (citizens.status_code, "不归您管" in citizens.content.decode()) == (404, False)
    assert "Cookie" not in citizens.headers.get("Vary", "")


def test_the_form_without_a_script_leads_to_the_run(editor: Client, here: Desk) -> None:
    answer = editor.post(address(here, "/edits"), form(here, "19.50"))
    run = FeedRun.objects.get(channel="desk")
    assert (answer.status_code, answer["Location"]) == (302, address(here, f"/runs/{run.pk}"))
    assert "正在处理" in editor.get(answer["Location"]).content.decode()
    process(run.pk)
    page = editor.get(answer["Location"]).content.decode()
    assert "已公示" in page
    assert "撤销这次改动" in page


def test_the_form_sends_only_rows_that_were_changed(editor: Client, here: Desk) -> None:
    other = f.drug()
    f.offer(other, here.shop, "5.00")
    two = {
        "code": [here.drug.code, other.code],
        "price": ["19.50", "5.00"],
        "stock": ["in", "in"],
        "seen": ["18.90/in", "5.00/in"],
    }
    editor.post(address(here, "/edits"), two | {"nonce": "n"})
    assert [change.drug_id for change in DeskChange.objects.all()] == [here.drug.pk]


def test_a_warning_keeps_what_was_typed_and_takes_a_reason(editor: Client, here: Desk) -> None:
    answer = editor.post(address(here, "/edits"), form(here, "189.00"))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "是您上次价格的 10.0 倍" in page
    assert 'value="189.00"' in page
    editor.post(address(here, "/edits"), form(here, "189.00", reason="换了进口包装"))
    assert DeskChange.objects.get().reason == "换了进口包装"


def test_a_script_is_told_row_by_row(editor: Client, here: Desk) -> None:
    answer = editor.post(address(here, "/edits"), form(here, "abc"), **JSON)
    assert (answer.status_code, answer.json()["state"]) == (422, "refused")
    assert "无法识别" in answer.json()["rows"][0]["errors"][0]
    answer = editor.post(address(here, "/edits"), form(here, "189.00"), **JSON)
    assert (answer.status_code, answer.json()["rows"][0]["warnings"]) == (422, ["是您上次价格的 10.0 倍"])
    answer = editor.post(address(here, "/edits"), form(here, "19.00", seen="17.00/in"), **JSON)
    assert (answer.status_code, answer.json()["state"]) == (409, "conflict")
    assert answer.json()["rows"][0]["seen"] == "18.90/in"
    answer = editor.post(address(here, "/edits"), form(here, "19.00"), **JSON)
    assert answer.status_code == 202
    run = FeedRun.objects.get(channel="desk")
    assert editor.get(answer.json()["run"], **JSON).json()["decided"] is False
    process(run.pk)
    told = editor.get(answer.json()["run"], **JSON).json()
    assert told["rows"] == [{"code": here.drug.code, "seen": "19.00/in", "shown": True, "why": ""}]
    undone = editor.post(told["undo"], {"nonce": "u"}, **JSON).json()
    process(FeedRun.objects.latest("pk").pk)
    assert undone["state"] == "received"
    assert shown(here.drug, here.shop) == "18.90/in"


def test_a_script_whose_session_is_over_is_told_to_log_in(client: Client, here: Desk) -> None:
    answer = client.post(address(here, "/edits"), form(here, "19.00"), **JSON)
    assert answer.status_code == 401
    assert "/staff/login" in answer.content.decode()


def test_products_are_found_in_the_catalogue_and_put_on_the_shelf(editor: Client, here: Desk) -> None:
    other = f.drug(f.preparation("阿莫西林胶囊", "胶囊剂", "0.25g"))
    page = editor.get(address(here, "/catalogue"), {"q": "阿莫西林"}).content.decode()
    assert other.code in page
    assert "已在货架上" in editor.get(address(here, "/catalogue"), {"q": here.drug.code}).content.decode()
    editor.post(address(here, "/edits"), {"code": other.code, "price": "9.90", "stock": "in", "seen": "", "nonce": "n"})
    process(FeedRun.objects.get(channel="desk").pk)
    assert shown(other, here.shop) == "9.90/in"


def test_what_others_reported_of_other_shops_is_nobodys_business_here(editor: Client, here: Desk) -> None:
    other = desk_run_of_another_shop()
    assert editor.get(address(here, f"/runs/{other.pk}")).status_code == 404
    assert editor.post(address(here, f"/runs/{other.pk}/undo")).status_code == 404
    assert f">{other.pk}<" not in editor.get(address(here, "/runs")).content.decode()


def desk_run_of_another_shop() -> FeedRun:
    shop, drug = f.pharmacy(), f.drug()
    editor = Membership.objects.get().user
    sent = [edits.Edit(drug.code, price="5.00", stock="in")]
    run = edits.submit(shop, sent, nonce="other", by=editor, at=AT).run
    assert run is not None
    return process(run.pk)


def test_only_prices_with_a_reason_or_a_doubt_are_warned(editor: Client, here: Desk) -> None:
    other = f.drug()
    f.offer(other, here.shop, "5.00")
    here.submit(here.edit("189.00"), reason="换了进口包装")
    rows = {row[0]: row[9] for row in editor.get(address(here, "/rows"), **JSON).json()["rows"]}
    assert rows[here.drug.code] == "与上次价格相差悬殊。理由：换了进口包装"
    assert rows[other.code] == ""


def test_the_english_desk_is_there(editor: Client, here: Desk) -> None:
    assert editor.get("/en" + address(here)).status_code == 200


def test_a_till_that_goes_on_sending_the_old_price_is_told_of(editor: Client, here: Desk) -> None:
    here.submit(here.edit("19.50"))
    deliver(f.feed("till"), f"{here.shop.code},{here.drug.code},18.90", at=AT + timedelta(minutes=5))
    (row,) = shelf.shelf(here.shop, at=AT + timedelta(minutes=6))
    assert row.warned == "窗口改的 19.50 元被“收银系统”后来的报送覆盖：请在那里也改"
    (row,) = shelf.shelf(here.shop, at=AT + timedelta(days=8))
    assert row.warned == ""


def test_a_script_sends_hundreds_of_rows_in_one_field(editor: Client, here: Desk) -> None:
    drugs = [f.drug() for _ in range(400)]
    rows = [[drug.code, "5.00", "in", "", False] for drug in drugs]
    rows.append([here.drug.code, "", "in", "18.90/in", True])
    answer = editor.post(address(here, "/edits"), {"rows": json.dumps(rows), "nonce": "n"}, **JSON)
    assert answer.status_code == 202
    run = process(FeedRun.objects.get(channel="desk").pk)
    assert (run.changed, run.withdrawn) == (401, 1)


@pytest.mark.parametrize("rows", ["{", "[[1]]", '[["a","b","c","d"]]', '[["a",1,"c","d",false]]'])
def test_rows_that_no_script_of_ours_would_send_are_a_bad_request(editor: Client, here: Desk, rows: str) -> None:
    assert editor.post(address(here, "/edits"), {"rows": rows, "nonce": "n"}, **JSON).status_code == 400


def test_runs_of_a_feed_that_speaks_for_others_too_are_seen_where_they_said_something(
    editor: Client, here: Desk
) -> None:
    other = f.pharmacy()
    platform = f.feed("platform", scope="pharmacies")
    platform.pharmacies.set([here.shop, other])
    theirs = deliver(platform, f"{other.code},{here.drug.code},18.00")
    ours = deliver(platform, f"{here.shop.code},{here.drug.code},18.00", f"{other.code},XX,1.00")
    assert editor.get(address(here, f"/runs/{theirs.pk}")).status_code == 404
    page = editor.get(address(here, f"/runs/{ours.pk}")).content.decode()
    assert "接受 1" in page
    assert other.code not in page
