"""The alternative that a Django project would write first: GeoDjango's own functions, ordered and cut by the database.

Its distances lie on the spheroid (`ST_Distance`, `ST_DWithin` on geography), ours on the sphere: up to 0.3 % apart. So
its answers are compared with the referee's over its own distances, `spheroid`, radius included: equal then means equal
in everything else, ties as well.
"""

from datetime import datetime
from typing import Any

import numpy as np
from django.conf import settings
from django.contrib.gis.db.models.functions import Distance
from django.contrib.gis.geos import Point
from django.contrib.gis.measure import D
from django.db import connections, models
from django.db.models import Case, ExpressionWrapper, F, FloatField, OuterRef, Subquery, Value, When
from django.db.models.functions import Coalesce, Greatest, Least

from pharmacies.models import Pharmacy
from prices.bench.order import Line, Rows, circle, first
from prices.bench.referee import Floats, Question, World
from prices.models import Feed, PharmacyFeed, Stock


class JoinedOffer(models.Model):
    """The table of the offers with the relations that the ORM joins by. Of no installed application: never migrated."""

    pk = models.CompositePrimaryKey("drug_id", "pharmacy_id")
    drug_id = models.IntegerField()
    pharmacy = models.ForeignKey(Pharmacy, models.DO_NOTHING, related_name="+", db_constraint=False)
    feed = models.ForeignKey(Feed, models.DO_NOTHING, related_name="+", db_constraint=False)
    price_fen = models.IntegerField()
    stock = models.SmallIntegerField()
    state = models.SmallIntegerField()
    confirmed_at = models.DateTimeField()
    disputed_since = models.DateTimeField(null=True)

    objects: Any = models.Manager()

    class Meta:
        app_label = "bench"
        managed = False
        db_table = "prices_offer"

    def __str__(self) -> str:
        return str(self.pk)


class Orm:
    name = "orm"

    def load(self, world: World, drug_ids: set[int]) -> None:
        """It reads the same tables."""

    def ask(self, question: Question) -> list[Line]:
        rows = _ordered(_eligible(question), question)
        if question.sort == "frontier":
            return _frontier(question, rows)
        found = rows.values_list("pharmacy_id", "drug_id", "price_fen", "stale")[: question.limit]
        return [Line(pharmacy, drug, price, bool(stale)) for pharmacy, drug, price, stale in found]


def _eligible(question: Question) -> Any:
    origin, radius_m = circle(question.where)
    point = Point(origin.lng, origin.lat, srid=4326)
    mark = PharmacyFeed.objects.filter(pharmacy_id=OuterRef("pharmacy_id"), feed_id=OuterRef("feed_id"))
    undisputed = Greatest("confirmed_at", Coalesce(Subquery(mark.values("snapshot_as_of")[:1]), F("confirmed_at")))
    vouched = Case(When(disputed_since__isnull=True, then=undisputed), default=Least("confirmed_at", "disputed_since"))
    return (
        JoinedOffer.objects.filter(drug_id__in=[drug.pk for drug in question.target.drugs], state=1)
        .exclude(stock=Stock.OUT)
        .filter(pharmacy__today__ranked=True, pharmacy__today__kind__in=question.filters.kinds)
        .filter(pharmacy__location__dwithin=(point, D(m=radius_m)))
        .annotate(distance=Distance("pharmacy__location", point), vouched=vouched)
        .annotate(hidden=_after(settings.HIDDEN_AFTER), stale_at=_after(settings.STALE_AFTER))
        .filter(hidden__gte=question.at)
        .annotate(stale=_older(question.at))
    )


def _after(times: float) -> Any:
    return ExpressionWrapper(F("vouched") + F("feed__cadence") * Value(times), models.DateTimeField())


def _older(at: datetime) -> Case:
    return Case(When(stale_at__lt=at, then=Value(1)), default=Value(0))


def _ordered(rows: Any, question: Question) -> Any:
    code = models.functions.Collate("pharmacy__code", "C")
    if question.sort == "cheapest":
        return rows.order_by("stale", "price_fen", "distance", code)
    if question.sort == "value":
        travel = models.Func(F("distance"), function="", template="(%(expressions)s)", output_field=FloatField())
        fen = ExpressionWrapper(
            F("price_fen") * Value(question.quantity) + travel * Value(float(question.yuan_per_km) / 10), FloatField()
        )
        return rows.annotate(cost=fen).order_by("stale", "cost", "distance", code)
    return rows.order_by("stale", "distance", "price_fen", code)


def _frontier(question: Question, rows: Any) -> list[Line]:
    """The ORM has no word for it: everything fresh is read, and swept here."""
    names = ("pharmacy_id", "pharmacy__code", "price_fen", "distance")
    found = [
        (pharmacy, code, price, away.m) for pharmacy, code, price, away in rows.filter(stale=0).values_list(*names)
    ]
    columns = [np.array(column) for column in zip(*found, strict=True)] or [np.array([])] * 4
    pharmacy, code, price, away = columns
    n = np.zeros(len(pharmacy), dtype=np.int64)
    return first(question, Rows(pharmacy, code, n, price, price, n > 0, away))


def spheroid(world: World, question: Question) -> Floats:
    """The ORM's distance of every pharmacy of the world, in metres."""
    with connections[settings.SEARCH_DATABASE].cursor() as cursor:
        cursor.execute(
            "SELECT ST_Distance(location, %s::geography) FROM pharmacies_pharmacytoday ORDER BY pharmacy_id",
            [question.where.ewkt],
        )
        return np.array([away for (away,) in cursor.fetchall()])
