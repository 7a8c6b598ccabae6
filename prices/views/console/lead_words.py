"""Why a price should be looked at, in plain sentences made of what its findings stored. Pure; in the active language.

The first line says the two strongest reasons (`headline`); below it each finding says its own with the numbers it saw
(`sentence`); how it was worked out is `lead_method`'s. Nothing here says that anybody did wrong.
"""

import math
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from statistics import median
from typing import Any, Protocol

from django.utils.dateparse import parse_date, parse_datetime
from django.utils.text import capfirst
from django.utils.translation import gettext, ngettext, pgettext

from prices.models.leads import Finding, Lead, PriceEvent
from prices.models.rules import Threshold
from prices.money import yuan
from prices.views import words

STRONGEST = ("settled", "reference", "history", "drift", "peers", "mode", "change")
"""The order in which reasons are said; what an earlier one has said already a later one does not repeat."""
SAID_BY = {"change": {"history", "drift"}, "mode": {"peers"}}
TENTH = Decimal("0.1")


class Named(Protocol):
    @property
    def name(self) -> str: ...


class Priced(Protocol):
    """What is said of a lead: of one from the database, or of a line of a list."""

    @property
    def price_fen(self) -> int: ...
    @property
    def previous_fen(self) -> int | None: ...
    @property
    def city(self) -> Named: ...


class Said(Protocol):
    """What is said of a finding."""

    @property
    def detector(self) -> str: ...
    @property
    def inputs(self) -> dict[str, Any]: ...


