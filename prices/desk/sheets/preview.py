"""Row by row: what would change, what is refused and why, what would vanish. The same checks as the run will pass.

A preview publishes nothing: it stages into temporary tables, asks, and lets go.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import polars as pl
from django.db import connection, transaction
from django.utils import timezone

from catalog.models import Drug
from prices.desk import unusual
from prices.desk.sheets import cells, products
from prices.desk.sheets.reading import LINE
from prices.ingest.check import check
from prices.ingest.directory import look_up, one_shop
from prices.ingest.stage import Staged, hold_reasons, stage
from prices.models import Feed, FeedRun
from prices.models.feeds import Mode
from prices.sql import statement

NEWEST_RUN = 2**31 - 1  # a preview comes after every run there is
SUSPECTED = "suspected_"
MOST_WARNED = 20_000
"""New and changed prices that are compared with the neighbours'; a first delivery of more is not."""
Progress = Callable[[int], None]

PREVIEW: dict[str, Any] = {
    "line": pl.UInt32,  # null: an offer that the file does not list
    "verdict": pl.String,  # same, changed, new, scheduled, unmatched, refused, vanishing
    "pharmacy_id": pl.Int32,
    "drug_id": pl.Int32,
    "reasons": pl.List(pl.String),  # of refused rows; `products.REASONS` of unmatched ones
    "warnings": pl.List(pl.String),  # of `desk.unusual`, at the desk of one shop; their sentences
    "remarks": pl.List(pl.String),
    "old_fen": pl.Int32,
    "new_fen": pl.Int32,
    "old_stock": pl.Int16,
    "new_stock": pl.Int16,
    "delivery": pl.Struct(
        dict.fromkeys(("pharmacy_code", "drug_code", "price", "stock", "effective_at", "member"), pl.String)
    ),
    **dict.fromkeys(products.CLUES, pl.String),
}


@dataclass(frozen=True, slots=True)
class Summary:
    """共 rows 种：same 未变，changed 改价，new 新增，scheduled 定时，unmatched 待配对，refused 退回（其中 suspected 疑似录错）."""

    rows: int = 0
    same: int = 0
    changed: int = 0
    new: int = 0
    scheduled: int = 0
    unmatched: int = 0
    refused: int = 0
    suspected: int = 0  # of the refused: a person may say that they are right
    warned: int = 0  # of the changed and the new: unusual, a person must say that they are right
    vanishing: int = 0  # not listed in the file
    stock: int = 0  # the stock alone changes
    member: int = 0
    shops: int = 0

    def as_json(self) -> dict[str, int]:
        return asdict(self)


def preview(
    feed: Feed, sheet: pl.DataFrame, mapping: dict[str, str], *, at: datetime, progress: Progress
) -> tuple[pl.DataFrame, Summary, dict[str, list[str]]]:
    """Rows as in PREVIEW, their summary, and for each mode why such a run would be held for a person."""
    rows = _said(sheet, mapping)
    rows = _matched(feed, rows, at)
    progress(45)
    matched = rows.filter(pl.col("drug_id").is_not_null())
    unmatched = rows.filter(pl.col("drug_id").is_null())
    delivery = _delivery(feed, matched)
    with transaction.atomic():
        judged, vanishing, holds = _judged(feed, delivery, at, unresolved=unmatched.height > 0)
        transaction.set_rollback(True)
    progress(80)
    judged = _warned(feed, judged, at)
    progress(90)
    found = pl.concat([_with_clues(judged, matched), _unmatched(unmatched), vanishing], how="diagonal_relaxed")
    found = found.select(pl.col(name).cast(dtype) for name, dtype in PREVIEW.items())
    return found.sort("line", nulls_last=True), summary(found), holds


def summary(found: pl.DataFrame) -> Summary:
    verdicts = dict(found.group_by("verdict").len().iter_rows())
    listed = found.filter(pl.col("line").is_not_null())
    same = found.filter(pl.col("verdict") == "same")
    return Summary(
        rows=listed.height,
        **{verdict: verdicts.get(verdict, 0) for verdict in ("same", "changed", "new", "scheduled", "unmatched")},
        refused=verdicts.get("refused", 0),
        suspected=found.filter(is_suspected()).height,
        warned=found.filter(pl.col("warnings").list.len() > 0).height,
        vanishing=verdicts.get("vanishing", 0),
        stock=same.filter(pl.col("old_stock") != pl.col("new_stock")).height,
        member=listed.filter(pl.col("delivery").struct.field("member").fill_null("") != "").height,
        shops=found["pharmacy_id"].drop_nulls().n_unique(),
    )


