"""Money: integer 分 (fen) in storage, `Decimal` yuan at the edges. This is the one place that converts.

Parsing is strict: a price that needs interpretation is refused with a reason code and a sentence that says what to
write, because a wrongly read price is worse than a missing one.
"""

import re
from decimal import Decimal

from django.utils.translation import gettext as _

MAX_YUAN = Decimal(10_000_000)
"""Nothing on a pharmacy shelf costs more; above it a column is shifted. 10^9 fen still fits int4."""

_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0xFFE5: 0xA5}
"""Full-width forms to ASCII. Not NFKC: that would turn 12² into 122."""

_AMOUNT = re.compile(r"(?P<sign>[-+]?)(?P<whole>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.(?P<part>[0-9]+))?")


class MoneyError(ValueError):
    """A price that cannot be taken. `reason` is stable; the message says what to do."""

    reason = "price_unreadable"


class PriceMissing(MoneyError):
    reason = "price_missing"


class PriceUnreadable(MoneyError):
    reason = "price_unreadable"


class PriceNotPositive(MoneyError):
    reason = "price_not_positive"


class PriceTooPrecise(MoneyError):
    reason = "price_decimals"


class PriceTooLarge(MoneyError):
    reason = "price_too_large"


def yuan_of(text: str, *, decimals: int = 2) -> Decimal:
    """Yuan written by a person or a till: `12.60`, `￥12.50`, `１２．５`, `1,234.50`, `12.6元`.

    Returns a positive Decimal with exactly `decimals` places (4 for settlement totals and prices per smallest unit).
    Raises a `MoneyError` for anything else, exponents, NaN and more decimals than allowed among them. Trailing zeros
    beyond `decimals` are no extra precision and are accepted: spreadsheets write 12.6000.
    """
    plain = text.translate(_FULL_WIDTH).strip()
    if not plain:
        raise PriceMissing(_("没有价格：请填写零售价，例如 12.60"))
    amount = _AMOUNT.fullmatch(plain.removeprefix("¥").removesuffix("元").strip())
    if amount is None:
        raise PriceUnreadable(
            _("价格“%(text)s”无法识别：请只写数字，例如 12.60，不要用科学计数法") % {"text": text[:40]}
        )
    part = (amount["part"] or "").rstrip("0")
    if len(part) > decimals:
        raise PriceTooPrecise(
            _("价格“%(text)s”的小数超过 %(n)d 位：请四舍五入后再报") % {"text": text[:40], "n": decimals}
        )
    if amount["sign"] == "-" or not (part or amount["whole"].strip("0,")):
        raise PriceNotPositive(_("价格“%(text)s”不大于 0：请填写实际零售价；不再销售请删除此行") % {"text": text[:40]})
    whole = amount["whole"].replace(",", "").lstrip("0") or "0"
    if len(whole) > 8 or (value := Decimal(f"{whole}.{part:0<{decimals}}")) > MAX_YUAN:
        raise PriceTooLarge(_("价格“%(text)s”超过一千万元：请检查单位和列的顺序") % {"text": text[:40]})
    return value


def fen_of(text: str) -> int:
    """Fen of a pack price written in yuan, at most 2 decimals. Raises like `yuan_of`."""
    return int(yuan_of(text, decimals=2).scaleb(2))


def yuan(fen: int) -> Decimal:
    """Yuan with 2 places: 1260 -> Decimal('12.60')."""
    return Decimal(fen).scaleb(-2).quantize(Decimal("0.01"))


def unit_price(fen: int, count: int) -> Decimal:
    """最小制剂单位价: yuan per smallest unit (tablet, capsule, vial) of a pack of `count`, 4 places, half up.

    Integer arithmetic, so that a tie is a tie: 27.13 / 14 -> 1.9379.
    """
    if count < 1:
        raise ValueError(_("包装数量必须大于 0"))
    ten_thousandths = (2 * fen * 100 + count) // (2 * count)
    return Decimal(ten_thousandths).scaleb(-4).quantize(Decimal("0.0001"))
