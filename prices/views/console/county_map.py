"""地图: the counties of an area in five shades of one figure, and the pharmacies with leads as points (示意图)."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from django.core.cache import cache
from django.db import connection
from django.db.models import Count, Max
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_safe

from pharmacies import access
from pharmacies.access import Action
from pharmacies.models import Pharmacy, Region
from prices.models.leads import Lead
from prices.monitoring.tables import Column
from prices.sql import statement
from prices.templatetags.tables import said
from prices.views.console import measures
from prices.views.console.measures import MEASURES, Measure
from prices.views.console.pharmacies import managed
from prices.views.console.tables import answer
from prices.views.staff import sessions
from prices.views.staff.guard import signed_in

WIDTH, HEIGHT = 720, 620
SHADES = 5
POINTS, SHOPS = 300, 1000
FIRST = 10
KEPT_SECONDS = 3600
BY = ("leads", "late", "timely", "coverage", "fresh", "refused", "dispersion")


@dataclass(frozen=True, slots=True)
class Shape:
    """A county in drawing units."""

    region_id: int
    code: str
    name: str
    level: str
    path: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """`shapes` of counties and of the cities over them, and how a place becomes a point of the drawing."""

    shapes: list[Shape]
    west: float
    north: float
    squeeze: float
    scale: float
    width: float
    height: float

    @property
    def box(self) -> str:
        """What the drawing shows: itself with a margin around it."""
        return f"-6 -6 {round(self.width) + 12} {round(self.height) + 12}"

    def at(self, lng: float, lat: float) -> tuple[float, float]:
        x = (lng - self.west) * self.scale * self.squeeze
        return round(x, 1), round((self.north - lat) * self.scale, 1)


@dataclass(frozen=True, slots=True)
class County:
    """A county as it is drawn: its shade (0: nothing known), its words, where it leads."""

    shape: Shape
    shade: int
    said: str
    link: str
    value: float | None
    figure: str


@dataclass(frozen=True, slots=True)
class Point:
    x: float
    y: float
    radius: float
    said: str
    link: str


@signed_in
@require_safe
def county_map(request: HttpRequest, adcode: str) -> HttpResponseBase:
    """The figure that `?by=` names, county by county; the pharmacies with leads to look at."""
    at = timezone.now()
    area = access.area_for(sessions.person(request), Action.SEE, adcode, at=at)
    measure = MEASURES[request.GET.get("by", "")] if request.GET.get("by", "") in BY else MEASURES["leads"]
    regions = _regions(area, access.day(at))
    on = measures.last_day()
    table = measures.area_table(regions, on, name="counties") if on else None
    file = answer(request, table) if table else None
    if file:
        return file
    drawn = drawing([each.pk for each in regions], area, access.day(at))
    counties, legend = shaded(drawn, _values(regions, measure, on), measure, area) if drawn else ([], [])
    context = {
        "place": area,
        "on": on,
        "measure": measure,
        "measures": [(each, f"?{urlencode({'by': each})}", MEASURES[each].label) for each in BY],
        "drawing": drawn,
        "counties": counties,
        "borders": [shape for shape in drawn.shapes if shape.level == Region.Level.CITY] if drawn else [],
        "names": len(regions) <= 20,
        "legend": legend,
        "ranking": ranking(counties, measure),
        "shops": shops(drawn, area) if drawn and len(regions) == 1 else [],
        "points": points(drawn, area, at=at) if drawn else [],
        "table": table,
    }
    return render(request, "console/map.html", context)


def _regions(area: Region, on: date) -> list[Region]:
    """The counties of the area that day; of a county itself alone."""
    within = Region.objects.within(area).filter(valid__contains=on, level=Region.Level.DISTRICT)
    return list(within.order_by("code"))


def drawing(regions: Sequence[int], area: Region, day: date) -> Drawing | None:
    """The counties with their cities' borders (county_shapes.sql); None where no outline is known."""
    key = f"county-shapes:{area.pk}:{day}"
    found: Drawing | None = cache.get(key)
    if found is None:
        several = Region.objects.filter(pk__in=regions if len(regions) > 1 else []).values("parent__code")
        cities = Region.objects.valid(day).filter(code__in=several, level=Region.Level.CITY)
        with connection.cursor() as cursor:
            ids = [*regions, *cities.values_list("pk", flat=True)]
            cursor.execute(statement("county_shapes"), {"regions": ids, "width": WIDTH, "height": HEIGHT})
            rows = cursor.fetchall()
        if not rows:
            return None
        west, north, squeeze, scale, width, height = rows[0][7:]
        shapes = [
            Shape(pk, code, name, level, path, round(x, 1), round(y, 1))
            for pk, code, name, level, path, x, y, *_ in rows
        ]
        found = Drawing(shapes, west, north, squeeze, scale, round(width, 1), round(height, 1))
        cache.set(key, found, KEPT_SECONDS)
    return found


