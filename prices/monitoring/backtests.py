"""历史回测 as a person sees it: asked for, stopped, told. The work itself is `monitoring.backtest`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from celery import current_app
from django.db import transaction
from django.db.models import Count, Q, Sum
from django.utils.translation import gettext as _

from pharmacies import audit
from pharmacies.access import day
from pharmacies.models import Region, User
from prices.leases import NOBODY
from prices.models import BackTest, BackTestDay
from prices.models.backtests import LONGEST_DAYS
from prices.monitoring import detectors
from prices.monitoring.parameters import Absurd, Bounded
from prices.statistics import nights

State = BackTest.State

TESTABLE = ("change", "history", "peers", "mode", "reference")
"""Detectors that judge a changed price by what is known of every past day. Of settled prices only the newest is kept;
drift and 中选价落地 are measured over weeks, and their figures are on the pages of the index and of 中选价落地."""
AT_ONCE = 3
"""So many of one area wait or run at the same time."""
EXAMPLES = 20


@dataclass(frozen=True)
class Span:
    """What the draft found in a month (`on`: its first day) or in all of the test; sums of `BackTestDay`."""

    on: date
    days: int = 0
    covered: int = 0
    tests: int = 0
    slips: int = 0
    events: int = 0
    found: int = 0
    known: int = 0
    were: int = 0
    were_same: int = 0
    labelled: int = 0
    confirmed: int = 0
    labelled_were: int = 0
    confirmed_were: int = 0
    seconds: float = 0.0

    @property
    def new(self) -> int:
        """Leads that nobody had then."""
        return self.found - self.known

    @property
    def precision(self) -> float | None:
        """查实率: of the leads that led to a concluded case, the share that was right; None where none did."""
        return self.confirmed / self.labelled if self.labelled else None

    @property
    def recall(self) -> float | None:
        """Of what was confirmed in those days, the share that the draft finds too."""
        return self.confirmed / self.confirmed_were if self.confirmed_were else None

    @property
    def a_day(self) -> float | None:
        return self.found / self.covered if self.covered else None


SUMMED = (
    *("tests", "slips", "events", "found", "known", "were", "were_same"),
    *("labelled", "confirmed", "labelled_were", "confirmed_were", "seconds"),
)


_SUMS = {f"sum_{name}": Sum(name) for name in SUMMED}


@dataclass(frozen=True)
class Answer:
    """`days` of `all_days` are done; `months` oldest first; `examples` those with the most excess."""

    days: int
    all_days: int
    total: Span
    months: list[Span]
    examples: list[dict[str, Any]]

    @property
    def progress(self) -> int:
        """Per cent, and 100 only when nothing is left."""
        return self.days * 100 // self.all_days


def start(
    *,
    area: Region,
    detector: str,
    parameters: Mapping[str, Any],
    first: date,
    last: date,
    by: User,
    at: datetime,
) -> BackTest:
    """Have a draft tried on the days from `first` to `last`, both included; a worker does it. One that is being tried on
    those days already (a double click) is not tried twice. Raises `Absurd`."""
    if detector not in TESTABLE:
        raise Absurd([_("这条规则没有可供回测的逐日历史")])
    module = detectors.MODULES[detector]
    read: Bounded = module.Parameters.read(parameters)
    if problems := _problems(first, last, day(at)):
        raise Absurd(problems)
    with transaction.atomic():
        Region.objects.select_for_update(no_key=True).get(pk=area.pk)
        working = BackTest.objects.filter(area=area, state__in=BackTest.WORKING)
        same: BackTest | None = working.filter(
            detector=detector, parameters=read.stated(), first=first, last=last
        ).first()
        if same is not None:
            return same
        if working.count() >= AT_ONCE:
            raise Absurd([_("本地区已有 %(n)d 个回测在进行：请等它们完成，或先停止一个") % {"n": AT_ONCE}])
        found: BackTest = BackTest.objects.create(
            area=area,
            detector=detector,
            version=module.VERSION,
            parameters=read.stated(),
            first=first,
            last=last,
            by=by,
            at=at,
        )
        after = {"detector": detector, "parameters": found.parameters, "first": f"{first}", "last": f"{last}"}
        audit.record(action="backtest.start", by=by, at=at, after=after, **_about(found))
        enqueue(found)
    return found


def stop(back_test: BackTest, *, by: User, at: datetime) -> bool:
    """Let nobody go on with it; what it found so far stays. False where it had ended already."""
    with transaction.atomic():
        working = BackTest.objects.filter(pk=back_test.pk, state__in=BackTest.WORKING)
        stopped = bool(working.update(state=State.STOPPED, finished_at=at, **NOBODY))
        if stopped:
            after = {"days": back_test.days.count()}
            audit.record(action="backtest.stop", by=by, at=at, after=after, **_about(back_test))
    return stopped


def enqueue(back_test: BackTest, *, expires: float | None = None) -> None:
    """Tell a worker once the row is there; if that fails the sweep finds it."""

    def send() -> None:
        current_app.send_task("prices.tasks.run_back_test", [back_test.pk], queue="bulk", retry=False, expires=expires)

    transaction.on_commit(send, robust=True)


def answer(back_test: BackTest) -> Answer:
    """What it found so far."""
    days = list(back_test.days.defer("levels").order_by("on"))  # levels: hundreds of thousands, only a run needs them
    months: dict[date, list[BackTestDay]] = {}
    for each in days:
        months.setdefault(each.on.replace(day=1), []).append(each)
    examples = [example for each in days for example in each.examples]
    examples.sort(key=lambda example: (-example["excess"], example["on"], example["drug"], example["pharmacy"]))
    return Answer(
        days=len(days),
        all_days=_all_days(back_test),
        total=_span(back_test.first, days),
        months=[_span(on, rows) for on, rows in months.items()],
        examples=examples[:EXAMPLES],
    )


def totals(back_tests: Sequence[BackTest]) -> dict[int, Span]:
    """What each found so far, added up in the database, by its key: for lists of many."""
    rows = BackTestDay.objects.filter(back_test__in=back_tests).order_by().values("back_test")
    sums = rows.annotate(days_done=Count("pk"), days_covered=Count("pk", filter=Q(covered=True)), **_SUMS)
    found = {each.pk: Span(on=each.first) for each in back_tests}
    for each_sum in sums:
        row: dict[str, Any] = dict(each_sum)
        added = {name: row[f"sum_{name}"] for name in SUMMED}
        total = found[row["back_test"]]
        found[row["back_test"]] = replace(total, days=row["days_done"], covered=row["days_covered"], **added)
    return found


def progress(back_test: BackTest, total: Span) -> int:
    """As `Answer.progress`, of a back-test of `totals`."""
    return total.days * 100 // _all_days(back_test)


def newest(area: Region, detector: str, parameters: Mapping[str, Any]) -> BackTest | None:
    """The newest finished back-test, here or in an area above, of exactly this draft."""
    found: BackTest | None = (
        BackTest.objects.filter(
            area__in=_and_above(area), detector=detector, parameters=dict(parameters), state=State.DONE
        )
        .order_by("-id")
        .first()
    )
    return found


def _all_days(back_test: BackTest) -> int:
    return (back_test.last - back_test.first).days + 1


def _and_above(area: Region) -> list[int]:
    parents = dict(Region.objects.values_list("pk", "parent_id"))
    found, each = [], area.pk
    while each is not None:
        found.append(each)
        each = parents[each]
    return found


def _span(on: date, days: Iterable[BackTestDay]) -> Span:
    rows = list(days)
    sums = {name: sum(getattr(row, name) for row in rows) for name in SUMMED}
    return Span(on=on, days=len(rows), covered=sum(row.covered for row in rows), **sums)


def _problems(first: date, last: date, today: date) -> list[str]:
    if first > last:
        return [_("首日不能晚于末日")]
    if last >= today:
        return [_("末日最晚是昨天：今天还没有结束")]
    if last - first >= timedelta(days=LONGEST_DAYS):
        return [_("一次最多回测 12 个月")]
    known = nights.first_day()
    if known is None or last < known:
        return [_("这些日子还没有药价汇总，无从比较：请选择较近的日子")]
    return []


def _about(back_test: BackTest) -> audit.About:
    return {"subject": "prices.BackTest", "subject_id": back_test.pk, "place": back_test.area}
