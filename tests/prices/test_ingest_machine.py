"""The pipeline against the model: whatever is sent, late, twice, held or killed half way, both say the same.

`INGEST_EXAMPLES=2000 pytest tests/prices/test_ingest_machine.py` looks further, with fresh examples each time.
"""

import os
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from pharmacies.models import Designation
from prices import consistency
from prices.ingest import publish, quarantine, runs, schedule
from prices.ingest.receive import receive
from prices.models import FeedRun, Offer, PharmacyFeed, PriceChange, Rejection, ScheduledPrice
from tests import factories as f
from tests.prices.ingest_world import DRUGS, FEEDS, SHOPS, START, Killed, World, build_world, killed_at
from tests.prices.model_of_ingest import IN_FLIGHT, Run
from tests.prices.sent_rows import FLAWS, PRICES, Row, file_of, flawed, shanghai_day

EXAMPLES = int(os.environ.get("INGEST_EXAMPLES", "0"))


# -- what may be sent -------------------------------------------------------------------------------------------------

hours = st.one_of(st.none(), st.none(), st.none(), st.integers(-40, 60))
content = st.tuples(st.sampled_from(list(PRICES)), st.sampled_from(["", "in", "3", "out"]), hours)
listing = st.dictionaries(st.tuples(st.sampled_from(SHOPS), st.sampled_from(DRUGS)), content, min_size=1, max_size=9)
flaw = st.tuples(st.sampled_from(FLAWS), st.sampled_from(SHOPS), st.sampled_from(DRUGS))
flaws: Any = st.one_of(st.just([]), st.just([]), st.lists(flaw, min_size=1, max_size=2))
modes = st.sampled_from(["snapshot", "snapshot", "delta"])
feeds = st.sampled_from(FEEDS)
usual, any_row = st.sampled_from(["10.00", "￥11.00"]), st.integers(0, 11)
spoilt = st.sampled_from(["", "", "price", "code", "member", "later", "gone"])
deaths = st.one_of(st.none(), st.none(), st.integers(1, 60))


