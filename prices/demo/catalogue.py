"""The demo's insured drug catalogue: the edition of the year of the load, and beside it the one of the next year; in the
first months of a year also the one before, which was in force while the demo's history began.

There are no such documents; the editions say so. A row is a generic name and form of the facts. What next year's edition
has otherwise (new, gone, moved to 常规, of another class or restriction) is `editions/next_edition.csv`.
"""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.db.backends.postgresql.psycopg_any import DateRange

from catalog.models import Category, Drug, Edition, Listing, ListingMatch, PaymentStandard
from prices.demo.facts import DrugFact, Facts, Printed

DOCUMENT = "演示：医保药品目录（{year}年版，非真实文件）"
REVIEWER = "演示"
AGREED_YEARS = 2
SECTIONS = {
    ("X", Listing.Kind.ORDINARY): Listing.Section.WESTERN,
    ("Z", Listing.Kind.ORDINARY): Listing.Section.PATENT,
    ("X", Listing.Kind.NEGOTIATED): Listing.Section.NEGOTIATED_WESTERN,
    ("Z", Listing.Kind.NEGOTIATED): Listing.Section.NEGOTIATED_PATENT,
    ("X", Listing.Kind.AUCTION): Listing.Section.AUCTION,
    ("Z", Listing.Kind.AUCTION): Listing.Section.AUCTION,
}
CONFIDENTIAL_EVERY = 5
"""Of the negotiated drugs without a published standard, every so many has a confidential one (`*`)."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of an edition. `reviewed`: its products have been matched to it by a person."""

    generic_name: str
    dosage_form: str
    ins_class: str
    kind: Listing.Kind
    category_code: str
    restriction: str = ""
    agreement: DateRange | None = None
    reviewed: bool = True


Rows = dict[tuple[str, str], Row]
"""By generic name and form."""


def load(facts: Facts, *, since: date, year: int, at: datetime) -> list[Edition]:
    """Make the editions of `year`, of the next, and of those before it back to the day `since`, with all that hangs on
    them; the drugs are there already."""
    rows = this_year(facts, year)
    return [
        *(_write(facts, _before(rows, past), past, at) for past in range(since.year, year)),
        _write(facts, rows, year, at),
        _write(facts, next_year(rows, facts, year), year + 1, at, last=True),
    ]


# -- what the editions say --------------------------------------------------------------------------------------------


def this_year(facts: Facts, year: int) -> Rows:
    """The rows of the facts' drugs, with what `editions/listings.csv` prints beside some."""
    rows: Rows = {}
    for drug in facts.drugs:
        key = (drug.generic_name, drug.dosage_form)
        if drug.ins_class and key not in rows:
            kind, said = Listing.Kind(drug.kind), facts.editions.printed.get(key, Printed("", None))
            rows[key] = Row(
                generic_name=drug.generic_name,
                dosage_form=drug.dosage_form,
                ins_class=drug.ins_class,
                kind=kind,
                category_code=drug.code[:6],
                restriction=said.restriction,
                agreement=_agreement(kind, said, year),
            )
    return rows


def _before(rows: Rows, year: int) -> Rows:
    """Those rows in the earlier `year`, under another agreement where theirs had not begun."""
    turn = date(year + 1, 1, 1)
    return {
        key: replace(row, agreement=_agreed(date(year, 1, 1))) if row.agreement and row.agreement.lower >= turn else row
        for key, row in rows.items()
    }


def next_year(rows: Rows, facts: Facts, year: int) -> Rows:
    """Those rows as of the year after `year`: agreements that end with it renewed, and the changes of the facts."""
    turn = date(year + 1, 1, 1)
    found = {
        key: replace(row, agreement=_agreed(turn)) if row.agreement and row.agreement.upper <= turn else row
        for key, row in rows.items()
    }
    for change in facts.editions.changes:
        key = (change.generic_name, change.dosage_form)
        if change.change == "new":
            kind = Listing.Kind(change.kind)
            found[key] = Row(
                generic_name=change.generic_name,
                dosage_form=change.dosage_form,
                ins_class=change.ins_class,
                kind=kind,
                category_code=change.category_code,
                restriction=change.restriction,
                agreement=_agreement(kind, Printed("", None), year + 1),
                reviewed=False,
            )
        elif key in found:
            found |= _changed(found.pop(key), change.change, change.ins_class, change.restriction)
    return found


