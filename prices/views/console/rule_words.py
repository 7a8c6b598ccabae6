"""What a rule looks for, and with which parameters, in words for officials."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from prices.models.rules import Detector
from prices.monitoring import detectors
from prices.monitoring.parameters import Bounded
from prices.monitoring.rules import RuleInForce

ABOUT: dict[str, Promise] = {
    Detector.CHANGE: _("对所有规则的最低要求：变动的金额和比例都够大，才值得人看。"),
    Detector.HISTORY: _("这家店这个药的新价，与它自己过去一段时间的常见价相比，高得不寻常。"),
    Detector.PEERS: _("新价与同一天、同一城市、同一产品的其他药店相比，高得不寻常。"),
    Detector.MODE: _("新价比本市多数药店价高出一定比例。"),
    Detector.REFERENCE: _("新价超过参考价的倍数，落入阈值方案的某一档。没有导入阈值方案的地区，这条规则不起作用。"),
    Detector.SETTLED: _("医保结算价高于当时的零售价：刷医保比不刷医保贵。"),
    Detector.DRIFT: _("一个产品在一座城市里每周只涨一点，累积起来已经不寻常。"),
    Detector.PASSTHROUGH: _("集采中选价开始执行后，药店过了多少天还没有降到位。"),
}
WITHOUT: dict[str, Promise] = {
    Detector.SETTLED: _("系统只保留每家店最近一次结算价，没有逐日的历史，所以不能回测。"),
    Detector.DRIFT: _("缓慢上涨按周统计，不逐日判断，所以不做回测：请看“药品零售价格指数”里的历史走势。"),
    Detector.PASSTHROUGH: _("中选价落地按天数统计，不逐日判断，所以不做回测：请看“中选价落地”的历史。"),
}
"""Why there is no back-test of them."""


def name(detector: str) -> str:
    return str(Detector(detector).label)


def value(parameters: Bounded, key: str) -> str:
    """One parameter with its unit: `1 元`, `15%` is left as the share it is set as: `0.15`."""
    about = next(each.metadata for each in fields(parameters) if each.name == key)
    stated: Any = getattr(parameters, key)
    if about["type"] is str:
        return str(about["options"][stated])
    unit = str(about["unit"])
    return f"{stated:g} {unit}" if unit else f"{stated:g}"


def pairs(parameters: Bounded) -> list[tuple[str, str]]:
    """Every parameter: its label and its value."""
    return [(str(each.metadata["label"]), value(parameters, each.name)) for each in fields(parameters)]


def stated(parameters: Bounded) -> str:
    """All parameters in one line."""
    said = [gettext("%(label)s %(value)s") % {"label": label, "value": text} for label, text in pairs(parameters)]
    return pgettext("list", "；").join(said)


def stored(detector: str, parameters: Mapping[str, Any]) -> str:
    """The same of parameters as a row holds them; what the detector no longer knows is left out."""
    known = detectors.MODULES[detector].Parameters()
    kept = {key: parameters[key] for key in known.stated() if key in parameters}
    return stated(detectors.MODULES[detector].Parameters.read(kept))


def changed(now: RuleInForce, draft: Bounded) -> list[tuple[str, str, str]]:
    """What the draft changes: label, value now, value then."""
    return [
        (str(each.metadata["label"]), value(now.parameters, each.name), value(draft, each.name))
        for each in fields(draft)
        if getattr(draft, each.name) != getattr(now.parameters, each.name)
    ]
