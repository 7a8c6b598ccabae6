"""The work of 本期定稿: once, whole or not at all, whoever is killed meanwhile and whoever asks again."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.conf import settings

from pharmacies.models import AuditEvent, User
from prices.models import Freeze, Freezing, FrozenTable, ReporterMonth
from prices.monitoring import freezes, freezing, passthrough
from prices.monitoring.tables import stored
from tests import factories as f
from tests.factories import AT
from tests.monitoring.test_freezes import FIRST, OCTOBER, SEPTEMBER, contents, freeze, reviewer, world

pytestmark = pytest.mark.django_db
LATER = FIRST + settings.LEASE + timedelta(seconds=1)


def asked(**said: Any) -> Freezing:
    by = User.objects.filter(username="shen").first() or reviewer()
    fields: dict[str, Any] = {"by": by, "at": FIRST}
    return freezes.ask(f.wuchang(), OCTOBER, **fields | said)


def nothing_is_frozen() -> bool:
    return not Freeze.objects.exists() and not FrozenTable.objects.exists()


def test_what_is_frozen_is_what_the_tables_say_at_the_moment_of_the_work() -> None:
    """Asked for at four, done at five: a shop reports in between."""
    world()
    late = FIRST + timedelta(hours=1)
    done = freezing.run(asked().pk, clock=lambda: late)
    assert done.made is not None
    assert (done.state, done.progress, done.at, done.made.at) == ("done", 100, FIRST, late)
    expected = {table.name: stored(table) for table in freezing.tables(f.wuchang(), OCTOBER, late, lambda _share: None)}
    kept = {each.name: stored(freezes.read(each)) for each in done.made.tables.order_by("position")}
    assert list(kept) == list(expected) == [
        *("brief", "worst", "figures", "index", "work", "compliance-areas", "compliance-shops", "late", "access"),
        "passthrough",
    ]  # fmt: skip
    assert kept == expected


def test_asking_twice_is_asking_once() -> None:
    world()
    other = User.objects.create_user("fu", first_name="副审核")
    first = asked(note="甲")
    assert asked(by=other, note="乙", at=FIRST + timedelta(seconds=1)) == first
    assert (Freezing.objects.get().by, Freezing.objects.get().note) == (first.by, "甲")
    freezing.run(first.pk, clock=lambda: FIRST)
    freezing.run(first.pk, clock=lambda: LATER)
    assert Freeze.objects.count() == 1
    assert [event.actor_name for event in AuditEvent.objects.filter(action__startswith="freeze.")] == ["shen", "shen"]
    with pytest.raises(freezes.NotFrozen, match="已经定稿"):
        asked()


def test_a_month_that_is_being_frozen_is_not_offered_and_nothing_of_it_is_kept_yet() -> None:
    world()
    waiting = asked()
    assert nothing_is_frozen()
    assert freezes.open_months(f.wuchang(), FIRST.date()) == [SEPTEMBER]
    assert freezes.open_months(f.region(), FIRST.date()) == [OCTOBER, SEPTEMBER]
    assert freezes.open_asked(f.wuchang()) == [waiting]
    freezing.run(waiting.pk, clock=lambda: FIRST)
    assert freezes.open_asked(f.wuchang()) == []


def test_an_area_under_its_new_name_waits_for_the_same_month() -> None:
    world()
    waiting = asked()
    renamed = f.renamed(f.wuchang(), "新武昌区")
    assert freezes.ask(renamed, OCTOBER, by=waiting.by, at=FIRST) == waiting


@pytest.mark.parametrize("step", ["landings_then", "_keep"])
def test_a_killed_worker_leaves_nothing_and_the_next_one_freezes_the_same(
    monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    world()
    waiting = asked()
    owner: Any = passthrough if step == "landings_then" else freezing
    real = getattr(owner, step)

    def killed(*args: Any) -> Any:
        monkeypatch.setattr(owner, step, real)
        real(*args)
        raise MemoryError

    monkeypatch.setattr(owner, step, killed)
    with pytest.raises(MemoryError):
        freezing.run(waiting.pk, clock=lambda: FIRST)
    assert nothing_is_frozen()
    assert AuditEvent.objects.filter(action="freeze.make").count() == 0
    assert freezing.run(waiting.pk, clock=lambda: FIRST).state == "running", "the dead worker's lease holds"
    assert freezing.unclaimed(at=LATER) == [waiting]
    done = freezing.run(waiting.pk, clock=lambda: LATER)
    assert done.made is not None
    again = contents(done.made)
    assert again["passthrough"][0]["days"] == 9
    assert again["compliance-areas"][0]["received"] == 3


def test_what_three_workers_gave_up_on_is_failed_in_words_and_may_be_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world()
    waiting, at = asked(), FIRST

    def broken(*_args: Any) -> Any:
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(passthrough, "landings_then", broken)
        for _attempt in range(settings.MAX_ATTEMPTS):
            assert freezing.unclaimed(at=at) == [waiting]
            with pytest.raises(MemoryError):
                freezing.run(waiting.pk, clock=lambda at=at: at)  # type: ignore[misc]  # mypy infers no lambda with a default
            at += settings.LEASE + timedelta(seconds=1)
        assert freezing.unclaimed(at=at) == []
    waiting.refresh_from_db()
    assert (waiting.state, waiting.finished_at, waiting.made) == ("failed", at, None)
    assert "请再定稿一次" in waiting.get_failure_display()
    assert nothing_is_frozen()
    assert freezes.open_asked(f.wuchang()) == [waiting]
    assert OCTOBER in freezes.open_months(f.wuchang(), at.date())
    freeze(f.wuchang(), OCTOBER, by=waiting.by, at=at)
    assert freezes.open_asked(f.wuchang()) == []


def test_statistics_that_went_meanwhile_are_said_to_be_missing() -> None:
    world()
    waiting = asked()
    ReporterMonth.objects.update(through=date(2026, 10, 30))
    done = freezing.run(waiting.pk, clock=lambda: FIRST)
    assert (done.state, done.failure, done.lease_until) == ("failed", "incomplete", None)
    assert nothing_is_frozen()


def test_a_month_that_was_frozen_meanwhile_is_not_frozen_again() -> None:
    world()
    waiting = asked()
    Freeze.objects.create(area=f.wuchang(), month=OCTOBER, at=AT, by=waiting.by, sha256="0" * 64)
    done = freezing.run(waiting.pk, clock=lambda: FIRST)
    assert (done.state, done.failure, Freeze.objects.count()) == ("failed", "frozen", 1)


def test_how_far_it_is_can_be_seen_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    world()
    waiting, real, seen = asked(), freezes.digest, []

    def look(text: str) -> str:
        seen.append(Freezing.objects.get().progress)
        return real(text)

    monkeypatch.setattr(freezes, "digest", look)
    freezing.run(waiting.pk, clock=lambda: FIRST)
    assert set(seen) == {99}
    assert Freezing.objects.get().progress == 100
