"""The small print of a lead: among how many changes it was found, by which method and version, with whose parameters."""

from dataclasses import fields

from django.utils import timezone
from django.utils.translation import gettext

from prices.models.leads import Finding, Screening
from prices.models.rules import Detector, Rule
from prices.monitoring.detectors import MODULES
from prices.views import words

FAMILY = ("changes", "slips", "collapsed", "tests", "rejected", "leads")


def family(seen: Screening) -> str:
    """Among how many changes of the day the lead was found: what false alarms are controlled over."""
    said = gettext(
        "%(day)s一共有 %(changes)s 个价格变动：%(slips)s 个是录入错误，%(collapsed)s 个属于统一调价；"
        "其余检验了 %(tests)s 次，%(rejected)s 次显著，最后留下 %(leads)s 条线索。"
    )
    return said % {"day": words.day(seen.on), **{name: f"{getattr(seen, name):,}" for name in FAMILY}}


def rule_words(rule: Rule | None) -> str:
    """Whose parameters those were."""
    if rule is None:
        return gettext("按方法自带的参数")
    # One that was replaced on its first day holds on none; it was decided on the day on which it held for some hours.
    begun = rule.valid.lower or timezone.localdate(rule.at)
    values = {"area": rule.area.name, "day": words.day(begun), "reason": rule.reason}
    return gettext("按%(area)s自 %(day)s起的规则（%(reason)s）") % values


def method(finding: Finding) -> list[str]:
    """Small print: the method and its version, what it measured, how sure that is, with which parameters."""
    named = Detector(finding.detector).label if finding.detector in Detector.values else finding.detector
    said = [gettext("方法：%(name)s，第 %(version)s 版") % {"name": named, "version": finding.version}]
    if finding.score is not None:
        said.append(gettext("统计量 %(score)s") % {"score": f"{finding.score:.2f}"})
    if finding.p is not None:
        said.append(gettext("偶然出现的概率 p = %(p)s") % {"p": _small(finding.p)})
    if finding.adjusted is not None:
        said.append(gettext("按当天全部检验校正后 p = %(p)s") % {"p": _small(finding.adjusted)})
    return [*said, *(f"{label} {value}" for label, value in _parameters(finding))]


def _parameters(finding: Finding) -> list[tuple[str, str]]:
    """The stored parameters with their labels, those that the present version still has first and in its order."""
    stored = dict(finding.parameters)
    found = []
    if finding.detector in MODULES:
        for each in fields(MODULES[finding.detector].Parameters):
            if each.name in stored:
                value = stored.pop(each.name)
                options = each.metadata.get("options", {})
                unit = str(each.metadata["unit"])
                found.append((str(each.metadata["label"]), f"{options.get(value, value)}{unit and ' ' + unit}"))
    return found + [(name, str(value)) for name, value in sorted(stored.items())]


def _small(p: float) -> str:
    return gettext("小于 0.0001") if p < 0.0001 else f"{p:.4f}"
