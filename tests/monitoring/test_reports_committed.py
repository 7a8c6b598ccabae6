"""Many at the same moment, each with a connection of its own: one form is one report, a limit is a limit."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import connections

from pharmacies.models import Pharmacy
from prices.models import Report, ReportGroup, ReportQuota
from prices.monitoring.reports import limits, sending
from prices.monitoring.reports.sending import Draft, Kind
from tests import factories as f
from tests.factories import AT


def at_once(act: Callable[[int], str], times: int) -> list[str]:
    def one(n: int) -> str:
        try:
            return act(n)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as threads:
        return list(threads.map(one, range(times)))


def send(shop: Pharmacy, mark: str) -> str:
    try:
        return sending.send(shop, Draft(kind=Kind.CLOSED, mark=mark), address="203.0.113.7", at=AT)
    except limits.TooMany:
        return "refused"


def test_sixteen_clicks_on_one_form_are_one_report_and_answer_with_one_code(committed: None) -> None:
    shop = f.pharmacy()
    assert len(set(at_once(lambda n: send(shop, "one form"), 16))) == 1
    assert Report.objects.count() == 1


def test_reports_at_one_moment_make_one_group_and_are_counted_exactly(committed: None) -> None:
    shop = f.pharmacy()
    answers = Counter(each == "refused" for each in at_once(lambda n: send(shop, f"form {n}"), 60))
    assert answers == {False: 30, True: 30}
    assert (ReportGroup.objects.count(), Report.objects.count()) == (1, 30)
    assert ReportQuota.objects.get(sender="").count == 30
