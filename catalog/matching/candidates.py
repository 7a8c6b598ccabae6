"""Writing candidates for an edition: found by the rules, decided only by what a person decided of an earlier edition."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from catalog.matching.memory import Decision, remembered
from catalog.matching.rows import catalogue_of, locked
from catalog.matching.rules import Catalogue, Fit, Product, kind_of, product
from catalog.models import Drug, Edition, ListingMatch
from pharmacies.audit import record
from pharmacies.importers.bulk import columns_of, copy_in, overwrite
from pharmacies.importers.outcome import Progress, quiet
from pharmacies.models import User

STEP = 5000
MAX_REASON = 300
_OPEN, _ACCEPTED = ListingMatch.State.CANDIDATE, ListingMatch.State.ACCEPTED


@dataclass(slots=True)
class Found:
    """Counts of drugs by what came of them, and of `ListingMatch` rows written."""

    drugs: int = 0
    settled: int = 0  # a row of this edition is accepted: nothing was looked for
    single: int = 0  # one row fits best
    ambiguous: int = 0  # several fit equally
    weak: int = 0  # something speaks against every row
    none: int = 0
    created: int = 0
    updated: int = 0
    removed: int = 0
    carried: int = 0  # decisions of an earlier edition that hold for this one, among created and updated

    @property
    def changed(self) -> int:
        return self.created + self.updated + self.removed


def find(
    *,
    edition: Edition,
    drugs: QuerySet[Drug] | None = None,
    at: datetime,
    by: User | str,
    progress: Progress = quiet,
) -> Found:
    """Bring the candidates of `edition` up to date for `drugs` (all, unless told); nothing a person said is touched.

    A drug with an accepted row is left alone; a rejected pair is not proposed again. What people decided about an equal
    row of an earlier edition is carried over with its reviewer. Running it twice changes nothing the second time; runs
    at once come one after the other.
    """
    with transaction.atomic():
        locked(edition.pk)
        wanted = Drug.objects.all() if drugs is None else drugs
        run = _Run(catalogue_of(edition), at)
        stored, memory = _stored(edition, drugs), remembered(edition, drugs)
        total = wanted.count()
        for number, (pk, each) in enumerate(_products(wanted), 1):
            run.take(pk, each, stored.get(pk, {}), memory.get(pk, {}))
            if number % STEP == 0 or number == total:
                progress(_("匹配目录"), number, total)
        found = run.write()
        if found.changed:
            record(
                at=at,
                by=by,
                action="match_drugs",
                subject="catalog.Edition",
                subject_id=edition.pk,
                after=asdict(found),
            )
    return found


def _products(drugs: QuerySet[Drug]) -> Iterator[tuple[int, Product]]:
    rows = drugs.order_by("pk").values_list(
        "pk", "code", "approval_no", "preparation__generic_name", "preparation__dosage_form"
    )
    for pk, code, approval_no, name, form in rows.iterator(chunk_size=STEP):
        yield pk, product(name=name, form=form, code=code, approval_no=approval_no)


def _stored(edition: Edition, drugs: QuerySet[Drug] | None) -> dict[int, dict[int, ListingMatch]]:
    """Drug id -> listing id -> its row of this edition."""
    rows = ListingMatch.objects.filter(listing__edition=edition)
    if drugs is not None:
        rows = rows.filter(drug__in=drugs)
    stored: dict[int, dict[int, ListingMatch]] = defaultdict(dict)
    for row in rows.iterator(chunk_size=STEP):
        stored[row.drug_id][row.listing_id] = row
    return stored


class _Run:
    """One run over the drugs: what it found, and the rows it will write."""

    def __init__(self, catalogue: Catalogue, at: datetime) -> None:
        self._catalogue, self._at = catalogue, at
        self._found = Found()
        self._new: list[ListingMatch] = []
        self._changed: list[ListingMatch] = []
        self._gone: list[int] = []

    def take(self, drug_id: int, wanted: Product, stored: dict[int, ListingMatch], memory: dict[int, Decision]) -> None:
        """One drug: its row of each listing in `stored`, what was said of earlier editions in `memory`."""
        self._found.drugs += 1
        settled = decided = any(row.state == _ACCEPTED for row in stored.values())
        for listing_id, decision in memory.items():
            row = stored.get(listing_id)
            if row and row.state != _OPEN:
                continue  # said about this edition itself
            if decision.state == _ACCEPTED and decided:
                continue  # another row of this edition was accepted
            (self._changed if row else self._new).append(decision.applied(row, drug_id, listing_id, self._at))
            self._found.carried += 1
            settled = settled or decision.state == _ACCEPTED
        if settled:
            self._found.settled += 1
        else:
            self._propose(drug_id, self._catalogue.fits(wanted), stored, memory)

    def _propose(
        self, drug_id: int, fits: tuple[Fit, ...], stored: dict[int, ListingMatch], memory: dict[int, Decision]
    ) -> None:
        """The open candidates of a drug become those that fit; pairs that somebody spoke of are none of them."""
        kind = kind_of(fits)
        setattr(self._found, kind, getattr(self._found, kind) + 1)
        for fit in fits:
            row = stored.get(fit.entry.id)
            said = (fit.score, fit.reason[:MAX_REASON])
            if row is None and fit.entry.id not in memory:
                self._new.append(ListingMatch(drug_id=drug_id, listing_id=fit.entry.id, score=said[0], reason=said[1]))
            elif row and row.state == _OPEN and (row.score, row.reason) != said:
                row.score, row.reason = said
                self._changed.append(row)
        fitting = {fit.entry.id for fit in fits}
        self._gone += [row.pk for key, row in stored.items() if row.state == _OPEN and key not in fitting]

    def write(self) -> Found:
        ListingMatch.objects.filter(pk__in=self._gone).delete()
        overwrite(ListingMatch, self._changed)
        copy_in(ListingMatch, columns_of(ListingMatch), self._new)
        found = self._found
        found.created, found.updated, found.removed = len(self._new), len(self._changed), len(self._gone)
        return found
