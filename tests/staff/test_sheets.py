"""A spreadsheet goes from upload to published prices and back, through the one door."""

from datetime import date, timedelta

import pytest

from catalog.models import Alias
from prices.desk.sheets import products, uploads, work
from prices.models import FeedRun, Offer, ScheduledPrice, SheetLayout, SourcePrice
from tests import factories as f
from tests.factories import AT
from tests.prices.deliveries import shown
from tests.staff.sheets_world import HEADER, Desk, applied, brought, csv, desk, previewed, reasons, row, verdicts, xlsx

pytestmark = pytest.mark.django_db
NEXT_WEEK = AT + timedelta(days=7)


@pytest.fixture
def world() -> Desk:
    return desk()


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
        ({"医保编码": ""}, "name_only"),
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


@pytest.mark.parametrize(
    ("cells", "which"),
    [
        ({}, 0),
        ({"spec": "5mg*14片/盒", "maker": "甲制药"}, 0),
        ({"spec": "5mg×7片×4板"}, 1),
        ({"spec": "10mg×14片"}, None),
        ({"spec": ""}, None),
        ({"maker": ""}, None),
        ({"maker": "乙制药"}, None),
        ({"name": "苯磺酸左氨氯地平片"}, None),
    ],
)
def test_of_a_row_without_codes_the_product_that_is_what_it_says_is_chosen_beforehand(
    world: Desk, cells: dict[str, str], which: int | None
) -> None:
    drug = world.drugs[0]
    said = {"name": drug.preparation.generic_name, "spec": "5mg×14片", "maker": drug.manufacturer} | cells
    chosen = products.likely(products.Clues(**said), world.drugs)
    assert chosen == (None if which is None else world.drugs[which])


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
    assert reasons(upload) == {4: ["price_decimals"], 5: ["name_only"]}
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
