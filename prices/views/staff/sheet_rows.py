"""What a page shows of a preview: the rows of one verdict, in words."""

from dataclasses import dataclass, field
from typing import Any

import polars as pl
from django.core.paginator import Page, Paginator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from catalog.models import Drug
from pharmacies.models import Pharmacy
from prices.desk.sheets import exports, kept, preview, products
from prices.ingest.retold import retold
from prices.models import Stock, Upload
from prices.money import yuan

A_PAGE, PAIRS, EXAMPLES = 50, 10, 3
SHOW = {
    "unmatched": _lazy("待配对"),
    "doubtful": _lazy("要核对"),
    "refused": _lazy("退回"),
    "changed": _lazy("改价"),
    "new": _lazy("新增"),
    "scheduled": _lazy("定时"),
    "vanishing": _lazy("文件没有"),
    "same": _lazy("未变"),
}
"""The tabs, in the order in which a person should look at them."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One row in words; money in yuan as text, empty where there is none."""

    line: int | None
    name: str
    detail: str
    shop: str
    old: str
    new: str
    percent: str
    stock: str
    remarks: list[str]
    advice: str


@dataclass(frozen=True, slots=True)
class Pair:
    """A row that waits for its product, what its till says, and the products it may mean; `likely`, if any, is the code of
    the one that is chosen until the person says otherwise."""

    line: int
    said: products.Clues
    why: str
    price: str
    candidates: list[Drug] = field(default_factory=list)
    likely: str = ""


def tabs(upload: Upload) -> list[dict[str, Any]]:
    """The verdicts that there are, with their numbers."""
    counts = upload.counts | {"doubtful": upload.counts["suspected"] + upload.counts["warned"]}
    counts["refused"] = counts["refused"] - counts["suspected"]
    return [{"show": show, "label": label, "n": counts[show]} for show, label in SHOW.items() if counts[show]]


SAID = (
    ("same", _lazy("%(n)s 未变")),
    ("changed", _lazy("%(n)s 改价")),
    ("new", _lazy("%(n)s 新增")),
    ("scheduled", _lazy("%(n)s 定时")),
    ("unmatched", _lazy("%(n)s 待配对")),
    ("suspected", _lazy("%(n)s 疑似录错")),
    ("refused", _lazy("%(n)s 退回")),
)


def summary(upload: Upload) -> str:
    """`共 2,310 种：2,184 未变，97 改价，12 新增，17 待配对`."""
    counts = upload.counts | {"refused": upload.counts["refused"] - upload.counts["suspected"]}
    parts = [str(words) % {"n": f"{counts[name]:,}"} for name, words in SAID if counts[name]]
    shops = _("%(shops)s 家门店，") % {"shops": f"{counts['shops']:,}"} if upload.feed.chain_id else ""
    rows = _("共 %(n)s 种：") % {"n": f"{counts['rows']:,}"}
    return f"{shops}{rows}{_('，').join(parts)}"


def _of(found: pl.DataFrame, show: str) -> pl.DataFrame:
    warned = pl.col("warnings").list.len().fill_null(0) > 0
    if show == "doubtful":
        return found.filter(preview.is_suspected() | warned)
    if show == "refused":
        return found.filter((pl.col("verdict") == "refused") & ~preview.is_suspected())
    rows = found.filter(pl.col("verdict") == show)
    if show == "changed":  # the largest step first: what is wrong is among them
        step = (pl.col("new_fen").cast(pl.Float64) / pl.col("old_fen")).log().abs()
        return rows.sort(step, descending=True, maintain_order=True)
    return rows


def page_of(upload: Upload, show: str, number: str | None) -> Page[Any] | None:
    """A page of rows; its items are `Shown`. None when the preview has to be made again."""
    found = kept.load(upload, "preview")
    if found is None:
        return None
    rows = _of(found, show)
    page: Page[Any] = Paginator(range(rows.height), A_PAGE).get_page(number)
    part = rows[page.start_index() - 1 : page.end_index()] if rows.height else rows
    drugs = Drug.objects.select_related("preparation").in_bulk(part["drug_id"].drop_nulls().to_list())
    shops = Pharmacy.objects.in_bulk(part["pharmacy_id"].drop_nulls().to_list()) if upload.feed.chain_id else {}
    page.object_list = [_shown(row, drugs, shops) for row in part.iter_rows(named=True)]
    return page


def _shown(row: dict[str, Any], drugs: dict[int, Drug], shops: dict[int, Pharmacy]) -> Shown:
    drug, shop = drugs.get(row["drug_id"]), shops.get(row["pharmacy_id"])
    sent = row["delivery"] or {}
    name, detail = row["name"] or "", " ".join(row[clue] for clue in ("spec", "maker") if row[clue])
    if drug is not None:
        name = drug.preparation.generic_name
        detail = f"{drug.preparation.strength}×{drug.pack_count}{drug.unit} · {drug.manufacturer}"
    codes = row["reasons"] or []
    return Shown(
        line=row["line"],
        name=name or sent.get("drug_code") or "",
        detail=detail,
        shop=shop.name if shop else "",
        old=_yuan(row["old_fen"]),
        new=_yuan(row["new_fen"]) or (sent.get("price") or ""),
        percent=_percent(row["old_fen"], row["new_fen"]),
        stock=_stock(row["old_stock"], row["new_stock"]),
        remarks=[*([exports.says(codes)] if codes else []), *map(retold, row["remarks"] or [])],
        advice=exports.advice(codes),
    )


def _yuan(fen: int | None) -> str:
    return "" if fen is None else str(yuan(fen))


def _percent(old: int | None, new: int | None) -> str:
    if not old or not new or old == new:
        return ""
    return f"{(new - old) / old * 100:+.1f}%".replace("-", "−")


def _stock(old: int | None, new: int | None) -> str:
    if new is None:
        return ""
    label = str(Stock(new).label)
    return label if old is None or old == new else f"{Stock(old).label} → {label}"


def pairs(upload: Upload, number: str | None, *, line: int | None, query: str) -> Page[Any] | None:
    """A page of rows to pair, each question once; on `line` the candidates answer `query` instead."""
    found = kept.load(upload, "preview")
    if found is None:
        return None
    rows = _of(found, "unmatched").unique(subset=list(products.CLUES), keep="first", maintain_order=True)
    page: Page[Any] = Paginator(range(rows.height), PAIRS).get_page(number)
    part = rows[page.start_index() - 1 : page.end_index()] if rows.height else rows
    page.object_list = [_pair(row, query if row["line"] == line else "") for row in part.iter_rows(named=True)]
    return page


def _pair(row: dict[str, Any], query: str) -> Pair:
    said = products.Clues(*(row[clue] or "" for clue in products.CLUES))
    asked = products.Clues(name=query) if query else said
    price = (row["delivery"] or {}).get("price") or ""
    found = products.candidates(asked)
    likely = products.likely(said, found)
    return Pair(
        row["line"], said, exports.says(row["reasons"] or []), price, found, likely.code if likely is not None else ""
    )


def examples(upload: Upload) -> dict[str, str]:
    """For each column the first few different cells, so that a person sees what stands in it."""
    sheet = kept.load(upload, "sheet")
    if sheet is None:
        return {}
    top = sheet.head(200)
    found = {}
    for name in upload.columns:
        cells = [cell for cell in top[name].unique(maintain_order=True).to_list() if cell][:EXAMPLES]
        found[name] = "、".join(cell[:40] for cell in cells)
    return found
