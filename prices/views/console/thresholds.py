"""阈值方案: the lines that hold here, and how an area lays down its own: a spreadsheet is shown back before it counts."""

import base64
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from pharmacies import access
from pharmacies.access import Action
from pharmacies.files import FileProblem
from pharmacies.importers.outcome import Outcome
from pharmacies.models import Region, User
from prices.models import Threshold
from prices.monitoring import schemes, thresholds
from prices.monitoring.tables import Column, Row, Table
from prices.views import words
from prices.views.console.tables import answer
from prices.views.staff import sessions
from prices.views.staff.forms import StaffForm
from prices.views.staff.guard import signed_in

SHOWN = 50
"""Problems and lines of a file that a page shows."""


class SchemeForm(StaffForm):
    """A file from the disk, or (`kept`) the one that was looked at on the page before."""

    file = forms.FileField(label=_("文件（XLSX、XLS 或 CSV）"), required=False, allow_empty_file=True)
    kept = forms.CharField(required=False, widget=forms.HiddenInput(), max_length=schemes.MOST_BYTES * 3 // 2)

    content: bytes

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        sent = data.get("file")
        try:
            kept = base64.b64decode(data.get("kept", ""), validate=True)
        except ValueError:  # no Base64
            kept = b""
        # One byte more than may be tells `schemes.read` that it is too much.
        self.content = kept if sent is None else sent.read(schemes.MOST_BYTES + 1)
        if sent is None and not self.content:
            self.add_error("file", gettext("请先选择文件"))
        return data


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def all_thresholds(request: HttpRequest, adcode: str) -> HttpResponseBase:
    """The lines that hold here, or why there are none; a file to look at (`do=check`), to lay down (`do=import`)."""
    at, by = timezone.now(), sessions.person(request)
    area = access.area_for(by, Action.EDIT_RULES if request.method == "POST" else Action.SEE, adcode, at=at)
    if request.method != "POST":
        table = _table(area, at)
        return answer(request, table) or _page(request, area, at, table=table)
    form = SchemeForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, area, at, form=form, status=422)
    try:
        return _received(request, area, form, by, at)
    except FileProblem as problem:
        form.add_error("file", str(problem))
        return _page(request, area, at, form=form, status=422)


def _page(
    request: HttpRequest,
    area: Region,
    at: datetime,
    *,
    table: Table | None = None,
    form: SchemeForm | None = None,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    context = {
        "place": area,
        "table": table or _table(area, at),
        "may": access.may(sessions.person(request), Action.EDIT_RULES, area, at=at),
        "form": form or SchemeForm(),
        "headings": schemes.HEADINGS.values(),
        "bases": gettext("、").join(str(basis.label) for basis in Threshold.Basis),
    }
    return render(request, "console/thresholds.html", context | more, status=status)


def _received(request: HttpRequest, area: Region, form: SchemeForm, by: User, at: datetime) -> HttpResponse:
    """Checked, and laid down if that is what was asked for. Raises `FileProblem`."""
    regions = list(Region.objects.valid(access.day(at)).only("pk", "code", "name"))
    sheet = schemes.read(form.content, area=area, regions=regions)
    final = request.POST.get("do") == "import"
    outcome = thresholds.take(sheet, at=at, by=by, area=area, dry_run=not final)
    if outcome.problems:
        shown = outcome.problems[:SHOWN]
        return _page(request, area, at, form=form, problems=shown, refused=outcome.refused, status=422)
    if final:
        messages.success(
            request, gettext("阈值方案已导入：%(counts)s。已记入操作日志。") % {"counts": _counted(outcome)}
        )
        return redirect("staff:console-thresholds", area.code)
    kept = SchemeForm(initial={"kept": base64.b64encode(form.content).decode()})
    names = {region.code: region.name for region in regions}
    checked = [_understood(row.values, names) for row in sheet.rows[:SHOWN]]
    return _page(request, area, at, form=kept, checked=checked, counted=_counted(outcome), changes=outcome.changed)


def _understood(values: Mapping[str, str], names: Mapping[str, str]) -> list[str]:
    """A line of the file as it was read, in the order of `schemes.HEADINGS`."""
    said = {**values, "area": names[values["area"]], "basis": Threshold.Basis(values["basis"]).label}
    return [str(said[name]) for name in schemes.HEADINGS]


def _counted(outcome: Outcome) -> str:
    """`新增 2 行，改动 1 行`; what did not happen is not said."""
    parts = {
        "created": gettext("新增 %(n)d 行"),
        "updated": gettext("改动 %(n)d 行"),
        "removed": gettext("不再适用 %(n)d 行"),
        "unchanged": gettext("与现行相同 %(n)d 行"),
    }
    said = [text % {"n": count} for name, text in parts.items() if (count := getattr(outcome, name))]
    return gettext("，").join(said)


# -- the table --------------------------------------------------------------------------------------------------------


def _table(area: Region, at: datetime) -> Table:
    in_force = thresholds.in_force(area.pk, access.day(at))
    stored = Threshold.objects.select_related("area").in_bulk(
        [tier.threshold_id for tiers in in_force.values() for tier in tiers]
    )
    rows = [_row(stored[tier.threshold_id]) for tiers in in_force.values() for tier in tiers]
    heading = schemes.HEADINGS
    return Table(
        name="thresholds",
        title=_("阈值方案"),
        columns=[
            Column("basis", heading["basis"]),
            Column("lower", heading["lower"], "number"),
            Column("upper", heading["upper"], "number"),
            Column("label", heading["label"], foreign=True),
            Column("document", heading["document"], foreign=True),
            Column("area", heading["area"], foreign=True),
            Column("valid_from", heading["valid_from"], "date"),
            Column("valid_to", heading["valid_to"], "date"),
        ],
        rows=rows,
        caveat=_("零售价是比较依据的多少倍，落入哪一档就标哪个标识；标识是提示，不等于违规。最近一级地区的方案优先。"),
        on=at,
        empty=_("本地区和上级地区都没有导入阈值方案，“高于参考价”这条规则因此不起作用。"),
    )


def _row(line: Threshold) -> Row:
    return {
        "basis": line.get_basis_display(),
        "lower": _short(line.lower),
        "upper": None if line.upper is None else _short(line.upper),
        "label": line.label,
        "document": line.document,
        "area": line.area.name,
        "valid_from": line.valid.lower,
        "valid_to": words.last_day(line.valid),
    }


def _short(multiple: Decimal) -> Decimal:
    """1.3 for 1.3000."""
    return Decimal(f"{multiple.normalize():f}")
