"""A previewed sheet is published, taken back, given up; what its workers and its database hold."""

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from pharmacies.models import AuditEvent
from prices.desk.sheets import applying, uploads, work
from prices.ingest.runs import process
from prices.models import Offer, ScheduledPrice, SheetLayout, Stock, Upload
from tests import factories as f
from tests.factories import AT
from tests.prices.deliveries import history, shown
from tests.staff.sheets_world import HEADER, LATER, Desk, applied, brought, csv, desk, previewed, reasons, row, verdicts

pytestmark = pytest.mark.django_db
NEXT_WEEK = AT + timedelta(days=7)


@pytest.fixture
def world() -> Desk:
    return desk()


# -- apply ------------------------------------------------------------------------------------------------------------


def test_a_sheet_is_applied_as_one_run_of_the_desk_that_names_the_person(world: Desk) -> None:
    upload = previewed(world, csv(row(world.drugs[0], "12.60"), row(world.drugs[2], "8")))
    run = applied(upload)
    assert (run.state, run.channel, run.operator, run.accepted) == ("published", "desk", "clerk", 2)
    assert (upload.state, upload.run) == ("applied", run)
    event = AuditEvent.objects.get(action="sheet.apply")
    assert event.after is not None
    assert (event.actor, event.after["new"], event.pharmacy) == (world.clerk, 2, world.shop)


def test_a_sheet_is_applied_once_however_often_the_button_is_pressed(world: Desk) -> None:
    upload = previewed(world, csv(row(world.drugs[0], "12.60")))
    stale = Upload.objects.get(pk=upload.pk)
    applied(upload)
    with pytest.raises(uploads.UploadProblem):
        applied(stale)
    assert world.feed.runs.count() == 1


def test_prices_changed_since_the_preview_are_shown_before_they_are_overwritten(world: Desk) -> None:
    drug = world.drugs[0]
    upload = previewed(world, csv(row(drug, "12.60")))
    applied(previewed(world, csv(row(drug, "13.00")), at=AT + timedelta(seconds=1)))
    with pytest.raises(applying.PreviewStale):
        applied(upload, at=NEXT_WEEK)
    upload = work.work(upload.pk, clock=lambda: NEXT_WEEK)
    assert verdicts(upload) == {2: "changed"}
    applied(upload, at=NEXT_WEEK)
    assert shown(drug, world.shop) == "12.60"


def test_a_suspected_slip_is_left_out_unless_a_person_gives_a_reason(world: Desk) -> None:
    drug, other, _third = world.drugs
    f.offer(drug, world.shop, "12.60", run_id=f.run().pk)
    sheet = csv(row(drug, "126"), row(other, "25"))
    upload = previewed(world, sheet)
    assert reasons(upload) == {2: ["suspected_x10"]}
    assert applied(upload).rows == 1
    assert shown(drug, world.shop) == "12.60"
    run = applied(previewed(world, sheet, at=NEXT_WEEK), at=NEXT_WEEK, reason="厂家涨价，已核对")
    assert (run.override_reason, shown(drug, world.shop)) == ("厂家涨价，已核对", "126.00")


def test_an_unusual_price_is_left_out_unless_a_person_gives_a_reason(world: Desk) -> None:
    drug, other, _third = world.drugs
    f.offer(drug, world.shop, "10", run_id=f.run().pk)
    sheet = csv(row(drug, "17"), row(other, "25"))
    upload = previewed(world, sheet)
    assert (upload.counts["changed"], upload.counts["warned"]) == (1, 1)
    applied(upload)
    assert shown(drug, world.shop) == "10.00"
    run = applied(previewed(world, sheet, at=NEXT_WEEK), at=NEXT_WEEK, reason="进价上涨")
    assert shown(drug, world.shop) == "17.00"
    assert run.desk_changes.get(drug_id=drug.pk).reason == "进价上涨"


