"""Days on which a shop keeps other hours than the week's: what a search is told of the week that begins today."""

from datetime import date, timedelta

from django.db.backends.postgresql.psycopg_any import DateRange

from pharmacies import hours
from pharmacies.hours import Intervals
from pharmacies.models.shop import SpecialHours

WEEK = timedelta(days=7)


def weeks_with_special_days(day: date) -> dict[int, Intervals]:
    """Pharmacy id → its hours from `day` on for a week, as minutes of the week, where a special day is among them."""
    rows = SpecialHours.objects.filter(valid__overlap=DateRange(day, day + WEEK)).exclude(pharmacy__hours="")
    found: dict[int, tuple[str, dict[int, str]]] = {}
    for row in rows.select_related("pharmacy").order_by("pharmacy_id", "valid"):
        _text, days = found.setdefault(row.pharmacy_id, (row.pharmacy.hours, {}))
        for each in (day + timedelta(days=n) for n in range(7)):
            if row.valid.lower <= each < row.valid.upper:
                days[each.weekday()] = row.hours
    return {pk: hours.parse(hours.with_days(text, days)) for pk, (text, days) in found.items()}
