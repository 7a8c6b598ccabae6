"""A county for one walk through the console: twelve shops, a shop's till, and the people who work there.

Its products are sold nowhere else, so that its shops are each other's peers; everything is forty days old.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connections
from django.utils import timezone

from catalog.models import Drug
from pharmacies.access import Role
from pharmacies.accounts import invitations, totp
from pharmacies.models import Membership, Pharmacy, Region, User
from prices import feeds
from prices.ingest.publish import ensure_partitions
from prices.models import Offer, PriceChange, RollUp
from prices.money import fen_of
from prices.statistics.roll_up import backfill, roll_up
from tests import factories as f

PASSWORD = "two-shops-and-one-more"
USUAL, SPIKE = "18.90", "26.90"
"""What the shop asked for the product that the walk is about, and asks from the walk on."""
SEEN = "27.50"
"""What a citizen saw on its shelf."""
RIGHT, SLIP = "33.00", "330.00"
"""Of another product, whose price the till sends with a zero too many."""
EARLIER = "27.00"
"""What a neighbour has asked for a third one since JUMPED_DAYS ago: for the back-test."""
KNOWN_DAYS, JUMPED_DAYS = 40, 10
NEIGHBOURS = ("17.90",) * 3 + ("18.90",) * 6 + ("19.90",) * 2
DAY = timedelta(days=1)


@dataclass(frozen=True)
class County:
    """`spiked`, `slipped`, `jumped`: what the walk does to them, or what has been done."""

    area: Region
    elsewhere: Region
    shop: Pharmacy
    neighbour: Pharmacy
    spiked: Drug
    slipped: Drug
    jumped: Drug
    feed: str
    token: str

    def username(self, who: str) -> str:
        """Of officer, reviewer, publisher, manager, and the stranger of the county next to it."""
        return f"{who}{self.area.code}"


def county(code_of: str, name: str, *, now: datetime) -> County:
    """The county of that code and name in 武汉市, committed; times are relative to `now`."""
    area = f.region(code_of, name, Region.objects.get(code="420100"))
    shop = f.pharmacy(f"{name}惠民大药房", division=area)
    others = [
        f.pharmacy(f"{name}邻家药房（{n}号店）", division=area, east_m=100 * n) for n in range(1, len(NEIGHBOURS) + 1)
    ]
    products = [
        f.drug(f.preparation(f"{name[:2]}{word}", "片剂", "5mg"), manufacturer=f"{name[:2]}制药有限公司", pack_count=7)
        for word in ("安平片", "康胶囊", "宁颗粒", "清热丸", "润喉片")
    ]
    spiked, slipped, jumped, *steady = products
    began = now - KNOWN_DAYS * DAY
    ensure_partitions(at=began)
    ensure_partitions(at=now)
    run = f.run(f.feed(f"before-{code_of}"), received_at=began).pk
    for drug in (spiked, jumped):
        for place, price in zip((shop, *others), (USUAL, *NEIGHBOURS), strict=True):
            sold(drug, place, price, since=began, run=run)
    for drug in (slipped, *steady):
        sold(drug, shop, RIGHT, since=began, run=run)
    dearer(jumped, others[-1], EARLIER, at=now - JUMPED_DAYS * DAY, run=run)
    feed, token = feeds.add(f"till-{code_of}", by="ops", at=now, pharmacies=[shop.code], name=f"{name}收银系统")
    elsewhere = Region.objects.get(code="420111")
    for who, called, role, where in (
        ("reviewer", "周审核", Role.REVIEWER, {"area": area}),
        # Who may publish as well may still not publish what they wrote themselves.
        ("reviewer", "周审核", Role.PUBLISHER, {"area": area}),
        ("publisher", "吴发布", Role.PUBLISHER, {"area": Region.objects.get(code="420000")}),
        ("stranger", "郑邻区", Role.REVIEWER, {"area": elsewhere}),
        ("manager", "李店长", Role.MANAGER, {"pharmacy": shop}),
    ):
        user, _ = User.objects.get_or_create(username=f"{who}{code_of}", defaults={"first_name": called})
        Membership.objects.create(user=user, role=role, valid=f.since(), **where)
    joined(f"officer{code_of}", "王经办", area, now=now)
    return County(area, elsewhere, shop, others[-1], spiked, slipped, jumped, feed.slug, token)


def sold(drug: Drug, shop: Pharmacy, price: str, *, since: datetime, run: int) -> None:
    """An offer at a price that has not changed, and the line of history with which it began."""
    by = f.feed(f"before-{shop.division.code}")
    f.offer(drug, shop, price, by=by, run_id=run, confirmed=timezone.now() - DAY, changed_at=since)
    _line(drug, shop, None, price, at=since, run=run)


def dearer(drug: Drug, shop: Pharmacy, price: str, *, at: datetime, run: int) -> None:
    """Another price for it since then."""
    offer = Offer.objects.get(drug_id=drug.pk, pharmacy_id=shop.pk)
    _line(drug, shop, f"{offer.price_fen / 100:.2f}", price, at=at, run=run)
    Offer.objects.filter(drug_id=drug.pk, pharmacy_id=shop.pk).update(price_fen=fen_of(price), changed_at=at)


def _line(drug: Drug, shop: Pharmacy, old: str | None, new: str, *, at: datetime, run: int) -> None:
    PriceChange.objects.create(
        drug_id=drug.pk, pharmacy_id=shop.pk, old_fen=old and fen_of(old), new_fen=fen_of(new), effective_at=at,
        reported_at=at, received_at=at, feed_id=f.feed(f"before-{shop.division.code}").pk, run_id=run,
    )  # fmt: skip


def joined(username: str, name: str, area: Region, *, now: datetime) -> None:
    """A 经办人 who was invited, and has a password and a phone."""
    invitation = invitations.invite(place=area, role=Role.OFFICER, name=name, by="ops", at=now)
    user = invitations.accept_new(invitation=invitation, username=username, name=name, password=PASSWORD, at=now)
    # By the code of half a minute ago, so that the one for logging in has not been used.
    earlier = totp.code_at(seed_of(username), totp.step_of(now) - 1)
    assert totp.enrol(user=user, seed=seed_of(username), code=earlier, at=now) == totp.Verdict.RIGHT


def seed_of(username: str) -> str:
    return f"seed-{username}"


def on_the_phone(username: str) -> str:
    """The digits that this person's phone shows now."""
    return totp.code_at(seed_of(username), totp.step_of(timezone.now()))


@contextmanager
def worked_out(now: datetime) -> Iterator[None]:
    """The nights up to `now`; afterwards the statistics are gone, as other tests expect them."""
    earlier = RollUp.objects.exists()
    f.rebuild_today(now)
    backfill(timezone.localdate(now) - KNOWN_DAYS * DAY, now)
    roll_up(now)
    try:
        yield
    finally:
        with connections["owner"].cursor() as cursor:
            cursor.execute("TRUNCATE prices_areaprice, prices_rollup, prices_pricechange")
        if earlier:
            roll_up(timezone.now())
