"""Spreadsheets that leave the desk: this shop's prices to edit and bring back, and the rows that were not taken.

A cell that a spreadsheet would take for a formula leaves as text.
"""

import csv
import io
from collections.abc import Iterable, Sequence

import polars as pl
import xlsxwriter
from django.utils.translation import gettext

from catalog.models import Drug
from pharmacies.models import Pharmacy
from prices import members
from prices.desk.sheets import columns, kept, products, reading
from prices.ingest import reasons, store
from prices.models import Offer, Stock, Upload
from prices.money import yuan

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Chinese Excel reads the full-width ones of a CSV file like the others."""
STOCK_WORDS = {Stock.UNKNOWN: "", Stock.IN: "有货", Stock.LOW: "少量", Stock.OUT: "缺货", Stock.ORDER: "可预订"}
NUMBERS = ("零售价", "会员价")
WIDTHS = {"品名": 28, "规格": 18, "生产厂家": 28, "医保编码": 26, "批准文号": 20, "条码": 16}
REMARKS = ("原因", "怎么改")
Cells = Sequence[object]


def safe(cell: object) -> object:
    """The cell, unless a spreadsheet would run it: then behind an apostrophe, which our own reading takes off again."""
    if isinstance(cell, str) and cell.startswith(FORMULA):
        return f"'{cell}"
    return cell


def as_csv(header: Cells, rows: Iterable[Cells]) -> bytes:
    """UTF-8 with a mark, as Excel needs it."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow([safe(cell) for cell in header])
    writer.writerows([safe(cell) for cell in row] for row in rows)
    return buffer.getvalue().encode("utf-8-sig")


def as_xlsx(header: Cells, rows: Iterable[Cells]) -> bytes:
    """Text as text, whatever it begins with; numbers as numbers; the header stays in sight."""
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(buffer, options)
    bold, money = book.add_format({"bold": True}), book.add_format({"num_format": "0.00"})
    sheet = book.add_worksheet()
    for index, name in enumerate(header):
        sheet.set_column(index, index, WIDTHS.get(str(name), 12), money if name in NUMBERS else None)
    sheet.write_row(0, 0, header, bold)
    for number, row in enumerate(rows, 1):
        sheet.write_row(number, 0, row)
    sheet.freeze_panes(1, 0)
    book.close()
    return buffer.getvalue()


def shelf(pharmacy: Pharmacy) -> tuple[Cells, list[Cells]]:
    """Header and rows of the shop's live prices, by name; they come back without anything to confirm."""
    offers = {offer.drug_id: offer for offer in Offer.objects.filter(pharmacy_id=pharmacy.pk, state=Offer.State.LIVE)}
    drugs = Drug.objects.select_related("preparation").defer("search_names", "search_terms").filter(pk__in=offers)
    member = members.kept(pharmacy.pk)
    rows = [
        (
            drug.code,
            drug.preparation.generic_name,
            f"{drug.preparation.strength}×{drug.pack_count}{drug.unit}",
            drug.manufacturer,
            drug.approval_no,
            drug.barcode,
            float(yuan(offers[drug.pk].price_fen)),
            float(member[drug.pk]) if drug.pk in member else "",
            STOCK_WORDS[Stock(offers[drug.pk].stock)],
        )
        for drug in drugs.order_by("preparation__generic_name", "preparation__strength", "manufacturer", "code")
    ]
    return columns.DOWNLOADED, list(rows)


def not_taken(upload: Upload) -> tuple[Cells, list[Cells]]:
    """The rows that were refused or wait for their product: the sender's own columns, their line, why, what to do."""
    found, sheet = kept.load(upload, "preview"), kept.load(upload, "sheet")
    if sheet is None:
        sheet = reading.read(store.load(upload)).rows
    own = [name for name in sheet.columns if name != reading.LINE]
    header = ("行号", *own, *REMARKS)
    if found is None:
        return header, []
    bad = found.filter(pl.col("verdict").is_in(["refused", "unmatched"])).select("line", "reasons")
    rows = bad.join(sheet, left_on="line", right_on=reading.LINE, how="left").sort("line")
    return header, [
        (line, *cells, says(codes), advice(codes))
        for line, codes, *cells in rows.select("line", "reasons", *own).rows()
    ]


def says(codes: list[str]) -> str:
    """Why, in one sentence."""
    known = [str(products.REASONS[code]) for code in codes if code in products.REASONS]
    return gettext("；").join([*known, *([said] if (said := reasons.says(_of_a_run(codes))) else [])])


def advice(codes: list[str]) -> str:
    """What to do."""
    known = [str(products.ADVICE[code]) for code in codes if code in products.ADVICE]
    return gettext("；").join([*known, *([said] if (said := reasons.advice(_of_a_run(codes))) else [])])


def _of_a_run(codes: list[str]) -> list[str]:
    return [code for code in codes if code in reasons.REASONS]