def is_suspected() -> pl.Expr:
    """Refused for nothing but a suspected slip: a named person may say that the price is right."""
    only = pl.col("reasons").list.eval(pl.element().str.starts_with(SUSPECTED)).list.all()
    return (pl.col("verdict") == "refused") & only


def _said(sheet: pl.DataFrame, mapping: dict[str, str]) -> pl.DataFrame:
    """Our columns, empty where the sheet has none."""
    theirs = {our: their for their, our in mapping.items()}
    names = ("pharmacy_code", "price", "member", "stock", "effective_at", *products.CLUES)
    return sheet.select(
        pl.col(LINE).alias("line"),
        *(pl.col(theirs[name]).alias(name) if name in theirs else pl.lit("").alias(name) for name in names),
    )


def _matched(feed: Feed, rows: pl.DataFrame, at: datetime) -> pl.DataFrame:
    """Add drug_id (null: nobody knows yet) and why."""
    distinct = rows.select(products.CLUES).unique(maintain_order=True)
    asked = [products.Clues(*clues) for clues in distinct.iter_rows()]
    found = products.match(feed, asked, on=timezone.localdate(at))
    answers = distinct.with_columns(
        pl.Series("drug_id", [found[clues].drug_id for clues in asked], pl.Int32),
        pl.Series("why", [found[clues].reason for clues in asked], pl.String),
    )
    return rows.join(answers, on=list(products.CLUES), how="left", maintain_order="left", nulls_equal=True)


