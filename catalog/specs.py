"""规格: strengths and packs as people write them, read exactly or not at all.

What is not read with certainty is None, never a guess: compound strengths (`5mg/80mg` may be two substances or a
concentration), `15g:0.75mg` (a tube and its content, or two substances), `每片含…`, plaster sizes. `strength_key` still
gives such texts a form in which the same writing compares equal. Millilitres before a colon are a volume: `10ml:0.1g` is
a `Fill`, 0.1 g in 10 ml.
"""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Unit = Literal["mg", "ml", "IU", "%"]

_UNITS: dict[str, tuple[Unit, Decimal]] = {
    **dict.fromkeys(("kg", "千克"), ("mg", Decimal(1_000_000))),
    **dict.fromkeys(("g", "克"), ("mg", Decimal(1000))),
    **dict.fromkeys(("mg", "毫克"), ("mg", Decimal(1))),
    **dict.fromkeys(("μg", "ug", "mcg", "微克"), ("mg", Decimal("0.001"))),
    **dict.fromkeys(("ng", "纳克"), ("mg", Decimal("0.000001"))),
    **dict.fromkeys(("l", "升"), ("ml", Decimal(1000))),
    **dict.fromkeys(("ml", "毫升"), ("ml", Decimal(1))),
    **dict.fromkeys(("μl", "ul", "微升"), ("ml", Decimal("0.001"))),
    # Compared only within one generic name, where 单位, U and IU are the same thing written differently.
    **dict.fromkeys(("iu", "u", "单位", "国际单位"), ("IU", Decimal(1))),
    **dict.fromkeys(("万iu", "万u", "万单位", "万国际单位"), ("IU", Decimal(10_000))),
    **dict.fromkeys(("亿iu", "亿u", "亿单位", "亿国际单位"), ("IU", Decimal(100_000_000))),
    "%": ("%", Decimal(1)),
}

_SMALLEST = "片粒支袋丸贴枚瓶揿喷吸包块锭滴条只个管筒听"
_PACKS = "盒瓶袋支包板筒罐桶听管"

WRAPPINGS = frozenset("盒板箱")
"""Units that say how a product is wrapped and not what is in it: `1 盒` is a pack that nobody could read."""

_NUMBER = r"[0-9]{1,9}(?:\.[0-9]{1,9})?"
_STRENGTH = re.compile(rf"(?P<amount>{_NUMBER})(?P<unit>%|[^0-9.%×:/+()\-,;\s]{{1,5}})")
_FILL = re.compile(r"(?P<volume>[^:;()]+)[:;](?P<content>[^:;()]+)(?:\((?P<percent>[0-9.]+%)\))?")
_PERCENT_FIRST = re.compile(r"([0-9.]+%)\(([^()]+)\)")  # 0.1%(5ml:5mg) is 5ml:5mg(0.1%)
_EACH = re.compile(rf"每(?P<unit>[{_SMALLEST}])[装重]?(?P<weight>{_NUMBER}[^×/()]+)×")  # 每粒装0.35g×24粒
_PER = re.compile(rf"/[{_SMALLEST}](?:/盒)?$")  # 5ml:15mg/支, 100ml/瓶/盒: what one smallest unit holds
_REMARK = re.compile(r"\([\u4e00-\u9fff]+\)$")  # (薄膜衣), (进口), (无糖型): words behind the pack, no numbers
_PACK = re.compile(
    rf"(?P<strength>[^×]+)×(?P<count>[0-9]{{1,6}})(?P<unit>[{_SMALLEST}])"
    rf"(?:/板)?(?:×(?P<blisters>[0-9]{{1,4}})板)?(?:/[{_PACKS}]){{0,2}}"
)


@dataclass(frozen=True, slots=True)
class Strength:
    """含量规格 of one smallest unit, in canonical units: exact amount of mg, ml, IU or per cent."""

    amount: Decimal
    unit: Unit

    def __str__(self) -> str:
        return f"{self.amount:f}{self.unit}"


