"""Celery tasks: take ids, call, return a count. The commands call the same functions."""

from celery import shared_task
from django.core.management import call_command
from django.utils import timezone

from pharmacies import today
from pharmacies.accounts import locks
from pharmacies.audit import heads, seals
from prices import retention
from prices.demo import reports
from prices.desk.sheets import uploads, work
from prices.ingest import publish, pull, receive, runs, schedule
from prices.monitoring import backtest, backtests, cases, freezes, freezing, night, watch
from prices.monitoring.reports import limits, photos

SWEEP_SECONDS = 10.0


@shared_task
def process_run(run_id: int) -> str:
    return runs.process(run_id).state


@shared_task
def requeue_runs() -> int:
    found = runs.unclaimed(at=timezone.now())
    for run in found:
        receive.enqueue(run, expires=SWEEP_SECONDS)
    return len(found)


@shared_task
def work_on_upload(upload_id: int) -> str:
    return work.work(upload_id).state


@shared_task
def requeue_uploads() -> int:
    found = work.unclaimed(at=timezone.now())
    for upload in found:
        uploads.enqueue(upload, expires=SWEEP_SECONDS)
    return len(found)


@shared_task
def pull_feed(feed_id: int) -> str:
    return pull.pull(feed_id, at=timezone.now())


@shared_task
def pull_due_feeds() -> int:
    due = pull.claim_due(at=timezone.now())
    for feed_id in due:
        pull_feed.delay(feed_id)
    return len(due)


@shared_task
def apply_scheduled_prices() -> int:
    return schedule.apply_due(at=timezone.now())


@shared_task
def ensure_partitions() -> int:
    return publish.ensure_partitions(at=timezone.now())


@shared_task
def seal_audit() -> int:
    sealed = seals.seal(at=timezone.now())
    heads.export()
    return sealed


@shared_task
def rebuild_today() -> int:
    return today.rebuild(timezone.now())


@shared_task
def watch_prices() -> int:
    return watch.watch(timezone.now())


@shared_task
def mark_overdue_cases() -> int:
    return cases.mark_overdue(at=timezone.now())


@shared_task
def run_back_test(back_test_id: int) -> str:
    return backtest.run(back_test_id, at_most=backtest.SLICE).state


@shared_task
def requeue_back_tests() -> int:
    found = backtest.unclaimed(at=timezone.now())
    for back_test in found:
        backtests.enqueue(back_test, expires=SWEEP_SECONDS)
    return len(found)


@shared_task
def freeze_month(freezing_id: int) -> str:
    return freezing.run(freezing_id).state


@shared_task
def requeue_freezings() -> int:
    found = freezing.unclaimed(at=timezone.now())
    for asked in found:
        freezes.enqueue(asked, expires=SWEEP_SECONDS)
    return len(found)


@shared_task
def demo_report() -> int:
    return reports.report(at=timezone.now())


@shared_task
def tidy_accounts() -> int:
    """Failed log-ins of long ago, and sessions that ended."""
    call_command("clearsessions")
    return locks.forget(at=timezone.now())


@shared_task
def tidy_reports() -> int:
    """Counts of yesterday, and photos of what was answered long ago."""
    at = timezone.now()
    return limits.forget(at=at) + photos.forget(at=at)


@shared_task
def forget_files() -> int:
    return retention.forget(at=timezone.now())


@shared_task
def work_at_night() -> int:
    """The roll-up of prices, and all that is worked out from it."""
    return len(night.work(timezone.now()))
