"""The frozen evidence of a case on its page: from the stored text alone, never from what the tables say today."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext_lazy as _

from pharmacies.models import Region
from prices.models import Case, Finding, Lead, ReportGroup
from prices.money import yuan
from prices.monitoring.tables import Column, Row, Table
from prices.views.console import lead_words

Said = Mapping[str, Any]


def table(case: Case, said: Said, area: Region) -> Table:
    """The leads that the case was opened with, in words of today's language."""
    return Table(
        name="evidence",
        title=_("立项时的线索"),
        columns=[
            Column("product", _("药品"), foreign=True),
            Column("why", _("为什么")),
            Column("previous", _("原价"), "yuan"),
            Column("price", _("标价"), "yuan"),
            Column("excess", _("高出"), "percent"),
            Column("since", _("此价起始"), "datetime"),
            Column("on", _("发现日"), "date"),
        ],
        rows=[_row(lead, area) for lead in said["leads"]],
        caveat=_("立项时固定，以后不变；供核实，不等于违规。"),
        on=case.evidence.frozen_at,
        empty=_("没有线索：由市民反馈立项。"),
    )


def _row(lead: Said, area: Region) -> Row:
    return {
        "product": product(lead["drug"]),
        "product_link": reverse("staff:console-lead", args=[area.code, lead["id"]]),
        "why": why(lead),
        "previous": None if lead["previous_fen"] is None else yuan(lead["previous_fen"]),
        "price": yuan(lead["price_fen"]),
        "excess": lead["excess"],
        "since": parse_datetime(lead["since"]),
        "on": parse_date(lead["on"]),
    }


def why(lead: Said) -> str:
    """Why it should be looked at, from the findings as they were."""
    stored = Lead(price_fen=lead["price_fen"], previous_fen=lead["previous_fen"], excess=lead["excess"])
    return lead_words.headline(stored, [Finding(**each) for each in lead["findings"]])


def product(drug: Said | None) -> str:
    return f"{drug['name']} {drug['spec']} · {drug['maker']}" if drug else "—"


def prices(said: Said) -> list[dict[str, Any]]:
    """Where each price came from: the delivery, its file's digest, and the reason that a person at the shop gave."""
    return [
        {
            "product": product(lead["drug"]),
            "delivery": lead["delivery"],
            "received": parse_datetime(lead["delivery"]["received_at"]),
            "methods": [f"{each['detector']} v{each['version']}" for each in lead["findings"]],
        }
        for lead in said["leads"]
        if lead["delivery"]
    ]


def reports(said: Said) -> list[dict[str, Any]]:
    """What citizens had reported by then."""
    kinds = dict(ReportGroup.Kind.choices)
    return [
        {
            "kind": kinds.get(report["kind"], report["kind"]),
            "product": product(report["drug"]) if report["drug"] else "",
            "price": None if report["price_fen"] is None else yuan(report["price_fen"]),
            "n": len(report["texts"]),
            "texts": [
                {"at": parse_datetime(each["at"]), "text": each["text"]} for each in report["texts"] if each["text"]
            ],
        }
        for report in said["reports"]
    ]
