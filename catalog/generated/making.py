"""The rows of a generated catalogue: names in order of how much is sold of them, then makers, packs and codes."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from math import ceil

from catalog.generated import names, parts, patents

MOST_PRODUCTS = 320
"""Of one generic name."""
NAMES_PER_PRODUCT = 0.047
"""170,000 products have about 8,000 generic names."""
MAKERS_PER_NAME = 0.5
WELL_KNOWN = 1120
"""Names that even a small catalogue has."""
_LEVEL_OFF = 142


@dataclass(frozen=True, slots=True)
class Product:
    """One row: the fields of a drug and of its preparation. `pack_count` is in smallest units."""

    code: str
    generic_name: str
    dosage_form: str
    strength: str
    pack_count: int
    unit: str
    pack_unit: str
    manufacturer: str
    trade_name: str
    approval_no: str
    barcode: str
    trace_prefix: str
    rx_class: str
    quality: str


@dataclass(frozen=True, slots=True)
class Named:
    """A generic name with its form and the strengths it is sold in, the usual one first."""

    name: str
    form: str
    strengths: tuple[str, ...]
    patent: bool


def made(count: int, *, seed: int) -> Iterator[Product]:
    """At least `count` rows without end of names: as many as the names carry, in order of the names."""
    known = generic_names(max(ceil(count * NAMES_PER_PRODUCT), min(count, WELL_KNOWN)), seed=seed)
    makers = _makers(max(ceil(len(known) * MAKERS_PER_NAME), 40), seed=seed)
    companies = {maker: number for number, maker in enumerate(makers)}
    shares = _shares(count, len(known))
    serial = 0
    for number, (named, share) in enumerate(zip(known, shares, strict=True)):
        yield from _rows_of(named, number, share, makers, companies, seed=seed, serial=serial)
        serial += share


def generic_names(count: int, *, seed: int = 1) -> list[Named]:
    """The first `count` names: the well-known ones, then made-up ones of the same build."""
    real = _interleaved(_listed(names.SUBSTANCES, patent=False), _listed(patents.PATENT_MEDICINES, patent=True))
    found = {each.name: each for each in real}
    rng = random.Random(f"names {seed}")
    while len(found) < count:
        for each in _patent(rng) if rng.random() < 0.4 else _western(rng):
            found.setdefault(each.name, each)
    return list(found.values())[:count]


def _listed(table: str, *, patent: bool) -> list[Named]:
    """All first forms of a table, then all second ones: the usual form of a substance is what most makers make."""
    lines = [line.split("|") for line in table.strip().splitlines()]
    turns = max(len(forms.split()) for _name, forms, _strengths in lines)
    found = []
    for turn in range(turns):
        for name, forms, strengths in lines:
            if turn < len(forms.split()):
                form = forms.split()[turn]
                found.append(Named(_written(name, form), form, tuple(_strengths(strengths)), patent))
    return found


def _strengths(text: str) -> list[str]:
    return [text] if "/" in text and text.count(" ") == 0 else text.split(" ")


def _written(name: str, form: str) -> str:
    return form.replace("*", name) if "*" in form else name + form


def _interleaved(first: list[Named], second: list[Named]) -> Iterator[Named]:
    """Two of the first list, one of the second, until both are used up."""
    rest = iter(second)
    for at in range(0, len(first), 2):
        yield from first[at : at + 2]
        yield from (each for each in [next(rest, None)] if each)
    yield from rest


def _western(rng: random.Random) -> list[Named]:
    stem = rng.choice(parts.FIRST) + rng.choice(["", *parts.MIDDLE]) + rng.choice(parts.ENDINGS.split())
    name = rng.choice(parts.ACIDS.split(" ")) + stem + rng.choice(parts.METALS.split(" "))
    forms = rng.sample(parts.TAIL_FORMS.split(), rng.choice((1, 1, 2, 3)))
    strengths = tuple(rng.sample(parts.TAIL_STRENGTHS.split(), rng.choice((1, 2, 2, 3, 4))))
    return [Named(_written(name, form), form, strengths, patent=False) for form in forms]


def _patent(rng: random.Random) -> list[Named]:
    herbs = "".join(rng.sample(parts.HERBS.split(), rng.choice((1, 1, 2))))
    name = rng.choice(parts.PATENT_PREFIXES.split(" ")) + herbs + rng.choice(parts.EFFECTS.split())
    forms = rng.sample(parts.PATENT_FORMS.split(), rng.choice((1, 1, 2)))
    strengths = tuple(rng.sample(parts.PATENT_STRENGTHS.split(), rng.choice((1, 2, 3))))
    return [Named(name + form, form, strengths, patent=True) for form in forms]


def _shares(count: int, many: int) -> list[int]:
    """Products of each name, falling with its place, MOST_PRODUCTS at most; together `count` or hardly more."""
    weights = [1 / (place + _LEVEL_OFF) for place in range(many)]

    def with_factor(factor: float) -> list[int]:
        return [min(MOST_PRODUCTS, max(1, round(weight * factor))) for weight in weights]

    low, high = 0.0, count / weights[-1]
    for _turn in range(30):
        middle = (low + high) / 2
        low, high = (low, middle) if sum(with_factor(middle)) >= count else (middle, high)
    return with_factor(high)


@cache
def _makers(count: int, *, seed: int) -> list[str]:
    rng = random.Random(f"makers {seed}")
    brands = [line.split("|")[2] for line in parts.BRANDS.strip().splitlines()]
    found = dict.fromkeys(brands)
    places, houses, kinds = parts.PLACES.split(), parts.HOUSES.split(), parts.COMPANY_KINDS.split()
    while len(found) < count:
        second = rng.choice(houses) if len(found) > 2500 and rng.random() < 0.5 else ""
        found[rng.choice(places) + rng.choice(houses) + second + rng.choice(kinds)] = None
    shuffled = list(found)
    rng.shuffle(shuffled)
    return shuffled


@cache
def _brands() -> dict[str, list[tuple[str, str]]]:
    """(brand, maker) by generic name."""
    found: dict[str, list[tuple[str, str]]] = {}
    for line in parts.BRANDS.strip().splitlines():
        brand, name, maker = line.split("|")
        found.setdefault(name, []).append((brand, maker))
    return found


def _rows_of(
    named: Named, number: int, share: int, makers: list[str], companies: dict[str, int], *, seed: int, serial: int
) -> Iterator[Product]:
    """The products of one name: its brands first, then makers that are found again with other strengths and packs."""
    rng = random.Random(f"{seed} {named.name}")
    branded = _brands().get(named.name, [])
    many = min(len(makers), max(1, round(share / rng.choice((1.5, 2, 3)))))
    sellers = branded + [("", maker) for maker in _some(rng, makers, many)]
    brands = {maker: brand for brand, maker in branded}
    for at in range(share):
        _brand, maker = sellers[at % len(sellers)]
        own = brands.get(maker) or (_brand_of(named.name, maker, seed) if rng.random() < 0.3 else "")
        # Every maker sells the usual strength first.
        strength = named.strengths[min(at // len(sellers), len(named.strengths) - 1)]
        if at % 3 == 2:
            strength = rng.choice(named.strengths)
        yield _product(named, number, at, strength, maker, own, companies[maker], serial + at, rng)


def _some(rng: random.Random, makers: list[str], many: int) -> list[str]:
    """Big makers are in many names, small ones in few."""
    chosen: dict[str, None] = {}
    while len(chosen) < many:
        chosen[makers[int(len(makers) * rng.random() ** 2)]] = None
    return list(chosen)


def _brand_of(name: str, maker: str, seed: int) -> str:
    rng = random.Random(f"{seed} {name} {maker}")
    brand = "".join(rng.sample(parts.BRAND_SYLLABLES, rng.choice((2, 3))))
    return "" if brand in _known_brands() else brand


@cache
def _known_brands() -> frozenset[str]:
    return frozenset(line.split("|")[0] for line in parts.BRANDS.strip().splitlines())


def _product(
    named: Named, number: int, at: int, strength: str, maker: str, brand: str, company: int, serial: int,
    rng: random.Random,
) -> Product:  # fmt: skip
    unit, pack_unit, packs = _packing(named.form)
    return Product(
        code=_code(named, number, at, company),
        generic_name=named.name,
        dosage_form=_dosage_form(named.form),
        strength=strength,
        pack_count=rng.choice(packs),
        unit=unit,
        pack_unit=pack_unit,
        manufacturer=maker,
        trade_name=brand,
        approval_no=f"国药准字{'Z' if named.patent else 'H'}99{100_000 + serial:06d}",
        barcode=_barcode(serial),
        trace_prefix=f"{8_000_000 + serial:07d}",
        rx_class="otc_a" if named.patent else "rx",
        quality="" if named.patent else rng.choice(("passed", "passed", "")),
    )


def _code(named: Named, number: int, at: int, company: int) -> str:
    """Class and name number tell names apart, the running number the products of a name."""
    group = number // 900
    kind = f"{'ABCDGHJLMNPRSV'[group % 14]}{group % 90 + 10:02d}{'ABCDEFGH'[group % 8]}{'ABCDEFGHX'[group % 9]}"
    letter = "ABCDEFGHJKLMNPQRSTWXYZ"[number % 22]
    if named.patent:
        return f"Z{kind}{letter}{number % 10_000:04d}{at + 1:04d}{company + 10_000:05d}"
    return f"X{kind}{letter}{number % 900:03d}A{len(named.form):03d}{at + 1:04d}{company + 10_000:05d}"


def _barcode(serial: int) -> str:
    body = f"6990{serial:08d}"
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body)))
    return body + str(-total % 10)


def _dosage_form(form: str) -> str:
    plain = form.split("(")[0].replace("*", "").replace("注射用", "注射剂").replace("吸入用", "吸入")
    return f"{plain}剂" if plain in {"片", "胶囊", "颗粒", "丸", "散", "膏", "栓", "露", "糖浆"} else plain or "其他"


def _packing(form: str) -> tuple[str, str, tuple[int, ...]]:
    """Smallest unit, pack unit, usual packs."""
    for words, unit, pack_unit, packs in (
        (("片",), "片", "盒", (7, 10, 12, 14, 20, 24, 28, 30, 36, 48, 60, 100)),
        (("胶囊", "胶丸"), "粒", "盒", (6, 7, 10, 12, 14, 20, 24, 30, 36, 48)),
        (("颗粒", "散", "干混悬剂"), "袋", "盒", (5, 6, 8, 9, 10, 12, 15, 20)),
        (("丸", "丹"), "丸", "盒", (6, 10, 20, 60, 180, 200)),
        (("注射", "口服", "合剂"), "支", "盒", (1, 5, 6, 10, 12)),
    ):
        if any(word in form for word in words):
            return unit, pack_unit, packs
    return "瓶", "盒", (1, 2, 3)
