"""Current prices and their changes: the big tables. Keys hold `drug_id`; no foreign keys (bulk loading, sharding).

`check_prices` proves what foreign keys would. Money is in 分.
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Stock(models.IntegerChoices):
    UNKNOWN = 0, _("未报库存")
    IN = 1, _("有货")
    LOW = 2, _("少量")
    OUT = 3, _("缺货")
    ORDER = 4, _("可预订")


class Offer(models.Model):
    """The shown shelf price (零售价) of a drug at a pharmacy: the one that is ranked. Written only by `ingest.publish`.

    `as_of` is when the statement that set price and stock was effective, `changed_at` when the price began,
    `confirmed_at` the newest time a row said it still holds. A complete snapshot of the same feed may vouch for it up to
    a later time without touching it: `PharmacyFeed`.
    """

    class State(models.IntegerChoices):
        WITHDRAWN = 0, "已下架"
        LIVE = 1, "在售"

    pk = models.CompositePrimaryKey("drug_id", "pharmacy_id")
    # Eight-byte columns first: no padding, 88 bytes a row.
    as_of = models.DateTimeField()
    changed_at = models.DateTimeField()
    confirmed_at = models.DateTimeField()
    disputed_since = models.DateTimeField(null=True)
    drug_id = models.IntegerField()
    pharmacy_id = models.IntegerField()
    price_fen = models.IntegerField()
    feed_id = models.IntegerField()
    run_id = models.IntegerField()
    cell = models.IntegerField()  # of the pharmacy: a search walks the prices of the cells it touches
    stock = models.SmallIntegerField(choices=Stock, default=Stock.UNKNOWN)
    state = models.SmallIntegerField(choices=State, default=State.LIVE)

    class Meta:
        verbose_name = verbose_name_plural = "零售价"
        constraints = [
            models.CheckConstraint(name="offer_price_above_zero", condition=Q(price_fen__gt=0)),
            models.CheckConstraint(name="offer_stock_is_known_word", condition=Q(stock__in=[0, 1, 2, 3, 4])),
            models.CheckConstraint(name="offer_state_is_known", condition=Q(state__in=[0, 1])),
        ]
        indexes = [
            models.Index(name="offer_cheapest", fields=["drug_id", "price_fen"], condition=Q(state=1)),
            models.Index(name="offer_cell", fields=["drug_id", "cell", "price_fen"], condition=Q(state=1)),
            models.Index(name="offer_pharmacy", fields=["pharmacy_id"]),
        ]

    def __str__(self) -> str:
        return f"{self.drug_id} {self.pharmacy_id} {self.price_fen}"


class SourcePrice(models.Model):
    """The latest assertion of another kind than the shelf price; never ranked (settled prices are leads)."""

    class Kind(models.TextChoices):
        SETTLED = "settled", "医保结算价"
        OBSERVED = "observed", "市民所见价"
        MEMBER = "member", "会员价"
        PROMOTION = "promotion", "促销价"
        DELIVERY = "delivery", "即时配送价"

    pk = models.CompositePrimaryKey("drug_id", "pharmacy_id", "kind")
    drug_id = models.IntegerField()
    pharmacy_id = models.IntegerField()
    kind = models.CharField(max_length=10, choices=Kind)
    total = models.DecimalField(max_digits=14, decimal_places=4)  # yuan for `quantity` packs, as settled
    quantity = models.PositiveIntegerField(default=1)
    as_of = models.DateTimeField()
    feed_id = models.IntegerField()
    run_id = models.IntegerField()

    class Meta:
        verbose_name = verbose_name_plural = "其他来源价"
        constraints = [
            models.CheckConstraint(name="source_total_above_zero", condition=Q(total__gt=0)),
            models.CheckConstraint(name="source_quantity_above_zero", condition=Q(quantity__gt=0)),
        ]
        # Few rows among many settled ones: what citizens saw at a shop, and its member prices.
        indexes = [
            models.Index(name="source_observed", fields=["pharmacy_id"], condition=Q(kind="observed")),
            models.Index(name="source_member", fields=["pharmacy_id"], condition=Q(kind="member")),
        ]

    def __str__(self) -> str:
        return f"{self.drug_id} {self.pharmacy_id} {self.kind}"


class ScheduledPrice(models.Model):
    """A declared price with a future date; at that time it becomes a run of the same feed."""

    drug_id = models.IntegerField()
    pharmacy_id = models.IntegerField()
    feed_id = models.IntegerField()
    run_id = models.IntegerField()
    effective_at = models.DateTimeField()
    price_fen = models.IntegerField()
    stock = models.SmallIntegerField(choices=Stock, default=Stock.UNKNOWN)
    applied_run_id = models.IntegerField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "定时调价"
        constraints = [
            models.UniqueConstraint(
                name="scheduled_once", fields=["drug_id", "pharmacy_id", "feed_id", "effective_at"]
            ),
            models.CheckConstraint(name="scheduled_price_above_zero", condition=Q(price_fen__gt=0)),
        ]
        indexes = [
            models.Index(name="scheduled_due", fields=["effective_at"], condition=Q(applied_run_id__isnull=True))
        ]

    def __str__(self) -> str:
        return f"{self.drug_id} {self.pharmacy_id} {self.effective_at}"


class TransactionId(models.Func):
    """The writing transaction: `GET changes` reads below the oldest one still running, so it skips nothing."""

    function = "pg_current_xact_id"
    output_field = models.TextField()


class Xid8Field(models.Field):  # type: ignore[type-arg]  # not subscriptable at run time
    def db_type(self, connection: object) -> str:
        return "xid8"


class PriceChange(models.Model):
    """One change of one shown price: append-only, partitioned by month of `received_at`.

    `old_fen` is NULL for a new or returned offer, `new_fen` for a withdrawn one.
    """

    pk = models.CompositePrimaryKey("drug_id", "pharmacy_id", "received_at", "run_id")
    id = models.BigIntegerField(db_default=models.Value(0))  # a sequence; with `xid` the cursor of `GET changes`
    xid = Xid8Field(db_default=TransactionId())
    effective_at = models.DateTimeField()
    reported_at = models.DateTimeField()  # the newest time the reporter vouched for in that delivery
    received_at = models.DateTimeField()  # constant per run
    drug_id = models.IntegerField()
    pharmacy_id = models.IntegerField()
    old_fen = models.IntegerField(null=True)
    new_fen = models.IntegerField(null=True)
    feed_id = models.IntegerField()
    run_id = models.IntegerField()

    class Meta:
        managed = False  # partitioned: made in a migration
        verbose_name = verbose_name_plural = "价格变动"
        db_table = "prices_pricechange"

    def __str__(self) -> str:
        return f"{self.drug_id} {self.pharmacy_id} {self.old_fen} {self.new_fen}"
