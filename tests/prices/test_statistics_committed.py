"""The roll-up with really committed rows: two workers at once, and the role that searches."""

from datetime import date
from threading import Barrier, Thread

from django.db import connections

from prices.models import AreaPrice
from prices.statistics import history
from prices.statistics.roll_up import roll_up
from prices.statistics.usual import usual_prices
from tests import factories as f
from tests.factories import AT
from tests.prices.area_world import said, sell
from tests.prices.live_worker import PATIENCE_S

TODAY = date(2026, 11, 21)


def test_two_workers_at_once_end_with_the_same_rows(committed):
    drugs = [f.drug() for _n in range(4)]
    for each in drugs:
        sell(each, *["10.00"] * 5, "12.00")
    start, problems = Barrier(2), []

    def work() -> None:
        try:
            start.wait(timeout=PATIENCE_S)
            roll_up(AT)
        except BaseException as problem:  # noqa: BLE001  # told to the test that waits
            problems.append(problem)
        finally:
            connections.close_all()

    workers = [Thread(target=work) for _n in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=PATIENCE_S)
    assert problems == []
    assert {said(each) for each in drugs} == {(1000, 1000, 1000, 1000, 1000, 1200, 6)}
    assert AreaPrice.objects.count() == 4 * 3


def test_the_search_role_reads_them(committed, settings):
    settings.SEARCH_DATABASE = "search"
    sell(drug := f.drug(), *["10.00"] * 5)
    roll_up(AT)
    assert usual_prices([(drug.pk, f.region().pk)], TODAY)
    assert history.daily(drug.pk, f.region().pk, TODAY, TODAY)
