"""The places a citizen chooses from: the province, its cities (市州) and their counties (区县)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from pharmacies.models import Region


@dataclass(frozen=True, slots=True)
class Place:
    id: int
    code: str
    name: str
    parent_id: int | None


@dataclass(frozen=True, slots=True)
class Places:
    """Divisions of one day. `cities` are what stands directly below the province, counties under the province too."""

    province: Place | None
    cities: tuple[Place, ...]
    _below: dict[int, tuple[Place, ...]]

    @classmethod
    def on(cls, day: date) -> "Places":
        """One query."""
        rows = Region.objects.valid(day).filter(kind=Region.Kind.DIVISION).order_by("code")
        places = [Place(*row) for row in rows.values_list("id", "code", "name", "parent_id")]
        province = next((place for place in places if place.parent_id is None), None)
        below: dict[int, list[Place]] = {}
        for place in places:
            if place.parent_id is not None:
                below.setdefault(place.parent_id, []).append(place)
        kept = {parent: tuple(children) for parent, children in below.items()}
        return cls(province, kept.get(province.id, ()) if province else (), kept)

    def city(self, code: str) -> Place | None:
        """The city of that code, or the province itself (全省)."""
        return _named(code, [*self.cities, *([self.province] if self.province else [])])

    def counties(self, city: Place | None) -> tuple[Place, ...]:
        """Counties of a city; the province's own children are cities, not counties."""
        if city is None or city == self.province:
            return ()
        return self._below.get(city.id, ())

    def named(self, code: str) -> Place | None:
        """The city or county of that code, wherever it lies."""
        return _named(code, [place for below in self._below.values() for place in below])

    @property
    def districts(self) -> list[tuple[Place, tuple[Place, ...]]]:
        """Each city with its counties; a county under the province stands with none."""
        return [(city, self.counties(city)) for city in self.cities]

    def county(self, city: Place | None, code: str) -> Place | None:
        """The county of that code, if it lies in the city: after a change of city the old county means nothing."""
        return _named(code, self.counties(city))


def _named(code: str, places: Iterable[Place]) -> Place | None:
    return next((place for place in places if place.code == code), None)
