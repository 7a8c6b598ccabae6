"""Who the demo's pharmacies are: names, chains, hours, designations, and what is wrong with some of them. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from random import Random

from prices.demo.facts import ChainFact, Facts, table
from prices.demo.places import County, points, shares

IN_CHAIN = 0.7
SAME_HOUSE = 0.03
"""Share of shops that moved in beside the one before."""
SINGLES = [
    "康泰",
    "同和",
    "益寿",
    "百安",
    "福民",
    "济仁",
    "春晖",
    "回春",
    "安泰",
    "瑞康",
    "和顺",
    "永康",
    "德济",
    "恒春",
    "惠众",
    "百姓缘",
    "好邻居",
    "杏林",
    "橘井",
    "本草",
]
HOURS = (
    ("08:00-21:30", 34),
    ("08:00-22:00", 20),
    ("Mo-Fr 08:00-21:30;Sa-Su 09:00-21:00", 14),
    ("07:30-22:30", 8),
    ("08:00-12:00,14:00-18:30", 7),
    ("24/7", 5),
    ("Mo-Th 08:00-22:00;Fr-Su 08:00-02:00", 3),
    ("20:00-08:00", 1),
    ("", 8),
)
SERVICES = (  # kind, share of pharmacies; the first two are dated
    ("dual_channel", 0.08),
    ("outpatient_pooling", 0.45),
    ("chronic_disease", 0.25),
    ("cross_region", 0.6),
    ("e_prescription", 0.4),
    ("delivery", 0.3),
    ("cold_chain", 0.12),
)
COLUMNS = [
    "code",
    "name",
    "kind",
    "level",
    "chain",
    "store_no",
    "adcode",
    "address",
    "lng",
    "lat",
    "datum",
    "phone",
    "hours",
    "designations",
    "status",
]

LAPSED_DAYS = 12
NEVER_REPORTED = 100_000


class Condition(StrEnum):
    """What is wrong with a pharmacy; of every kind there is at least one."""

    FINE = ""
    SUSPENDED = "suspended"
    TERMINATED = "terminated"  # and reports no more
    UNDESIGNATED = "undesignated"
    LAPSED = "lapsed"  # its designation ended, and it reports no more
    STALE = "stale"  # silent for weeks
    HIDDEN = "hidden"  # silent for more than four cadences


SHARES = {
    Condition.SUSPENDED: 0.008,
    Condition.TERMINATED: 0.005,
    Condition.UNDESIGNATED: 0.004,
    Condition.LAPSED: 0.004,
    Condition.STALE: 0.02,
    Condition.HIDDEN: 0.012,
}


@dataclass(frozen=True, slots=True)
class Shop:
    code: str
    name: str
    kind: str
    level: str
    chain: str
    store_no: str
    adcode: str
    address: str
    lng: float
    lat: float
    phone: str
    hours: str
    services: tuple[str, ...]
    style: str  # of the chain; "single", "institution"
    condition: Condition = Condition.FINE

    @property
    def silent_days(self) -> int:
        """For how many days it has not reported; 0: it still does."""
        by_condition = {
            Condition.TERMINATED: self.status_days,
            Condition.UNDESIGNATED: NEVER_REPORTED,
            Condition.LAPSED: LAPSED_DAYS,
            Condition.STALE: 16,
            Condition.HIDDEN: 33,
        }
        return by_condition.get(self.condition, 0)

    @property
    def status_days(self) -> int:
        """How many days ago the status changed, if it did."""
        return 3 + int(self.code[-3:]) * 7 % 60


def generate(
    counties: Sequence[County], facts: Facts, *, pharmacies: int, institutions: int, rng: Random
) -> list[Shop]:
    """The pharmacies and then the institutions, county by county."""
    people = {county.adcode: county.people for county in counties}
    shops: list[Shop] = []
    numbers: dict[str, int] = {}
    for county in counties:
        shops += _pharmacies(county, shares(people, pharmacies)[county.adcode], facts, numbers, rng)
    shops = _with_a_silent_chain(_with_conditions(shops, rng))
    wanted = shares(people, institutions, least=0)
    for county in counties:
        shops += _institutions(county, wanted[county.adcode], facts, rng)
    return shops


def as_csv(shops: Sequence[Shop], *, on: date) -> bytes:
    """What `import_pharmacies` reads; `on` is the day of loading."""
    columns = [name for name in COLUMNS if name not in ("datum", "designations", "status")]
    rows = []
    for shop in shops:
        row = {name: getattr(shop, name) for name in columns}
        row |= {"datum": "wgs84", "designations": _designations(shop, on), "status": _status(shop, on)}
        rows.append([row[name] for name in COLUMNS])
    return table(COLUMNS, rows)


# -- pharmacies -------------------------------------------------------------------------------------------------------


def _pharmacies(county: County, count: int, facts: Facts, numbers: dict[str, int], rng: Random) -> Iterator[Shop]:
    local = _local_chains(county, facts)
    before: Shop | None = None
    for serial, (lng, lat) in enumerate(points(county, count, rng), 1):
        chain = _choose_chain(local, rng)
        street = rng.choice(facts.streets)
        address = f"{county.city}{county.name}{street}{rng.randint(1, 399)}号"
        if before and before.chain != (chain.name if chain else "-") and rng.random() < SAME_HOUSE:
            lng, lat, address = before.lng, before.lat, before.address
        numbers[chain.name if chain else ""] = number = numbers.get(chain.name if chain else "", 0) + 1
        name = f"{chain.name}（{street}店）" if chain else f"{_short(county.name)}{rng.choice(SINGLES)}药房"
        before = Shop(
            code=f"P{county.adcode}{serial:05d}",
            name=name,
            kind="pharmacy",
            level="",
            chain=chain.name if chain else "",
            store_no=f"{number:04d}" if chain else "",
            adcode=county.adcode,
            address=address,
            lng=lng,
            lat=lat,
            phone=f"000-{rng.randint(0, 99_999_999):08d}",  # no area has the code 000
            hours=rng.choices([text for text, _weight in HOURS], [weight for _text, weight in HOURS])[0],
            services=tuple(kind for kind, share in SERVICES if rng.random() < share),
            style=chain.style if chain else "single",
        )
        yield before


def _local_chains(county: County, facts: Facts) -> list[tuple[ChainFact, float]]:
    """Chains with shops in the county, weighted so that each gets about its share of the whole province."""
    found = []
    for chain in facts.chains:
        if county.adcode.startswith(chain.home):
            people = sum(number for code, number in facts.people.items() if code.startswith(chain.home))
            found.append((chain, chain.share / people))
    return found


def _choose_chain(local: list[tuple[ChainFact, float]], rng: Random) -> ChainFact | None:
    if not local or rng.random() > IN_CHAIN:
        return None
    return rng.choices([chain for chain, _weight in local], [weight for _chain, weight in local])[0]


def _short(name: str) -> str:
    """江岸 of 江岸区."""
    for suffix in ("土家族自治县", "林区", "区", "县", "市"):
        if name.endswith(suffix) and len(name) > len(suffix) + 1:
            return name.removesuffix(suffix)
    return name


def _with_conditions(shops: list[Shop], rng: Random) -> list[Shop]:
    """Something happens to a few, each of them one thing."""
    order = rng.sample(range(len(shops)), len(shops))
    for condition, share in SHARES.items():
        for _number in range(max(1, round(share * len(shops)))):
            place = order.pop()
            shops[place] = replace(shops[place], condition=condition)
    return shops


def _with_a_silent_chain(shops: list[Shop]) -> list[Shop]:
    """The smallest chain has stopped reporting altogether: for officials to ask after."""
    members = Counter(shop.chain for shop in shops if shop.chain)
    several = [chain for chain, count in members.items() if count > 1]
    small = min(several, key=lambda chain: (members[chain], chain), default="")
    return [
        replace(shop, condition=Condition.STALE) if small and shop.chain == small and not shop.condition else shop
        for shop in shops
    ]


# -- medical institutions ---------------------------------------------------------------------------------------------


def _institutions(county: County, count: int, facts: Facts, rng: Random) -> Iterator[Shop]:
    for serial, (lng, lat) in enumerate(points(county, count, rng), 1):
        street = rng.choice(facts.streets)
        hospital = serial == 1
        name = f"{county.name}演示医院" if hospital else f"{_short(county.name)}{street}社区卫生服务中心（演示）"
        yield Shop(
            code=f"H{county.adcode}{serial:05d}",
            name=name,
            kind="hospital" if hospital else "clinic",
            level="二级甲等" if hospital else "一级",
            chain="",
            store_no="",
            adcode=county.adcode,
            address=f"{county.city}{county.name}{street}{rng.randint(1, 399)}号",
            lng=lng,
            lat=lat,
            phone=f"000-{rng.randint(0, 99_999_999):08d}",
            hours="24/7" if hospital else "Mo-Sa 08:00-12:00,14:00-17:30",
            services=("outpatient_pooling", "chronic_disease", "cross_region"),
            style="institution",
        )


# -- cells ------------------------------------------------------------------------------------------------------------


def _designations(shop: Shop, on: date) -> str:
    years = f"@{on.year - 1}-01-01..{on.year + 1}-12-31"
    dated = {"dual_channel": years, "outpatient_pooling": years}
    services = [f"{kind}{dated.get(kind, '')}" for kind in shop.services]
    if shop.condition == Condition.UNDESIGNATED:
        return ";".join(kind for kind in services if kind.startswith(("delivery", "e_prescription")))
    ends = f"@..{on - timedelta(days=LAPSED_DAYS)}" if shop.condition == Condition.LAPSED else ""
    return ";".join([f"designated{ends}", *services])


def _status(shop: Shop, on: date) -> str:
    if shop.condition not in (Condition.SUSPENDED, Condition.TERMINATED):
        return ""
    return f"normal;{shop.condition}@{on - timedelta(days=shop.status_days)}"
