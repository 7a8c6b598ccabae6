"""阈值方案 as an official keeps it: a spreadsheet under the headings of the console's own table, which can be taken away,
changed and sent back. What the lines mean, and whether they may stand, is the business of `thresholds`."""

from collections import Counter
from collections.abc import Iterable

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override, pgettext_lazy

from pharmacies import access
from pharmacies.files import FileProblem, Row, Table, column_key
from pharmacies.models import Region
from prices.desk.sheets import reading
from prices.models import Threshold
from prices.monitoring import thresholds

MOST_BYTES = 200_000
"""Far more than the tiers of any document."""
HEADINGS: dict[str, str | Promise] = {
    "area": gettext_lazy("地区"),
    "basis": gettext_lazy("比较依据"),
    "lower": gettext_lazy("倍数，从（含）"),
    "upper": gettext_lazy("到（不含）"),
    "label": pgettext_lazy("tier", "标识"),
    "document": gettext_lazy("依据文件"),
    "valid_from": gettext_lazy("从"),
    "valid_to": gettext_lazy("到"),
}
"""Columns of the import format by their headings."""
MIDNIGHT = " 00:00:00"


def read(data: bytes, *, area: Region, regions: Iterable[Region]) -> Table:
    """The rows of a CSV, XLSX or XLS file, for `thresholds.take`. Raises `FileProblem`.

    Headings are those of the table in any language of the pages, or of the import format. A region may go by its name, if
    only one of `regions` has it, or only one below `area`; a row without one is of the area itself.
    """
    if len(data) > MOST_BYTES:
        raise FileProblem(_("文件太大：阈值方案只有几行，请确认没有选错文件"))
    sheet = reading.read(data)
    columns = _columns(sheet.columns)
    codes, bases = _codes(area, list(regions)), _bases()
    rows: list[Row] = []
    for record in sheet.rows.iter_rows(named=True):
        raw = {name: record[name] for name in sheet.columns}
        values = dict.fromkeys(HEADINGS, "") | {ours: raw[theirs] for ours, theirs in columns.items()}
        values["area"] = codes.get(values["area"], values["area"] or area.code)
        values["basis"] = bases.get(column_key(values["basis"]), values["basis"])
        for day in ("valid_from", "valid_to"):
            values[day] = values[day].removesuffix(MIDNIGHT)
        rows.append(Row(record[reading.LINE], values, raw))
    return Table(tuple(columns), tuple(rows), (), ())


def _codes(area: Region, regions: list[Region]) -> dict[str, str]:
    """The code of each name that says which region is meant."""
    below = access.below(area)
    found: dict[str, str] = {}
    for known in (regions, [region for region in regions if region.pk in below]):
        times = Counter(region.name for region in known)
        found |= {region.name: region.code for region in known if times[region.name] == 1}
    return found | {area.name: area.code}


def _columns(found: list[str]) -> dict[str, str]:
    """Our name of each column that the file has → its name there."""
    known = {column_key(ours): ours for ours in HEADINGS}
    for ours, heading in HEADINGS.items():
        known |= {column_key(text): ours for text in _in_all_languages(heading)}
    columns = {known[column_key(name)]: name for name in found if column_key(name) in known}
    missing = [str(HEADINGS[name]) for name in thresholds.REQUIRED if name not in columns and name != "area"]
    if missing:
        raise FileProblem(
            _("表头缺少列：%(missing)s；请先下载本页的表格，在里面填写") % {"missing": "、".join(missing)}
        )
    return columns


def _bases() -> dict[str, str]:
    """What a basis may be called → its word."""
    return {column_key(text): basis.value for basis in Threshold.Basis for text in _in_all_languages(basis.label)}


def _in_all_languages(text: str | Promise) -> list[str]:
    found = []
    for language, _name in settings.LANGUAGES:
        with override(language):
            found.append(str(text))
    return found
