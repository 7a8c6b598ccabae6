"""Whose codes are these? Pharmacies, designations and drugs that the cells of a delivery name, as frames to join.

Only what the delivery mentions is fetched, whatever the size of the catalogue.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from catalog.models import Alias, Drug
from pharmacies.models import Designation, Pharmacy, PharmacyAlias
from prices.models import Feed

PHARMACIES = {"pharmacy_code": pl.String, "pharmacy_id": pl.Int32, "in_scope": pl.Boolean}
DESIGNATIONS = {"pharmacy_id": pl.Int32, "from_day": pl.Date, "to_day": pl.Date}
DRUGS = {"drug_code": pl.String, "drug_id": pl.Int32, "pack_count": pl.Int32}


@dataclass(frozen=True)
class Directory:
    """`pharmacies` (pharmacy_code → pharmacy_id, in_scope), `designations` (half-open days), `drugs` (drug_code →
    drug_id, pack_count); each code once."""

    pharmacies: pl.DataFrame
    designations: pl.DataFrame
    drugs: pl.DataFrame


def one_shop(feed: Feed) -> Pharmacy | None:
    """The only pharmacy this feed may speak for, if it is one: then the pharmacy column may be missing."""
    if feed.scope != Feed.Scope.PHARMACIES:
        return None
    shops = list(feed.pharmacies.all()[:2])
    return shops[0] if len(shops) == 1 else None


def look_up(feed: Feed, *, pharmacy_codes: Sequence[str], drug_codes: Sequence[str], on: date) -> Directory:
    """Resolve codes and the feed's own aliases, valid on the day `on`."""
    pharmacies = _pharmacies(feed, pharmacy_codes)
    ids = pharmacies["pharmacy_id"].to_list()
    ranges = Designation.objects.filter(pharmacy_id__in=ids, kind=Designation.Kind.DESIGNATED)
    designations = [(d.pharmacy_id, d.valid.lower, d.valid.upper) for d in ranges.only("pharmacy_id", "valid")]
    return Directory(
        pharmacies=pharmacies,
        designations=pl.DataFrame(designations, schema=DESIGNATIONS, orient="row"),
        drugs=_drugs(feed, drug_codes, on),
    )


def _pharmacies(feed: Feed, codes: Sequence[str]) -> pl.DataFrame:
    found: dict[str, int] = dict(Pharmacy.objects.filter(code__any_of=codes).values_list("code", "pk"))
    if feed.chain is not None:
        unknown = [code for code in codes if code not in found]
        aliases = PharmacyAlias.objects.filter(chain=feed.chain, store_no__in=unknown)
        found |= dict(aliases.values_list("store_no", "pharmacy_id"))
    scope = Pharmacy.objects.filter(pk__in=found.values())
    if feed.scope == Feed.Scope.CHAIN:
        scope = scope.filter(chain=feed.chain)
    elif feed.scope == Feed.Scope.PHARMACIES:
        scope = scope.filter(feeds=feed)
    allowed = set(scope.values_list("pk", flat=True))
    rows = [(code, pk, pk in allowed) for code, pk in found.items()]
    return pl.DataFrame(rows, schema=PHARMACIES, orient="row")


def _drugs(feed: Feed, codes: Sequence[str], on: date) -> pl.DataFrame:
    national = Drug.objects.filter(code__any_of=[code.upper() for code in codes])
    by_code = {code: (pk, pack) for code, pk, pack in national.values_list("code", "pk", "pack_count")}
    theirs = Alias.objects.valid(on).filter(source=feed.slug, their_code__any_of=codes)
    by_alias = {code: (pk, pack) for code, pk, pack in theirs.values_list("their_code", "drug_id", "drug__pack_count")}
    # What the reporter's own code was settled to mean comes first; a national code means what it says.
    found = {code: by_alias.get(code) or by_code.get(code.upper()) for code in codes}
    rows = [(code, *drug) for code, drug in found.items() if drug]
    return pl.DataFrame(rows, schema=DRUGS, orient="row")
