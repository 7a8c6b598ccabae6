"""What shelves said at a moment in the past, by what had been received until then or until another moment.

Two times: a price is *valid* from when it began until the next began, and it was *recorded* when we received it. With
both the same moment it is what a citizen was shown then; with `recorded` now it is what we know today about then.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from pharmacies.models import Pharmacy, Region
from prices.monitoring.reporters import LOOK_BACK
from prices.sql import statement

EARLIEST = date(2000, 1, 1)
"""No price was recorded before it: who asks for an earlier day mistyped."""

STATES: dict[str, Promise] = {
    "shown": _("正常公示"),
    "stale": _("久未更新，排在后面"),
    "hidden": _("太久未更新，不再显示"),
    "unranked": _("不参加比价"),
}


@dataclass(frozen=True, slots=True)
class Then:
    """One price: of a product at a shop. `code`, `name` and `where` are those of the side that varies (shop, name, area;
    or product, name and pack, maker). `since` and `received_at` are None where the price is older than our records."""

    pk: int
    code: str
    name: str
    where: str
    drug_id: int
    fen: int
    since: datetime | None
    received_at: datetime | None
    feed: str
    run_id: int | None
    state: str


def of_drug(drug_id: int, area: Region, *, valid: datetime, recorded: datetime) -> list[Then]:
    """The product at all pharmacies that the area or one below it manages, the cheapest first."""
    areas = list(Region.objects.within(area).values_list("pk", flat=True))
    return _ask("as_of_drug", {"drug": drug_id, "areas": areas}, valid, recorded)


def of_shop(pharmacy: Pharmacy, *, valid: datetime, recorded: datetime) -> list[Then]:
    """The whole shelf of the pharmacy, by product."""
    return _ask("as_of_shop", {"pharmacy": pharmacy.pk}, valid, recorded)


def _ask(name: str, asked: dict[str, Any], valid: datetime, recorded: datetime) -> list[Then]:
    parameters = asked | {
        "valid": valid,
        "recorded": recorded,
        "day": timezone.localdate(valid),
        "oldest": valid - LOOK_BACK,
        "stale_after": settings.STALE_AFTER,
        "hidden_after": settings.HIDDEN_AFTER,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement(name), parameters)
        return [Then(*row) for row in cursor]