def test_what_a_full_sheet_does_not_list_is_taken_off_the_shelf(world: Desk) -> None:
    a, b, c = world.drugs
    applied(previewed(world, csv(row(a, "10"), row(b, "20"), row(c, "8"))))
    upload = previewed(world, csv(row(a, "10"), row(b, "20")), at=NEXT_WEEK)
    assert upload.counts["vanishing"] == 1
    applied(upload, at=NEXT_WEEK, mode="snapshot")
    assert (shown(a, world.shop), shown(c, world.shop)) == ("10.00", None)


def test_nothing_is_taken_off_the_shelf_while_rows_wait_for_their_product(world: Desk) -> None:
    a, b, _c = world.drugs
    applied(previewed(world, csv(row(a, "10"), row(b, "20"))))
    upload = previewed(world, csv(row(a, "10"), row(b, "20", 医保编码="", 品名="谁知道")), at=NEXT_WEEK)
    with pytest.raises(uploads.UploadProblem, match="待配对"):
        applied(upload, at=NEXT_WEEK, mode="snapshot")


def test_a_run_that_would_be_held_waits_for_who_may_release_it(world: Desk) -> None:
    drugs = [f.drug(pack_count=7) for _ in range(20)]
    before = f.run()
    for drug in drugs:
        f.offer(drug, world.shop, "10", run_id=before.pk)
    sheet = csv(*(row(drug, "16") for drug in drugs))
    upload = previewed(world, sheet)
    assert "变动超过" in upload.holds["delta"][0]
    assert applied(upload, reason="统一调价").state == "held"
    applying.take_back(upload, by=world.clerk, at=NEXT_WEEK)
    upload = previewed(world, sheet, at=NEXT_WEEK)
    assert applied(upload, at=NEXT_WEEK, reason="统一调价", may_release=True).state == "published"


def test_a_sheet_without_a_row_to_publish_is_not_applied(world: Desk) -> None:
    upload = previewed(world, csv(row(world.drugs[0], "")))
    with pytest.raises(uploads.UploadProblem, match="没有可以发布的行"):
        applied(upload)


# -- taken back -------------------------------------------------------------------------------------------------------


def test_a_wrong_sheet_is_taken_back_with_everything_it_did(world: Desk) -> None:
    a, b, c = world.drugs
    applied(previewed(world, csv(row(a, "10", stock="9"), row(b, "20"))))
    wrong = previewed(world, csv(row(a, "11", stock="0"), row(c, "8")), at=NEXT_WEEK)
    applied(wrong, at=NEXT_WEEK, mode="snapshot")
    assert [shown(drug, world.shop) for drug in (a, b, c)] == ["11.00", None, "8.00"]
    taken = applying.take_back(wrong, by=world.clerk, at=NEXT_WEEK + timedelta(minutes=1))
    assert taken.run is not None
    process(taken.run.pk)
    assert [shown(drug, world.shop) for drug in (a, b, c)] == ["10.00", "20.00", None]
    assert Offer.objects.get(drug_id=a.pk).stock == Stock.IN
    assert history(c, world.shop) == [(None, 800), (800, None)]
    wrong.refresh_from_db()
    assert (wrong.state, applying.said(wrong)) == ("taken_back", ["已撤回 3 个改动。"])


def test_what_somebody_has_changed_since_is_not_taken_back(world: Desk) -> None:
    a, b, _c = world.drugs
    applied(previewed(world, csv(row(a, "10"), row(b, "20"))))
    wrong = previewed(world, csv(row(a, "11"), row(b, "22")), at=NEXT_WEEK)
    applied(wrong, at=NEXT_WEEK)
    later = NEXT_WEEK + timedelta(hours=1)
    applied(previewed(world, csv(row(a, "12")), at=later), at=later)
    taken = applying.take_back(wrong, by=world.clerk, at=later + timedelta(minutes=1))
    assert taken.run is not None
    process(taken.run.pk)
    assert (taken.returned, taken.left) == (1, 1)
    assert (shown(a, world.shop), shown(b, world.shop)) == ("12.00", "20.00")


def test_a_sheet_is_taken_back_once(world: Desk) -> None:
    upload = previewed(world, csv(row(world.drugs[0], "10")))
    applied(upload)
    process(applying.take_back(upload, by=world.clerk, at=NEXT_WEEK).run.pk)  # type: ignore[union-attr]  # it has a run by now
    upload.refresh_from_db()
    with pytest.raises(uploads.UploadProblem):
        applying.take_back(upload, by=world.clerk, at=NEXT_WEEK)


