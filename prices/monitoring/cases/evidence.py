"""Evidence of a case: everything that was known on its first day, written down once and sealed with a digest.

Prices change, shops are renamed, detectors get new versions: what a decision rests on must not. The text is canonical
JSON, so that who has the file can work the digest out again.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from catalog.models import Drug
from pharmacies.models import Pharmacy
from prices.models import Case, CaseEvidence, FeedRun, Finding, Lead, Offer, PriceChange


def freeze(case: Case, *, leads: Sequence[Lead], reports: Sequence[Any], at: datetime) -> CaseEvidence:
    """Write it down, in the caller's transaction."""
    drugs = _drugs({row.drug_id for row in (*leads, *reports) if row.drug_id is not None})
    said = {
        "case": case.number,
        "frozen_at": _time(at),
        "pharmacy": _pharmacy(case.pharmacy),
        "leads": [_lead(lead, drugs) for lead in leads],
        "reports": [_report(group, drugs) for group in reports],
        "shelf": _shelf(case.pharmacy, drugs),
    }
    text = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return CaseEvidence.objects.create(case=case, text=text, sha256=digest(text), frozen_at=at)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def intact(evidence: CaseEvidence) -> bool:
    """Is it, letter for letter, what was frozen?"""
    return digest(evidence.text) == evidence.sha256


def content(evidence: CaseEvidence) -> dict[str, Any]:
    """What `freeze` wrote: `pharmacy`, `leads` with their `findings`, `reports`, `shelf`; money in 分, times in ISO with their offset."""
    said: dict[str, Any] = json.loads(evidence.text)
    return said


def _pharmacy(pharmacy: Pharmacy) -> dict[str, Any]:
    area = pharmacy.insurance_area
    return {
        "code": pharmacy.code,
        "name": pharmacy.name,
        "address": pharmacy.address,
        "chain": pharmacy.chain.name if pharmacy.chain else None,
        "area": {"code": area.code, "name": area.name},
    }


def _drugs(ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    rows = Drug.objects.filter(pk__in=set(ids)).select_related("preparation")
    return {
        drug.pk: {
            "code": drug.code,
            "name": drug.preparation.generic_name,
            "spec": f"{drug.preparation.strength}×{drug.pack_count}{drug.unit}",
            "maker": drug.manufacturer,
        }
        for drug in rows
    }


def _lead(lead: Lead, drugs: dict[int, dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": lead.pk,
        "drug": drugs.get(lead.drug_id),
        "price_fen": lead.price_fen,
        "previous_fen": lead.previous_fen,
        "since": _time(lead.since),
        "on": lead.on.isoformat(),
        "found_at": _time(lead.found_at),
        "excess": lead.excess,
        "city": lead.city.name,
        "event": lead.event_id,
        "delivery": _delivery(lead),
        "findings": [_finding(each) for each in lead.findings.order_by("pk")],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    names = ("detector", "version", "rule_id", "parameters", "inputs", "score", "p", "adjusted", "excess", "label")
    return {name: getattr(finding, name) for name in names}


def _delivery(lead: Lead) -> dict[str, Any] | None:
    """Which delivery brought the price: its file's digest stands for the row, and the reason that a person gave for it."""
    if lead.pharmacy_id is None:
        return None
    changes = PriceChange.objects.filter(
        drug_id=lead.drug_id, pharmacy_id=lead.pharmacy_id, new_fen=lead.price_fen, received_at__lte=lead.found_at
    )
    change = changes.order_by("-received_at", "-run_id").first()
    run = FeedRun.objects.select_related("feed").filter(pk=change.run_id).first() if change else None
    if change is None or run is None:
        return None
    return {
        "run": run.pk,
        "feed": run.feed.slug,
        "file_sha256": run.sha256,
        "effective_at": _time(change.effective_at),
        "received_at": _time(change.received_at),
        "operator": run.operator,
        "override_reason": run.override_reason,
    }


def _report(group: Any, drugs: dict[int, dict[str, Any]]) -> dict[str, Any]:
    """A group of citizens' reports: what they saw, never who they are or with which code they follow it."""
    return {
        "id": group.pk,
        "kind": group.kind,
        "drug": drugs.get(group.drug_id),
        "price_fen": group.price_fen,
        "first_at": _time(group.first_at),
        "last_at": _time(group.last_at),
        "texts": [
            {"at": _time(each.at), "text": each.text, "photo": bool(each.photo)}
            for each in group.reports.order_by("pk")
        ],
    }


def _shelf(pharmacy: Pharmacy, drugs: dict[int, dict[str, Any]]) -> list[dict[str, Any]]:
    """What the shop asked for these products at that moment."""
    offers = Offer.objects.filter(drug_id__in=drugs, pharmacy_id=pharmacy.pk).order_by("drug_id")
    return [
        {
            "drug": drugs[offer.drug_id]["code"],
            "price_fen": offer.price_fen,
            "as_of": _time(offer.as_of),
            "changed_at": _time(offer.changed_at),
            "on_sale": offer.state == 1,
        }
        for offer in offers
    ]


def _time(value: datetime) -> str:
    """In Shanghai's time, so that its day is the day that people mean."""
    return timezone.localtime(value, timezone.get_default_timezone()).isoformat()
