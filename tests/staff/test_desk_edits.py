"""Prices edited at the desk: what is refused, what is asked about, what citizens see, what can be taken back."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from catalog.models import PaymentStandard
from pharmacies.models import AuditEvent
from prices.consistency import problems
from prices.desk.edits import results
from prices.desk.feeds import desk_feed
from prices.ingest.runs import process
from prices.models import DeskChange, Feed, FeedRun, PriceChange
from tests import factories as f
from tests.factories import AT
from tests.prices.deliveries import deliver
from tests.staff.desk_world import Desk, desk, shown

pytestmark = pytest.mark.django_db
LATER = AT + timedelta(minutes=5)


def words(outcome: Any) -> list[str]:
    return [warning.text for row in outcome.rows for warning in row.warnings]


def codes(outcome: Any) -> list[str]:
    return [warning.code for row in outcome.rows for warning in row.warnings]


def errors(outcome: Any) -> list[str]:
    return [error for row in outcome.rows for error in row.errors]


# -- the desk feed ----------------------------------------------------------------------------------------------------


def test_a_pharmacy_and_a_chain_each_have_one_desk_feed() -> None:
    shop, chain = f.pharmacy(), f.chain()
    assert desk_feed(shop) == desk_feed(shop)
    assert list(desk_feed(shop).pharmacies.all()) == [shop]
    assert desk_feed(chain) == desk_feed(chain)
    assert desk_feed(chain).chain == chain
    assert desk_feed(shop).desk
    assert Feed.objects.count() == 2


# -- an ordinary edit -------------------------------------------------------------------------------------------------


def test_an_edit_is_a_run_of_the_one_door_and_citizens_see_it() -> None:
    here = desk()
    outcome = here.submit(here.edit("19.50", "low"))
    assert outcome.state == "received"
    assert (outcome.run.state, outcome.run.channel, outcome.run.operator) == ("published", "desk", "li")
    assert shown(here.drug, here.shop) == "19.50/low"
    change = PriceChange.objects.get(drug_id=here.drug.pk, pharmacy_id=here.shop.pk)
    assert (change.old_fen, change.new_fen, change.run_id) == (1890, 1950, outcome.run.pk)


@pytest.mark.parametrize("typed", ["￥1,234.50", "１２３４．５０", " 1234.5元 "])
def test_prices_are_read_as_people_paste_them(typed: str) -> None:
    here = desk("1200.00")
    assert here.submit(here.edit(typed)).state == "received"
    assert shown(here.drug, here.shop) == "1234.50/in"


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "没有价格"),
        ("0", "不大于 0"),
        ("-3", "不大于 0"),
        ("12.345", "小数"),
        ("=1+1", "无法识别"),
        ("1e3", "无法识别"),
    ],
)
def test_what_is_no_price_is_refused_and_nothing_is_handed_in(typed: str, says: str) -> None:
    here = desk()
    outcome = here.submit(here.edit(typed))
    assert outcome.state == "refused"
    assert says in errors(outcome)[0]
    assert not FeedRun.objects.filter(channel="desk").exists()
    assert shown(here.drug, here.shop) == "18.90/in"


def test_an_unknown_product_an_unknown_stock_word_and_a_row_twice_are_refused() -> None:
    here = desk()
    unknown = here.submit(here.edit("19.00"), type(here.edit("1"))("XX", "1.00", "in"))
    assert "产品库里没有" in errors(unknown)[0]
    assert "库存写法" in errors(here.submit(here.edit("19.00", "plenty")))[0]
    assert "出现了两次" in errors(here.submit(here.edit("19.00"), here.edit("19.10")))[0]
    assert shown(here.drug, here.shop) == "18.90/in"


def test_a_shop_without_a_designation_publishes_nothing() -> None:
    here = desk()
    here.shop.designations.all().delete()
    outcome = here.submit(here.edit("19.00"))
    assert outcome.state == "refused"
    assert "定点资格" in outcome.message


def test_saving_what_is_there_already_hands_nothing_in() -> None:
    here = desk()
    assert here.submit(here.edit("18.9")).state == "unchanged"
    assert not FeedRun.objects.filter(channel="desk").exists()


def test_pressing_the_button_twice_is_one_run() -> None:
    here = desk()
    edit = here.edit("19.50")
    first, second = here.submit(edit, nonce="n"), here.submit(edit, nonce="n")
    assert first.run == second.run
    assert FeedRun.objects.filter(channel="desk").count() == 1


def test_several_prices_are_one_run_with_its_trail() -> None:
    here = desk()
    other = f.drug()
    outcome = here.submit(here.edit("19.50"), here.edit("5.00", of=other))
    assert outcome.run.changed == 2
    event = AuditEvent.objects.get(action="desk.edit")
    assert (event.actor, event.pharmacy) == (here.editor, here.shop)
    assert event.before == {here.drug.code: "18.90/in", other.code: ""}
    assert event.after == {here.drug.code: "19.50/in", other.code: "5.00/in", "changes": 2}


def test_a_product_is_added_from_the_catalogue_and_taken_off_the_shelf() -> None:
    here = desk()
    other = f.drug()
    here.submit(here.edit("5.00", of=other))
    assert shown(other, here.shop) == "5.00/in"
    outcome = here.submit(here.edit("", of=other, removed=True), at=LATER)
    assert (outcome.run.state, outcome.run.withdrawn) == ("published", 1)
    assert shown(other, here.shop) == ""
    assert history(other, here) == [(None, 500), (500, None)]


def test_a_till_may_not_take_products_off_the_shelf_by_the_desks_word() -> None:
    here = desk()
    till = f.feed("till")
    run = deliver(till, f"{here.shop.code},{here.drug.code},,removed", header="pharmacy_code,drug_code,price,kind")
    assert run.rejections.get().reasons == ["price_missing", "kind_unknown"]
    assert shown(here.drug, here.shop) == "18.90/in"


def history(drug: Any, here: Desk) -> list[tuple[int | None, int | None]]:
    rows = PriceChange.objects.filter(drug_id=drug.pk, pharmacy_id=here.shop.pk).order_by("xid", "id")
    return [(row.old_fen, row.new_fen) for row in rows]


# -- warnings ---------------------------------------------------------------------------------------------------------


def test_ten_times_the_last_price_asks_for_a_reason_and_is_published_with_it() -> None:
    here = desk()
    outcome = here.submit(here.edit("189.00"))
    assert outcome.state == "warned"
    assert words(outcome) == ["是您上次价格的 10.0 倍"]
    assert shown(here.drug, here.shop) == "18.90/in"
    outcome = here.submit(here.edit("189.00"), reason="换了进口包装")
    assert (outcome.state, outcome.run.state) == ("received", "published")
    assert shown(here.drug, here.shop) == "189.00/in"
    kept = DeskChange.objects.get()
    assert (kept.warnings, kept.reason) == (["last_price"], "换了进口包装")
    assert AuditEvent.objects.get(action="desk.edit").reason == "换了进口包装"


def test_a_reason_of_blanks_is_none() -> None:
    here = desk()
    assert here.submit(here.edit("189.00"), reason="  \n").state == "warned"


def test_a_thousandfold_price_is_asked_about() -> None:
    here = desk()
    assert words(here.submit(here.edit("18900"))) == ["是您上次价格的 1000.0 倍"]


def test_the_price_of_a_tablet_is_recognised() -> None:
    here = desk()
    assert codes(here.submit(here.edit("1.35"))) == ["last_price", "per_unit"]
    assert "像是一片的价格" in words(here.submit(here.edit("1.35")))


def test_above_nearly_all_of_the_district_is_said_but_never_of_fewer_than_five() -> None:
    here = desk(neighbours=("18.00", "18.00", "18.50", "19.00", "19.20"))
    assert words(here.submit(here.edit("25.00"))) == ["高于全区 100% 的药店"]


def test_of_fewer_than_five_neighbours_nothing_is_said() -> None:
    here = desk(neighbours=("18.00",) * 4)
    assert here.submit(here.edit("25.00")).state == "received"


def test_a_price_a_little_above_everybody_is_not_unusual() -> None:
    here = desk(neighbours=("18.90",) * 6)
    assert here.submit(here.edit("19.50")).state == "received"


def test_above_the_payment_standard_of_a_negotiated_drug() -> None:
    here = desk("480.00")
    f.match(here.drug, f.listing("司美格鲁肽", ins_class="乙", kind="谈判"))
    f.reference_price(here.drug, "478.50", kind="payment_standard")
    assert words(here.submit(here.edit("490.00"))) == ["高于国谈药支付标准 478.50 元"]
    assert here.submit(here.edit("478.00")).state == "received"


def test_a_confidential_standard_warns_of_nothing() -> None:
    here = desk("480.00")
    row = f.listing("司美格鲁肽", ins_class="乙", kind="谈判")
    f.match(here.drug, row)
    f.reference_price(here.drug, "478.50", kind="payment_standard")
    PaymentStandard.objects.create(listing=row, confidential=True)
    assert here.submit(here.edit("490.00")).state == "received"


@pytest.mark.parametrize("pack", [1, 2, 10, 14, 100])
@pytest.mark.parametrize("factor", [10, 100, 0.1, 0.01, "pack", "unit"])
def test_whatever_the_door_would_call_a_slip_was_asked_about_before(pack: int, factor: float | str) -> None:
    here = desk("180.00")
    here.drug.pack_count = pack
    here.drug.save()
    times = {"pack": pack, "unit": 1 / pack}.get(str(factor), factor)
    for wobble in (0.96, 1.0, 1.04):
        price = f"{180 * float(times) * wobble:.2f}"
        refused = deliver(f.feed("other"), f"{here.shop.code},{here.drug.code},{price}", at=AT + timedelta(days=1))
        if refused.refused:
            assert here.submit(here.edit(price)).state == "warned", price
        else:
            return  # it went through: what follows compares with another price


def test_a_reason_carries_many_large_moves_past_the_hold() -> None:
    here = desk()
    drugs = [f.drug() for _ in range(25)]
    assert here.submit(*(here.edit("10.00", of=drug) for drug in drugs)).run.state == "published"
    outcome = here.submit(*(here.edit("16.00", of=drug) for drug in drugs), at=LATER, reason="供货价上调")
    assert (outcome.run.state, outcome.run.changed) == ("published", 25)


# -- somebody else was faster -----------------------------------------------------------------------------------------


def test_the_second_of_two_editors_is_told_who_was_faster_and_may_insist() -> None:
    here = desk()
    mine = here.edit("19.00")
    here.submit(here.edit("19.50"))
    outcome = here.submit(mine, at=LATER)
    assert outcome.state == "conflict"
    assert outcome.rows[0].conflict == "li 10:00已改为 19.50 元（有货）：仍要用您的价格，请再提交一次"
    assert shown(here.drug, here.shop) == "19.50/in"
    assert here.submit(here.edit("19.00"), at=LATER).state == "received"
    assert shown(here.drug, here.shop) == "19.00/in"


def test_an_edit_that_is_still_on_its_way_counts_already() -> None:
    here = desk()
    mine = here.edit("19.00")
    assert here.hand_in(here.edit("19.50")).state == "received"
    assert here.submit(mine, at=LATER).state == "conflict"


def test_a_feed_that_only_confirms_is_no_conflict() -> None:
    here = desk()
    mine = here.edit("19.00")
    deliver(f.feed("till"), f"{here.shop.code},{here.drug.code},18.90,in", header="pharmacy_code,drug_code,price,stock")
    assert here.submit(mine, at=LATER).state == "received"


def test_a_feed_with_newer_data_wins_and_the_editor_is_told() -> None:
    here = desk()
    handed = here.hand_in(here.edit("19.00"))
    deliver(f.feed("till"), f"{here.shop.code},{here.drug.code},20.00", at=LATER)
    process(handed.run.pk)
    handed.run.refresh_from_db()
    (result,) = results(handed.run, here.shop)
    assert not result.shown
    assert result.why.startswith("收银系统")
    assert shown(here.drug, here.shop) == "20.00/"


def test_what_a_newer_snapshot_vouches_for_is_not_taken_off_the_shelf() -> None:
    here = desk()
    handed = here.hand_in(here.edit("", removed=True))
    row = f"{here.shop.code},{here.drug.code},18.90,in"
    deliver(f.feed("till"), row, at=LATER, mode="snapshot", header="pharmacy_code,drug_code,price,stock")
    run = process(handed.run.pk)
    assert (run.state, run.withdrawn) == ("published", 0)
    assert shown(here.drug, here.shop) == "18.90/in"
    (result,) = results(run, here.shop)
    assert not result.shown


# -- taken back -------------------------------------------------------------------------------------------------------


def test_what_was_edited_added_or_taken_off_can_be_taken_back() -> None:
    here = desk()
    added, off = f.drug(), f.drug()
    here.submit(here.edit("7.00", of=off))
    run = here.submit(
        here.edit("19.50", "out"), here.edit("5.00", of=added), here.edit("", of=off, removed=True), at=LATER
    ).run
    assert [shown(drug, here.shop) for drug in (here.drug, added, off)] == ["19.50/out", "5.00/in", ""]
    back = here.undo(run, at=LATER + timedelta(minutes=1))
    assert back.state == "received"
    assert [shown(drug, here.shop) for drug in (here.drug, added, off)] == ["18.90/in", "", "7.00/in"]
    assert AuditEvent.objects.filter(action="desk.undo").count() == 1
    assert here.undo(run, at=LATER + timedelta(minutes=2)).state == "unchanged"


def test_taking_back_a_tenfold_price_is_not_stopped_as_a_slip() -> None:
    here = desk()
    run = here.submit(here.edit("189.00"), reason="属实").run
    assert here.undo(run, at=LATER).run.state == "published"
    assert shown(here.drug, here.shop) == "18.90/in"


def test_what_somebody_has_changed_since_is_not_taken_back() -> None:
    here = desk()
    other = f.drug()
    run = here.submit(here.edit("19.50"), here.edit("5.00", of=other)).run
    here.submit(here.edit("19.90"), at=LATER)
    back = here.undo(run, at=LATER + timedelta(minutes=1))
    assert "其中 1 个之后又改过" in back.message
    assert [shown(drug, here.shop) for drug in (here.drug, other)] == ["19.90/in", ""]


def test_the_books_balance_after_edits_removals_and_undoing() -> None:
    here = desk()
    drug = f.drug()
    run = here.submit(here.edit("5.00", of=drug)).run
    here.submit(here.edit("", of=drug, removed=True), at=LATER)
    here.undo(run, at=LATER)
    broken = [problem for problem in problems() if str(drug.pk) in str(problem)]
    assert broken == []


# -- the database refuses ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {"new_fen": None},
        {"new_fen": 100, "new_stock": None},
        {"new_fen": 0, "new_stock": 1},
        {"old_fen": 100, "new_fen": 100, "new_stock": 1},
        {"new_fen": 100, "new_stock": 1, "warnings": ["last_price"]},
    ],
)
def test_an_impossible_change_is_refused_by_the_database(fields: dict[str, object]) -> None:
    run = f.run()
    with pytest.raises(IntegrityError), transaction.atomic():
        DeskChange.objects.create(run=run, pharmacy_id=1, drug_id=1, **fields)
