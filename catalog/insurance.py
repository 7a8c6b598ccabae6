"""What insurance says about drugs on a day: class, restriction, payment standards, lists, reference prices.

Only what a person has reviewed, only by rows in force; a match nobody has reviewed is `unreviewed` and says nothing
else. `facts` reads it all in `QUERIES` queries at most, however many drugs.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from django.conf import settings
from django.db.models import Q

from catalog import confidential
from catalog.models import (
    Drug,
    DrugList,
    DrugListEntry,
    Edition,
    Listing,
    ListingMatch,
    PaymentStandard,
    ReferencePrice,
)

QUERIES = 7
CLASSES = ("甲", "乙")
UNREVIEWED = "?"
"""Candidates exist, or rows of both classes have been accepted: it is for a person to say (待核)."""


@dataclass(frozen=True, slots=True)
class ListFact:
    """A list valid on the day, with what it names of the drugs asked about: ids, none where it names none."""

    kind: str
    area_id: int
    area: str
    everywhere: bool  # the area has no parent: it holds in the whole province
    document: str
    since: date | None
    drug_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class Facts:
    """About `drugs` on the day `on`. Maps are by drug id, `standards` and `carried` by listing id."""

    on: date
    drugs: tuple[Drug, ...]
    edition: Edition | None = None
    following: Edition | None = None  # the next one that is ready
    accepted: dict[int, list[Listing]] = field(default_factory=dict)
    unreviewed: frozenset[int] = frozenset()
    # The rows of `following` that a person has matched to the drug, else those of the same name and form.
    carried: dict[int, list[Listing]] = field(default_factory=dict)
    standards: dict[int, list[PaymentStandard]] = field(default_factory=dict)
    lists: tuple[ListFact, ...] = ()
    references: dict[int, list[ReferencePrice]] = field(default_factory=dict)

    @property
    def listings(self) -> list[Listing]:
        """The accepted rows of any of the drugs, each once, in the order of the catalogue."""
        rows = {row.pk: row for drug in self.drugs for row in self.accepted.get(drug.pk, ())}
        return sorted(rows.values(), key=lambda row: (row.section, len(row.number), row.number, row.row))

    def class_of(self, drug: Drug) -> str:
        """甲, 乙, `UNREVIEWED`, or empty when nothing is known."""
        said = {row.ins_class for row in self.accepted.get(drug.pk, ())}
        if len(said) == 1:
            return said.pop()
        return UNREVIEWED if said or drug.pk in self.unreviewed else ""

    def classes(self) -> dict[str, int]:
        """How many of the drugs are of each class, in the order 甲, 乙, `UNREVIEWED`, unknown."""
        found = [self.class_of(drug) for drug in self.drugs]
        return {name: found.count(name) for name in (*CLASSES, UNREVIEWED, "") if name in found}

    def naming(self, kind: str) -> list[ListFact]:
        """The lists of that kind that name one of the drugs, province first."""
        found = [each for each in self.lists if each.kind == kind and each.drug_ids]
        return sorted(found, key=lambda each: not each.everywhere)

    def named_everywhere(self, kind: str) -> set[int]:
        """Ids of the drugs that a list of that kind of the whole province names, and every nearer one too."""
        lists = [each for each in self.lists if each.kind == kind]
        if not any(each.everywhere for each in lists):
            return set()
        return set(frozenset.intersection(*(each.drug_ids for each in lists)))


def facts(drugs: Iterable[Drug], on: date) -> Facts:
    """Everything about `drugs`, whose preparations are loaded, on the day `on`."""
    asked = tuple(drugs)
    if not asked:
        return Facts(on, ())
    edition, following = _editions(on)
    matched, candidates = _matches(asked)
    now, later = _of_edition(matched, edition), _of_edition(matched, following)
    of_listing: dict[int, set[int]] = {}
    for drug_id, row in matched:
        of_listing.setdefault(row.pk, set()).add(drug_id)
    current = {row.pk: row for rows in now.values() for row in rows}
    return Facts(
        on=on,
        drugs=asked,
        edition=edition,
        following=following,
        accepted=now,
        unreviewed=frozenset(drug for drug, of in candidates if edition and of == edition.pk and drug not in now),
        carried=_carried(current, following)
        | {row.pk: later[drug] for drug, rows in now.items() if drug in later for row in rows},
        standards=_standards(list(current)),
        lists=_lists(asked, of_listing, on),
        references=_references(asked, on),
    )


def classes(drugs: Iterable[Drug], on: date) -> dict[int, str]:
    """Drug id -> 甲 or 乙 on the day `on`. A drug matched to rows of both classes has none: it is for a person to say."""
    matches = ListingMatch.objects.using(settings.SEARCH_DATABASE).filter(
        drug__in=list(drugs),
        state=ListingMatch.State.ACCEPTED,
        listing__in=Listing.objects.using(settings.SEARCH_DATABASE).in_force(on),
    )
    found: dict[int, set[str]] = {}
    for drug_id, ins_class in matches.values_list("drug_id", "listing__ins_class"):
        found.setdefault(drug_id, set()).add(ins_class)
    return {drug_id: next(iter(said)) for drug_id, said in found.items() if len(said) == 1}


def _editions(on: date) -> tuple[Edition | None, Edition | None]:
    """The ready edition of the day and the first ready one that begins after it."""
    ready = Edition.objects.using(settings.SEARCH_DATABASE).filter(state=Edition.State.READY)
    rows = list(ready.filter(Q(valid__contains=on) | Q(valid__startswith__gt=on)).order_by("valid"))
    current = next((row for row in rows if row.valid.lower is None or row.valid.lower <= on), None)
    return current, next((row for row in rows if row.valid.lower and row.valid.lower > on), None)


def _matches(drugs: tuple[Drug, ...]) -> tuple[list[tuple[int, Listing]], list[tuple[int, int]]]:
    """Accepted (drug id, listing) of all editions, since lists name rows of any; candidates as (drug id, edition id)."""
    matches = ListingMatch.objects.using(settings.SEARCH_DATABASE).filter(drug__in=drugs)
    rows = list(matches.exclude(state=ListingMatch.State.REJECTED).select_related("listing").order_by("drug_id", "pk"))
    accepted = [(row.drug_id, row.listing) for row in rows if row.state == ListingMatch.State.ACCEPTED]
    waiting = [(row.drug_id, row.listing.edition_id) for row in rows if row.state == ListingMatch.State.CANDIDATE]
    return accepted, waiting


def _of_edition(matched: list[tuple[int, Listing]], edition: Edition | None) -> dict[int, list[Listing]]:
    found: dict[int, list[Listing]] = {}
    for drug_id, row in matched:
        if edition and row.edition_id == edition.pk:
            found.setdefault(drug_id, []).append(row)
    return found


def _carried(current: dict[int, Listing], following: Edition | None) -> dict[int, list[Listing]]:
    """For each row the rows of the next edition with its name and form."""
    if not current or following is None:
        return {}
    names = {row.generic_name for row in current.values()}
    later = Listing.objects.using(settings.SEARCH_DATABASE).filter(edition=following, generic_name__in=names)
    same: dict[tuple[str, str], list[Listing]] = {}
    for row in later.order_by("section", "number", "row"):
        same.setdefault((row.generic_name, row.dosage_form), []).append(row)
    return {pk: same.get((row.generic_name, row.dosage_form), []) for pk, row in current.items()}


def _standards(listing_ids: list[int]) -> dict[int, list[PaymentStandard]]:
    found: dict[int, list[PaymentStandard]] = {}
    if listing_ids:
        rows = PaymentStandard.objects.using(settings.SEARCH_DATABASE).filter(listing__in=listing_ids)
        for row in rows.order_by("pk"):
            found.setdefault(row.listing_id, []).append(row)
    return found


def _lists(drugs: tuple[Drug, ...], of_listing: dict[int, set[int]], on: date) -> tuple[ListFact, ...]:
    """Every list of the day; an entry names a drug, a row a drug was matched to, or a name with or without a form."""
    of_name: dict[str, list[Drug]] = {}
    for drug in drugs:
        of_name.setdefault(drug.preparation.generic_name, []).append(drug)
    entries = DrugListEntry.objects.using(settings.SEARCH_DATABASE).valid(on).filter(drug_list__valid__contains=on)
    named: dict[int, set[int]] = {}
    for entry in entries.filter(Q(drug__in=drugs) | Q(listing__in=of_listing) | Q(generic_name__in=of_name)):
        covered = named.setdefault(entry.drug_list_id, set())
        if entry.drug_id:
            covered.add(entry.drug_id)
        covered |= of_listing.get(entry.listing_id or 0, set())
        for drug in of_name.get(entry.generic_name, ()):
            if entry.dosage_form in ("", drug.preparation.dosage_form):
                covered.add(drug.pk)
    lists = DrugList.objects.using(settings.SEARCH_DATABASE).valid(on).select_related("area")
    return tuple(
        ListFact(
            kind=row.kind,
            area_id=row.area_id,
            area=row.area.name,
            everywhere=row.area.parent_id is None,
            document=row.document,
            since=row.valid.lower,
            drug_ids=frozenset(named.get(row.pk, ())),
        )
        for row in lists.order_by("kind", "area__code")
    )


def _references(drugs: tuple[Drug, ...], on: date) -> dict[int, list[ReferencePrice]]:
    """With area and scheme; an area's own after what holds for the whole province."""
    of_drugs = ReferencePrice.objects.using(settings.SEARCH_DATABASE).valid(on).filter(drug__in=drugs)
    rows = confidential.publishable(of_drugs, on)
    found: dict[int, list[ReferencePrice]] = {}
    for row in rows.select_related("area", "scheme").order_by("kind", "area__code", "pk"):
        found.setdefault(row.drug_id, []).append(row)
    return found