def _delivery(feed: Feed, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows as the run will carry them: shaped like `ingest.check.texts`, and `member`."""
    codes = dict(Drug.objects.filter(pk__in=rows["drug_id"].unique().to_list()).values_list("pk", "code"))
    shop = one_shop(feed)
    own = pl.lit(shop.code) if shop else pl.col("pharmacy_code")
    stock = {text: cells.stock(text) for text in rows["stock"].unique().to_list()}
    moments = {text: cells.moment(text) for text in rows["effective_at"].unique().to_list()}
    priced = rows.select("member", "price").unique().rows()
    members = {f"{member}\n{price}": cells.member_price(member, price) for member, price in priced}
    drugs = [codes[pk] for pk in rows["drug_id"].to_list()]
    return rows.select(
        "line",
        pl.lit("").alias("problem"),
        pl.when(pl.col("pharmacy_code") == "").then(own).otherwise("pharmacy_code").alias("pharmacy_code"),
        pl.Series("drug_code", drugs, pl.String),
        "price",
        pl.col("stock").replace_strict(stock, return_dtype=pl.String) if stock else pl.col("stock"),
        pl.col("effective_at").replace_strict(moments, return_dtype=pl.String) if moments else pl.col("effective_at"),
        pl.lit("").alias("kind"),
        pl.lit("").alias("quantity"),
        pl.concat_str("member", "price", separator="\n")
        .replace_strict(members or {"": ""}, default="", return_dtype=pl.String)
        .alias("member"),
    )


def _judged(
    feed: Feed, delivery: pl.DataFrame, at: datetime, *, unresolved: bool
) -> tuple[pl.DataFrame, pl.DataFrame, dict[str, list[str]]]:
    """Verdicts by line, the offers that the file does not list, and why a run of each mode would be held."""
    directory = look_up(
        feed,
        pharmacy_codes=delivery["pharmacy_code"].unique().to_list(),
        drug_codes=delivery["drug_code"].unique().to_list(),
        on=timezone.localdate(at),
    )
    checked = check(delivery.drop("member"), directory, received_at=at)
    run = FeedRun(pk=NEWEST_RUN, feed=feed, mode=Mode.SNAPSHOT, received_at=at)
    staged = stage(run, checked, complete=True, done=[])
    gone = _fetched("SELECT drug_id, pharmacy_id FROM staged_vanishing", {}, ("drug_id", "pharmacy_id"))
    bad = staged.refused.select("line", "pharmacy_id", "drug_id", "reasons")
    said = checked.accepted.select("line", "pharmacy_id", "drug_id", "stock", "price_fen", "scheduled")
    doubted = bad.join(said.select("line", "stock", "price_fen"), on="line", how="left")  # a slip has a price, too
    rows = pl.concat([said.join(bad, on="line", how="anti"), doubted], how="diagonal")
    rows = rows.with_columns(pl.col("stock").cast(pl.Int16).alias("new_stock"))
    asked = (
        pl.concat([rows.select("drug_id", "pharmacy_id"), gone]).drop_nulls().unique().sort("drug_id", "pharmacy_id")
    )
    now = _fetched(
        statement("sheet_current"),
        {"drugs": asked["drug_id"].to_list(), "pharmacies": asked["pharmacy_id"].to_list()},
        ("drug_id", "pharmacy_id", "last_fen", "old_stock", "state"),
    )
    now = now.with_columns(
        pl.when(pl.col("state") == 1).then(pl.col("last_fen")).alias("old_fen"),
        pl.when(pl.col("state") == 1).then(pl.col("old_stock")).alias("old_stock"),
    ).drop("state")
    rows = rows.join(now, on=["drug_id", "pharmacy_id"], how="left").rename({"price_fen": "new_fen"})
    gone = gone.join(now, on=["drug_id", "pharmacy_id"], how="left").with_columns(
        pl.lit("vanishing").alias("verdict"), pl.lit([], pl.List(pl.String)).alias("reasons")
    )
    return _with_delivery(rows.with_columns(_verdict()), delivery), gone, _holds(staged, unresolved=unresolved)


def _warned(feed: Feed, rows: pl.DataFrame, at: datetime) -> pl.DataFrame:
    """Add what is unusual about new and changed prices, where the desk is of one shop."""
    shop = one_shop(feed)
    asked = rows.filter(pl.col("verdict").is_in(["changed", "new"]))
    said: dict[int, list[unusual.Remark]] = {}
    if shop is not None and 0 < asked.height <= MOST_WARNED:
        drugs = Drug.objects.select_related("preparation").in_bulk(asked["drug_id"].to_list())
        prices = asked.select("drug_id", "new_fen", "last_fen").iter_rows()
        said = unusual.warn(shop, [unusual.Proposal(drugs[pk], fen, last) for pk, fen, last in prices], at=at)
    told = pl.DataFrame(
        [(pk, [each.code for each in remarks], [each.text for each in remarks]) for pk, remarks in said.items()],
        schema={"drug_id": pl.Int32, "warnings": pl.List(pl.String), "remarks": pl.List(pl.String)},
        orient="row",
    )
    told = rows.join(told, on="drug_id", how="left")
    is_price = pl.col("verdict").is_in(["changed", "new"])
    return told.with_columns(pl.when(is_price).then(pl.col(name)) for name in ("warnings", "remarks"))


def _verdict() -> pl.Expr:
    return (
        pl.when(pl.col("reasons").is_not_null())
        .then(pl.lit("refused"))
        .when(pl.col("scheduled"))
        .then(pl.lit("scheduled"))
        .when(pl.col("old_fen").is_null())
        .then(pl.lit("new"))
        .when(pl.col("old_fen") == pl.col("new_fen"))
        .then(pl.lit("same"))
        .otherwise(pl.lit("changed"))
        .alias("verdict")
    )


def _with_delivery(rows: pl.DataFrame, delivery: pl.DataFrame) -> pl.DataFrame:
    fields = ("pharmacy_code", "drug_code", "price", "stock", "effective_at", "member")
    sent = delivery.select("line", pl.struct(fields).alias("delivery"))
    return rows.drop("stock").join(sent, on="line", how="left")


def _with_clues(judged: pl.DataFrame, matched: pl.DataFrame) -> pl.DataFrame:
    return judged.join(matched.select("line", *products.CLUES), on="line", how="left")


def _unmatched(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(
        "line",
        pl.lit("unmatched").alias("verdict"),
        pl.concat_list("why").alias("reasons"),
        *products.CLUES,
        pl.struct("pharmacy_code", pl.lit("").alias("drug_code"), "price", "stock", "effective_at", "member").alias(
            "delivery"
        ),
    )


def _holds(staged: Staged, *, unresolved: bool) -> dict[str, list[str]]:
    """Why a person would have to look at such a run first. A delta leaves refused rows out and withdraws nothing."""
    without = Staged(
        refused=staged.refused.clear(),
        pharmacies=staged.pharmacies,
        rows=staged.rows - staged.refused.height,
        compared=staged.compared,
        moved=staged.moved,
        withdrawals=[],
    )
    holds = {str(Mode.DELTA): hold_reasons(without)}
    if not unresolved:  # what is not matched yet may be what seems to be missing
        holds[str(Mode.SNAPSHOT)] = hold_reasons(staged)
    return holds


def _fetched(sql: str, parameters: dict[str, Any], names: tuple[str, ...]) -> pl.DataFrame:
    types = {"old_stock": pl.Int16, "state": pl.Int16}
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)
        return pl.DataFrame(cursor.fetchall(), schema={n: types.get(n, pl.Int32) for n in names}, orient="row")
