"""What deliveries should do to the shown prices: the rules of docs/feed-format.md in plain Python, one offer at a time.

None of the pipeline's shortcuts: here every confirmation is written, and every rule is asked of every row. The state
machine compares it with the real thing after every step.
"""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from tests.prices.sent_rows import PRICES, STOCKS, Judged, Row, is_slip, shanghai_day

Position = tuple[datetime, datetime, int]  # effective, received, run: what "newer" means
Key = tuple[str, str]  # shop, drug

SKEW, AHEAD = timedelta(minutes=10), timedelta(days=30)
IN_FLIGHT = {"received", "staged", "publishing"}


@dataclass
class Offer:
    fen: int
    stock: int
    feed: str
    confirmed: Position
    live: bool = True
    disputed: datetime | None = None


@dataclass(frozen=True)
class Tally:
    accepted: int
    changed: int = 0
    withdrawn: int = 0
    disputed: int = 0


@dataclass
class Run:
    id: int
    feed: str
    mode: str
    received: datetime
    data: bytes
    rows: tuple[Row, ...]
    confirms: "Run | None" = None
    state: str = "received"
    released: bool = False
    attempts: int = 0
    refused: int = 0
    unknown: list[Row] = field(default_factory=list)  # refused for nothing but the drug code
    done: dict[str, Tally] = field(default_factory=dict)

    @property
    def accepted(self) -> int:
        return sum(tally.accepted for tally in self.done.values())


@dataclass(frozen=True)
class Plan:
    accepted: list[Judged]
    refused: list[Judged]
    complete: bool
    hold: bool


