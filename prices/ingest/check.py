"""Step 3, check: strings become resolved, valid rows, or refused rows with their reasons.

Vectorised: each distinct text of a column is parsed once, in plain Python, and joined back. What needs the current
offers (slips, jumps, withdrawals) is in `compare`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
from django.utils import timezone

from prices.ingest.directory import Directory
from prices.ingest.read import LINE, PROBLEM, Sheet
from prices.models import SourcePrice, Stock
from prices.money import MoneyError, yuan_of

SKEW = timedelta(minutes=10)  # clocks differ; a price from the next ten minutes is a price of now
AHEAD = timedelta(days=30)
OLDEST = datetime(2000, 1, 1, tzinfo=UTC)
MANGLED = re.compile(r"\d(\.\d+)?[Ee]\+\d+")
STOCKS = {"": Stock.UNKNOWN, "in": Stock.IN, "low": Stock.LOW, "out": Stock.OUT, "order": Stock.ORDER}
KINDS = {"": "declared", "declared": "declared"} | {
    kind.value: kind.value for kind in SourcePrice.Kind if kind != SourcePrice.Kind.OBSERVED
}
REMOVED = "removed"
"""The kind of a row that names no price but says that the shop no longer sells the product; only a desk may say so."""
INSTANT = pl.Datetime("us", "UTC")
KEY = ["pharmacy_id", "drug_id", "kind"]


@dataclass(frozen=True)
class Checked:
    """`accepted`: line, pharmacy_id, drug_id, pack_count, kind, total (yuan, Decimal 14.4), price_fen (declared only),
    quantity, stock, effective_at (UTC), scheduled. `refused`: line, reasons (list), pharmacy_id, drug_id (null when
    unresolved), their_code, carries (a shelf price is in doubt: the current one is kept). Every row is in exactly one
    of the two."""

    accepted: pl.DataFrame
    refused: pl.DataFrame


def texts(sheet: Sheet, *, shop_code: str | None) -> pl.DataFrame:
    """Our columns as trimmed strings, with `line` and `problem`; a one-shop feed's rows all name its shop."""
    columns = [sheet.column(name) for name in ("drug_code", "price", "stock", "effective_at", "kind", "quantity")]
    pharmacy = sheet.column("pharmacy_code")
    if shop_code is not None:
        pharmacy = pl.when(pharmacy == "").then(pl.lit(shop_code)).otherwise(pharmacy).alias("pharmacy_code")
    return sheet.rows.select(
        pl.col(LINE).alias("line"), pl.col(PROBLEM).alias("problem"), pharmacy, *columns
    ).with_columns(pl.col("stock", "kind").str.to_lowercase())


def check(rows: pl.DataFrame, directory: Directory, *, received_at: datetime, desk: bool = False) -> Checked:
    """Judge `rows` (of `texts`) by themselves and against the directory; `desk`: people said them, at the desk."""
    rows = _parsed(rows, received_at, KINDS | {REMOVED: REMOVED} if desk else KINDS)
    rows = rows.join(directory.pharmacies, on="pharmacy_code", how="left", maintain_order="left")
    rows = rows.join(directory.drugs, on="drug_code", how="left", maintain_order="left")
    rows = _designated(rows, directory.designations)
    conditions = _conditions()
    bad = rows.select(pl.any_horizontal(conditions.values())).to_series()
    refused = rows.filter(bad).with_columns(
        pl.concat_list(pl.when(condition).then(pl.lit(code)) for code, condition in conditions.items())
        .list.drop_nulls()
        .alias("reasons")
    )
    accepted, repeats = _without_repeats(rows.filter(~bad))
    outcome = ["line", "reasons", "pharmacy_id", "drug_id", "their_code", "carries"]
    refused = refused.with_columns(
        ((pl.col("kind_code").fill_null("declared") == "declared") | (pl.col("problem") != "")).alias("carries"),
        pl.when(pl.col("drug_id").is_null() & (pl.col("drug_code") != ""))
        .then(pl.col("drug_code").str.slice(0, 60))
        .otherwise(pl.lit(""))
        .alias("their_code"),
    )
    columns = ["line", "pharmacy_id", "drug_id", "pack_count", "kind", "total", "price_fen", "quantity", "stock"]
    return Checked(
        accepted=accepted.select(*columns, "effective_at", "scheduled"),
        refused=pl.concat([refused.select(outcome), repeats.select(outcome)]).sort("line"),
    )


