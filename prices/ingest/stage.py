"""Step 3, second half: accepted rows meet the current offers. Slips are refused, and a delivery that would change too
much is counted, so that a person decides about it.

Works on temporary tables (sql/stage_tables.sql): private to the attempt, rebuilt by the next one.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from django.conf import settings
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from prices.ingest import slips
from prices.ingest.check import REMOVED, Checked
from prices.models import FeedRun, PriceChange
from prices.sql import statement

REVIEW_AFTER_DAYS = 3  # the same suspected slip on three days goes to a person

REFUSED: dict[str, Any] = {
    "line": pl.UInt32,
    "reasons": pl.List(pl.String),
    "pharmacy_id": pl.Int32,
    "drug_id": pl.Int32,
    "their_code": pl.String,
    "carries": pl.Boolean,
    "price_fen": pl.Int32,
    "review": pl.Boolean,
}
MOVED = pl.Schema({"delivery": pl.Int32(), "price": pl.Float64(), "reference": pl.Float64(), "pack_count": pl.Int32()})


@dataclass(frozen=True)
class Staged:
    """What will be published, what not, and how much of a change it is. `refused` has gained `price_fen`
    (of a suspected slip) and `review` (bool: a person should judge it)."""

    refused: pl.DataFrame
    pharmacies: list[tuple[int, int]]  # (pharmacy id, accepted rows), in id order
    rows: int
    compared: int
    moved: int
    withdrawals: list[tuple[int, int]]  # (live offers, of which vanishing) for each complete, unblocked shop


def stage(run: FeedRun, checked: Checked, *, complete: bool, done: Sequence[int]) -> Staged:
    """Fill the temporary tables with what `checked` accepted, minus the shops in `done`, already published.

    `complete` says that the delivery is a snapshot whose silence about an offer means withdrawal.
    """
    accepted = checked.accepted.filter(~pl.col("pharmacy_id").is_in(list(done)))
    refused = checked.refused.filter(~pl.col("pharmacy_id").is_in(list(done)).fill_null(False))
    rows = accepted.height + refused.height
    with connection.cursor() as cursor:
        cursor.execute(statement("stage_tables"))
    declared = accepted.filter((pl.col("kind") == "declared") & ~pl.col("scheduled"))
    columns = ["line", "drug_id", "pharmacy_id", "price_fen", "stock", "effective_at"]
    _copy("staged", declared.select(columns).sort("drug_id", "pharmacy_id"))
    differences = _differences(declared)
    suspects = _suspects(run, differences, done)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM staged WHERE line = ANY (%s)", [suspects["line"].to_list()])
    accepted = accepted.join(suspects, on="line", how="anti")
    refused = refused.with_columns(pl.lit(None, pl.Int32).alias("price_fen"), pl.lit(False).alias("review"))
    refused = pl.concat([refused, suspects])
    shops = _shops(run, accepted, refused, complete=complete)
    _copy_rest(accepted, refused, shops)
    judged = differences.join(suspects, on="line", how="anti")
    live = judged.filter("live")
    moved = (live["price_fen"] / live["old_fen"] - 1).abs() > settings.HOLD_MOVE
    with connection.cursor() as cursor:
        # The planner must know how many rows there are before it is asked to join them.
        cursor.execute("ANALYZE staged; ANALYZE staged_refused; ANALYZE staged_scheduled; ANALYZE staged_pharmacy")
        cursor.execute(statement("stage_vanishing"), {"feed": run.feed_id, "run": run.pk})
        withdrawals = [(live_offers, gone) for _shop, live_offers, gone in cursor.fetchall()]
        cursor.execute("ANALYZE staged_vanishing")
    return Staged(
        refused=refused.sort("line"),
        pharmacies=list(shops.select("pharmacy_id", "accepted").iter_rows()),
        rows=rows,
        compared=declared.height - suspects.height - (judged.height - live.height),  # all that have a live offer
        moved=int(moved.sum()),
        withdrawals=withdrawals,
    )


def hold_reasons(staged: Staged) -> list[str]:
    """Why a person should look at this delivery first, in plain sentences; empty: publish it."""
    least, reasons = settings.HOLD_MIN_ROWS, []
    refused = staged.refused.height
    if staged.rows >= least and refused > settings.HOLD_REFUSED_SHARE * staged.rows:
        reasons.append(
            _("%(refused)d/%(rows)d 行被退回，超过 %(limit)d%%")
            % {"refused": refused, "rows": staged.rows, "limit": settings.HOLD_REFUSED_SHARE * 100}
        )
    if staged.compared >= least and staged.moved > settings.HOLD_MOVED_SHARE * staged.compared:
        reasons.append(
            _("%(moved)d/%(compared)d 个价格变动超过 %(move)d%%，疑似单位或列有误")
            % {"moved": staged.moved, "compared": staged.compared, "move": settings.HOLD_MOVE * 100}
        )
    gone, live = sum(n for _live, n in staged.withdrawals), sum(n for n, _gone in staged.withdrawals)
    if live >= least and gone > settings.HOLD_WITHDRAWN_FEED_SHARE * live:
        reasons.append(
            _("将下架 %(gone)d/%(live)d 个价格，超过此报送的 %(limit)d%%，疑似文件不全")
            % {"gone": gone, "live": live, "limit": settings.HOLD_WITHDRAWN_FEED_SHARE * 100}
        )
    limit = settings.HOLD_WITHDRAWN_PHARMACY_SHARE
    shops = sum(1 for live, gone in staged.withdrawals if live >= least and gone > limit * live)
    if shops:
        reasons.append(
            _("%(shops)d 家药店将下架超过 %(limit)d%% 的价格，疑似文件不全") % {"shops": shops, "limit": limit * 100}
        )
    return reasons


def _copy(table: str, rows: pl.DataFrame) -> None:
    if rows.is_empty():
        return
    columns = ", ".join(rows.columns)
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN (FORMAT csv)") as copy:
        copy.write(rows.write_csv(include_header=False, datetime_format="%Y-%m-%dT%H:%M:%S%.6f%:z"))


def _fetch(sql: str, parameters: dict[str, Any], schema: dict[str, Any]) -> pl.DataFrame:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return pl.DataFrame(cursor.fetchall(), schema=schema, orient="row")


def _differences(declared: pl.DataFrame) -> pl.DataFrame:
    """The staged rows whose price is not the current one: old_fen (null: never seen), live."""
    out = io.BytesIO()
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY ({statement('stage_differences')}) TO STDOUT (FORMAT csv)") as copy,
    ):
        for block in copy:
            out.write(block)
    schema = {"line": pl.UInt32, "old_fen": pl.Int32, "live": pl.String}
    if not out.tell():
        return declared.clear().with_columns(pl.lit(None, pl.Int32).alias("old_fen"), pl.lit(False).alias("live"))
    found = pl.read_csv(out.getvalue(), has_header=False, new_columns=list(schema), schema=schema)
    return declared.join(found.with_columns(pl.col("live") == "t"), on="line")


def _suspects(run: FeedRun, differences: pl.DataFrame, done: Sequence[int]) -> pl.DataFrame:
    """The rows that look like a slip, shaped like refused rows, with `review` for those a person should judge.

    Slips of the last price, and of the new one where the delivery moves as a list does. A named person who gave a reason
    has overridden the suspicion beforehand.
    """
    empty = pl.DataFrame(schema=REFUSED)
    if run.override_reason or differences.is_empty():
        return empty
    peers = _peers(differences.filter(pl.col("old_fen").is_null()))
    rows = differences.join(peers, on="drug_id", how="left").with_columns(
        (pl.col("price_fen") / 100).alias("price"),
        (pl.coalesce("old_fen", "peers_fen") / 100).alias("reference"),
        pl.when(pl.col("old_fen").is_not_null()).then(0).alias("delivery"),
    )
    movement = slips.Movement.of(pl.concat([rows.select(MOVED.names()).cast(MOVED), _published(run, done)]))
    rows = rows.with_columns(slips.classify(rows, movement).alias("slip")).filter(pl.col("slip") != "")
    rows = _without_official(run, _without_usual(rows))
    if rows.is_empty():
        return empty
    return rows.with_columns(
        pl.concat_list("slip").alias("reasons"),
        pl.lit("").alias("their_code"),
        pl.lit(True).alias("carries"),
        (_repeats(run, rows) >= REVIEW_AFTER_DAYS - 1).alias("review"),
    ).select(empty.columns)


def _published(run: FeedRun, done: Sequence[int]) -> pl.DataFrame:
    """What an earlier attempt has changed already: the delivery has moved as it has, whoever finishes it."""
    if not done:
        return pl.DataFrame(schema=MOVED)
    changes = PriceChange.objects.filter(run_id=run.pk, received_at=run.received_at)
    fens = changes.filter(old_fen__isnull=False, new_fen__isnull=False).values_list("new_fen", "old_fen")
    # No slips, whatever the pack: they have passed.
    return pl.DataFrame([(0, new, old, 1) for new, old in fens], schema=MOVED, orient="row")


def _peers(rows: pl.DataFrame) -> pl.DataFrame:
    drugs = rows["drug_id"].unique().sort().to_list()
    return _fetch(statement("stage_peers"), {"drugs": drugs}, {"drug_id": pl.Int32, "peers_fen": pl.Int32})


def _without_usual(rows: pl.DataFrame) -> pl.DataFrame:
    """What others charge is no slip: if it is ten times the shop's own last price, then that one was."""
    if rows.is_empty():
        return rows
    usual = rows.select("line", "drug_id", "price_fen").join(_peers(rows), on="drug_id")
    return rows.join(usual.filter(slips.near(pl.col("price_fen"), pl.col("peers_fen"))), on="line", how="anti")


