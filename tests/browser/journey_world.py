"""A chain of two shops for one walk through the desk, and a site of its own at which a live worker publishes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from io import StringIO
from json import loads

from django.core.management import call_command
from django.utils import timezone

from catalog.models import Drug
from pharmacies.models import Chain, Pharmacy
from prices.ingest.publish import ensure_partitions
from tests import factories as f
from tests.browser.conftest import Site, environment, serving
from tests.prices.live_worker import Worker, broker_of_our_own, until

PRODUCTS = ("测程安平片", "测程康胶囊", "测程宁颗粒")
"""The first is the one that the walk is about."""
HERE, THERE = "12.60", "22.00"
"""Its price in the two shops."""


@contextmanager
def working(site: Site) -> Iterator[str]:
    """The address of a server like `site`, with a queue of its own that one live worker empties."""
    var = site.log.parent
    with broker_of_our_own() as broker:
        worker = Worker(broker, var)  # starts while the server does
        try:
            with serving(environment(var) | {"REDIS_URL": broker.url}, var / "journey.log") as url:
                worker.ready()
                yield url
        finally:
            worker.kill()
            until(lambda: not worker.sessions(), "the worker's sessions have ended")


@dataclass(frozen=True)
class Town:
    """`shop` asks HERE for `drug`, `sister` THERE; nobody works for either or for their chain yet."""

    chain: Chain
    shop: Pharmacy
    sister: Pharmacy
    drug: Drug

    def slip_of_head_office(self, url: str) -> str:
        """The first invitation of a place is given on the command line; its link."""
        said = StringIO()
        call_command(
            "invite",
            chain=self.chain.name,
            role="head_office",
            name="陈卫东",
            by="ops",
            url=url,
            json=True,
            stdout=said,
        )
        return str(loads(said.getvalue())["link"])


def town(name: str) -> Town:
    """The chain of that name, committed; times are relative to now, because the server's clock is the real one."""
    now = timezone.now()
    ensure_partitions(at=now)
    chain = f.chain(f"{name}大药房连锁有限公司")
    shop, sister = (f.pharmacy(f"{name}大药房（{street}店）", chain=chain) for street in ("长江路", "汉水路"))
    said = now - timedelta(days=1)
    run = f.run(f.feed(f"before-{chain.pk}"), received_at=said)
    drugs = [
        f.drug(f.preparation(generic, "片剂", "5mg"), manufacturer=f"{name}制药有限公司", pack_count=7)
        for generic in PRODUCTS
    ]
    for drug in drugs:
        for place, price in ((shop, HERE), (sister, THERE)):
            f.offer(drug, place, price, by=run.feed, run_id=run.pk, confirmed=said)
    f.rebuild_today(now)
    return Town(chain, shop, sister, drugs[0])
