"""A spreadsheet goes from upload to published prices and back, through the one door."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from catalog.models import Alias
from pharmacies.models import AuditEvent
from prices.desk.sheets import applying, kept, products, uploads, work
from prices.ingest.runs import process
from prices.models import FeedRun, Offer, ScheduledPrice, SheetLayout, SourcePrice, Stock, Upload
from tests import factories as f
from tests.factories import AT
from tests.prices.deliveries import history, shown
from tests.staff.sheets_world import HEADER, LATER, Desk, applied, brought, csv, desk, previewed, row, xlsx

pytestmark = pytest.mark.django_db
NEXT_WEEK = AT + timedelta(days=7)


@pytest.fixture
def world() -> Desk:
    return desk()


def verdicts(upload: Upload) -> dict[int | None, str]:
    found = kept.load(upload, "preview")
    assert found is not None
    return dict(found.select("line", "verdict").iter_rows())


def reasons(upload: Upload) -> dict[int | None, list[str]]:
    found = kept.load(upload, "preview")
    assert found is not None
    return {line: said for line, said in found.select("line", "reasons").iter_rows() if said}


# -- columns ----------------------------------------------------------------------------------------------------------


def test_the_columns_of_an_unknown_layout_wait_for_a_person(world: Desk) -> None:
    upload = brought(world, csv(("甲", "12"), header=("药品名称", "售价")))
    assert (upload.state, upload.mapping) == ("columns", {"药品名称": "name", "售价": "price"})


def test_confirmed_columns_are_remembered_for_this_desk_only(world: Desk) -> None:
    sheet = [row(world.drugs[0], "12.60")]
    previewed(world, csv(*sheet))
    assert brought(world, csv(*sheet, row(world.drugs[1], "25")), at=NEXT_WEEK).state == "previewed"
    other = f.pharmacy("另一家")
    assert brought(world, csv(*sheet), place=other).state == "columns"
    assert SheetLayout.objects.get().confirmed_by == "clerk"


def test_columns_can_be_chosen_again_after_the_preview(world: Desk) -> None:
    upload = previewed(world, csv(row(world.drugs[0], "12.60", member="11")))
    swapped = upload.mapping | {"零售价": "member", "会员价": "price"}
    uploads.confirm_columns(upload, swapped, by=world.clerk, at=AT)
    run = applied(work.work(upload.pk, clock=lambda: AT))
    assert (run.changed, shown(world.drugs[0], world.shop)) == (1, "11.00")


# -- matching ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cells",
    [
        {"医保编码": "", "条码": "6901234567892"},
        {"医保编码": "", "批准文号": "国药准字H20030001", "规格": "5mg*14片/盒", "生产厂家": "甲制药"},
        {"医保编码": "", "批准文号": "H20030001", "规格": "5mg×7片×2板", "生产厂家": ""},
        {"条码": "0000000000000"},
    ],
)
def test_a_product_is_found_by_code_barcode_or_approval_with_spec_and_maker(
    world: Desk, cells: dict[str, object]
) -> None:
    upload = previewed(world, csv(row(world.drugs[0], "12.60", **cells)))
    assert upload.counts["new"] == 1
    applied(upload)
    assert shown(world.drugs[0], world.shop) == "12.60"


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"医保编码": "", "批准文号": "国药准字H20030001", "规格": ""}, "not_found"),
        ({"医保编码": "", "批准文号": "国药准字H20030001", "规格": "5mg×7片"}, "not_found"),
        ({"医保编码": "", "批准文号": "国药准字H20030001", "规格": "10mg×14片"}, "not_found"),
        ({"医保编码": "", "批准文号": "国药准字H20030001", "规格": "5mg×14片", "生产厂家": "丙制药"}, "not_found"),
        ({"条码": "6901234567908"}, "disagree"),
        ({"医保编码": "", "条码": "6.90123E+12"}, "mangled"),
        ({"医保编码": "", "品名": ""}, "nothing_said"),
    ],
)
def test_what_is_not_certain_waits_for_a_person(world: Desk, cells: dict[str, object], reason: str) -> None:
    upload = previewed(world, csv(row(world.drugs[0], "12.60", **cells)))
    assert (upload.counts["unmatched"], reasons(upload)) == (1, {2: [reason]})


def test_a_pairing_is_remembered_so_that_next_monday_there_is_none(world: Desk) -> None:
    sheet = csv(row(world.drugs[0], "12.60", 医保编码="", 品名="络活喜", 规格="14片"), row(world.drugs[2], "8"))
    upload = previewed(world, sheet)
    assert verdicts(upload) == {2: "unmatched", 3: "new"}
    assert uploads.pair(upload, [(2, world.drugs[0].code)], by=world.clerk, at=AT) == 1
    upload = work.work(upload.pk, clock=lambda: AT)
    assert verdicts(upload) == {2: "new", 3: "new"}
    applied(upload)
    again = brought(world, sheet, at=NEXT_WEEK)
    assert verdicts(again) == {2: "same", 3: "same"}
    assert Alias.objects.get().reviewed_by == "clerk"


def test_a_pairing_can_be_corrected(world: Desk) -> None:
    sheet = csv(row(world.drugs[0], "12.60", 医保编码="", 品名="络活喜"))
    said = products.Clues(name="络活喜")
    for at, drug in ((AT, world.drugs[1]), (NEXT_WEEK, world.drugs[0])):
        products.remember(world.feed, said, drug, place=world.shop, by=world.clerk, at=at)
    assert applied(previewed(world, sheet, at=NEXT_WEEK), at=NEXT_WEEK).changed == 1
    assert shown(world.drugs[0], world.shop) == "12.60"
    assert [alias.valid.upper for alias in Alias.objects.order_by("valid")] == [date(2026, 11, 28), None]


def test_the_tills_own_code_counts_where_it_was_settled_for_its_feed(world: Desk) -> None:
    till = f.feed("till", scope="pharmacies")
    till.pharmacies.add(world.shop)
    Alias.objects.create(source="till", their_code="A001", drug=world.drugs[2], reviewed_by="药师", valid=f.since())
    upload = previewed(world, csv(("A001", "8.00"), header=("商品编码", "零售价")))
    assert verdicts(upload) == {2: "new"}


def test_candidates_are_the_products_that_a_row_may_mean(world: Desk) -> None:
    found = products.candidates(products.Clues(name="阿莫西林", spec="0.25g"))
    assert [drug.pk for drug in found] == [world.drugs[2].pk]
    both = products.candidates(products.Clues(approval_no="国药准字H20030001", name="随便"))
    assert {drug.pk for drug in both} == {world.drugs[0].pk, world.drugs[1].pk}


# -- preview ----------------------------------------------------------------------------------------------------------


def test_a_preview_tells_row_by_row_what_would_happen_and_changes_nothing(world: Desk) -> None:
    same, changed, new = world.drugs
    gone = f.drug(pack_count=10)
    for drug, price in ((same, "10"), (changed, "20"), (gone, "7")):
        f.offer(drug, world.shop, price, by=world.feed, run_id=f.run(world.feed).pk)
    upload = previewed(
        world,
        csv(
            row(same, "￥10.00", stock="3"),
            row(changed, "２２"),
            row(new, "8.005"),
            row(new, "八块", 医保编码="", 品名="查不到的药"),
        ),
    )
    assert verdicts(upload) == {2: "same", 3: "changed", 4: "refused", 5: "unmatched", None: "vanishing"}
    assert reasons(upload) == {4: ["price_decimals"], 5: ["not_found"]}
    counts = {name: n for name, n in upload.counts.items() if n}
    expected = {"rows": 4, "same": 1, "changed": 1, "refused": 1, "unmatched": 1, "vanishing": 1, "stock": 1}
    assert counts == expected | {"shops": 1}
    assert (shown(changed, world.shop), FeedRun.objects.filter(channel="desk").count()) == ("20.00", 0)


def test_the_same_product_twice_with_two_prices_is_refused(world: Desk) -> None:
    upload = previewed(world, csv(row(world.drugs[0], "10"), row(world.drugs[0], "11")))
    assert reasons(upload) == {2: ["duplicate"], 3: ["duplicate"]}


@pytest.mark.parametrize(
    ("text", "stock"),
    [
        ("0", 3),
        ("3", 2),
        ("12.5", 1),
        ("0.3", 2),
        ("-2", 0),
        ("", 0),
        ("有货", 1),
        ("无货", 3),
        ("1,200", 1),
        ("１２", 1),
    ],
)
def test_stocks_are_read_as_tills_write_them(world: Desk, text: str, stock: int) -> None:
    applied(previewed(world, xlsx(HEADER, row(world.drugs[0], "10", stock=text))))
    assert Offer.objects.get().stock == stock


def test_a_member_price_goes_beside_the_shelf_price_and_never_keeps_it_back(world: Desk) -> None:
    a, b, c = world.drugs
    upload = previewed(world, csv(row(a, "10", member="9.50"), row(b, "20", member="0"), row(c, "8", member="面议")))
    applied(upload)
    assert upload.counts["member"] == 1
    assert Offer.objects.count() == 3
    assert list(SourcePrice.objects.values_list("drug_id", "kind", "total")) == [(a.pk, "member", 9.5)]


def test_a_date_in_the_sheet_announces_a_price(world: Desk) -> None:
    header = (*HEADER, "执行日期")
    upload = previewed(world, csv([*row(world.drugs[0], "10"), "2026-12-01"], header=header))
    assert verdicts(upload) == {2: "scheduled"}
    applied(upload)
    assert ScheduledPrice.objects.get().effective_at.isoformat() == "2026-11-30T16:00:00+00:00"


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
    assert (wrong.state, wrong.note) == ("taken_back", "已撤回 3 个改动。")


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
    process(applying.take_back(upload, by=world.clerk, at=NEXT_WEEK).run.pk)  # type: ignore[union-attr]
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
    Upload.objects.filter(pk=upload.pk).update(claimed_until=AT + timedelta(seconds=60), attempts=1)
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
