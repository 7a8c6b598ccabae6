"""Where the demo may be loaded, and what becomes of a load that was killed."""

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from pharmacies.models import Pharmacy
from prices.demo import load, outlines, reports
from prices.ingest import runs
from prices.models import Feed, FeedRun
from tests.factories import AT, pharmacy
from tests.prices import demo_world
from tests.prices.demo_world import SIZE, assert_shown_is_what_the_tills_hold


@pytest.mark.usefixtures("db")
def test_a_database_with_other_pharmacies_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pharmacy()
    monkeypatch.setattr(outlines, "hubei_geojson", lambda folder: demo_world.outlines(tmp_path))
    with pytest.raises(CommandError, match="空库"):
        call_command("load_demo")
    assert Pharmacy.objects.count() == 1
    assert not Feed.objects.exists()


@pytest.mark.usefixtures("db")
def test_a_killed_load_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = Counter[str]()

    def killed(run_id: int, **options: Any) -> FeedRun:
        done["runs"] += 1
        if done["runs"] == 8:
            raise KeyboardInterrupt
        return runs.process(run_id, **options)

    file = demo_world.outlines(tmp_path)
    monkeypatch.setattr(load, "process", killed)
    with pytest.raises(KeyboardInterrupt):
        load.load(outlines=file, at=AT, size=SIZE)
    assert not load.is_there()
    finished = load.load(outlines=file, at=AT + timedelta(days=1), size=SIZE)
    assert load.is_there()
    assert FeedRun.objects.count() == finished.runs
    assert_shown_is_what_the_tills_hold()


@pytest.mark.usefixtures("db")
def test_without_a_demo_nothing_is_reported() -> None:
    assert reports.report(at=AT) == 0
