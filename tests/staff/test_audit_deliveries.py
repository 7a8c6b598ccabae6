"""The shop's own log: a line for each delivery by which its head office changed its prices."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from catalog.models import Drug
from pharmacies import audit
from pharmacies.models import Chain, Membership, Pharmacy, User
from prices.desk import chains
from prices.ingest.runs import process
from prices.models import FeedRun
from prices.views.staff import audit_deliveries, audit_log

from .. import factories as f
from ..factories import AT, since
from ..prices.deliveries import deliver
from . import sheets_world as sheets
from .signing import sign_in

pytestmark = pytest.mark.django_db


@dataclass
class Office:
    """A chain of two shops with one product at 10.00, and another chain's shop."""

    chain: Chain
    shops: list[Pharmacy]
    drug: Drug
    boss: User
    client: Client
    nonces: list[str] = field(default_factory=list)

    def order(self, price: str, *, at: datetime = AT, names: str = "", reason: str = "") -> FeedRun:
        """Head office gives the product this price; published."""
        self.nonces.append(f"n{len(self.nonces)}")
        order = chains.Order(price=price, names=names, reason=reason)
        outcome = chains.order_price(
            self.chain, self.shops, self.drug, order, nonce=self.nonces[-1], by=self.boss, at=at
        )
        return process(outcome.run.pk, clock=lambda: at)  # type: ignore[union-attr]  # it is received

    def page(self, query: str = "", *, shop: int = 0) -> str:
        """The text of the shop's log."""
        answer = self.client.get(f"/desk/{self.shops[shop].code}/audit?{query}")
        assert answer.status_code == 200
        return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", answer.content.decode().partition('class="log-day"')[2]))


@pytest.fixture
def office(client: Client) -> Office:
    chain = f.chain()
    shops = [f.pharmacy(f"{n}号店", chain=chain) for n in (1, 2)]
    drug, run = f.drug(pack_count=14), f.run()
    for shop in shops:
        f.offer(drug, shop, "10", run_id=run.pk, confirmed=AT - timedelta(days=1))
    boss = User.objects.create_user("boss", first_name="王总")
    manager = User.objects.create_user("manager", first_name="李店长")
    for shop in shops:
        Membership.objects.create(user=manager, role="manager", pharmacy=shop, valid=since())
    sign_in(client, manager)
    return Office(chain, shops, drug, boss, client)


def write(place: Pharmacy, reason: str, *, at: datetime) -> None:
    with transaction.atomic():
        audit.record(
            at=at, by="李", place=place, reason=reason, action="desk.edit", subject="prices.FeedRun", subject_id=1
        )


def test_a_chain_wide_change_is_a_line_of_the_shops_log(office: Office) -> None:
    run = office.order("11.00", reason="供货价调整")
    said = office.page()
    for part in ("10:00:00", office.chain.name, "连锁总部", "统一改价", f"报送批次 {run.pk}", "变动 1", "供货价调整"):
        assert part in said, part
    assert "王总" not in said
    assert (
        f'href="/desk/{office.shops[0].code}/runs/{run.pk}"'
        in office.client.get(f"/desk/{office.shops[0].code}/audit").content.decode()
    )
    assert office.client.get(f"/desk/{office.shops[0].code}/runs/{run.pk}").status_code == 200


def test_a_delivery_that_left_the_shop_as_it_was_is_no_line(office: Office) -> None:
    office.order("11.00", names=office.shops[1].code)
    assert "统一改价" in office.page(shop=1)
    assert "统一改价" not in office.page()


def test_what_tills_and_the_shop_itself_report_is_no_line(office: Office) -> None:
    shop, code = office.shops[0], office.drug.code
    till = f.feed("chain-till", scope="chain", chain=office.chain)
    assert deliver(till, f"{shop.code},{code},12.00", at=AT).changed == 1
    assert list(audit_deliveries.of(shop)) == []


def test_sheets_and_their_taking_back_have_their_own_words(office: Office) -> None:
    world = sheets.Desk(office.shops[0], office.boss, (office.drug, office.drug, office.drug))
    header = ("门店编号", "医保编码", "零售价")
    sheet = sheets.csv((office.shops[0].code, office.drug.code, "11"), header=header)
    upload = sheets.previewed(world, sheet, place=office.chain)
    sheets.applied(upload)
    taken = sheets.applying.take_back(upload, by=office.boss, at=AT + timedelta(hours=1))
    assert taken.run is not None
    process(taken.run.pk, clock=lambda: AT + timedelta(hours=1))
    shop = office.shops[0]
    assert [each.what for each in audit_deliveries.of(shop)] == ["sheet.take_back", "sheet.apply"]
    said = office.page()
    assert said.index("撤回已公示的表格") < said.index("公示上传的表格")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("action=chain.price", True),
        ("action=sheet.apply", False),
        ("action=desk.edit", False),
        ("who=nobody", False),
        ("first=2026-11-21&last=2026-11-21", True),
        ("first=2026-11-22", False),
        ("last=2026-11-20", False),
    ],
)
def test_the_lines_are_narrowed_with_the_log(office: Office, query: str, found: bool) -> None:
    office.order("11.00")
    assert ("变动 1" in office.page(query)) is found
    assert "变动 1" in office.page(f"who={office.chain.name}")


def test_lines_and_events_stand_in_one_order_and_none_is_lost_or_repeated(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_log, "PAGE", 3)
    expected = []
    for hour in range(11):
        at = AT + timedelta(hours=hour)
        if hour % 3 == 1:
            run = office.order(f"{11 + hour * 0.01:.2f}", at=at)
            expected.append(f"r{run.pk}")
        else:
            write(office.shops[0], f"第{hour}时", at=at)
            expected.append(f"第{hour}时")
    seen: list[str] = []
    address = f"/desk/{office.shops[0].code}/audit"
    while address:
        text = office.client.get(address).content.decode()
        page = re.findall(r'id="(r\d+)"|(第\d+时)', text)
        assert len(page) <= 3
        seen += [run or event for run, event in page]
        older = re.search(r'href="([^"]+)" rel="next"', text)
        address = older.group(1).replace("&amp;", "&") if older else ""
    assert seen == expected[::-1]


def test_lines_of_before_the_shop_joined_another_chain_stay(office: Office) -> None:
    office.order("11.00")
    Pharmacy.objects.filter(pk=office.shops[0].pk).update(chain=None)
    assert office.chain.name in office.page()


def test_the_page_costs_no_more_queries_with_many_lines(office: Office, django_assert_max_num_queries: Any) -> None:
    for n in range(5):
        office.order(f"11.{n}0", at=AT + timedelta(hours=n))
    with django_assert_max_num_queries(25):
        office.page()
