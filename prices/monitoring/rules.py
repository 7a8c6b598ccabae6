"""Which detector works where with which parameters: the rules of the nearest area, dated, changed only here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from pharmacies import audit
from pharmacies.access import day
from pharmacies.importers.reading import half_open
from pharmacies.models import Region, User
from prices.models import Rule
from prices.monitoring import detectors, written
from prices.monitoring.areas import inherited
from prices.monitoring.parameters import Absurd, Bounded

LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class RuleInForce:
    """How a detector works in an area: `rule_id` None where nobody has made a rule and its own defaults hold."""

    detector: str
    version: int
    parameters: Any  # the `Parameters` of its detector
    active: bool
    rule_id: int | None = None


InForce = dict[str, RuleInForce]
"""Every detector by name, those that are switched off too."""


@cache
def defaults() -> InForce:
    """All detectors at work with the parameters of their own."""
    return {name: RuleInForce(name, module.VERSION, module.Parameters(), True) for name, module in _modules()}


def current(area_id: int | None, on: date) -> InForce:
    """The rules in force in the area on the day `on`: of each detector that of the nearest area; None: the defaults."""
    return dict(everywhere(on).get(area_id, defaults()))


def everywhere(on: date) -> dict[int | None, InForce]:
    """The rules in force in every area on the day `on`, by area; under None the defaults. Two queries."""
    own: dict[int, InForce] = {}
    for rule in Rule.objects.valid(on):
        own.setdefault(rule.area_id, {})[rule.detector] = _in_force(rule)
    return inherited(own, defaults())


def change(
    *,
    area: Region,
    detector: str,
    parameters: Mapping[str, Any],
    active: bool,
    reason: str,
    by: User | str,
    at: datetime,
    on: date | None = None,
    document: str = "",
) -> Rule:
    """From the day `on` (default: today) the detector works so in the area and below it, until the next change.

    What was in force ends the day before; what had been announced from `on` on no longer comes. Raises `Absurd` for
    parameters that make no sense, a missing reason, an unknown detector, a day that has gone by, or a change of nothing.
    """
    module = detectors.MODULES.get(detector)
    if module is None:
        raise Absurd([_("没有名为“%(name)s”的规则") % {"name": detector[:40]}])
    read: Bounded = module.Parameters.read(parameters)
    today, reason = day(at), written.line(reason)
    first = on or today
    problems = [
        *([] if reason else [_("请写明理由")]),
        *([_("理由最多 %(n)d 个字") % {"n": LONGEST_REASON}] if len(reason) > LONGEST_REASON else []),
        *([_("规则不能从过去的日子起改：请选择今天或以后")] if first < today else []),
    ]
    if problems:
        raise Absurd(problems)
    with transaction.atomic():
        Region.objects.select_for_update(no_key=True).get(pk=area.pk)  # one change of an area at a time
        before = current(area.pk, first)[detector]
        if before.rule_id and _same(before, read, active, area):
            raise Absurd([_("与现行规则相同，没有需要修改的内容")])
        _end(area, detector, first)
        rule = Rule.objects.create(
            area=area,
            detector=detector,
            version=module.VERSION,
            parameters=read.stated(),
            active=active,
            valid=half_open(first, None),
            document=document,
            reason=reason,
            by=by.get_username() if isinstance(by, User) else by,
            at=at,
        )
        audit.record(
            at=at,
            by=by,
            action="rule.change",
            subject="prices.Rule",
            subject_id=rule.pk,
            place=area,
            before={"parameters": before.parameters.stated(), "active": before.active, "rule": before.rule_id},
            after={"detector": detector, "parameters": rule.parameters, "active": active, "from": first.isoformat()},
            reason=reason,
        )
    return rule


def _modules() -> list[tuple[str, Any]]:
    return list(detectors.MODULES.items())


def _in_force(rule: Rule) -> RuleInForce:
    """What the stored rule means to the detector of today: a parameter it did not know then has its default."""
    module: Any = detectors.MODULES[rule.detector]
    known = {each: rule.parameters[each] for each in module.Parameters().stated() if each in rule.parameters}
    return RuleInForce(rule.detector, module.VERSION, module.Parameters.read(known), rule.active, rule.pk)


def _same(before: RuleInForce, parameters: Bounded, active: bool, area: Region) -> bool:
    own = Rule.objects.filter(pk__in=[before.rule_id], area=area, valid__upper_inf=True).exists()
    return own and before.parameters == parameters and before.active == active


def _end(area: Region, detector: str, first: date) -> None:
    """End what is in force on the day `first`, and void what begins then or later."""
    for rule in Rule.objects.filter(area=area, detector=detector, valid__overlap=half_open(first, None)):
        rule.valid = half_open(rule.valid.lower, max(rule.valid.lower, first))
        rule.save(update_fields=["valid"])
