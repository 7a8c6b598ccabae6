"""What officials find in the demo: the leads of the last weeks, citizens' reports, and cases at several stages.

Nothing is put there: the sweeps of the last nights are made up for, and the demo's people press their buttons.
"""

from contextlib import suppress
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from catalog.models import Drug
from pharmacies.models import Membership, Pharmacy, Region, User
from prices.models import Case, Offer, ReportGroup, Screening
from prices.money import yuan
from prices.monitoring import cases, freezes, freezing, night, sweep, watch
from prices.monitoring.reports import codes, sending
from prices.monitoring.reports.answers import into_case

NIGHTS = 24
"""So many nights before the load had their sweep."""
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
DEARER = 1.3
"""What citizens saw, beside what the shop reports."""
HERE = "127.0.0.1"


def nights(*, at: datetime) -> None:
    """The sweeps of the last weeks, oldest first, the newest night in full, and what has changed since."""
    swept = Screening.objects.filter(kind=Screening.Kind.SWEEP).aggregate(last=Max("on"))["last"]
    for days in range(NIGHTS, 0, -1):
        night_of = at - timedelta(days=days)
        if swept is None or timezone.localdate(night_of - DAY) > swept:  # a load that was killed goes on
            sweep.sweep(night_of)
    night.work(at)
    watch.watch(at)


def work(*, at: datetime) -> None:
    """People at work: once, and only where the nights have been made up for and everybody has a log-in."""
    if ReportGroup.objects.exists() or Case.objects.exists() or not Screening.objects.exists():
        return
    officer, reviewer, publisher = (User.objects.get(username=name) for name in ("jingban", "shenhe", "fabu"))
    desk = Membership.objects.select_related("pharmacy__insurance_area").get(user__username="dianzhang").pharmacy
    if desk is None:
        raise ValueError("the demo's manager has no shop")
    with transaction.atomic():
        group = _reported(desk, 0, text="店里标价比网上高，店员说以店里为准。（演示）", at=at - 9 * DAY)
        _published(_case(desk, group, by=officer, at=at - 8 * DAY), officer, reviewer, publisher, at=at - 7 * DAY)
        group = _reported(desk, 1, text="昨天买的，小票上是这个价。（演示）", at=at - 3 * DAY)
        _asked(_case(desk, group, by=officer, at=at - 2 * DAY), officer, at=at - 2 * DAY)
        _reported(desk, 2, text="", at=at - DAY / 2)
        _frozen(desk.insurance_area, reviewer, at=at - HOUR)


def _frozen(county: Region, reviewer: User, *, at: datetime) -> None:
    """The newest month that is over has been declared final; the ones before it wait. Where the demo did not run to the
    end of a month, it cannot be: then the one before it is."""
    for month in freezes.open_months(county, timezone.localdate(at)):
        with suppress(freezes.NotFrozen):
            freezing.run(freezes.ask(county, month, by=reviewer, at=at, note="演示").pk, clock=lambda: at)
            return


def _reported(shop: Pharmacy, number: int, *, text: str, at: datetime) -> ReportGroup:
    """A citizen saw another price of the shop's product of that number, the dearest first, than the one shown."""
    offer = Offer.objects.filter(pharmacy_id=shop.pk, state=Offer.State.LIVE).order_by("-price_fen", "drug_id")[number]
    seen = yuan(round(offer.price_fen * DEARER / 10) * 10)
    drug = Drug.objects.get(pk=offer.drug_id)
    draft = sending.Draft(kind=ReportGroup.Kind.PRICE, mark=codes.fresh_mark(), drug=drug, price=str(seen), text=text)
    sending.send(shop, draft, address=HERE, at=at)
    group: ReportGroup = ReportGroup.objects.latest("pk")
    return group


def _case(shop: Pharmacy, group: ReportGroup, *, by: User, at: datetime) -> Case:
    case = cases.open_case(shop, (), [group], by=by, at=at)
    into_case(group, case=case, by=by, at=at)
    return case


def _asked(case: Case, officer: User, *, at: datetime) -> None:
    """The shop has been asked in writing; its people find the question at their desk."""
    _take(case, "verify", officer, at=at)
    question = "市民反映店内标价高于报送价格，请说明原因并核对标价。（演示）"
    _take(case, "notice", officer, at=at, reason=question, document_number=f"演示函〔{at.year}〕{case.pk}号")


def _published(case: Case, officer: User, reviewer: User, publisher: User, *, at: datetime) -> None:
    """Asked by telephone, put right, and told in public by two people."""
    _take(case, "verify", officer, at=at)
    _take(case, "explained", officer, at=at, reason="电话核实：店内价签未及时更换，当日已更正。（演示）")
    said = "经核实，药店价签未及时更换，已更正。感谢您的反馈。（演示）"
    cases.propose(case, text=said, named=False, by=reviewer, at=at + HOUR, seen=case.revision)
    cases.publish(case, by=publisher, at=at + 2 * HOUR, seen=case.revision)


def _take(case: Case, name: str, by: User, *, at: datetime, reason: str = "", document_number: str = "") -> None:
    cases.take(case, name, by=by, at=at, seen=case.revision, reason=reason, document_number=document_number)
