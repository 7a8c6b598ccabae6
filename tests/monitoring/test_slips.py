"""Feed errors among published changes: what is one never becomes a lead."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from prices.ingest.slips import ENOUGH
from prices.monitoring import slips
from prices.monitoring.slips import CODE_REUSED, FUTURE, PACK_CORRECTED, WAY_BACK

AT = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)


def kind(old: float | None, new: float | None, pack: int = 14, **more: Any) -> str:
    """What a change from `old` to `new` yuan is."""
    row: dict[str, Any] = {"old_fen": _fen(old), "new_fen": _fen(new), "pack_count": pack}
    row |= {name: _fen(value) if name in {"before_fen", "usual_fen"} else value for name, value in more.items()}
    if "official_fen" in row:
        row["official_fen"] = [each * 100 for each in row["official_fen"]]
    schema = {"old_fen": pl.Int64, "new_fen": pl.Int64, "pack_count": pl.Int64}
    found = slips.classify(pl.DataFrame([row], schema=schema | {name: slips.OPTIONAL[name] for name in more}))
    return str(found[0])


def _fen(yuan: float | None) -> int | None:
    return None if yuan is None else round(yuan * 100)


V6_4 = [
    (189.0, 14, "suspected_x10"),
    (1.35, 14, "suspected_per_unit"),
    (264.6, 14, "suspected_times_pack"),
    (1.89, 10, "suspected_ambiguous"),
    (26.9, 14, ""),
]


@pytest.mark.parametrize(("price", "pack", "expected"), V6_4)
def test_v6_4_against_the_price_before(price: float, pack: int, expected: str) -> None:
    assert kind(18.9, price, pack) == expected


@pytest.mark.parametrize(("price", "pack", "expected"), V6_4)
def test_v6_4_of_a_first_price_against_what_others_ask(price: float, pack: int, expected: str) -> None:
    assert kind(None, price, pack, usual_fen=18.9) == expected


@pytest.mark.parametrize(("old", "new"), [(None, 50), (50, None), (50, 50)])
def test_with_nothing_to_compare_nothing_is_said(old: float | None, new: float | None) -> None:
    assert kind(old, new) == ""


def test_a_procurement_cut_of_nine_tenths_passes_by_its_document() -> None:
    assert kind(18.9, 1.89) == "suspected_div10"
    assert kind(18.9, 1.89, official_fen=[30.0, 1.9]) == ""
    assert kind(18.9, 1.89, official_fen=[30.0]) == "suspected_div10"
    assert kind(18.9, 1.89, official_fen=[]) == "suspected_div10"


def test_the_way_back_from_a_slip_that_was_let_pass() -> None:
    assert kind(189.0, 18.9, before_fen=18.9) == WAY_BACK
    assert kind(1.35, 18.9, before_fen=18.9) == WAY_BACK
    assert kind(1.89, 19.2, before_fen=18.9) == WAY_BACK, "and a little further"
    assert kind(189.0, 40.0, before_fen=18.9) == "", "that is another price, not the way back"


def test_the_way_back_is_known_by_what_others_ask_where_the_past_is_not() -> None:
    assert kind(1.89, 18.9, usual_fen=18.5) == WAY_BACK
    assert kind(12.0, 18.9, usual_fen=18.5) == "", "an ordinary rise to the usual price"


def test_a_real_price_after_a_real_price_is_no_way_back() -> None:
    assert kind(26.9, 18.9, before_fen=18.9) == ""


def test_what_a_person_accepted_is_looked_at_like_any_price() -> None:
    assert kind(18.9, 189.0) == "suspected_x10"
    assert kind(18.9, 189.0, accepted=True) == ""
    assert kind(189.0, 18.9, before_fen=18.9, accepted=True) == WAY_BACK


def test_a_corrected_pack_size_explains_the_price() -> None:
    assert kind(18.9, 37.8, 28, pack_was=14) == PACK_CORRECTED
    assert kind(18.9, 37.8, 28, pack_was=28) == ""
    assert kind(18.9, 37.8, 28, pack_was=None) == ""


def test_a_reused_code_means_another_product() -> None:
    assert kind(18.9, 66.0, code_changed=True) == CODE_REUSED
    assert kind(18.9, 66.0, code_changed=False) == ""


@pytest.mark.parametrize(("ahead", "expected"), [(0, ""), (10, ""), (11, FUTURE), (60 * 24 * 400, FUTURE)])
def test_a_clock_in_the_future(ahead: int, expected: str) -> None:
    assert kind(18.9, 26.9, effective_at=AT + timedelta(minutes=ahead), received_at=AT) == expected


TILL, OTHER = 1, 2


def on_a_day(*more: tuple[float, float, int], step: float = 1.138, pack: int = 14) -> list[str]:
    """What changes (from, to, who sent it) are on the day on which the till multiplied forty prices by `step`."""
    old = [1000 + 10 * n for n in range(40)]
    rows = [(fen, round(fen * step), TILL) for fen in old] + [(_fen(one), _fen(two), feed) for one, two, feed in more]
    changes = pl.DataFrame(rows, schema=["old_fen", "new_fen", "feed_id"], orient="row")
    changes = changes.with_columns(pack_count=pl.lit(pack))
    kinds = slips.classify(changes, slips.movement(changes)).to_list()
    assert kinds[:40] == [""] * 40
    return kinds[40:]


def test_on_the_day_of_a_new_list_a_slip_is_of_the_new_price() -> None:
    assert kind(10.0, 113.8) == "", "too far from ten times the old one"
    assert on_a_day((10.0, 113.8, TILL)) == ["suspected_x10"]
    assert on_a_day((10.0, 100.0, TILL)) == ["suspected_x10"], "one that did not move with the list"
    assert on_a_day((10.0, 13.0, TILL), (10.0, 70.0, TILL)) == ["", ""], "a rise that the list does not explain"
    assert on_a_day((10.0, 113.8, OTHER)) == [""], "of a feed that did not move"
    assert on_a_day((10.0, 11.38 / 14, TILL), (10.0, 1138.0, TILL)) == ["suspected_per_unit", "suspected_x100"]
    assert on_a_day((10.0, 113.8, TILL), pack=10) == ["suspected_ambiguous"]


def test_what_many_prices_did_is_no_slip() -> None:
    one = (10.0, 113.8, TILL)
    assert set(on_a_day(*[one] * 10)) == {"suspected_x10"}
    assert set(on_a_day(*[one] * 11)) == {""}, "more than a quarter of what the list did"


def test_from_how_many_changes_on_a_delivery_says_how_it_moved() -> None:
    rows = [(1000 + n, 850 + n, TILL) for n in range(ENOUGH - 2)] + [(1000, 8500, TILL)]
    schema = ["old_fen", "new_fen", "feed_id"]
    changes = pl.DataFrame(rows, schema=schema, orient="row").with_columns(pack_count=pl.lit(14))
    assert set(slips.classify(changes, slips.movement(changes))) == {""}
    more = pl.concat([changes, changes[:1]])
    assert slips.classify(more, slips.movement(more)).to_list() == ["", *[""] * (ENOUGH - 3), "suspected_x10", ""]


def test_every_row_is_answered_in_its_place() -> None:
    rows = pl.DataFrame({"old_fen": [1890, None, 1890], "new_fen": [18900, 500, 1900], "pack_count": [14, 14, 14]})
    assert slips.classify(rows).to_list() == ["suspected_x10", "", ""]
    assert slips.classify(rows.clear()).to_list() == []
