"""Column types and querysets that dated, regional facts share."""

from datetime import date
from typing import Any, Self

from django.contrib.postgres.fields import DateRangeField
from django.db import models
from psycopg.types.multirange import Int4Multirange
from psycopg.types.range import Int4Range

WEEK_MINUTES = 7 * 24 * 60


@models.CharField.register_lookup
class AnyOf(models.Lookup):  # type: ignore[type-arg]  # not subscriptable at run time
    """`code__any_of=[…]`: like `__in`, but one parameter however many values; 100,000 of them take no parsing."""

    lookup_name = "any_of"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        column, parameters = self.process_lhs(compiler, connection)
        return f"{column} = ANY(%s)", (*parameters, list(self.rhs))


class ValidField(DateRangeField):
    """Half-open range of days [from, to) on which a fact holds; an open end is NULL inside the range."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("verbose_name", "有效期")
        super().__init__(*args, **kwargs)


class ValidQuerySet(models.QuerySet[Any]):
    """Rows with a `valid` range: ask for a day, never for now."""

    def valid(self, on: date) -> Self:
        """Rows that hold on the day `on` (Asia/Shanghai calendar day)."""
        return self.filter(valid__contains=on)


class WeekMinutesField(models.Field):  # type: ignore[type-arg]  # not subscriptable at run time
    """Opening hours as an `int4multirange` of minutes of the week, [0, 10080) from Monday 00:00 Asia/Shanghai.

    In Python a tuple of half-open (start, end) pairs; NULL means unknown, an empty tuple means never open.
    """

    def db_type(self, connection: Any) -> str:
        return "int4multirange"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> tuple[tuple[int, int], ...] | None:
        return None if value is None else tuple((part.lower, part.upper) for part in value)

    def get_prep_value(self, value: Any) -> Int4Multirange | None:
        return None if value is None else Int4Multirange([Int4Range(start, end) for start, end in value])
