"""Offers of a drug or a preparation in an order: exact, as a scan of all offers would give them, ties included."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from django.utils import timezone

from catalog.models import DrugList
from pharmacies.models import Pharmacy
from prices.models import Stock
from prices.search.lists import LISTED, at_no_pharmacy, barred, coverage, reviewed_listings
from prices.search.plans import Plan, Row, Sort, ask, choose, parameters
from prices.search.questions import (
    Answer,
    Barred,
    Coverage,
    Filters,
    Found,
    Place,
    Shop,
    Target,
    Where,
    cost,
    designations_of,
    intervals_of,
)
from prices.search.survey import Survey, survey


def find(
    target: Target,
    where: Where,
    *,
    sort: Sort,
    at: datetime,
    filters: Filters = Filters(),  # noqa: B008  frozen
    limit: int = 20,
    after: Place | None = None,
    quantity: int = 1,
    yuan_per_km: Decimal = Decimal(1),
    plan: Plan | None = None,
) -> Answer:
    """The page of `limit` offers that follows `after`; `plan` is chosen by what it would have to read.

    Eligible is an offer that is live, not `out` of stock and not hidden as stale, at a pharmacy that is ranked today
    and may sell the drug: what a list bars from retail is shown at medical institutions only.
    Fresh offers come first, stale ones after; `rank` is the competition rank by the sort's first key within fresh,
    continued in stale and over pages; `value` orders by the line and the way there, `frontier` is not cut by `limit` and
    has fresh offers only. All but `cheapest` need an origin (`ValueError`). Raises `SearchTimeout`.
    """
    if sort != "cheapest" and where.origin is None:
        raise ValueError(f"{sort} needs an origin")
    on = timezone.localdate(at)
    found = survey([drug.pk for drug in target.drugs], where, filters, on)
    covered, unsold = _allowed(target, filters, found, on)
    if not covered.drugs:
        return Answer((), None, where.origin, at)
    if len(covered.drugs) < len(target.drugs):  # fewer drugs have fewer offers
        found = survey([drug.pk for drug in covered.drugs], where, filters, on)
    asked = parameters(
        target,
        covered,
        where,
        found,
        sort=sort,
        filters=filters,
        at=at,
        rows=limit + 1,
        after=after,
        barred=unsold,
        quantity=quantity,
        yuan_per_km=yuan_per_km,
    )
    rows = ask(plan or choose(sort, asked, found), asked)
    if sort == "frontier":
        limit = len(rows)
    first_key = _first_key(sort, target, quantity, yuan_per_km)
    results = tuple(
        _found(row, rank, target, where, quantity, yuan_per_km)
        for row, rank in zip(rows[:limit], _ranks(rows[:limit], first_key, after), strict=True)
    )
    more = len(rows) > limit
    return Answer(results, _place(rows[limit - 1], results[-1], after, limit) if more else None, where.origin, at)


def _allowed(target: Target, filters: Filters, found: Survey, on: date) -> tuple[Coverage, Barred]:
    """Which of the drugs may be found at all, and where some may not."""
    covered = Coverage(target.drugs)
    if filters.reimbursed_as in LISTED:
        covered = coverage(target.drugs, found.lists[LISTED[filters.reimbursed_as]])
    elif filters.reimbursed_as:
        covered = reviewed_listings(target.drugs, on)
    if not covered.drugs or Pharmacy.Kind.PHARMACY not in filters.kinds:
        return covered, Barred()
    unsold = barred(found.lists[DrugList.Kind.NOT_FOR_RETAIL])
    if set(filters.kinds) == {Pharmacy.Kind.PHARMACY} and (nowhere := at_no_pharmacy(unsold)):
        covered = replace(covered, drugs=tuple(drug for drug in covered.drugs if drug.pk not in nowhere))
    return covered, unsold


Key = Callable[[float, int], float]


def _first_key(sort: Sort, target: Target, quantity: int, yuan_per_km: Decimal) -> Key:
    """What a sort orders by first, of a distance and a price to compare by."""
    if sort == "cheapest":
        return lambda _distance, price_key: price_key
    if sort == "value":
        fen_per_m = float(yuan_per_km) / 10
        return lambda distance, price_key: target.line_fen(int(price_key), quantity) + distance * fen_per_m
    return lambda distance, _price_key: distance


def _ranks(rows: Iterable[Row], first_key: Key, after: Place | None) -> list[int]:
    """Competition ranks (1, 1, 3) by freshness and the sort's first key, continuing the page before."""
    ranks: list[int] = []
    position = after.position if after else 0
    previous = (after.stale, first_key(after.distance, after.price_key)) if after else None
    rank = after.rank if after else 0
    for row in rows:
        position += 1
        first = (row.stale, first_key(row.distance, row.price_key))
        if first != previous:
            rank, previous = position, first
        ranks.append(rank)
    return ranks


def _place(row: Row, found: Found, after: Place | None, limit: int) -> Place:
    position = (after.position if after else 0) + limit
    return Place(
        row.stale, row.distance, int(row.price_key), row.code, found.drug.code, position, found.rank or position
    )


def _found(row: Row, rank: int, target: Target, where: Where, quantity: int, yuan_per_km: Decimal) -> Found:
    drug = next(drug for drug in target.drugs if drug.pk == row.drug_id)
    line = target.line_fen(int(row.price_key), quantity)
    return Found(
        shop=_shop(row),
        drug=drug,
        price_fen=row.price_fen,
        price_key=int(row.price_key),
        cost=cost(line, row.distance, yuan_per_km) if where.origin else None,
        distance_m=row.distance if where.origin else None,
        stock=Stock(row.stock),
        generated=row.generated,
        as_of=row.as_of,
        stale=row.stale,
        rank=rank,
    )


def _shop(row: Row) -> Shop:
    return Shop(
        id=row.pharmacy_id,
        code=row.code,
        name=row.name,
        kind=row.kind,
        address=row.address,
        phone=row.phone,
        hours=row.hours,
        open_minutes=None if row.open_minutes is None else intervals_of(row.open_minutes),
        designations=designations_of(row.designations),
        lng=row.lng,
        lat=row.lat,
    )
