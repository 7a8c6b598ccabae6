"""docs/walk.md, walked: one price from a feed row to the pin on the map, and every name in it still there."""

import importlib
import re
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.test import Client

from catalog.models import Drug
from pharmacies import today
from pharmacies.geo import Wgs84
from prices.ingest import check, directory, publish, read, receive, stage, store
from prices.leases import Lease
from prices.models import FeedRun, Offer, PriceChange, RunPharmacy
from prices.search.offers import find
from prices.search.questions import Filters, Target, Where
from tests import factories as f

ROOT = Path(__file__).resolve().parent.parent.parent
WALK = (ROOT / "docs" / "walk.md").read_text(encoding="utf-8")
HEADER = "pharmacy_code,drug_code,price,stock,effective_at"


def test_every_place_named_in_the_walk_exists() -> None:
    named = re.findall(r"`((?:prices|pharmacies|config|templates|tests)/[\w./]+)(?:::(\w+))?(?:\.\w+)?`", WALK)
    assert len(named) >= 18
    for path, name in named:
        assert (ROOT / path).is_file(), path
        if name:
            module = importlib.import_module(path.removesuffix(".py").replace("/", "."))
            assert hasattr(module, name), f"{path}::{name}"


@pytest.mark.django_db
@time_machine.travel(f.AT, tick=False)
def test_one_price_walks_from_a_feed_row_to_a_pin() -> None:
    shop = f.pharmacy("夷陵路大药房", north_m=600)
    drug = f.drug(code="XC08CAB037A001010180517")
    feed = f.feed("till")
    file = f"{HEADER}\n{shop.code},{drug.code},12.60,in,2026-11-21T08:00:00+08:00\n".encode()

    # 1 receive, 2 claim
    run = receive.receive(feed=feed, data=file, at=f.AT, channel="push")
    lease = Lease.claim(FeedRun.objects.in_flight(), run.pk, length=settings.LEASE)
    assert lease is not None
    assert store.load(run) == file
    # 3 read
    sheet = read.read(store.load(run), format="csv", mapping={}, one_shop=False)
    assert sheet.rows.height == 1
    # 4 check
    rows = check.texts(sheet, shop_code=None)
    known = directory.look_up(feed, pharmacy_codes=[shop.code], drug_codes=[drug.code], on=f.AT.date())
    checked = check.check(rows, known, received_at=run.received_at)
    assert checked.accepted["price_fen"].to_list() == [1260]
    # 5 stage
    staged = stage.stage(run, checked, complete=False, done=[])
    assert stage.hold_reasons(staged) == []
    # 6 publish
    publish.publish(run, staged.pharmacies, lease=lease)
    assert Offer.objects.get().price_fen == PriceChange.objects.get().new_fen == 1260
    assert RunPharmacy.objects.get().changed == 1
    # 7 the shop today
    today.rebuild(f.AT)
    # 8 search
    where = Where(origin=Wgs84(*f.ORIGIN), radius_m=5000)
    target = Target.of_drug(Drug.objects.select_related("preparation").get())
    (found,) = find(target, where, sort="nearest", filters=Filters(), at=f.AT, limit=20).results
    assert (found.price_fen, found.rank) == (1260, 1)
    # 9 answer
    query = f"drug={drug.code}&lat={f.ORIGIN[1]}&lng={f.ORIGIN[0]}"
    (offer,) = Client().get(f"/api/v1/offers?{query}").json()["results"]
    assert (offer["price"], offer["pharmacy"]["code"]) == ("12.60", shop.code)
    # 10 list and pin: the map draws what the card says
    page = Client().get(f"/drugs/{drug.code}").content.decode()
    assert re.search(rf'id="offer-{drug.code}-{shop.code}"[^>]*data-price="12\.60"', page)
