"""What the home page offers without typing: common drugs for long-term diseases, as today's lists name them."""

from dataclasses import dataclass
from datetime import date

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext

from catalog import browse
from catalog.models import Drug, DrugList, Preparation
from prices.views import badges

EACH = 4
WITHIN = 40
"""Preparations looked at for `EACH` different names: a name has several strengths."""


@dataclass(frozen=True, slots=True)
class Tile:
    preparation: Preparation
    trade_name: str
    """The name people know it by (络活喜); may be empty."""


@dataclass(frozen=True, slots=True)
class Group:
    label: str
    url: str
    tiles: tuple[Tile, ...]


@dataclass(frozen=True, slots=True)
class Way:
    """A list to browse."""

    label: str
    url: str


def groups(on: date) -> list[Group]:
    """高血压, 糖尿病 (two diseases first), then other long-term diseases; the most made drugs where no list is in force.

    One tile for each generic name over all groups; within a group what most makers sell stands first.
    """
    by_kind: dict[str, DrugList] = {}
    for row in browse.lists(on):
        by_kind.setdefault(row.kind, row)
    wanted: list[tuple[str, str, list[Preparation]]] = []
    if two := by_kind.get(DrugList.Kind.TWO_DISEASES):
        for note in browse.notes(two, on) or [""]:
            label = badges.disease(note) if note else str(badges.LISTS[DrugList.Kind.TWO_DISEASES][0])
            wanted.append((label, _address(two, note), list(browse.on_list(two, on, note=note)[:WITHIN])))
    if chronic := by_kind.get(DrugList.Kind.CHRONIC_DISEASE):
        label = gettext("其他慢性病") if wanted else gettext("慢性病")
        wanted.append((label, _address(chronic), list(browse.on_list(chronic, on)[:WITHIN])))
    if not wanted:
        wanted = [(gettext("厂家最多的药"), reverse("citizen:browse"), list(browse.best_known(EACH)[:WITHIN]))]
    return _groups(wanted)


def _groups(wanted: list[tuple[str, str, list[Preparation]]]) -> list[Group]:
    seen: set[str] = set()
    chosen: list[tuple[str, str, list[Preparation]]] = []
    for label, url, found in wanted:
        different: dict[str, Preparation] = {}
        for row in found:
            if row.generic_name not in seen:
                different.setdefault(row.generic_name, row)
        kept = list(different.values())[:EACH]
        seen.update(row.generic_name for row in kept)
        chosen.append((label, url, kept))
    known = _trade_names([row for _label, _url, kept in chosen for row in kept])
    return [
        Group(label, url, tuple(Tile(row, known.get(row.pk, "")) for row in kept))
        for label, url, kept in chosen
        if kept
    ]


def _trade_names(preparations: list[Preparation]) -> dict[int, str]:
    """By preparation the name people know it by: the originator's, else the first."""
    drugs = Drug.objects.filter(preparation__in=preparations).exclude(trade_name="")
    known = list(drugs.order_by("-pk").values_list("preparation", "trade_name", "quality"))
    known.sort(key=lambda row: row[2] == Drug.Quality.ORIGINATOR)
    return {preparation: trade_name for preparation, trade_name, _quality in known}


def ways(on: date) -> list[Way]:
    """A link for each kind of list in force, then what was won in 集采."""
    first: dict[str, DrugList] = {}
    for row in browse.lists(on):
        first.setdefault(row.kind, row)
    found = [Way(str(badges.LISTS[kind][0]), _address(first[kind])) for kind in browse.SHOWN_KINDS if kind in first]
    if browse.tendered(on).exists():
        found.append(Way(gettext("集采中选"), reverse("citizen:tendered")))
    return found


def _address(drug_list: DrugList, note: str = "") -> str:
    path = reverse("citizen:list", args=[drug_list.pk])
    return f"{path}?{urlencode({'note': note})}" if note else path