class Ingest(RuleBasedStateMachine):
    world: World  # built once, before the first example
    met: Counter[str] = Counter()

    @initialize(hold_from=st.sampled_from([1000, 6]))
    def begin(self, hold_from: int) -> None:
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        django_settings.HOLD_MIN_ROWS = hold_from
        self.model = self.world.model(hold_from)
        self.now = START
        self.wall = START  # the clock of machines: leases
        self.sent: dict[str, tuple[str, tuple[Row, ...]]] = {}

    def teardown(self) -> None:
        if hasattr(self, "atomic"):
            found = [str(problem) for problem in consistency.problems()]
            self.met.update(run.state for run in self.model.runs.values())
            self.met.update("confirming" for run in self.model.runs.values() if run.confirms)
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)
            assert found == []

    # -- sending ------------------------------------------------------------------------------------------------------

    def rows(self, feed: str, listed: dict[tuple[int, int], tuple[str, str, int | None]]) -> list[Row]:
        return [
            Row(
                self.world.code(feed, shop),
                self.world.drugs[drug].code,
                price,
                stock,
                None if ahead is None else self.now + timedelta(hours=ahead),
            )
            for (shop, drug), (price, stock, ahead) in listed.items()
        ]

    def send(self, feed: str, mode: str, rows: tuple[Row, ...], *, die: int | None, key: str | None = None) -> None:
        self.sent[feed] = (mode, rows)
        data = file_of(rows)
        known = None if key else self.model.known(feed, data, mode)
        confirms = None if key else self.model.confirmed_by(feed, data, mode)
        run = receive(
            feed=self.world.feeds[feed], data=data, at=self.now, channel="push", mode=mode, idempotency_key=key
        )
        if known is not None:
            assert run.pk == known.id, "the same delivery is one run"
            return
        assert run.confirms_id == (confirms.id if confirms else None)
        self.admit(Run(run.pk, feed, mode, self.now, data, rows, confirms), die=die)

    def admit(self, run: Run, *, die: int | None = None) -> None:
        assert run.id not in self.model.runs, "a new delivery is a new run"
        self.model.runs[run.id] = run
        self.attempt(run, die=die)

    def attempt(self, run: Run, *, die: int | None) -> None:
        """One worker takes the run, and may be killed; the model follows what was signed off until then."""
        self.wall += django_settings.LEASE + timedelta(seconds=1)
        before = FeedRun.objects.get(pk=run.id)
        try:
            with killed_at(die):
                runs.process(run.id, clock=lambda: self.wall)
        except Killed:
            self.met["killed"] += 1
        after = FeedRun.objects.get(pk=run.id)
        if after.state not in IN_FLIGHT:
            self.model.work(run)
        elif after.attempts > before.attempts:
            signed = after.pharmacies.values_list("pharmacy__code", flat=True)
            newly = set(signed) - run.done.keys()
            self.model.work(run, only=newly)
            assert (after.state == "publishing") == bool(run.done)
            run.state = after.state

    # -- rules --------------------------------------------------------------------------------------------------------

    @rule(feed=feeds, mode=modes, listed=listing, wrong=flaws, cut=st.sampled_from([0, 0, 0, 0, 1]), die=deaths)
    def deliver(self, feed: str, mode: str, listed: Any, wrong: Any, cut: int, die: int | None) -> None:
        rows = self.rows(feed, listed)
        for what, shop, drug in wrong:
            row = Row(self.world.code(feed, shop), self.world.drugs[drug].code)
            rows.append(flawed(what, row, rows[0], now=self.now))
        if cut:
            rows[-1] = Row(rows[-1].shop, rows[-1].drug, rows[-1].price, shape="cut")
        self.send(feed, mode, tuple(rows), die=die)

    @rule(feed=feeds, price=usual, spoilt=spoilt, which=any_row, times=st.integers(1, 2), die=deaths)
    def deliver_everything(self, feed: str, price: str, spoilt: str, which: int, times: int, die: int | None) -> None:
        """A whole snapshot, but for one row perhaps, and perhaps twice."""
        rows = self.everything(feed, price, spoilt, which)
        for _ in range(times):
            self.send(feed, "snapshot", rows, die=die)
            self.now += timedelta(hours=7)

    @rule(feed=feeds, prices=st.tuples(usual, usual, usual), spoilt=spoilt, which=any_row)
    def an_older_snapshot_is_overtaken(self, feed: str, prices: tuple[str, ...], spoilt: str, which: int) -> None:
        self.send(feed, "snapshot", self.everything(feed, prices[0], "", 0), die=None)
        self.now += timedelta(hours=7)
        self.send(feed, "snapshot", self.everything(feed, prices[1], spoilt, which), die=2)
        late = self.in_flight()[-1:]
        self.now += timedelta(hours=1)
        self.send(feed, "snapshot", self.everything(feed, prices[2], "", 0), die=None)
        for run in late:
            self.attempt(run, die=None)

    def everything(self, feed: str, price: str, spoilt: str, which: int) -> tuple[Row, ...]:
        shops = [n for n in SHOPS if self.world.shops[n].code in self.model.scope[feed]]
        rows = self.rows(feed, {(shop, drug): (price, "in", None) for shop in shops for drug in DRUGS})
        good = rows[which % len(rows)]
        rows[which % len(rows)] = {
            "price": Row(good.shop, good.drug, "abc"),
            "code": Row(good.shop, "OWN0"),
            "member": Row(good.shop, good.drug, kind="member"),
            "later": Row(good.shop, good.drug, "12.50", effective=self.now + timedelta(hours=30)),
        }.get(spoilt, good)
        if spoilt == "gone":
            rows.remove(good)
        return tuple(rows)

    @precondition(lambda self: self.model.offers)
    @rule(data=st.data(), hours=st.sampled_from([-8, -1, 0, 1]), price=st.sampled_from(list(PRICES)))
    def a_word_from_about_then(self, data: st.DataObject, hours: int, price: str) -> None:
        """A statement about the time an offer was last confirmed, from anybody who may speak for it."""
        shop, drug = data.draw(st.sampled_from(sorted(self.model.offers)))
        feed = data.draw(st.sampled_from([feed for feed in FEEDS if shop in self.model.scope[feed]]))
        moment = self.model.offers[shop, drug].confirmed[0] + timedelta(hours=hours)
        self.send(feed, "delta", (Row(shop, drug, price, "in", min(moment, self.now)),), die=None)

    @precondition(lambda self: self.sent)
    @rule(data=st.data(), change=st.sampled_from(["", "", "drop", "price", "order"]), die=deaths)
    def again(self, data: st.DataObject, change: str, die: int | None) -> None:
        """The last file of a feed, the same or nearly."""
        feed = data.draw(st.sampled_from(sorted(self.sent)))
        mode, rows = self.sent[feed]
        which = data.draw(st.integers(0, len(rows) - 1))
        changed = list(rows)
        if change == "drop" and which < len(rows) - 1:
            del changed[which]
        elif change == "price":
            price = data.draw(st.sampled_from(list(PRICES)))
            old = rows[which]
            changed[which] = Row(old.shop, old.drug, price, old.stock, old.effective, old.kind, old.shape)
        elif change == "order":
            changed[:-1] = reversed(changed[:-1])
        self.send(feed, mode, tuple(changed), die=die)

    @rule(feed=feeds, listed=listing, key=st.sampled_from(["a", "b"]))
    def push_with_a_key(self, feed: str, listed: Any, key: str) -> None:
        if FeedRun.objects.filter(feed__slug=feed, delivery_key=f"key:{key}").exists():
            return
        self.send(feed, "delta", tuple(self.rows(feed, listed)), die=None, key=key)

    @rule(minutes=st.sampled_from([1, 30, 5 * 60, 13 * 60, 26 * 60]))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(die=deaths)
    def announced_prices_come_due(self, die: int | None) -> None:
        due = self.model.due(self.now)
        last = FeedRun.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        schedule.apply_due(at=self.now)
        new = FeedRun.objects.filter(pk__gt=last).select_related("feed").order_by("pk")
        assert {run.feed.slug for run in new} == due.keys()
        for run in new:
            feed = run.feed.slug
            self.admit(Run(run.pk, feed, "delta", self.now, b"scheduled", tuple(due[feed])), die=die)

    @precondition(lambda self: self.in_flight())
    @rule(data=st.data(), die=deaths)
    def another_attempt(self, data: st.DataObject, die: int | None) -> None:
        run = data.draw(st.sampled_from(self.in_flight()))
        lease = FeedRun.objects.values_list("lease_until", flat=True).get(pk=run.id)
        if lease is not None and lease >= self.wall:
            runs.process(run.id, clock=lambda: self.wall)  # its worker may still live: nothing may happen
            assert FeedRun.objects.get(pk=run.id).lease_until == lease
        self.attempt(run, die=die)

    @precondition(lambda self: self.in_flight())
    @rule()
    def sweep(self) -> None:
        """What beat does: undecided runs are found again, those out of attempts are failed."""
        self.wall += django_settings.LEASE + timedelta(seconds=1)
        over = set(FeedRun.objects.in_flight().filter(attempts__gte=3).values_list("pk", flat=True))
        found = {run.pk for run in runs.unclaimed(at=self.wall)}
        assert found == {run.id for run in self.in_flight()} - over
        for pk in over:
            self.model.runs[pk].state = "failed"

    @precondition(lambda self: self.in_flight())
    @rule()
    def every_attempt_dies(self) -> None:
        run = self.in_flight()[0]
        for _ in range(django_settings.MAX_ATTEMPTS - FeedRun.objects.get(pk=run.id).attempts):
            self.attempt(run, die=3)
        self.sweep()

    @precondition(lambda self: self.held())
    @rule(data=st.data(), yes=st.booleans(), die=deaths)
    def a_person_decides(self, data: st.DataObject, yes: bool, die: int | None) -> None:
        run = data.draw(st.sampled_from(self.held()))
        decide = runs.release if yes else runs.refuse
        decide(run.id, by="张丽", reason="已电话核实", at=self.now)
        run.state, run.released = ("received", True) if yes else ("refused", False)
        if yes:
            run.refused = 0
            self.attempt(run, die=die)

    @rule(shop=st.sampled_from(SHOPS), days=st.integers(0, 2))
    def a_designation_ends(self, shop: int, days: int) -> None:
        code = self.world.shops[shop].code
        ends = shanghai_day(self.now) + timedelta(days=days)
        if code not in self.model.designated_until:
            rows = Designation.objects.filter(pharmacy=self.world.shops[shop], kind="designated")
            assert rows.update(valid=f.since(end=ends)) == 1
            self.model.designated_until[code] = ends

    @precondition(lambda self: self.open_codes())
    @rule(data=st.data(), drug=st.sampled_from(DRUGS), die=deaths)
    def an_unknown_code_is_settled(self, data: st.DataObject, drug: int, die: int | None) -> None:
        row = data.draw(st.sampled_from(self.open_codes()))
        feed, code = row.run.feed.slug, self.world.drugs[drug].code
        self.model.settled[feed, row.their_code] = (code, shanghai_day(self.now))
        again = self.model.replayed(feed)
        new = quarantine.settle_code(row.pk, drug=self.world.drugs[drug], by="药师", reason="核对说明书", at=self.now)
        assert len(new) == bool(again)
        for run in new:
            self.admit(Run(run.pk, feed, "delta", self.now, b"replay", tuple(again)), die=die)

    def in_flight(self) -> list[Run]:
        return [run for run in self.model.runs.values() if run.state in IN_FLIGHT]

    def held(self) -> list[Run]:
        return [run for run in self.model.runs.values() if run.state == "held"]

    def open_codes(self) -> list[Rejection]:
        rows = Rejection.objects.exclude(their_code="").filter(state="refused").select_related("run__feed")
        return [row for row in rows if (row.run.feed.slug, row.their_code) not in self.model.settled]

    # -- what must hold after every step ------------------------------------------------------------------------------

    @precondition(lambda self: hasattr(self, "model"))
    @invariant()
    def both_say_the_same(self) -> None:
        self.the_shown_prices_are_the_models()
        self.history_is_one_chain()
        self.runs_add_up()
        self.announced_prices_wait()

    def the_shown_prices_are_the_models(self) -> None:
        marks = {(m.pharmacy_id, m.feed_id): m.snapshot_as_of for m in PharmacyFeed.objects.all()}
        feeds = {feed.pk: slug for slug, feed in self.world.feeds.items()}
        shown = {}
        for o in Offer.objects.all():
            confirmed = o.confirmed_at
            if o.state == 1 and o.disputed_since is None:  # a recent snapshot vouches without rewriting
                confirmed = max(confirmed, marks.get((o.pharmacy_id, o.feed_id)) or confirmed)
            key = (self.world.shop_ids[o.pharmacy_id], self.world.drug_ids[o.drug_id])
            shown[key] = (o.state == 1, o.price_fen, o.stock, feeds[o.feed_id], confirmed, o.disputed_since)
        wanted = {
            key: (o.live, o.fen, o.stock, o.feed, o.confirmed[0], o.disputed) for key, o in self.model.offers.items()
        }
        assert shown == wanted

    def history_is_one_chain(self) -> None:
        chains: dict[tuple[str, str], list[tuple[int | None, int | None]]] = {}
        for change in PriceChange.objects.order_by("xid", "id"):
            key = (self.world.shop_ids[change.pharmacy_id], self.world.drug_ids[change.drug_id])
            chains.setdefault(key, []).append((change.old_fen, change.new_fen))
        assert chains == self.model.history
        for key, chain in chains.items():
            offer = self.model.offers[key]
            ends = [None, *(new for _old, new in chain)]
            assert [old for old, _new in chain] == ends[:-1]
            assert ends[-1] == (offer.fen if offer.live else None)

    def runs_add_up(self) -> None:
        for run in FeedRun.objects.prefetch_related("pharmacies__pharmacy"):
            mine = self.model.runs[run.pk]
            assert (run.pk, run.state) == (mine.id, mine.state)
            done = {
                each.pharmacy.code: (each.accepted, each.changed, each.unchanged, each.withdrawn, each.disputed)
                for each in run.pharmacies.all()
            }
            assert done == {
                shop: (t.accepted, t.changed, t.accepted - t.changed, t.withdrawn, t.disputed)
                for shop, t in mine.done.items()
            }
            if run.state == "published":
                total = mine.confirms.accepted if mine.confirms else len(mine.rows)
                assert (run.rows, run.accepted, run.refused) == (total, mine.accepted, mine.refused)
                assert (run.accepted + run.refused, run.changed + run.unchanged) == (run.rows, run.accepted)
                assert run.withdrawn == sum(tally.withdrawn for tally in mine.done.values())

    def announced_prices_wait(self) -> None:
        feeds = {feed.pk: slug for slug, feed in self.world.feeds.items()}
        waiting = {
            (self.world.shop_ids[p.pharmacy_id], self.world.drug_ids[p.drug_id], feeds[p.feed_id], p.effective_at): (
                p.price_fen, p.stock, p.run_id,
            )
            for p in ScheduledPrice.objects.filter(applied_run_id__isnull=True)
        }  # fmt: skip
        assert waiting == {k: v for k, v in self.model.scheduled.items() if k not in self.model.applied}


def test_whatever_is_sent_the_shown_prices_are_the_models(
    db: None, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr(publish, "BATCH_SHOPS", 1)
    settings.HOLD_MIN_ROWS = django_settings.HOLD_MIN_ROWS  # restored afterwards
    Ingest.world = build_world()
    Ingest.met = Counter()
    run_state_machine_as_test(Ingest, settings=profile())
    missing = {"published", "held", "refused", "superseded", "failed", "confirming", "killed"} - Ingest.met.keys()
    assert not missing, "the machine has become too tame"


def profile() -> settings:
    return settings(
        max_examples=EXAMPLES or 60,
        stateful_step_count=25,
        deadline=None,
        derandomize=not EXAMPLES,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
