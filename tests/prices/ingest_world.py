"""The small world of the ingest machine: three feeds that overlap, three shops, four drugs; and how to kill an attempt."""

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Any

from django.db import connection

from pharmacies.models import PharmacyAlias
from prices.ingest import publish
from prices.models import Feed
from tests import factories as f
from tests.prices.model_of_ingest import Model

PACK = 14
START = f.AT.astimezone(UTC)
FEEDS = ("chain", "named", "everybody")
SHOPS, DRUGS = range(3), range(4)


class Killed(BaseException):
    """What kill -9 is to the attempt: nothing runs after it."""


@contextmanager
def killed_at(statement: int | None) -> Any:
    """The attempt dies when it sends its n-th statement; what was committed until then stays."""
    sent = 0

    def wrapper(execute: Any, sql: Any, parameters: Any, many: Any, context: Any) -> Any:
        nonlocal sent
        sent += 1
        if sent == statement:
            raise Killed
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(wrapper):
        yield


@dataclass(frozen=True)
class World:
    feeds: dict[str, Feed]
    shops: list[Any]
    drugs: list[Any]

    @property
    def shop_ids(self) -> dict[int, str]:
        return {shop.pk: shop.code for shop in self.shops}

    @property
    def drug_ids(self) -> dict[int, str]:
        return {drug.pk: drug.code for drug in self.drugs}

    def code(self, feed: str, shop: int) -> str:
        """A chain uses its own store numbers."""
        return f"S{shop}" if feed == "chain" and shop < 2 else self.shops[shop].code

    def model(self, hold_from: int) -> Model:
        codes = [shop.code for shop in self.shops]
        written = {(feed, code): code for feed in FEEDS for code in codes}
        return Model(
            scope={"chain": set(codes[:2]), "named": {codes[2]}, "everybody": set(codes)},
            shops=written | {("chain", "S0"): codes[0], ("chain", "S1"): codes[1], ("named", ""): codes[2]},
            drugs={drug.code: drug.code for drug in self.drugs},
            pack=PACK,
            hold_from=hold_from,
        )


def build_world() -> World:
    chain = f.chain()
    shops = [f.pharmacy(f"{n}号店", chain=chain if n < 2 else None) for n in SHOPS]
    for n in range(2):
        PharmacyAlias.objects.create(chain=chain, store_no=f"S{n}", pharmacy=shops[n])
    feeds = {
        "chain": f.feed("chain", scope="chain", chain=chain, cadence=timedelta(days=1)),
        "named": f.feed("named", scope="pharmacies", cadence=timedelta(days=7)),
        "everybody": f.feed("everybody", cadence=timedelta(hours=8)),
    }
    feeds["named"].pharmacies.add(shops[2])
    publish.ensure_partition(START)
    publish.ensure_partition(START + timedelta(days=31))
    return World(feeds, shops, [f.drug(pack_count=PACK) for _ in DRUGS])