def test_announced_prices_of_a_wrong_sheet_are_taken_back(world: Desk) -> None:
    upload = previewed(world, csv([*row(world.drugs[0], "10"), "2026-12-01"], header=(*HEADER, "执行日期")))
    applied(upload)
    applying.take_back(upload, by=world.clerk, at=LATER + timedelta(minutes=1))
    assert not ScheduledPrice.objects.exists()


# -- a quiet week, workers, constraints -------------------------------------------------------------------------------


def test_a_quiet_week_is_confirmed_with_one_press(world: Desk) -> None:
    applied(previewed(world, csv(row(world.drugs[0], "10"), row(world.drugs[1], "20", stock="0"))))
    f.offer(world.drugs[2], world.shop, "8", by=f.feed("till"), run_id=f.run(f.feed("till")).pk)
    assert applying.confirmable(world.shop) == 2
    for _press in range(2):
        run = applying.confirm_unchanged(world.shop, nonce="n1", by=world.clerk, at=NEXT_WEEK)
    run = process(run.pk, clock=lambda: NEXT_WEEK)
    assert (run.state, run.accepted, run.changed) == ("published", 2, 0)
    confirmed = Offer.objects.filter(confirmed_at=NEXT_WEEK).values_list("drug_id", "stock")
    assert set(confirmed) == {(world.drugs[0].pk, 0), (world.drugs[1].pk, 3)}


def test_an_unreadable_file_is_told_and_an_abandoned_one_taken_up_again(world: Desk) -> None:
    assert "网页" in brought(world, b"<html></html>").error
    upload = uploads.bring(world.shop, csv(row(world.drugs[0], "1")), name="a.csv", by=world.clerk, at=AT)
    Upload.objects.filter(pk=upload.pk).update(
        lease_until=AT + timedelta(seconds=60), lease_token=uuid.uuid4(), attempts=1
    )
    assert work.unclaimed(at=AT) == []
    assert work.work(upload.pk, clock=lambda: AT).state == "reading"
    later = AT + timedelta(seconds=61)
    assert work.unclaimed(at=later) == [upload]
    assert work.work(upload.pk, clock=lambda: later).state == "columns"


def test_an_upload_that_kills_its_workers_fails_after_three_attempts(world: Desk) -> None:
    upload = uploads.bring(world.shop, csv(row(world.drugs[0], "1")), name="a.csv", by=world.clerk, at=AT)
    Upload.objects.filter(pk=upload.pk).update(attempts=3)
    assert work.unclaimed(at=AT) == []
    upload.refresh_from_db()
    assert (upload.state, "三次" in upload.error) == ("failed", True)


def test_a_given_up_sheet_publishes_nothing(world: Desk) -> None:
    upload = previewed(world, csv(row(world.drugs[0], "1")))
    uploads.discard(upload, by=world.clerk, at=AT)
    with pytest.raises(uploads.UploadProblem):
        applied(upload)


def test_an_applied_upload_without_a_run_is_impossible(world: Desk) -> None:
    upload = brought(world, csv(row(world.drugs[0], "1")))
    with pytest.raises(IntegrityError, match="upload_applied_has_a_run"), transaction.atomic():
        Upload.objects.filter(pk=upload.pk).update(state="applied")
    with pytest.raises(IntegrityError, match="upload_back_run_only_when_taken_back"), transaction.atomic():
        Upload.objects.filter(pk=upload.pk).update(back_run=f.run())
    with pytest.raises(IntegrityError, match="upload_progress_is_per_cent"), transaction.atomic():
        Upload.objects.filter(pk=upload.pk).update(progress=101)
    layout = {"feed": world.feed, "signature": "a", "mapping": {}, "confirmed_by": "clerk", "confirmed_at": AT}
    SheetLayout.objects.create(**layout)
    with pytest.raises(IntegrityError, match="sheet_layout_once"), transaction.atomic():
        SheetLayout.objects.create(**layout)