@dataclass(frozen=True, slots=True)
class Fill:
    """装量 and what is in it: `content` (mg or IU) in `volume` ml, the smallest unit of a solution."""

    volume: Decimal
    content: Strength

    @property
    def concentration(self) -> Decimal:
        """mg or IU in a millilitre; not rounded."""
        return self.content.amount / self.volume

    def __str__(self) -> str:
        return f"{self.volume:f}ml:{self.content}"


@dataclass(frozen=True, slots=True)
class Spec:
    """含量规格 and pack: `count` (转换比) smallest units `unit` in a pack."""

    strength: Strength | Fill
    count: int
    unit: str


def normal_text(text: str) -> str:
    """One writing of a spec: NFKC, lower case, no blanks, `×` for every multiplication sign, `μ` for micro."""
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).lower()
    plain = unicodedata.normalize("NFKC", plain)  # lower case and lost blanks may have brought marks together
    # A letter x multiplies before a number; elsewhere it is a letter.
    return re.sub(r"[*✕✖╳]|(?<=[a-z0-9%\u4e00-\u9fff])x(?=[0-9])", "×", plain)


def is_counted(unit: str) -> bool:
    """Whether a pack stated in `unit` says how much it holds."""
    return normal_text(unit) not in WRAPPINGS


def strength_of(text: str) -> Strength | None:
    """`0.25g`, `250毫克`, `50ug`, `10万单位`, `0.1%`, `100ml/瓶` -> Strength; None for anything less certain, and zero."""
    return _strength(_PER.sub("", normal_text(text)))


def _strength(plain: str) -> Strength | None:
    match = _STRENGTH.fullmatch(plain)
    if match is None or match["unit"] not in _UNITS:
        return None
    unit, factor = _UNITS[match["unit"]]
    amount = (Decimal(match["amount"]) * factor).normalize()
    if amount == amount.to_integral_value():
        amount = amount.quantize(Decimal(1))  # 250, not 2.5E+2
    return Strength(amount, unit) if amount else None


def fill_of(text: str) -> Fill | None:
    """`10ml:0.1g`, `5ml:5mg(0.1%)/支` -> Fill; None for anything less certain, and where the per cent do not agree."""
    return _fill(_PER.sub("", normal_text(text)))


def _fill(plain: str) -> Fill | None:
    match = _FILL.fullmatch(_PERCENT_FIRST.sub(r"\2(\1)", plain))
    if match is None:
        return None
    volume, content = _strength(match["volume"]), _strength(match["content"])
    if volume is None or content is None or volume.unit != "ml" or content.unit not in ("mg", "IU"):
        return None
    fill = Fill(volume.amount, content)
    if (written := match["percent"]) is None:
        return fill
    percent = _strength(written)
    agrees = percent and content.unit == "mg" and percent.amount * 10 * fill.volume == content.amount
    return fill if agrees else None  # 1 % is 10 mg in a millilitre


def strength_key(text: str) -> str:
    """What two strengths are compared by: the canonical strength, or the normalised text where there is none."""
    strength = strength_of(text) or fill_of(text)
    return str(strength) if strength else normal_text(text)


def parse_spec(text: str) -> Spec | None:
    """`0.25g×24粒`, `50ug*100片/瓶`, `5mg×7片×2板`, `每粒装0.35g×24粒`, `2ml:0.2g×10支` -> Spec; None for anything less
    certain."""
    plain = _EACH.sub(r"\g<weight>/\g<unit>×", _REMARK.sub("", normal_text(text)), count=1)
    match = _PACK.fullmatch(plain)
    if match is None:
        return None
    written = match["strength"].removesuffix("/" + match["unit"])  # 0.35g/粒×60粒
    strength = _strength(written) or _fill(written)
    if strength is None:
        return None
    count = int(match["count"]) * int(match["blisters"] or 1)
    return Spec(strength, count, match["unit"]) if count else None


def format_spec(strength: str | Strength, count: int, unit: str) -> str:
    """For the screen: `5mg×14片`; without a strength `14片`."""
    return "×".join(part for part in (str(strength).strip(), f"{count}{unit}") if part)