def _key(rows: pl.DataFrame) -> dict[str, list[int]]:
    names = {"line": "lines", "drug_id": "drugs", "pharmacy_id": "pharmacies", "price_fen": "fens"}
    return {plural: rows[name].to_list() for name, plural in names.items()}


def _without_official(run: FeedRun, rows: pl.DataFrame) -> pl.DataFrame:
    """A price within 5 % of a valid reference price is no slip, however far it moved."""
    if rows.is_empty():
        return rows
    day = timezone.localdate(run.received_at)
    official = _fetch(
        statement("stage_references"), {**_key(rows), "day": day}, {"line": pl.UInt32, "pack_yuan": pl.Float64}
    )
    fine = rows.join(official, on="line").filter(slips.near(pl.col("price"), pl.col("pack_yuan")))
    return rows.join(fine, on="line", how="anti")


def _repeats(run: FeedRun, rows: pl.DataFrame) -> pl.Series:
    days = _fetch(
        statement("stage_repeats"),
        {**_key(rows), "feed": run.feed_id, "received_at": run.received_at},
        {"line": pl.UInt32, "days": pl.Int32},
    )
    return rows.join(days, on="line", how="left", maintain_order="left")["days"].fill_null(0)


def _shops(run: FeedRun, accepted: pl.DataFrame, refused: pl.DataFrame, *, complete: bool) -> pl.DataFrame:
    """One row for each shop with an accepted row; see staged_pharmacy. Unresolved drugs and broken records block a
    shop's withdrawals; rows that name no shop at all could be anybody's and block everybody's."""
    present = (pl.col("kind") == "declared") & ~pl.col("scheduled")
    said = pl.col("effective_at").filter(~pl.col("scheduled")).max()
    shops = accepted.group_by("pharmacy_id").agg(
        said.fill_null(run.received_at).alias("as_of"),  # announced prices say nothing about today
        pl.col("effective_at").filter(present).min().alias("mark"),
        pl.len().alias("accepted"),
        (present.any() & complete).alias("complete"),
    )
    broken = pl.col("reasons").list.contains("ragged")  # its cells may have shifted
    unresolved = refused.filter(pl.col("drug_id").is_null() | broken)
    blocked = unresolved["pharmacy_id"].drop_nulls().unique().to_list()
    nameless = pl.col("reasons").list.contains("pharmacy_missing") | (broken & pl.col("pharmacy_id").is_null())
    everybody = refused.filter(nameless).height > 0
    return shops.with_columns(
        pl.coalesce("mark", "as_of").alias("mark"), (pl.col("pharmacy_id").is_in(blocked) | everybody).alias("blocked")
    ).sort("pharmacy_id")


def _copy_rest(accepted: pl.DataFrame, refused: pl.DataFrame, shops: pl.DataFrame) -> None:
    removed = accepted.filter(pl.col("kind") == REMOVED)
    _copy("staged_removed", removed.select("drug_id", "pharmacy_id", "effective_at"))
    other = accepted.filter(~pl.col("kind").is_in(["declared", REMOVED]))
    _copy("staged_source", other.select("drug_id", "pharmacy_id", "kind", "total", "quantity", "effective_at"))
    later = accepted.filter("scheduled")
    _copy("staged_scheduled", later.select("drug_id", "pharmacy_id", "price_fen", "stock", "effective_at"))
    known = refused.filter(pl.col("drug_id").is_not_null() & pl.col("pharmacy_id").is_not_null() & pl.col("carries"))
    _copy("staged_refused", known.select("drug_id", "pharmacy_id").unique())
    _copy("staged_pharmacy", shops.select("pharmacy_id", "as_of", "mark", "accepted", "complete", "blocked"))
