"""What the cells of a till's export mean, where tills write otherwise than feeds do: stock, dates, member prices."""

import re
import unicodedata
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation

from django.utils import timezone

from prices.money import MoneyError, yuan_of

WORDS = {
    "": "",
    "未报库存": "",
    "有货": "in",
    "有": "in",
    "充足": "in",
    "少量": "low",
    "紧张": "low",
    "缺货": "out",
    "无货": "out",
    "无": "out",
    "断货": "out",
    "可预订": "order",
    "预订": "order",
}
DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?")
MOST = 999_999_999


def stock(text: str) -> str:
    """A stock as a feed writes it: a word, a whole number, or the text itself where it says neither. Tills count in
    fractions (an opened box is still one) and below zero (sold before it was booked in: then nobody knows)."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if plain in WORDS:
        return WORDS[plain]
    try:
        number = Decimal(plain.replace(",", ""))
    except InvalidOperation:
        return plain
    if not number.is_finite() or number < 0:
        return ""
    return str(min(int(number.to_integral_value(rounding="ROUND_CEILING")), MOST))


def moment(text: str) -> str:
    """A date of a spreadsheet (midnight in Shanghai) or a time there, as ISO 8601; other text as it is."""
    match = DAY.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if match is None:
        return text
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
    try:
        naive = datetime.combine(date(year, month, day), time(hour, minute, second))
    except ValueError:
        return text
    return naive.replace(tzinfo=timezone.get_default_timezone()).isoformat()


def member_price(text: str, price: str) -> str:
    """The member price, when it says something: tills write 0 or the shelf price for none. Empty also when unreadable:
    a wrong member price never keeps a shelf price back."""
    try:
        member = yuan_of(text)
        return "" if member == _yuan(price) else str(member)
    except MoneyError:
        return ""


def _yuan(text: str) -> Decimal | None:
    try:
        return yuan_of(text)
    except MoneyError:
        return None
