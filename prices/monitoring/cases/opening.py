"""Opening a case: leads and reports about one pharmacy become something that a person has to bring to an end."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models.functions import Length
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.models import Drug
from pharmacies import access, audit
from pharmacies.access import Action, Role
from pharmacies.models import Pharmacy, Region, User
from prices.models import Case, CaseLead, CaseStep, Lead
from prices.monitoring.cases import due, evidence
from prices.monitoring.cases.moving import CaseProblem, cleaned


def open_case(
    pharmacy: Pharmacy,
    leads: Sequence[Lead] = (),
    reports: Sequence[Any] = (),
    *,
    by: User,
    at: datetime,
    reason: str = "",
) -> Case:
    """Open one about `pharmacy`; who opens it has it on their desk. All that is known of it is frozen at once.

    `reports` are groups of citizens' reports; whoever passes them ties them to the case (`prices.monitoring.reports`).
    Raises PermissionDenied, and `CaseProblem` where there is nothing to look into, where a lead is about another shop,
    or where somebody was faster.
    """
    area = pharmacy.insurance_area
    held = access.roles(by, area, at=at) & access.MAY[Action.OPEN_CASE]
    if not held:
        raise PermissionDenied
    if not leads and not reports:
        raise CaseProblem(_("没有线索或反馈：没有要核查的内容"))
    if any(row.pharmacy_id != pharmacy.pk for row in (*leads, *reports)):
        raise CaseProblem(_("一件核查事项只查一家药店"))
    reason = cleaned(reason, needed=False)
    with transaction.atomic():
        _take_leads(leads)
        case = Case.objects.create(
            number=_number(area, at),
            pharmacy=pharmacy,
            area=area,
            title=_title(leads, reports),
            owner=by,
            opened_at=at,
            due_at=due.of_state(Case.State.TRIAGE, at=at),
        )
        CaseLead.objects.bulk_create([CaseLead(case=case, lead=lead) for lead in leads])
        frozen = evidence.freeze(case, leads=leads, reports=reports, at=at)
        CaseStep.objects.create(
            case=case,
            revision=case.revision,
            name="open",
            after=case.state,
            by=by,
            by_name=by.display_name,
            role=",".join(role.value for role in Role if role in held),
            at=at,
            reason=reason,
            due_at=case.due_at,
        )
        audit.record(
            at=at,
            by=by,
            action="case.open",
            subject="prices.Case",
            subject_id=case.pk,
            place=area,
            after={"case": case.number, "leads": len(leads), "reports": len(reports), "sha256": frozen.sha256},
            reason=reason[:500],
        )
    return case


def _take_leads(leads: Sequence[Lead]) -> None:
    """They are this case's now; of two who open at once the second finds them taken."""
    taken = Lead.objects.filter(pk__in=[lead.pk for lead in leads], state=Lead.State.NEW).update(state=Lead.State.CASE)
    if taken != len(leads):
        raise CaseProblem(_("这些线索里有的刚被别人处理了，请重新打开线索看看"))


def _number(area: Region, at: datetime) -> str:
    """`420106-2026-0012`: area, year, and the count in them; the area's row is held so that no number is given twice."""
    Region.objects.select_for_update(no_key=True).get(pk=area.pk)
    start = f"{area.code}-{timezone.localdate(at, timezone.get_default_timezone()).year}-"
    given = Case.objects.filter(number__startswith=start).order_by(Length("number").desc(), "-number")
    last = given.values_list("number", flat=True).first()
    return f"{start}{int(last.removeprefix(start)) + 1 if last else 1:04d}"


def _title(leads: Sequence[Lead], reports: Sequence[Any]) -> str:
    """What it is about, as files are named: Chinese whoever opens it."""
    drugs = {row.drug_id for row in (*leads, *reports) if row.drug_id is not None}
    about = "价格异动线索" if leads else "市民反馈"
    if len(drugs) != 1:
        return f"{about}（{len(drugs)} 种药品）" if drugs else about
    drug = Drug.objects.select_related("preparation").get(pk=drugs.pop())
    return f"{drug.preparation.generic_name} {drug.preparation.strength}×{drug.pack_count}{drug.unit} · {about}"[:120]
