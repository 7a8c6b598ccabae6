"""Head office: one price for many shops, now or at midnight; shops that differ; store numbers round trip."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from catalog.models import Drug
from pharmacies import stores
from pharmacies.models import AuditEvent, Chain, Membership, Pharmacy, PharmacyAlias, User
from prices.desk import chains
from prices.desk.sheets import reading
from prices.ingest import schedule
from prices.ingest.runs import process
from prices.models import FeedRun, ScheduledPrice
from tests import factories as f
from tests.factories import AT
from tests.prices.deliveries import deliver, shown
from tests.staff.signing import sign_in

pytestmark = pytest.mark.django_db
MIDNIGHT = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)


@dataclass
class Office:
    """Three shops of a chain, S1 and S2 in 武昌区 at 10.00 and S3 in 洪山区 at 10.50; S4 does not sell the drug."""

    chain: Chain
    shops: list[Pharmacy]
    drug: Drug
    boss: User
    nonces: int = 0

    def order(self, price: str, *, at: datetime = AT, shops: list[Pharmacy] | None = None, **fields: Any) -> Any:
        """The order, handed in and processed."""
        self.nonces += 1
        order = chains.Order(price=price, **fields)
        nonce = f"order-{self.nonces}"
        outcome = chains.order_price(
            self.chain, shops or self.shops, self.drug, order, nonce=nonce, by=self.boss, at=at
        )
        if outcome.run:
            process(outcome.run.pk)
        return outcome

    @property
    def shown(self) -> list[str | None]:
        return [shown(self.drug, shop) for shop in self.shops]


@pytest.fixture
def office() -> Office:
    chain = f.chain()
    places = (f.wuchang(), f.wuchang(), f.hongshan(), f.hongshan())
    shops = [f.pharmacy(f"{n}号店", chain=chain, division=place) for n, place in enumerate(places, 1)]
    for n, shop in enumerate(shops, 1):
        PharmacyAlias.objects.create(chain=chain, store_no=f"S{n}", pharmacy=shop)
    drug = f.drug(pack_count=14)
    run = f.run()
    for shop, price in zip(shops, ("10", "10", "10.50"), strict=False):
        f.offer(drug, shop, price, run_id=run.pk, confirmed=AT - timedelta(days=1))
    return Office(chain, shops, drug, User.objects.create_user("boss", first_name="总部"))


def test_products_that_the_shops_price_differently_are_listed_widest_apart_first(office: Office) -> None:
    alike, wide = f.drug(), f.drug()
    for shop, price in zip(office.shops, ("5", "5", "20", "5"), strict=True):
        f.offer(alike, shop, "3")
        f.offer(wide, shop, price)
    found = chains.differing(office.shops, limit=10)
    assert [(row.drug, row.shops, row.low, row.usual, row.high) for row in found] == [
        (wide, 4, 500, 500, 2000),
        (office.drug, 3, 1000, 1000, 1050),
    ]
    assert chains.differing(office.shops[:2], limit=10) == []


# -- one price for many -----------------------------------------------------------------------------------------------


def test_shops_that_differ_come_first(office: Office) -> None:
    seen = chains.overview(office.chain, office.shops, office.drug)
    assert (seen.usual, seen.selling, seen.differing) == (1000, 3, 1)
    assert [row.shop.name for row in seen.rows] == ["3号店", "1号店", "2号店", "4号店"]
    assert seen.rows[0].numbers == ["S3"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ["11.00", "11.00", "11.00", None]),
        ({"region": "420106"}, ["11.00", "11.00", "10.50", None]),
        ({"region": "420100"}, ["11.00", "11.00", "11.00", None]),
        ({"names": "S1，S3"}, ["11.00", "10.00", "11.00", None]),
        ({"missing": True}, ["11.00", "11.00", "11.00", "11.00"]),
        ({"missing": True, "names": "S4"}, ["10.00", "10.00", "10.50", "11.00"]),
    ],
)
def test_one_price_goes_to_all_shops_a_group_or_some(
    office: Office, fields: dict[str, Any], expected: list[str | None]
) -> None:
    outcome = office.order("11.00", **fields)
    assert (outcome.state, office.shown) == ("received", expected)
    assert FeedRun.objects.filter(channel="desk").count() == 1
    event = AuditEvent.objects.get(action="chain.price")
    assert (event.chain, event.actor) == (office.chain, office.boss)


@pytest.mark.parametrize(
    ("price", "fields", "says"),
    [
        ("", {}, "没有价格"),
        ("0", {}, "不大于 0"),
        ("11.005", {}, "小数"),
        ("11", {"names": "S9"}, "查不到门店 S9"),
        ("11", {"region": "420500"}, "没有您管的门店"),
        ("11", {"on": "明天"}, "2026-12-01"),
        ("11", {"on": "2026-11-21"}, "明天到 30 天之内"),
        ("11", {"on": "2027-11-21"}, "明天到 30 天之内"),
    ],
)
def test_an_order_that_cannot_be_is_refused_with_what_to_change(
    office: Office, price: str, fields: dict[str, Any], says: str
) -> None:
    outcome = office.order(price, **fields)
    assert (outcome.state, says in outcome.message) == ("refused", True)
    assert office.shown == ["10.00", "10.00", "10.50", None]


def test_a_price_that_all_have_already_is_no_change(office: Office) -> None:
    assert office.order("10.00", region="420106").state == "unchanged"


def test_a_large_step_takes_a_reason_which_lets_it_through(office: Office) -> None:
    outcome = office.order("100")
    assert (outcome.state, outcome.run) == ("warned", None)
    assert "有 3 家门店" in outcome.warnings[0]
    assert office.order("100", reason="进口新包装").state == "received"
    assert office.shown == ["100.00", "100.00", "100.00", None]


def test_the_same_press_of_the_button_is_one_run(office: Office) -> None:
    order = chains.Order(price="11")
    for _press in range(2):
        outcome = chains.order_price(office.chain, office.shops, office.drug, order, nonce="n", by=office.boss, at=AT)
        assert outcome.state == "received"
    assert FeedRun.objects.filter(channel="desk").count() == 1


# -- at midnight ------------------------------------------------------------------------------------------------------


def test_a_price_for_midnight_waits_and_comes(office: Office) -> None:
    outcome = office.order("11", on="2026-12-01")
    assert (outcome.state, outcome.shops) == ("announced", 3)
    assert office.shown == ["10.00", "10.00", "10.50", None]
    assert [(group["effective_at"], group["shops"]) for group in chains.announced(office.chain)] == [(MIDNIGHT, 3)]
    assert schedule.apply_due(at=MIDNIGHT - timedelta(seconds=1)) == 0
    assert schedule.apply_due(at=MIDNIGHT) == 3
    process(FeedRun.objects.get(channel="scheduled").pk)
    assert office.shown == ["11.00", "11.00", "11.00", None]
    assert not chains.announced(office.chain).exists()


def test_the_reason_given_for_an_announced_price_lets_it_through_at_midnight(office: Office) -> None:
    assert office.order("100", on="2026-12-01").state == "warned"
    office.order("100", on="2026-12-01", reason="进口新包装")
    office.order("101", on="2026-12-02", names="S1", reason="又换了一次")
    schedule.apply_due(at=MIDNIGHT)
    run = FeedRun.objects.get(channel="scheduled")
    process(run.pk)
    assert (run.override_reason, run.operator) == ("进口新包装", "boss")
    assert office.shown == ["100.00", "100.00", "100.00", None]


def test_prices_with_and_without_a_reason_become_due_as_runs_of_their_own(office: Office) -> None:
    office.order("100", on="2026-12-01", names="S1", reason="进口新包装")
    office.order("11", on="2026-12-01", names="S2")
    assert schedule.apply_due(at=MIDNIGHT) == 2
    runs = FeedRun.objects.filter(channel="scheduled").order_by("override_reason")
    assert [(run.override_reason, run.operator) for run in runs] == [("", ""), ("进口新包装", "boss")]
    for run in runs:
        process(run.pk)
    assert office.shown == ["100.00", "11.00", "10.50", None]


def test_an_announced_price_is_taken_back_only_in_ones_own_shops(office: Office) -> None:
    office.order("11", on="2026-12-01")
    n = chains.withdraw(office.chain, office.shops[:1], office.drug, MIDNIGHT, by=office.boss, at=AT)
    assert (n, ScheduledPrice.objects.count()) == (1, 2)
    assert AuditEvent.objects.get(action="chain.withdraw").before == {"from": MIDNIGHT.isoformat(), "shops": 1}


# -- store numbers ----------------------------------------------------------------------------------------------------


def test_listed_shops_have_exactly_the_listed_numbers(office: Office) -> None:
    one, two, three, _four = office.shops
    rows = [(2, one.code, "S2"), (3, two.code, "S1"), (4, two.code, "S1B"), (5, three.code, "S3")]
    done = stores.renumber(office.chain, rows, by=office.boss, at=AT)
    assert (done.changed, done.unchanged) == (2, 1)
    numbers = stores.numbers(office.chain)
    assert [numbers[shop.pk] for shop in office.shops] == [["S2"], ["S1", "S1B"], ["S3"], ["S4"]]
    stores.renumber(office.chain, [(2, one.code, "")], by=office.boss, at=AT)
    assert one.pk not in stores.numbers(office.chain)


def test_a_wrong_row_keeps_the_whole_list_out(office: Office) -> None:
    one, two, _three, _four = office.shops
    stranger = f.pharmacy("别家")
    rows = [(2, one.code, "X"), (3, two.code, "X"), (4, stranger.code, "Y"), (5, two.code, "S3")]
    with pytest.raises(stores.StoresProblem) as problem:
        stores.renumber(office.chain, rows, by=office.boss, at=AT)
    assert [said.split("：")[0] for said in problem.value.problems] == ["第 2 行", "第 3 行", "第 4 行", "第 5 行"]
    assert stores.numbers(office.chain)[one.pk] == ["S1"]


# -- pages ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def client_of_boss(client: Client, office: Office) -> Client:
    Membership.objects.create(user=office.boss, role="head_office", chain=office.chain, valid=f.since())
    return sign_in(client, office.boss)


def test_head_office_changes_a_price_on_the_page(client_of_boss: Client, office: Office) -> None:
    base = f"/chain/{office.chain.pk}"
    assert "4 家门店" in client_of_boss.get(base).content.decode()
    found = client_of_boss.get(f"{base}/prices", {"q": office.drug.code}).content.decode()
    address = f"{base}/prices/{office.drug.code}"
    assert address in found
    page = client_of_boss.get(address).content.decode()
    assert "3 家在售，多数 10.00 元" in page
    assert "1 家不同" in page
    assert client_of_boss.get(address, {"only": "differs"}).content.decode().count("未上架") == 0
    warned = client_of_boss.post(address, {"price": "100", "when": "now"})
    assert (warned.status_code, 'name="reason"' in warned.content.decode()) == (422, True)
    answer = client_of_boss.post(address, {"price": "11", "when": "now", "on": "2026-12-01", "nonce": "a"})
    assert "正在公示" in client_of_boss.get(answer.headers["Location"]).content.decode()
    process(FeedRun.objects.latest("pk").pk)
    fragment = client_of_boss.get(answer.headers["Location"], headers={"HX-Request": "true"}).content.decode()
    assert "改价 3 家" in fragment
    assert office.shown == ["11.00", "11.00", "11.00", None]


def test_an_announced_price_is_seen_and_cancelled_on_the_page(client_of_boss: Client, office: Office) -> None:
    address = f"/chain/{office.chain.pk}/prices/{office.drug.code}"
    day = timezone.localdate() + timedelta(days=3)
    client_of_boss.post(address, {"price": "11", "when": "later", "on": day.isoformat()})
    process(FeedRun.objects.latest("pk").pk)
    moment = ScheduledPrice.objects.all()[0].effective_at
    assert "取消定时" in client_of_boss.get(address).content.decode()
    assert "3 家门店" in client_of_boss.get(f"/chain/{office.chain.pk}").content.decode()
    client_of_boss.post(f"{address}/withdraw", {"from": moment.isoformat()})
    assert not ScheduledPrice.objects.exists()


def test_a_sub_account_sees_and_changes_the_shops_of_its_region_only(client: Client, office: Office) -> None:
    Membership.objects.create(user=office.boss, role="editor", chain=office.chain, within=f.hongshan(), valid=f.since())
    sign_in(client, office.boss)
    address = f"/chain/{office.chain.pk}/prices/{office.drug.code}"
    page = client.get(address).content.decode()
    assert "3号店" in page
    assert "1号店" not in page
    client.post(address, {"price": "11", "when": "now", "missing": "on"})
    process(FeedRun.objects.latest("pk").pk)
    assert office.shown == ["10.00", "10.00", "11.00", "11.00"]


def test_somebody_who_may_only_look_is_offered_no_change(client: Client, office: Office) -> None:
    Membership.objects.create(user=office.boss, role="viewer", chain=office.chain, valid=f.since())
    sign_in(client, office.boss)
    address = f"/chain/{office.chain.pk}/prices/{office.drug.code}"
    assert "统一改价" not in client.get(address).content.decode()
    assert client.post(address, {"price": "11"}).status_code == 403
    assert client.post(f"{address}/withdraw").status_code == 403


def test_a_delivery_of_the_chain_has_a_page_with_what_became_of_it(client_of_boss: Client, office: Office) -> None:
    office.order("11")
    till = f.feed("till-chain", scope="chain", chain=office.chain, name="总部系统")
    pushed = deliver(till, f"{office.shops[0].code},{office.drug.code},12.00", "NOBODY,X,1.00")
    base = f"/chain/{office.chain.pk}"
    assert f"{base}/runs/{pushed.pk}" in client_of_boss.get(f"{base}/runs").content.decode()
    order = client_of_boss.get(f"{base}/runs/{pushed.pk - 1}").content.decode()
    assert "接受 3，变动 3" in order
    assert order.count("11.00") == 3
    page = client_of_boss.get(f"{base}/runs/{pushed.pk}").content.decode()
    assert "NOBODY" in page
    assert "接受 1，变动 1，下架 0，退回 1" in page
    assert f"{base}/runs/{pushed.pk}" in client_of_boss.get(f"{base}/tokens").content.decode()


def test_a_sub_account_reads_of_a_delivery_what_concerns_its_region(client: Client, office: Office) -> None:
    office.order("11")
    Membership.objects.create(user=office.boss, role="editor", chain=office.chain, within=f.hongshan(), valid=f.since())
    sign_in(client, office.boss)
    run = FeedRun.objects.latest("pk")
    page = client.get(f"/chain/{office.chain.pk}/runs/{run.pk}").content.decode()
    assert "3号店" in page
    assert "1号店" not in page


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_store_numbers_go_out_and_come_back(client_of_boss: Client, office: Office, kind: str) -> None:
    base = f"/chain/{office.chain.pk}/shops"
    data = client_of_boss.get(f"{base}/numbers.{kind}").content
    assert reading.read(data).rows["门店编号"].to_list() == ["S1", "S2", "S3", "S4"]
    if kind == "csv":
        data = data.replace(b"S4", b"S40")
    answer = client_of_boss.post(base, {"file": SimpleUploadedFile(f"a.{kind}", data)}, follow=True)
    said = "1 家已更新，3 家不变" if kind == "csv" else "0 家已更新，4 家不变"
    assert said in answer.content.decode()
    assert client_of_boss.get(base, {"q": "S40"}).content.decode().count("4号店") == (1 if kind == "csv" else 0)
    assert client_of_boss.get(f"{base}/numbers.pdf").status_code == 404


@pytest.mark.parametrize(
    ("data", "says"), [(b"", "请先选择一个文件"), ("甲,乙,丙\n1,2,3\n".encode(), "缺少列"), (b"%PDF", "PDF")]
)
def test_a_wrong_sheet_of_store_numbers_is_told(client_of_boss: Client, office: Office, data: bytes, says: str) -> None:
    files = {"file": SimpleUploadedFile("a.csv", data)} if data else {}
    answer = client_of_boss.post(f"/chain/{office.chain.pk}/shops", files)
    assert (answer.status_code, says in answer.content.decode()) == (422, True)


def test_differing_products_are_shown_for_a_region_where_there_are_too_many_shops(
    client_of_boss: Client, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"/chain/{office.chain.pk}/prices"
    assert "10.50" in client_of_boss.get(address).content.decode()
    assert "价格都一致" in client_of_boss.get(address, {"region": "420106"}).content.decode()
    assert "价格都一致" in client_of_boss.get(address, {"region": "429999"}).content.decode()
    monkeypatch.setattr(chains, "MOST_COMPARED", 2)
    assert "这里有 4 家门店，价格太多" in client_of_boss.get(address).content.decode()
    assert "价格都一致" in client_of_boss.get(address, {"region": "420106"}).content.decode()


def test_a_shop_that_has_not_reported_is_marked(client_of_boss: Client, office: Office) -> None:
    f.report(f.feed(), office.shops[0], timezone.now() - timedelta(days=1))
    f.report(f.feed(), office.shops[1], timezone.now() - timedelta(days=9))
    page = client_of_boss.get(f"/chain/{office.chain.pk}/shops").content.decode()
    assert (page.count("逾期"), page.count("没有报过")) == (1, 2)
    assert "3 家七天没有报价" in client_of_boss.get(f"/chain/{office.chain.pk}").content.decode()
    late = client_of_boss.get(f"/chain/{office.chain.pk}/shops", {"only": "late"}).context["rows"]
    assert [shop.name for shop, _numbers, _heard in late] == ["2号店", "3号店", "4号店"]