@dataclass
class Model:
    scope: dict[str, set[str]]  # feed -> shops
    shops: dict[tuple[str, str], str]  # (feed, code as written) -> shop
    drugs: dict[str, str]  # code -> drug
    pack: int
    hold_from: int  # rows
    designated_until: dict[str, date] = field(default_factory=dict)
    settled: dict[tuple[str, str], tuple[str, date]] = field(default_factory=dict)  # (feed, their code) -> drug, from
    offers: dict[Key, Offer] = field(default_factory=dict)
    history: dict[Key, list[tuple[int | None, int | None]]] = field(default_factory=dict)
    marks: dict[tuple[str, str], Position] = field(default_factory=dict)  # (shop, feed): newest complete snapshot
    scheduled: dict[tuple[str, str, str, datetime], tuple[int, int, int]] = field(default_factory=dict)
    applied: set[tuple[str, str, str, datetime]] = field(default_factory=set)
    runs: dict[int, Run] = field(default_factory=dict)
    signed: dict[str, int] = field(default_factory=dict)  # shop -> the last run that published it

    # -- receive ------------------------------------------------------------------------------------------------------

    def known(self, feed: str, data: bytes, mode: str) -> Run | None:
        """The run this delivery (without a key of its own) already has."""
        latest = self._latest(feed)
        if latest is None or (latest.data, latest.mode) != (data, mode):
            return None
        return None if (latest.state, latest.mode) == ("published", "snapshot") else latest

    def confirmed_by(self, feed: str, data: bytes, mode: str) -> Run | None:
        """The snapshot that the same bytes, sent again, only confirm."""
        latest = self._latest(feed)
        if latest is None or (latest.data, latest.mode, latest.state) != (data, mode, "published") or latest.refused:
            return None
        return origin if (origin := latest.confirms or latest) and mode == "snapshot" and self._stands(origin) else None

    def _stands(self, run: Run) -> bool:
        """It was complete, and nobody has said anything about its shops since, but to confirm it."""
        same = {r.id for r in self.runs.values() if r is run or r.confirms is run}
        marks = [self.marks.get((shop, run.feed)) for shop in run.done]
        return all(self.signed[shop] in same for shop in run.done) and all(
            m is not None and m[2] in same for m in marks
        )

    def _latest(self, feed: str) -> Run | None:
        runs = [
            run
            for run in self.runs.values()
            if run.feed == feed and run.state not in {"failed", "refused", "superseded"}
        ]
        return max(runs, key=lambda run: run.id, default=None)

    # -- check --------------------------------------------------------------------------------------------------------

    def plan(self, run: Run) -> Plan:
        """What is accepted and refused of the shops still to come, judged now."""
        judged = self._without_repeats([self._judge(run, row) for row in run.rows])
        accepted_rows = sum(not each.refused for each in judged)
        complete = run.mode == "snapshot" and self._is_complete(run, accepted_rows)
        judged = [self._slip(each) for each in judged if each.shop not in run.done]
        accepted = [each for each in judged if not each.refused]
        refused = [each for each in judged if each.refused]
        plan = Plan(accepted, refused, complete, hold=False)
        decided = run.released or run.state == "publishing"
        return replace(plan, hold=not decided and self._holds(run, plan))

    def _judge(self, run: Run, row: Row) -> Judged:
        shop = self.shops.get((run.feed, row.shop))
        meant, since = self.settled.get((run.feed, row.drug), (None, date.min))
        drug = meant if meant and since <= shanghai_day(run.received) else self.drugs.get(row.drug)
        effective = row.effective or run.received
        scheduled = effective > run.received + SKEW
        if not scheduled:
            effective = min(effective, run.received)
        ends = self.designated_until.get(shop or "")
        day = shanghai_day(effective)
        faults = {
            "shape": bool(row.shape),
            "shop": shop not in self.scope[run.feed],
            "designation": ends is not None and day >= ends,
            "price": row.price not in PRICES,
            "kind": scheduled and bool(row.kind),
            "time": effective > run.received + AHEAD,
            "drug": drug is None,
        }
        reasons = [name for name, holds in faults.items() if holds]
        fen = PRICES.get(row.price, 0)
        # A date nobody can read says nothing about the future.
        return Judged(row, shop, drug, fen, effective, scheduled and "time" not in reasons, ",".join(reasons))

    @staticmethod
    def _without_repeats(judged: list[Judged]) -> list[Judged]:
        """The newest of several rows for one price counts; if the newest disagree, none does."""
        out = []
        seen: set[Judged] = set()
        for each in judged:
            rivals = [other for other in judged if not other.refused and other.about == each.about]
            newest = max((other.effective for other in rivals), default=each.effective)
            contents = {(other.fen, STOCKS[other.row.stock]) for other in rivals if other.effective == newest}
            if each.refused:
                out.append(each)
            elif each.effective < newest:
                out.append(each.refuse("superseded"))
            elif len(contents) > 1:
                out.append(each.refuse("duplicate"))
            elif any(other.about == each.about and other.effective == newest for other in seen):
                out.append(each.refuse("repeated"))
            else:
                seen.add(each)
                out.append(each)
        return out

    def _is_complete(self, run: Run, accepted_rows: int) -> bool:
        before = [r for r in self.runs.values() if r.feed == run.feed and r.mode == "snapshot" and r.id < run.id]
        published = [r for r in before if r.state == "published"]
        last = max(published, key=lambda r: r.id, default=None)
        cut = any(row.shape == "cut" for row in run.rows)
        return not cut and (last is None or accepted_rows >= 0.8 * last.accepted)

    def _slip(self, each: Judged) -> Judged:
        known = self.offers.get(each.key)
        slip = known and not each.refused and each.present and is_slip(each.fen, known.fen, self.pack)
        return each.refuse("slip") if slip else each

    def _holds(self, run: Run, plan: Plan) -> bool:
        rows = len(plan.accepted) + len(plan.refused)
        pairs = [(each.fen, self.offers.get(each.key)) for each in plan.accepted if each.present]
        compared = [(fen, offer.fen) for fen, offer in pairs if offer and offer.live]
        moved = sum(abs(fen / old - 1) > 0.5 for fen, old in compared)
        shares = []
        for shop in {each.shop for each in plan.accepted if each.shop}:
            if self._speaks_for_all(plan, shop) and not self._blocked(plan, shop):
                live = sum(o.live and o.feed == run.feed and key[0] == shop for key, o in self.offers.items())
                shares.append((live, len(self._vanishing(run, plan, shop))))
        live, gone = sum(each[0] for each in shares), sum(each[1] for each in shares)
        return (
            (rows >= self.hold_from and len(plan.refused) > 0.1 * rows)
            or (len(compared) >= self.hold_from and moved > 0.2 * len(compared))
            or (live >= self.hold_from and gone > 0.05 * live)
            or any(live >= self.hold_from and gone > 0.2 * live for live, gone in shares)
        )

    # -- what a snapshot's silence means ------------------------------------------------------------------------------

    @staticmethod
    def _speaks_for_all(plan: Plan, shop: str) -> bool:
        return plan.complete and any(each.present and each.shop == shop for each in plan.accepted)

    @staticmethod
    def _blocked(plan: Plan, shop: str) -> bool:
        """A row that could be any drug of this shop, or of any shop."""
        return any(
            (each.shop == shop and (each.drug is None or each.row.shape))
            or (each.shop is None and (each.row.shop == "" or each.row.shape))
            for each in plan.refused
        )

    @staticmethod
    def _as_of(run: Run, plan: Plan, shop: str) -> datetime:
        said = [each.effective for each in plan.accepted if each.shop == shop and not each.scheduled]
        return max(said, default=run.received)

    def _vanishing(self, run: Run, plan: Plan, shop: str) -> list[Key]:
        """Live offers of this feed that the snapshot neither lists, nor announces, nor tries to."""
        position = (self._as_of(run, plan, shop), run.received, run.id)
        listed = {each.drug for each in plan.accepted if each.shop == shop and not each.row.kind} | self._doubted(
            plan, shop
        )
        mark = self.marks.get((shop, run.feed))
        return [
            key
            for key, offer in self.offers.items()
            if key[0] == shop and offer.live and offer.feed == run.feed and key[1] not in listed
            if position > offer.confirmed and (mark is None or position > mark)
        ]

    @staticmethod
    def _doubted(plan: Plan, shop: str) -> set[str | None]:
        """Drugs whose row was refused, unless the file itself says which row counts."""
        fine = {"repeated", "superseded"}
        return {
            each.drug
            for each in plan.refused
            if each.shop == shop and each.drug and each.refused not in fine and not each.row.kind
        }

    # -- publish ------------------------------------------------------------------------------------------------------

    def work(self, run: Run, only: Collection[str] | None = None) -> None:
        """One attempt; `only`: it was killed after it had published these shops."""
        if run.confirms is not None and not self._stands(run.confirms):
            run.confirms = None
        if run.confirms is not None:
            for shop in sorted(run.confirms.done.keys() - run.done.keys()):
                if only is None or shop in only:
                    self._confirm(run, shop)
            return self._finish(run) if only is None else None
        plan = self.plan(run)
        assert not (only and plan.hold), "a delivery that should be held was published"
        for shop in sorted({each.shop for each in plan.accepted if each.shop} if not plan.hold else ()):
            if only is None or shop in only:
                run.done[shop] = self._publish(run, plan, shop)
                self.signed[shop] = run.id
        if only is None and plan.hold:
            run.state, run.refused = "held", len(plan.refused)
            return
        # Refused rows of a published shop stay as they were judged then.
        kept = [each for each in plan.refused if only is None or each.shop in only]
        run.refused += len(kept)
        run.unknown += [each.row for each in kept if each.refused == "drug"]
        if only is None:
            self._finish(run)

    def _finish(self, run: Run) -> None:
        run.state = "published"
        for other in self.runs.values():
            older = other.feed == run.feed and other.state == "held" and other.received <= run.received
            if run.mode == "snapshot" and older:
                other.state = "superseded"

    def _confirm(self, run: Run, shop: str) -> None:
        position = (run.received, run.received, run.id)
        self._vouch(run.feed, shop, position, drugs=None)
        assert run.confirms is not None
        run.done[shop] = Tally(run.confirms.done[shop].accepted)
        self.signed[shop] = run.id

    def _vouch(self, feed: str, shop: str, position: Position, *, drugs: Collection[str] | None) -> None:
        self.marks[shop, feed] = max(self.marks.get((shop, feed), position), position)
        for (where, drug), offer in self.offers.items():
            mine = where == shop and offer.feed == feed and offer.live and offer.disputed is None
            if mine and (drugs is None or drug in drugs):
                offer.confirmed = max(offer.confirmed, position)

    def _publish(self, run: Run, plan: Plan, shop: str) -> Tally:
        rows = [each for each in plan.accepted if each.shop == shop]
        as_of, mark = self._as_of(run, plan, shop), self.marks.get((shop, run.feed))
        vanishing = self._vanishing(run, plan, shop)
        changed = sum(self._assert(run, each) for each in rows if each.present)
        withdrawn = disputed = 0
        if self._speaks_for_all(plan, shop):
            doubtful = {(shop, drug) for drug in self._doubted(plan, shop) if drug}
            if self._blocked(plan, shop):
                doubtful |= set(vanishing)
            else:
                withdrawn = sum(self._withdraw(run, key, as_of) for key in vanishing)
            disputed = sum(self._dispute(run, key, as_of, mark) for key in doubtful)
            announced = {each.drug or "" for each in rows if each.scheduled}
            oldest = min(each.effective for each in rows if each.present)
            self._vouch(run.feed, shop, (oldest, run.received, run.id), drugs=announced)
        for each in rows:
            if each.scheduled:
                self._announce(run, each)
        return Tally(len(rows), changed, withdrawn, disputed)

    def _assert(self, run: Run, each: Judged) -> bool:
        """Whether the row changed what is shown."""
        key = each.key
        position, known = (each.effective, run.received, run.id), self.offers.get(key)
        mark = self.marks.get((key[0], run.feed))
        if (known and position <= known.confirmed) or (mark and position <= mark):
            return False
        stock = STOCKS[each.row.stock]
        same_price = known is not None and known.live and known.fen == each.fen
        if not same_price:
            old = known.fen if known and known.live else None
            self.history.setdefault(key, []).append((old, each.fen))
        changed = not (same_price and known and known.stock == stock)
        self.offers[key] = Offer(each.fen, stock, run.feed, position)
        return changed

    def _withdraw(self, run: Run, key: Key, as_of: datetime) -> bool:
        offer = self.offers[key]
        self.history[key].append((offer.fen, None))
        offer.live, offer.disputed, offer.confirmed = False, None, (as_of, run.received, run.id)
        return True

    def _dispute(self, run: Run, key: Key, as_of: datetime, mark: Position | None) -> bool:
        """Carried, not confirmed; it ages from the first doubt."""
        offer = self.offers.get(key)
        if offer is None or not offer.live or offer.feed != run.feed or offer.disputed is not None:
            return False
        if offer.confirmed[0] > as_of or (mark and mark[0] > as_of):
            return False
        offer.disputed = as_of
        return True

    def _announce(self, run: Run, each: Judged) -> None:
        key = (each.shop or "", each.drug or "", run.feed, each.effective)
        if key not in self.scheduled or self.scheduled[key][2] < run.id:
            self.scheduled[key] = (each.fen, STOCKS[each.row.stock], run.id)
            self.applied.discard(key)

    # -- time ---------------------------------------------------------------------------------------------------------

    def due(self, at: datetime) -> dict[str, list[Row]]:
        """Announced prices whose time has come, the newest of each offer, as rows by feed; each is handed out once."""
        due = sorted((key for key in self.scheduled.keys() - self.applied if key[3] <= at), key=lambda key: key[3])
        words = {number: word for word, number in STOCKS.items()}
        newest: dict[tuple[str, str, str], Row] = {}
        for key in due:
            shop, drug, feed, effective = key
            fen, stock, _run = self.scheduled[key]
            price = next(text for text, value in PRICES.items() if value == fen)
            newest[feed, shop, drug] = Row(shop, drug, price, words[stock], effective)
        self.applied.update(due)
        return {feed: [row for key, row in newest.items() if key[0] == feed] for feed, _shop, _drug in newest}

    def replayed(self, feed: str) -> list[Row]:
        """Rows refused only for a code that means something now: the newest of each shop and code, with their date."""
        newest: dict[tuple[str, str], Row] = {}
        published = [run for run in self.runs.values() if run.feed == feed and run.state == "published"]
        for run in sorted(published, key=lambda run: (run.received, run.id)):
            again = [row for row in run.unknown if (feed, row.drug) in self.settled]
            for row in again:
                newest[self.shops[feed, row.shop], row.drug] = replace(row, effective=row.effective or run.received)
            run.unknown = [row for row in run.unknown if row not in again]
        return list(newest.values())
