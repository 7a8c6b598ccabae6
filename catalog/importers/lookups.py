"""Codes in files into the rows they name; an unknown code is a problem of its row."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from catalog.codes import parse_drug_code
from catalog.models import Drug
from pharmacies.files import RowProblem
from pharmacies.importers.reading import problem_of


def drug_code(text: str) -> str:
    """A product code in its canonical form. Raises `CodeError`."""
    return str(parse_drug_code(text))


def drug_ids(codes: Iterable[str]) -> dict[str, int]:
    """The keys of the drugs that exist, by code."""
    return dict(Drug.objects.filter(code__in=set(codes)).values_list("code", "pk"))


def unknown_drugs(rows: Iterable[Any], known: dict[str, int]) -> list[RowProblem]:
    """Rows (with `row` and `drug_code`) that name a drug nobody has imported."""
    return [
        problem_of(row.row, [("drug_unknown", _("药品 %(code)s 不在药品表中：请先导入药品") % {"code": row.drug_code})])
        for row in rows
        if row.drug_code and row.drug_code not in known
    ]


def unknown_regions(rows: Iterable[Any], known: dict[str, Any]) -> list[RowProblem]:
    """Rows (with `row` and `area`) that name a region which is not in force."""
    return [
        problem_of(row.row, [("region_unknown", _("地区 %(code)s 不在地区表中：请先导入地区") % {"code": row.area})])
        for row in rows
        if row.area not in known
    ]
