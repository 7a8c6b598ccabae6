"""What `bin/bench search` asks: sorts × radii × rarities × one drug or a preparation × filters, from many places."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from django.db import connections
from django.utils import timezone

from catalog.models import Drug, DrugList, DrugListEntry, Preparation
from pharmacies.geo import Wgs84
from pharmacies.models import PharmacyToday
from prices.bench.referee import Question
from prices.search import plans
from prices.search.questions import Filters, Target, Where

RADII: dict[str, float] = {"1km": 1_000, "5km": 5_000, "20km": 20_000, "50km": 50_000, "province": 1_000_000}
RARITIES: dict[str, float] = {"common": 0.0, "mid": 0.10, "tail": 0.60, "rare": 1.0}
"""Where in the order from the commonest drug to the rarest; of preparations, from the one with the most offers on."""
FILTERS = ("", "open", "dual", "county")
DRUGS = 5
"""Drugs of each rarity."""
MEMBERS = 30
"""Drugs of a preparation."""
PLACES, PREPARATION_PLACES, QUICK_PLACES = 20, 8, 3
"""Places asked from, one question a case from each; of a preparation fewer, for the referee reads most of a million rows."""


@dataclass(frozen=True, slots=True)
class Case:
    """One line of the report, with its questions."""

    sort: str
    rarity: str
    radius: str
    preparation: bool
    filter: str
    questions: tuple[Question, ...]

    @property
    def name(self) -> str:
        more = ("prep30",) * self.preparation + ((self.filter,) if self.filter else ())
        return "/".join((self.sort, self.rarity, self.radius, *more))


@dataclass(frozen=True, slots=True)
class Origin:
    point: Wgs84
    county_id: int


@dataclass(frozen=True, slots=True)
class Asked:
    """By rarity: single drugs, and preparations of thirty."""

    drugs: dict[str, list[Target]]
    preparations: dict[str, list[Target]]
    offers: dict[int, int]

    def drug_ids(self) -> set[int]:
        groups = [*self.drugs.values(), *self.preparations.values()]
        return {drug.pk for targets in groups for target in targets for drug in target.drugs}


def targets() -> Asked:
    """What is asked about: chosen by how many offers there are."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT drug_id, count(*) FROM prices_offer GROUP BY drug_id")
        offers = dict(cursor.fetchall())
    ranked = sorted(offers, key=lambda pk: (-offers[pk], pk))
    drugs = {
        rarity: [Target.of_drug(drug) for drug in _drugs(_around(ranked, part, DRUGS))]
        for rarity, part in RARITIES.items()
    }
    return Asked(drugs, _preparations(offers), offers)


def _around(ranked: list[Any], part: float, count: int) -> list[Any]:
    begin = min(int(len(ranked) * part), max(0, len(ranked) - count))
    return ranked[begin : begin + count]


def _drugs(ids: Iterable[int]) -> list[Drug]:
    return sorted(Drug.objects.select_related("preparation").filter(pk__in=ids), key=lambda drug: drug.pk)


def _preparations(offers: dict[int, int]) -> dict[str, list[Target]]:
    """Preparations of at least thirty drugs that are counted in one unit, cut to thirty; fewer where none has so many."""
    members: dict[int, list[int]] = {}
    for pk, preparation in Drug.objects.filter(pk__in=offers).values_list("pk", "preparation_id"):
        members.setdefault(preparation, []).append(pk)
    largest = max(map(len, members.values()))
    enough = [pk for pk, ids in members.items() if len(ids) >= min(MEMBERS, largest)]
    ranked = sorted(enough, key=lambda pk: (-sum(offers[drug] for drug in members[pk]), pk))
    found = {}
    for rarity, part in RARITIES.items():
        chosen = Preparation.objects.filter(pk__in=_around(ranked, part, 1))
        found[rarity] = [Target.of_preparation(each, tuple(_drugs(members[each.pk])[:MEMBERS])) for each in chosen]
    return found


def origins(count: int = PLACES, seed: int = 1) -> list[Origin]:
    """Near pharmacies: where people live. With the county of that pharmacy."""
    random = Random(seed)
    rows = list(PharmacyToday.objects.order_by("pk").values_list("location", "pharmacy__division_id"))
    found = []
    for location, county in random.sample(rows, min(count, len(rows))):
        point = Wgs84(location.x + random.uniform(-0.01, 0.01), location.y + random.uniform(-0.01, 0.01))
        found.append(Origin(point, county))
    return found


def at_three(at: datetime) -> datetime:
    """The last 03:00 in Shanghai."""
    local = timezone.localtime(at)
    night = local.replace(hour=3, minute=0, second=0, microsecond=0)
    return night if night <= local else night - timedelta(days=1)


def cases(asked: Asked, places: list[Origin], at: datetime) -> Iterator[Case]:
    for preparation, groups in ((False, asked.drugs), (True, asked.preparations)):
        for sort in plans.SORTS:
            for rarity, group in groups.items():
                for radius, metres in RADII.items():
                    for name in FILTERS:
                        here = places[:PREPARATION_PLACES] if preparation else places
                        questions = tuple(
                            _question(sort, group[n % len(group)], origin, metres, name, at)
                            for n, origin in enumerate(here)
                        )
                        yield Case(sort, rarity, radius, preparation, name, questions)


def _question(sort: Any, target: Target, origin: Origin, metres: float, name: str, at: datetime) -> Question:
    where = Where(origin.point, metres, origin.county_id if name == "county" else None)
    filters = Filters(open_now=name == "open", reimbursed_as="dual_channel" if name == "dual" else None)
    return Question(target, where, sort, at_three(at) if name == "open" else at, filters)


def near(question: Question, radius_m: float) -> Question:
    """The same question within another radius."""
    return replace(question, where=replace(question.where, radius_m=radius_m))


def parameters(question: Question) -> dict[str, Any]:
    """As `find` takes them by name."""
    return {
        "sort": question.sort,
        "at": question.at,
        "filters": question.filters,
        "limit": question.limit,
        "quantity": question.quantity,
        "yuan_per_km": Decimal(question.yuan_per_km),
    }


def list_dual_channel(drug_ids: Iterable[int]) -> None:
    """Put all that is asked about on the province's dual-channel list, so that the filter leaves something."""
    province = DrugList.objects.get(kind=DrugList.Kind.DUAL_CHANNEL, area__parent=None)
    have = set(province.entries.values_list("drug_id", flat=True))
    rows = [DrugListEntry(drug_list=province, drug_id=pk, valid=province.valid) for pk in set(drug_ids) - have]
    DrugListEntry.objects.bulk_create(rows)
