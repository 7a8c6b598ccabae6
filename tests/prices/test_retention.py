"""Files are kept for a set time, and no longer than somebody needs them."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage

from pharmacies.models import User
from prices import retention
from prices.desk.feeds import desk_feed
from prices.desk.sheets import uploads, work
from prices.ingest import store
from prices.models import FeedRun
from tests import factories as f
from tests.factories import AT
from tests.prices.deliveries import deliver

pytestmark = pytest.mark.django_db
LATER = AT + timedelta(days=401)


@pytest.fixture(autouse=True)
def decided_then(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs end by the machine's clock; here they ended when they came."""
    monkeypatch.setattr(retention, "LOOK_BACK", timedelta(days=36500))


def run_of(text: str, at: Any = AT) -> FeedRun:
    shop, drug = f.pharmacy("药店"), f.drug()
    run = deliver(f.feed("town"), f"{shop.code},{drug.code},{text}", at=at)
    FeedRun.objects.filter(pk=run.pk).update(finished_at=at)
    return run


def test_a_delivery_is_kept_for_its_time_and_then_goes() -> None:
    run = run_of("12.60")
    assert retention.forget(at=AT + timedelta(days=399)) == 0
    assert store.load(run)
    assert retention.forget(at=LATER) == 1
    assert not default_storage.exists(f"feeds/{run.sha256[:2]}/{run.sha256}.gz")
    assert retention.forget(at=LATER) == 0
    assert FeedRun.objects.filter(pk=run.pk).exists()


def test_the_same_bytes_go_with_the_last_that_needs_them() -> None:
    run = run_of("12.60")
    again = f.run(f.feed("other"), sha256=run.sha256, received_at=LATER - timedelta(days=1), finished_at=LATER)
    assert retention.forget(at=LATER) == 0
    assert store.load(again)


def test_a_run_that_waits_for_a_person_keeps_its_file() -> None:
    run = run_of("12.60")
    FeedRun.objects.filter(pk=run.pk).update(state=FeedRun.State.HELD)
    assert retention.forget(at=LATER) == 0
    assert store.load(run)


def test_what_was_made_of_a_spreadsheet_goes_first() -> None:
    shop, drug = f.pharmacy("药店"), f.drug()
    data = f"国家医保药品代码,零售价\n{drug.code},12.60\n".encode()
    upload = uploads.bring(shop, data, name="价格.csv", by=User.objects.create_user("wang"), at=AT)
    upload = work.work(upload.pk)
    made = Path(default_storage.path("uploads")).rglob(f"{upload.pk}-*.parquet")
    assert list(made)
    retention.forget(at=AT + timedelta(days=31))
    assert not list(Path(default_storage.path("uploads")).rglob(f"{upload.pk}-*.parquet"))
    assert store.load(upload) == data
    assert desk_feed(shop).uploads.get() == upload
