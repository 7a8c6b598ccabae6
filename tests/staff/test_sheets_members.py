"""Member prices of a sheet: they go beside the shelf price, are taken back with it, and are confirmed with it."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.utils.translation import override

from catalog.models import Drug
from pharmacies.models import AuditEvent
from prices.desk.sheets import applying
from prices.ingest.runs import process
from prices.models import FeedRun, SourcePrice, Upload
from tests import factories as f
from tests.factories import AT
from tests.prices.deliveries import deliver, shown
from tests.staff.sheets_world import Desk, applied, csv, desk, previewed, row

pytestmark = pytest.mark.django_db
NEXT_WEEK = AT + timedelta(days=7)
LATER = NEXT_WEEK + timedelta(hours=1)
KINDS = "pharmacy_code,drug_code,price,kind"


@pytest.fixture
def world() -> Desk:
    return desk()


def published(world: Desk, *rows: tuple[Drug, str, str], at: datetime) -> Upload:
    """A sheet of (product, price, member price), published."""
    upload = previewed(world, csv(*(row(drug, price, member=member) for drug, price, member in rows)), at=at)
    assert applied(upload, at=at, reason="会员日").state == "published"
    upload.refresh_from_db()
    return upload


def taken_back(world: Desk, upload: Upload, *, at: datetime = LATER) -> applying.TakenBack:
    taken = applying.take_back(upload, by=world.clerk, at=at)
    if taken.run is not None:
        process(taken.run.pk, clock=lambda: at)
    upload.refresh_from_db()
    return taken


def members(world: Desk) -> dict[int, Decimal]:
    """Product → the member price that stands there."""
    found = SourcePrice.objects.filter(pharmacy_id=world.shop.pk, kind="member")
    return dict(found.values_list("drug_id", "total"))


def test_the_member_prices_of_a_wrong_sheet_are_taken_back(world: Desk) -> None:
    a, b, c = world.drugs
    first = published(world, (a, "10", "9"), (b, "20", "19"), at=AT)
    said = SourcePrice.objects.get(drug_id=a.pk)
    wrong = published(world, (a, "10", "1"), (b, "20", "19"), (c, "8", "7"), at=NEXT_WEEK)
    assert members(world) == {a.pk: 1, b.pk: 19, c.pk: 7}
    assert wrong.run is not None
    assert list(wrong.run.member_changes.order_by("pk").values_list("drug_id", "old_total", "new_total")) == [
        (a.pk, 9, 1),
        (c.pk, None, 7),  # what says again what stood there needs no going back
    ]
    taken = taken_back(world, wrong)
    assert (taken.returned, taken.members, taken.members_left) == (1, 2, 0)
    assert members(world) == {a.pk: 9, b.pk: 19}
    back = SourcePrice.objects.get(drug_id=a.pk)
    assert (back.as_of, back.run_id, back.feed_id) == (said.as_of, first.run_id, world.feed.pk)
    assert applying.said(wrong) == ["已撤回 1 个改动。", "恢复了 2 个会员价。"]
    told = AuditEvent.objects.get(action="sheet.take_back", subject="prices.Upload").after
    assert told == {"returned": 1, "left": 0, "member": 2}


def test_a_sheet_that_changed_member_prices_alone_is_taken_back(world: Desk) -> None:
    a = world.drugs[0]
    published(world, (a, "10", "9"), at=AT)
    wrong = published(world, (a, "10", "8"), at=NEXT_WEEK)
    taken = taken_back(world, wrong)
    assert (taken.run, members(world), shown(a, world.shop)) == (None, {a.pk: 9}, "10.00")
    assert applying.said(wrong) == ["已撤回 0 个改动。", "恢复了 1 个会员价。"]


def test_a_member_price_that_was_said_anew_since_stays(world: Desk) -> None:
    a, b, _c = world.drugs
    wrong = published(world, (a, "10", "9"), (b, "20", "18"), at=AT)
    till = f.feed("till", scope="all")
    deliver(till, f"{world.shop.code},{b.code},17,member", at=NEXT_WEEK, header=KINDS)
    taken = taken_back(world, wrong)
    assert (taken.members, taken.members_left, members(world)) == (1, 1, {b.pk: 17})
    assert applying.said(wrong)[-1] == "另有 1 个会员价之后又改过，保持不变。"


def test_a_sheet_from_before_member_prices_were_remembered_says_that_they_stay(world: Desk) -> None:
    old = published(world, (world.drugs[0], "10", ""), at=AT)
    del old.counts["replaced"]
    old.counts["member"] = 1
    old.save(update_fields=["counts"])
    assert taken_back(world, old).members == 0
    assert "会员价没有撤回" in applying.said(old)[-1]
    Upload.objects.filter(pk=old.pk).update(note="已撤回 1 个改动。")  # and one that was taken back then
    old.refresh_from_db()
    assert applying.said(old) == ["已撤回 1 个改动。"]


def test_member_prices_of_rows_that_were_not_sent_are_not_remembered(world: Desk) -> None:
    unknown = row(world.drugs[1], "20", member="18", 医保编码="")
    upload = previewed(world, csv(row(world.drugs[0], "10"), unknown))
    assert upload.counts["member"] == 1
    applied(upload)
    upload.refresh_from_db()
    taken_back(world, upload)
    assert (upload.counts["member"], applying.said(upload)) == (0, ["已撤回 1 个改动。"])


def test_what_became_of_it_is_said_in_the_readers_language(world: Desk) -> None:
    upload = published(world, (world.drugs[0], "10", ""), at=AT)
    with override("en"):
        taken_back(world, upload)
    assert (upload.note, applying.said(upload)) == ("", ["已撤回 1 个改动。"])
    with override("en"):
        assert all(sentence.isascii() for sentence in applying.said(upload))


def test_a_quiet_week_confirms_member_prices_too(world: Desk) -> None:
    a, b, _c = world.drugs
    published(world, (a, "10", "9"), (b, "20", ""), at=AT)
    run = applying.confirm_unchanged(world.shop, nonce="n1", by=world.clerk, at=NEXT_WEEK)
    run = process(run.pk, clock=lambda: NEXT_WEEK)
    assert (run.state, run.accepted, run.refused) == (FeedRun.State.PUBLISHED, 3, 0)
    assert list(SourcePrice.objects.values_list("drug_id", "kind", "total", "as_of")) == [
        (a.pk, "member", 9, NEXT_WEEK)
    ]
