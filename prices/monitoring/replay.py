"""复算: a finding worked out again from what was stored with it, and from nothing else."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from prices.models import Finding
from prices.monitoring import detectors
from prices.monitoring.detectors import drift, history, mode, peers, reference, settled
from prices.monitoring.detectors.reference import Tier
from prices.monitoring.robust import standardised

TOLERANCE = 1e-9
Inputs = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came out now (`flagged`, `score`, `p`, `label`), what was stored, and whether it is the same.

    `version` is the detector's today; where it has moved on since (`older`) another result is no error.
    """

    same: bool
    flagged: bool
    score: float | None
    p: float | None
    label: str
    was_score: float | None
    was_p: float | None
    was_label: str
    version: int
    older: bool
    words: str


Result = tuple[bool, float, float, str]
"""flagged, score, p (nan: no test), label"""


def replay(finding: Finding) -> Replayed:
    """Work it out again with the stored inputs and parameters; nothing is read from anywhere else."""
    module = detectors.MODULES[finding.detector]
    parameters = module.Parameters.read(finding.parameters)
    flagged, score, p, label = REPLAYS[finding.detector](finding.inputs, parameters)
    same = (
        flagged
        and _equal(score, finding.score)
        and (finding.p is None or _equal(p, finding.p))
        and label == finding.label
    )
    older = finding.version != module.VERSION
    return Replayed(
        same=same,
        flagged=flagged,
        score=None if math.isnan(score) else score,
        p=None if math.isnan(p) else p,
        label=label,
        was_score=finding.score,
        was_p=finding.p,
        was_label=finding.label,
        version=module.VERSION,
        older=older,
        words=_words(same, older, finding.version, module.VERSION),
    )


def _words(same: bool, older: bool, was: int, now: int) -> str:
    if same:
        return _("复算结果与当时一致")
    if older:
        return _("方法已从第 %(was)d 版改为第 %(now)d 版，结果与当时不同") % {"was": was, "now": now}
    return _("复算结果与当时不同：请告知系统管理员")


def _equal(one: float, other: float | None) -> bool:
    if other is None or math.isnan(one):
        return other is None and math.isnan(one)
    return math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE)


def _first(judged: Any) -> Result:
    return bool(judged.flagged[0]), float(judged.score[0]), float(judged.p[0]), ""


def _change(inputs: Inputs, parameters: Any) -> Result:
    old, new = inputs["old_fen"], inputs["price_fen"]
    flagged = detectors.change.detect([old], [new], parameters)
    return bool(flagged[0]), math.log(new / old), math.nan, ""


def _history(inputs: Inputs, parameters: Any) -> Result:
    return _first(history.detect(_ln([inputs["series"]]), _ln([inputs["price_fen"]]), parameters))


def _peers(inputs: Inputs, parameters: Any) -> Result:
    middle = _ln([inputs["median_fen"]])
    judged = peers.detect(_ln([inputs["price_fen"]]), middle, [inputs["mad_ln"]], [inputs["count"]], parameters)
    return _first(judged)


def _mode(inputs: Inputs, parameters: Any) -> Result:
    return _first(mode.detect([inputs["price_fen"]], [inputs["mode_fen"]], [inputs["count"]], parameters))


def _settled(inputs: Inputs, parameters: Any) -> Result:
    return _first(settled.detect([inputs["settled_fen"]], [inputs["price_fen"]], parameters))


def _reference(inputs: Inputs, parameters: Any) -> Result:
    tiers = [Tier(*line) for line in inputs["tiers"]]
    found = reference.detect([inputs["price_fen"]], [inputs["reference_fen"]], tiers, parameters)
    return bool(found.tier[0] >= 0), float(found.ratio[0]), math.nan, str(found.labels[0])[:20]


def _drift(inputs: Inputs, parameters: Any) -> Result:
    series = standardised(_ln([inputs["series"]]), parameters.baseline, parameters.floor)
    judged = drift.detect(series, parameters)
    return bool(judged.signal[0]), float(judged.last[0]), math.nan, ""


def _ln(values: Any) -> Any:
    """ln of prices in 分; of [day, 分 or null] the price. nan for none."""
    plain = [[_fen(each) for each in value] if isinstance(value, list) else value for value in values]
    return np.log(np.array(plain, np.float64))


def _fen(each: Any) -> float:
    fen = each[1] if isinstance(each, list) else each
    return math.nan if fen is None else float(fen)


REPLAYS: dict[str, Callable[[Inputs, Any], Result]] = {
    "change": _change,
    "history": _history,
    "peers": _peers,
    "mode": _mode,
    "reference": _reference,
    "settled": _settled,
    "drift": _drift,
}