# -- shades -----------------------------------------------------------------------------------------------------------


def _values(regions: Sequence[Region], measure: Measure, on: date | None) -> dict[int, float | int | None]:
    """The measure by county: leads as of now, like the points; everything else as of last night."""
    if measure.name == "leads":
        return dict(measures.open_leads(regions))
    return {pk: measure.of(figure) for pk, figure in measures.figures(regions, on).items()} if on else {}


def shaded(
    drawn: Drawing, values: dict[int, float | int | None], measure: Measure, area: Region
) -> tuple[list[County], list[tuple[int, str]]]:
    """The counties with their shades, and what each shade stands for."""
    known = [value for value in values.values() if value is not None]
    edges = breaks(known)
    counties = []
    for shape in drawn.shapes:
        if shape.level == Region.Level.CITY:
            continue
        value = values.get(shape.region_id)
        figure = _said(value, measure)
        words = gettext("%(name)s：%(label)s %(value)s") % {"name": shape.name, "label": measure.label, "value": figure}
        link = reverse("staff:console", args=[shape.code]) if shape.code != area.code else ""
        depth = 0 if value is None else shade(value, edges)
        counties.append(County(shape, depth, words, link, value, figure))
    return counties, _legend(known, edges, measure)


def ranking(counties: Sequence[County], measure: Measure) -> list[County]:
    """Those that need attention most, by the measure; nothing where there is nothing to compare."""
    known = [each for each in counties if each.value is not None]
    if len(known) < 2:
        return []
    return sorted(known, key=lambda each: (-(each.value or 0) if measure.more else each.value or 0, each.shape.code))[
        :FIRST
    ]


def breaks(values: Sequence[float]) -> list[float]:
    """Where one shade ends and the next begins: the fifths of the values, those that fall together once."""
    if len(set(values)) < 2:
        return []
    fifths = np.quantile(np.asarray(values, float), [each / SHADES for each in range(1, SHADES)])
    highest = max(values)
    return sorted({float(each) for each in fifths if each < highest})


def shade(value: float, edges: Sequence[float]) -> int:
    """1 to 5; fewer classes are spread over the whole ramp."""
    if not edges:
        return 1
    return 1 + round(bisect_left(edges, value) * (SHADES - 1) / len(edges))


def _legend(known: Sequence[float], edges: Sequence[float], measure: Measure) -> list[tuple[int, str]]:
    classes: dict[int, list[float]] = {}
    for value in known:
        classes.setdefault(shade(value, edges), []).append(value)
    found = []
    for each in sorted(classes):
        low, high = _said(min(classes[each]), measure), _said(max(classes[each]), measure)
        count = len(classes[each])
        words = {"span": low if low == high else f"{low}–{high}", "n": count}
        found.append((each, ngettext("%(span)s（%(n)s 个地区）", "%(span)s（%(n)s 个地区）", count) % words))
    return found


def _said(value: float | int | None, measure: Measure) -> str:
    label: str | Promise = measure.label
    return gettext("没有数据") if value is None else said(value, Column(measure.name, label, measure.kind))


# -- points -----------------------------------------------------------------------------------------------------------


def points(drawn: Drawing, area: Region, *, at: datetime) -> list[Point]:
    """Pharmacies with leads to look at, those that matter most; a point is the larger the more leads there are."""
    counted: Any = (
        Lead.objects.within(area)
        .filter(state=Lead.State.NEW, pharmacy_id__isnull=False)
        .values("pharmacy_id")
        .annotate(n=Count("pk"), top=Max("score"))
        .order_by("-top")[:POINTS]
    )
    many = {row["pharmacy_id"]: row["n"] for row in counted}
    shops = Pharmacy.objects.filter(pk__in=many).only("code", "name", "location")
    found = []
    for shop in sorted(shops, key=lambda each: -many[each.pk]):
        location: Any = shop.location
        x, y = drawn.at(location.x, location.y)
        n = many[shop.pk]
        words = ngettext("%(name)s：%(n)s 条待看线索", "%(name)s：%(n)s 条待看线索", n) % {"name": shop.name, "n": n}
        link = f"{reverse('staff:console-leads', args=[area.code])}?{urlencode({'q': shop.code})}"
        found.append(Point(x, y, round(min(4 + n**0.5, 12), 1), words, link))
    return found


def shops(drawn: Drawing, area: Region) -> list[Point]:
    """Every pharmacy of a single county, small, each leading to its page."""
    found = []
    for shop in managed(area).only("code", "name", "location").order_by("pk")[:SHOPS]:
        location: Any = shop.location
        link = reverse("staff:console-pharmacy", args=[area.code, shop.code])
        found.append(Point(*drawn.at(location.x, location.y), 3, shop.name, link))
    return found