def _mapped(
    rows: pl.DataFrame, name: str, parse: Callable[[str], tuple[Any, ...]], schema: dict[str, Any]
) -> pl.DataFrame:
    """Join the columns of `schema`, parsed once for each distinct text of column `name`."""
    distinct = rows[name].unique().to_list()
    parsed = pl.DataFrame([(text, *parse(text)) for text in distinct], schema={name: pl.String, **schema}, orient="row")
    return rows.join(parsed, on=name, how="left", maintain_order="left")


def _parsed(rows: pl.DataFrame, received_at: datetime, kinds: dict[str, str]) -> pl.DataFrame:
    rows = _mapped(rows, "stock", _stock, {"stock_code": pl.Int16})
    rows = _mapped(rows, "quantity", _quantity, {"count": pl.Int32})
    rows = _mapped(
        rows,
        "effective_at",
        lambda text: _time(text, received_at),
        {"effective": INSTANT, "scheduled": pl.Boolean, "time_problem": pl.String},
    )
    rows = rows.with_columns(
        pl.col("kind").replace_strict(kinds, default=None, return_dtype=pl.String).alias("kind_code")
    ).with_columns(
        # A settled price is the total of several packs and may have four decimals; a shelf price has two.
        pl.concat_str(
            pl.when(pl.col("kind_code") == "settled").then(pl.lit("4")).otherwise(pl.lit("2")), "price"
        ).alias("priced")
    )
    return _mapped(rows, "priced", _price, {"total": pl.Decimal(14, 4), "price_problem": pl.String})


def _price(text: str) -> tuple[Decimal | None, str]:
    try:
        return yuan_of(text[1:], decimals=int(text[0])), ""
    except MoneyError as error:
        return None, error.reason


def _stock(text: str) -> tuple[int | None]:
    if text.isdecimal() and len(text) < 10:
        count = int(text)
        return (Stock.OUT if count == 0 else Stock.LOW if count < 5 else Stock.IN,)
    return (STOCKS.get(text),)


def _quantity(text: str) -> tuple[int | None]:
    if not text:
        return (1,)
    return (int(text) if text.isdecimal() and len(text) < 5 and int(text) > 0 else None,)


def _time(text: str, received_at: datetime) -> tuple[datetime, bool, str]:
    """Effective time, whether it lies in the future, and what is wrong with it. Missing: when the run arrived."""
    if not text:
        return received_at, False, ""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return received_at, False, "time_invalid"
    if moment.tzinfo is None:
        return received_at, False, "time_invalid"  # whose clock? never guessed
    if moment < OLDEST:
        return received_at, False, "time_too_old"
    if moment > received_at + AHEAD:
        return received_at, False, "time_too_far"
    if moment > received_at + SKEW:
        return moment, True, ""
    return min(moment, received_at), False, ""


def _designated(rows: pl.DataFrame, designations: pl.DataFrame) -> pl.DataFrame:
    """Add `designated`: whether the pharmacy was designated on the (Shanghai) day of each row."""
    zone = timezone.get_default_timezone_name()
    rows = rows.with_columns(pl.col("effective").dt.convert_time_zone(zone).dt.date().alias("day"))
    days = rows.select("pharmacy_id", "day").unique().drop_nulls()
    held = days.join(designations, on="pharmacy_id").filter(
        (pl.col("from_day").is_null() | (pl.col("from_day") <= pl.col("day")))
        & (pl.col("to_day").is_null() | (pl.col("day") < pl.col("to_day")))
    )
    held = held.select("pharmacy_id", "day").unique().with_columns(pl.lit(True).alias("designated"))
    return rows.join(held, on=["pharmacy_id", "day"], how="left", maintain_order="left")