def _changed(row: Row, change: str, ins_class: str, restriction: str) -> Rows:
    """The row as it is afterwards; nothing when it is gone. Raises `KeyError` for a change nobody knows."""
    after = {
        "gone": None,
        "moved": replace(row, kind=Listing.Kind.ORDINARY, agreement=None, restriction=restriction),
        "class": replace(row, ins_class=ins_class or row.ins_class),
        "restriction": replace(row, restriction=restriction),
    }[change]
    return {(after.generic_name, after.dosage_form): after} if after else {}


def _agreement(kind: Listing.Kind, said: Printed, year: int) -> DateRange | None:
    """Only negotiated and auctioned drugs have one; it runs for two years from `year` unless the facts say otherwise."""
    if kind == Listing.Kind.ORDINARY:
        return None
    if said.agreement is None:
        return _agreed(date(year, 1, 1))
    first, last = said.agreement
    return DateRange(first, last + timedelta(days=1))


def _agreed(first: date) -> DateRange:
    return DateRange(first, first.replace(year=first.year + AGREED_YEARS))


# -- into the database ------------------------------------------------------------------------------------------------


def _write(facts: Facts, rows: Rows, year: int, at: datetime, *, last: bool = False) -> Edition:
    """The edition of `year`, ready. The last one has no end, so that a demo that is left running keeps a catalogue."""
    valid = DateRange(date(year, 1, 1), None if last else date(year + 1, 1, 1))
    edition: Edition = Edition.objects.create(
        year=year, document=DOCUMENT.format(year=year), valid=valid, state=Edition.State.LOADING
    )
    Category.objects.bulk_create(
        Category(edition=edition, code=code, name=name) for code, name in facts.editions.categories
    )
    listings = dict(zip(rows, _listings(edition, rows), strict=True))
    Listing.objects.bulk_create(listings.values())
    ListingMatch.objects.bulk_create(_matches(facts, rows, listings, at))
    PaymentStandard.objects.bulk_create(_standards(facts, listings))
    edition.declared = {"listings": len(listings)}
    edition.state = Edition.State.READY
    edition.save()
    return edition


def _listings(edition: Edition, rows: Rows) -> list[Listing]:
    """Numbered from 1 in each part of the document."""
    found: list[Listing] = []
    numbers = Counter[str]()
    for row in rows.values():
        section = SECTIONS[row.category_code[0], row.kind]
        numbers[section] += 1
        found.append(
            Listing(
                edition=edition,
                section=section,
                number=str(numbers[section]),
                category_code=row.category_code,
                generic_name=row.generic_name,
                names=[row.generic_name],
                dosage_form=row.dosage_form,
                ins_class=row.ins_class,
                kind=row.kind,
                restriction=row.restriction,
                agreement=row.agreement,
            )
        )
    return found


def _matches(facts: Facts, rows: Rows, listings: dict[tuple[str, str], Listing], at: datetime) -> list[ListingMatch]:
    """Every product to its row: reviewed, but for a few that wait for a pharmacist, and for all of a new row."""
    drugs: dict[str, int] = dict(Drug.objects.values_list("code", "pk"))
    found = []
    for drug in facts.drugs:
        key = (drug.generic_name, drug.dosage_form)
        if key not in rows:
            continue
        match = ListingMatch(drug_id=drugs[drug.code], listing=listings[key], score=1.0)
        if drug.code in facts.editions.unreviewed:
            match.score, match.reason = facts.editions.unreviewed[drug.code]
        elif not rows[key].reviewed:
            match.reason = "新增条目，通用名和剂型相同，待药师核对"
        else:
            match.state, match.reason = ListingMatch.State.ACCEPTED, "通用名和剂型相同"
            match.reviewed_by, match.reviewed_at = REVIEWER, at
        found.append(match)
    return found


def _standards(facts: Facts, listings: dict[tuple[str, str], Listing]) -> list[PaymentStandard]:
    by_code: dict[str, DrugFact] = {drug.code: drug for drug in facts.drugs}
    found, published = [], set()
    for code, amount in facts.payment_standards:
        drug = by_code[code]
        key = (drug.generic_name, drug.dosage_form)
        if key in listings:
            published.add(key)
            spec = f"{drug.strength}×{drug.pack_count}"
            found.append(PaymentStandard(listing=listings[key], spec=spec, amount=amount))
    secret = [
        listing for key, listing in listings.items() if listing.kind == Listing.Kind.NEGOTIATED and key not in published
    ]
    return found + [PaymentStandard(listing=listing, confidential=True) for listing in secret[::CONFIDENTIAL_EVERY]]
