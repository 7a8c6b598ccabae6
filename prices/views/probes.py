"""Probes for operators: the process, what it depends on, and a few numbers worth an alarm."""

from collections.abc import Callable
from datetime import datetime

import redis
from django.conf import settings
from django.db import DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count, Min
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from prices.api.status import count_offers, feed_states
from prices.models import FeedRun

BROKER_TIMEOUT_S = 2


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Both database roles answer, the broker answers, no migration is waiting: 200, else 503 and which."""
    checks: dict[str, Callable[[], str]] = {"database": _database, "broker": _broker, "migrations": _migrations}
    said = {name: check() for name, check in checks.items()}
    return JsonResponse(said, status=200 if set(said.values()) == {"ok"} else 503)


def _database() -> str:
    try:
        for alias in ("default", settings.SEARCH_DATABASE):
            with connections[alias].cursor() as cursor:
                cursor.execute("SELECT 1")
    except DatabaseError:
        return "unreachable"
    return "ok"


def _broker() -> str:
    try:
        with redis.from_url(settings.REDIS_URL, socket_timeout=BROKER_TIMEOUT_S) as broker:
            broker.ping()
    except redis.RedisError:
        return "unreachable"
    return "ok"


def _migrations() -> str:
    try:
        executor = MigrationExecutor(connections["default"])
    except DatabaseError:
        return "unknown"
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return f"{len(waiting)} waiting" if waiting else "ok"


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus text; a handful of cheap queries."""
    lines = [line for name, kind, says, values in _metrics(timezone.now()) for line in _lines(name, kind, says, values)]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4; charset=utf-8")


Metric = tuple[str, str, str, dict[str, float]]


def _metrics(at: datetime) -> list[Metric]:
    """Name, type, help, and values by label set ("" for none)."""
    counted = FeedRun.objects.values_list("state").annotate(runs=Count("pk"))
    runs = dict.fromkeys(FeedRun.State.values, 0) | dict(counted.order_by())
    oldest = FeedRun.objects.in_flight().aggregate(oldest=Min("received_at"))["oldest"]
    feeds = feed_states(at)
    return [
        ("yaobi_offers", "gauge", "Live offers.", {"": count_offers()}),
        ("yaobi_runs", "gauge", "Feed runs by state.", {f'{{state="{state}"}}': n for state, n in runs.items()}),
        (
            "yaobi_oldest_run_in_flight_seconds",
            "gauge",
            "Age of the oldest run that is neither published nor decided; 0 without one.",
            {"": (at - oldest).total_seconds() if oldest else 0},
        ),
        ("yaobi_feeds", "gauge", "Active feeds, desks left out.", {"": len(feeds)}),
        ("yaobi_feeds_late", "gauge", "Of these, late reporters.", {"": sum(feed["late"] for feed in feeds)}),
    ]


def _lines(name: str, kind: str, says: str, values: dict[str, float]) -> list[str]:
    samples = [f"{name}{labels} {round(value, 3)}" for labels, value in values.items()]
    return [f"# HELP {name} {says}", f"# TYPE {name} {kind}", *samples]


urlpatterns = [path("healthz", healthz), path("readyz", readyz), path("metrics", metrics)]