def _conditions() -> dict[str, pl.Expr]:
    """Reason code → when it applies. A broken record is not judged cell by cell: its cells may have shifted."""
    whole = pl.col("problem") == ""
    pharmacy, drug = pl.col("pharmacy_code"), pl.col("drug_code")
    known, mangled = pl.col("pharmacy_id").is_not_null(), drug.str.contains(f"^{MANGLED.pattern}$")
    scheduled = pl.col("scheduled")
    conditions = {
        "pharmacy_missing": pharmacy == "",
        "pharmacy_unknown": ~known & (pharmacy != ""),
        "pharmacy_out_of_scope": known & ~pl.col("in_scope"),
        "pharmacy_not_designated": known & pl.col("in_scope") & pl.col("designated").is_null(),
        "drug_missing": drug == "",
        "drug_mangled": mangled,
        "drug_unknown": pl.col("drug_id").is_null() & (drug != "") & ~mangled,
        **{
            code: (pl.col("price_problem") == code) & (pl.col("kind_code").fill_null("") != REMOVED)
            for code in ("price_missing", "price_unreadable", "price_not_positive", "price_decimals", "price_too_large")
        },
        "stock_unknown": pl.col("stock_code").is_null(),
        **{code: pl.col("time_problem") == code for code in ("time_invalid", "time_too_old", "time_too_far")},
        "kind_unknown": pl.col("kind_code").is_null(),
        "kind_not_scheduled": scheduled & (pl.col("kind_code") != "declared"),
        "quantity_invalid": pl.col("count").is_null(),
    }
    judged = {code: (whole & condition).fill_null(False) for code, condition in conditions.items()}
    return {"ragged": pl.col("problem") == "ragged", "cut": pl.col("problem") == "cut"} | judged


def _without_repeats(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows to accept, and the refused ones among several rows for one price.

    Same content: the first counts. Different times: the newest counts. Otherwise nobody can tell, so none counts.
    """
    rows = rows.drop("kind", "quantity", "stock", "effective_at").rename(
        {"kind_code": "kind", "count": "quantity", "stock_code": "stock", "effective": "effective_at"}
    )
    fen = (pl.col("total") * 100).cast(pl.Int64, strict=False)
    rows = rows.with_columns(pl.when(pl.col("kind") == "declared").then(fen).cast(pl.Int32).alias("price_fen"))
    # A price of now and prices announced for later days are different statements.
    key: list[str | pl.Expr] = [*KEY, pl.when(pl.col("scheduled")).then(pl.col("effective_at")).alias("announced")]
    single = rows.select(pl.len().over(key) == 1).to_series()
    several = rows.filter(~single)
    content = ["total", "quantity", "stock", "effective_at"]
    newest = pl.col("effective_at") == pl.col("effective_at").max().over(key)
    first = pl.int_range(pl.len()).over([*key, *content]) == 0
    variants = pl.struct(*content).filter(newest).n_unique().over(key)
    verdict = (
        pl.when(~newest)
        .then(pl.lit("superseded_in_file"))
        .when(variants > 1)
        .then(pl.lit("duplicate"))
        .when(~first)
        .then(pl.lit("repeated"))
        .otherwise(pl.lit(""))
    )
    several = several.with_columns(verdict.alias("verdict"))
    repeats = several.filter(pl.col("verdict") != "").with_columns(
        pl.concat_list("verdict").alias("reasons"),
        pl.lit("").alias("their_code"),
        # Of the other two verdicts the file itself says which row counts.
        ((pl.col("verdict") == "duplicate") & (pl.col("kind") == "declared")).alias("carries"),
    )
    kept = several.filter(pl.col("verdict") == "").drop("verdict")
    return pl.concat([rows.filter(single), kept]), repeats