def headline(lead: Priced, findings: Iterable[Said]) -> str:
    """`比这家店过去 28 天的常见价高 42%，同城 56 家中最高。`"""
    found = {each.detector: each for each in findings}
    order = [name for name in STRONGEST if name in found and not any(other in found for other in SAID_BY.get(name, ()))]
    clauses = [CLAUSES[name](lead, found[name]) for name in order[:2]]
    if not clauses:
        return gettext("这条线索没有留下依据。")
    if len(clauses) == 1 and (more := _alone(lead, found[order[0]])):
        clauses.append(more)
    return capfirst(gettext("%(clauses)s。") % {"clauses": pgettext("between clauses", "，").join(clauses)})


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Those that have words, the strongest first."""
    return sorted(
        (each for each in findings if each.detector in STRONGEST), key=lambda each: STRONGEST.index(each.detector)
    )


def movement(lead: Lead) -> str:
    """`从 18.90 元涨到 26.90 元（涨 42%）`; only the price where nothing is known of an earlier one."""
    if lead.previous_fen is None:
        return gettext("标价 %(price)s") % {"price": amount(lead.price_fen)}
    values = {"old": amount(lead.previous_fen), "new": amount(lead.price_fen)}
    values["share"] = percent(lead.price_fen, lead.previous_fen)
    if lead.price_fen >= lead.previous_fen:
        return gettext("从 %(old)s涨到 %(new)s（涨 %(share)s）") % values
    return gettext("从 %(old)s降到 %(new)s（降 %(share)s）") % values


def sentence(lead: Lead, finding: Finding) -> str:
    """The finding in full, with the numbers it saw."""
    return SENTENCES[finding.detector](lead, finding)


def event_words(event: PriceEvent, chain: str) -> str:
    """`同一天 12 家店的 340 个价格一起上涨，中间幅度 15%：合为一条线索。`; `chain` is its name, or empty."""
    values = {
        "chain": chain,
        "shops": event.shops,
        "offers": event.offers,
        "share": _share(abs(event.ratio - 1)),
        "way": event.get_direction_display(),
    }
    if chain:
        said = gettext(
            "%(chain)s同一天在 %(shops)s 家店一起调价：%(offers)s 个价格%(way)s，中间幅度 %(share)s。合为一条线索。"
        )
    else:
        said = gettext("同一天 %(shops)s 家店的 %(offers)s 个价格一起%(way)s，中间幅度 %(share)s。合为一条线索。")
    return said % values


# -- short ------------------------------------------------------------------------------------------------------------


def _settled_clause(lead: Priced, finding: Said) -> str:
    settled = finding.inputs["settled_fen"]
    return gettext("刷医保的结算价比标价高 %(share)s") % {"share": percent(settled, lead.price_fen)}


def _reference_clause(lead: Priced, finding: Said) -> str:
    seen = finding.inputs
    values = {
        "basis": _basis(seen["basis"]),
        "times": times(lead.price_fen, seen["reference_fen"]),
        "share": percent(lead.price_fen, seen["reference_fen"]),
    }
    return gettext("是%(basis)s的 %(times)s 倍（高 %(share)s）") % values


def _history_clause(lead: Priced, finding: Said) -> str:
    usual = usual_fen(finding)
    values = {"days": len(finding.inputs["series"]), "share": percent(lead.price_fen, usual)}
    if lead.price_fen >= usual:
        return gettext("比这家店过去 %(days)s 天的常见价高 %(share)s") % values
    return gettext("比这家店过去 %(days)s 天的常见价低 %(share)s") % values


def _peers_clause(lead: Priced, finding: Said) -> str:
    n = words.grouped(finding.inputs["count"])
    if not finding.inputs.get("peers"):
        values = {"n": n, "share": percent(lead.price_fen, finding.inputs["median_fen"])}
        if lead.price_fen >= finding.inputs["median_fen"]:
            return gettext("比同城 %(n)s 家的中间价高 %(share)s") % values
        return gettext("比同城 %(n)s 家的中间价低 %(share)s") % values
    return ngettext("同城 %(n)s 家中%(place)s", "同城 %(n)s 家中%(place)s", n) % {"n": n, "place": place(lead, finding)}


def _alone(lead: Priced, finding: Said) -> str:
    """What is added where the peers are the only reason: a place among them says nothing of how far."""
    if finding.detector != "peers" or not finding.inputs.get("peers"):
        return ""
    middle = finding.inputs["median_fen"]
    share = {"share": percent(lead.price_fen, middle)}
    return (
        gettext("比中间价高 %(share)s") % share if lead.price_fen >= middle else gettext("比中间价低 %(share)s") % share
    )


def _mode_clause(lead: Priced, finding: Said) -> str:
    mode = finding.inputs["mode_fen"]
    values = {"times": times(lead.price_fen, mode), "share": percent(lead.price_fen, mode)}
    return gettext("是多数药店价的 %(times)s 倍（高 %(share)s）") % values


def _change_clause(lead: Priced, finding: Said) -> str:
    old = finding.inputs["old_fen"]
    values = {"share": percent(lead.price_fen, old), "old": amount(old)}
    if lead.price_fen >= old:
        return gettext("比原来的 %(old)s涨了 %(share)s") % values
    return gettext("比原来的 %(old)s降了 %(share)s") % values


def _drift_clause(lead: Priced, finding: Said) -> str:
    first, last, weeks = _weeks(lead, finding)
    values = {"city": lead.city.name, "weeks": weeks, "share": percent(last, first)}
    return gettext("%(city)s的中间价 %(weeks)s 周里慢慢涨了 %(share)s") % values


CLAUSES = {
    "settled": _settled_clause,
    "reference": _reference_clause,
    "history": _history_clause,
    "peers": _peers_clause,
    "mode": _mode_clause,
    "change": _change_clause,
    "drift": _drift_clause,
}


# -- in full ----------------------------------------------------------------------------------------------------------


def _settled_sentence(lead: Lead, finding: Finding) -> str:
    seen = finding.inputs
    values = {
        "day": _day(seen.get("settled_at")),
        "settled": amount(round(seen["settled_fen"])),
        "shelf": amount(lead.price_fen),
        "share": percent(seen["settled_fen"], lead.price_fen),
    }
    said = gettext(
        "%(day)s刷医保实际结算 %(settled)s，比店里的标价 %(shelf)s高 %(share)s。医保结算价不得高于不刷医保的价。"
    )
    return said % values


def _reference_sentence(lead: Lead, finding: Finding) -> str:
    seen = finding.inputs
    values = {
        "basis": _basis(seen["basis"]),
        "reference": amount(round(seen["reference_fen"])),
        "document": seen.get("document") or gettext("未写文件"),
        "price": amount(lead.price_fen),
        "times": times(lead.price_fen, seen["reference_fen"]),
        "share": percent(lead.price_fen, seen["reference_fen"]),
        "label": finding.label,
    }
    said = gettext("%(basis)s是 %(reference)s（依据：%(document)s），%(price)s是它的 %(times)s 倍（高 %(share)s）。")
    if finding.label:
        said = gettext(
            "%(basis)s是 %(reference)s（依据：%(document)s），%(price)s是它的 %(times)s 倍（高 %(share)s），按阈值方案属于“%(label)s”。"
        )
    return said % values


def _history_sentence(lead: Lead, finding: Finding) -> str:
    known = [fen for _day, fen in finding.inputs["series"] if fen is not None]
    usual = usual_fen(finding)
    values = {
        "days": len(finding.inputs["series"]),
        "known": len(known),
        "usual": amount(usual),
        "low": amount(min(known)),
        "high": amount(max(known)),
        "price": amount(lead.price_fen),
        "share": percent(lead.price_fen, usual),
    }
    steady = gettext("这家店过去 %(days)s 天里有价的 %(known)s 天一直卖 %(usual)s")
    varied = gettext("这家店过去 %(days)s 天的常见价是 %(usual)s（有价 %(known)s 天，%(low)s到 %(high)s）")
    before = (steady if min(known) == max(known) else varied) % values
    after = (
        gettext("现在 %(price)s，高 %(share)s。")
        if lead.price_fen >= usual
        else gettext("现在 %(price)s，低 %(share)s。")
    )
    return before + pgettext("between clauses", "，") + after % values


def _peers_sentence(lead: Lead, finding: Finding) -> str:
    seen = finding.inputs
    n = words.grouped(seen["count"])
    values = {
        "city": lead.city.name,
        "n": n,
        "middle": amount(seen["median_fen"]),
        "price": amount(lead.price_fen),
        "place": place(lead, finding),
    }
    said = ngettext(
        "%(city)s有 %(n)s 家药店卖这种药，中间价 %(middle)s；%(price)s在其中%(place)s。",
        "%(city)s有 %(n)s 家药店卖这种药，中间价 %(middle)s；%(price)s在其中%(place)s。",
        n,
    )
    return said % values


def _mode_sentence(lead: Lead, finding: Finding) -> str:
    seen = finding.inputs
    values = {
        "city": lead.city.name,
        "mode": amount(seen["mode_fen"]),
        "n": words.grouped(seen["count"]),
        "price": amount(lead.price_fen),
        "times": times(lead.price_fen, seen["mode_fen"]),
        "share": percent(lead.price_fen, seen["mode_fen"]),
    }
    return (
        gettext("%(city)s的多数药店价是 %(mode)s（按 %(n)s 家统计），%(price)s是它的 %(times)s 倍（高 %(share)s）。")
        % values
    )


def _change_sentence(lead: Lead, finding: Finding) -> str:
    old, new = finding.inputs["old_fen"], lead.price_fen
    values = {
        "day": _day(finding.inputs.get("day")),
        "old": amount(old),
        "new": amount(new),
        "share": percent(new, old),
        "gap": amount(abs(new - old)),
    }
    if new >= old:
        return gettext("%(day)s标价从 %(old)s涨到 %(new)s，一次涨了 %(gap)s（%(share)s）。") % values
    return gettext("%(day)s标价从 %(old)s降到 %(new)s，一次降了 %(gap)s（%(share)s）。") % values


def _drift_sentence(lead: Lead, finding: Finding) -> str:
    first, last, weeks = _weeks(lead, finding)
    values = {
        "city": lead.city.name,
        "weeks": weeks,
        "first": amount(first),
        "last": amount(last),
        "share": percent(last, first),
    }
    said = gettext(
        "%(city)s这种药的中间价在 %(weeks)s 周里从 %(first)s涨到 %(last)s（涨 %(share)s）：每次都不多，加起来已不是偶然波动。"
    )
    return said % values


SENTENCES = {
    "settled": _settled_sentence,
    "reference": _reference_sentence,
    "history": _history_sentence,
    "peers": _peers_sentence,
    "mode": _mode_sentence,
    "change": _change_sentence,
    "drift": _drift_sentence,
}


# -- numbers ----------------------------------------------------------------------------------------------------------


def amount(fen: int) -> str:
    """`18.90 元`."""
    return words.money(yuan(fen))


def percent(new: float, old: float) -> str:
    """How far `new` lies from `old`, without a sign: `42%`, below ten `4.5%`."""
    return _share(abs(new / old - 1))


def _share(value: float) -> str:
    said = Decimal(str(100 * value))
    places = TENTH if said < 10 else Decimal(1)
    return f"{said.quantize(places, ROUND_HALF_UP):,}%"


def times(new: float, old: float) -> str:
    """`1.4`: how many times `old` is `new`; two decimals below 1.1, where one would say 1.0."""
    said = Decimal(new) / Decimal(old)
    return str(said.quantize(TENTH if said >= Decimal("1.1") else Decimal("0.01"), ROUND_HALF_UP))


def usual_fen(finding: Said) -> int:
    """What the shop usually asked: the middle of its own days (in logarithms, as the method takes it)."""
    known = [math.log(fen) for _day, fen in finding.inputs["series"] if fen is not None]
    return round(math.exp(median(known)))


def place(lead: Priced, finding: Said) -> str:
    """Where the price stands among the peers: `最高`, `高于 51 家`; of a low price `最低`, `低于 51 家`.

    Where the peers' prices were not kept one by one, only how far it lies from their middle: `高出 42%`.
    """
    peers: Sequence[Sequence[int]] = finding.inputs.get("peers") or ()
    price, middle = lead.price_fen, finding.inputs["median_fen"]
    if not peers:
        share = {"share": percent(price, middle)}
        return gettext("高出 %(share)s") % share if price >= middle else gettext("低 %(share)s") % share
    beyond = sum(shops for fen, shops in peers if (fen < price if price >= middle else fen > price))
    if price >= middle:
        if all(fen <= price for fen, _shops in peers):
            return pgettext("among others", "最高")
        return gettext("高于 %(n)s 家") % {"n": words.grouped(beyond)}
    if all(fen >= price for fen, _shops in peers):
        return pgettext("among others", "最低")
    return gettext("低于 %(n)s 家") % {"n": words.grouped(beyond)}


def _weeks(lead: Priced, finding: Said) -> tuple[int, int, int]:
    """First and last middle price of a drift in 分, and the weeks between them."""
    series: Sequence[Any] = finding.inputs.get("series") or ()
    known = [fen for _day, fen in series if fen is not None]
    first = known[0] if known else lead.previous_fen or lead.price_fen
    return first, lead.price_fen, len(series)


def _basis(basis: str) -> str:
    return str(Threshold.Basis(basis).label) if basis in Threshold.Basis.values else basis


def _day(value: str | None) -> str:
    """The day of a stored date or time in words."""
    if not value:
        return ""
    read: date | datetime | None = parse_datetime(value) if "T" in value else parse_date(value)
    if read is None:
        return ""
    return words.date(read) if isinstance(read, datetime) else words.day(read)
