"""Who works here: invite somebody, change a role, end it, give a colleague who lost the phone a new slip."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_POST

from pharmacies import access, members
from pharmacies.access import Action, Place, Role
from pharmacies.accounts import invitations
from pharmacies.models import Chain, Invitation, Membership, Pharmacy, Region
from prices.monitoring import written
from prices.views.staff import sessions
from prices.views.staff.accounts import form_page
from prices.views.staff.forms import StaffForm
from prices.views.staff.guard import signed_in
from prices.views.staff.places import fetch, link

MEANS = {
    Role.VIEWER: gettext_lazy("只看，不能改"),
    Role.EDITOR: gettext_lazy("改价格和库存，上传表格，回复反馈"),
    Role.MANAGER: gettext_lazy("录入员能做的，加上药店信息、接口令牌、人员和操作日志"),
    Role.HEAD_OFFICE: gettext_lazy("店长能做的，所有门店"),
    Role.ANALYST: gettext_lazy("看和导出"),
    Role.OFFICER: gettext_lazy("看和导出，核实药店位置，发起核查"),
    Role.REVIEWER: gettext_lazy("经办人能做的，加上核查结论、规则和人员"),
    Role.PUBLISHER: gettext_lazy("看和导出，发布核查结果"),
    Role.AUDITOR: gettext_lazy("看和导出操作日志，任命审计员，别的都不做"),
}


class RoleForm(StaffForm):
    """Which of the roles that one may give."""

    role = forms.ChoiceField(label=gettext_lazy("角色"), widget=forms.RadioSelect)
    reason = forms.CharField(label=gettext_lazy("原因（可不填）"), max_length=200, required=False)

    def __init__(self, *args: Any, roles: list[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [(each.value, each.label) for each in roles]  # type: ignore[attr-defined]  # a field of choices

    def choices(self) -> list[dict[str, Any]]:
        """The roles with what they mean."""
        chosen = self["role"].value()
        roles = [Role(value) for value, _ in self.fields["role"].choices]  # type: ignore[attr-defined]  # a field of choices
        return [
            {"value": role.value, "label": role.label, "means": MEANS[role], "checked": chosen == role}
            for role in roles
        ]


class RegionField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return str(obj.name)


class InviteForm(RoleForm):
    name = forms.CharField(
        label=gettext_lazy("姓名"), max_length=60, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    reason = None  # type: ignore[assignment]  # Django's way to leave a base form's field out

    def __init__(self, *args: Any, place: Place, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if isinstance(place, Chain):
            self.fields["within"] = RegionField(
                label=gettext("限于地区"),
                queryset=regions_of(place),
                required=False,
                to_field_name="code",
                empty_label=gettext("全部门店"),
            )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("within") and data.get("role") == Role.HEAD_OFFICE:
            self.add_error("within", gettext("总部管理员管所有门店。要限于一个地区，请选店长、录入员或查看员。"))
        return data


def regions_of(chain: Chain) -> Any:
    """Cities and districts in which the chain has pharmacies."""
    shops = Pharmacy.objects.filter(chain=chain)
    districts = Region.objects.filter(pk__in=shops.values("division"))
    return (
        (Region.objects.filter(pk__in=districts.values("parent")) | districts)
        .exclude(level="province")
        .order_by("code")
    )


@form_page
@signed_in
def people(request: HttpRequest, **where: Any) -> HttpResponse:
    """Everybody who works at the place, the open invitations, and a form for a new one."""
    at, by = timezone.now(), sessions.person(request)
    place = fetch(by, Action.MANAGE_PEOPLE, where, at=at)
    roles = access.may_give(by, place, at=at)
    form = InviteForm(request.POST or None, place=place, roles=roles, initial={"role": roles[0] if roles else ""})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        invitation = invitations.invite(
            place=place, role=Role(data["role"]), name=data["name"], within=data.get("within"), by=by, at=at
        )
        return redirect("staff:slip", pk=invitation.pk)
    context = {
        "place": place,
        "form": form,
        "people": [
            {"membership": each, "link": link(place, "person", pk=each.pk), "me": each.user_id == by.pk}
            for each in members.of(place, at=at)
        ],
        "above": members.above(place, at=at),
        "invitations": [
            {"invitation": each, "revoke": link(place, "revoke", pk=each.pk)} for each in _open(place, roles, at=at)
        ],
    }
    return render(request, "staff/people.html", context, status=422 if form.errors else 200)


@form_page
@signed_in
def person(request: HttpRequest, pk: int, **where: Any) -> HttpResponse:
    """One person's role at the place: change it, end it, or give them a slip to come back in."""
    at, by = timezone.now(), sessions.person(request)
    place = fetch(by, Action.MANAGE_PEOPLE, where, at=at)
    membership: Membership = get_object_or_404(members.of(place, at=at), pk=pk)
    allowed = members.may_end(by, membership, at=at)
    roles = access.may_give(by, place, at=at) if allowed else []
    form = RoleForm(
        request.POST if request.POST.get("do") == "role" else None, roles=roles, initial={"role": membership.role}
    )
    may_come_back = invitations.may_invite_back(by, membership.user, at=at)
    if request.method == "POST":
        answer = _do(request, place, membership, form, may_come_back=may_come_back, at=at)
        if answer is not None:
            return answer
    context = {
        "place": place,
        "membership": membership,
        "form": form,
        "allowed": allowed,
        "me": membership.user_id == by.pk,
        "may_come_back": may_come_back,
        "back": link(place, "people"),
    }
    return render(request, "staff/person.html", context, status=422 if form.errors else 200)


def _do(
    request: HttpRequest, place: Place, membership: Membership, form: RoleForm, *, may_come_back: bool, at: datetime
) -> HttpResponse | None:
    """What the pressed button says; None to show the page again, with what is wrong in the form."""
    by, do = sessions.person(request), request.POST.get("do")
    said = {"name": membership.user.display_name, "place": place.name}
    try:
        if do == "end":
            members.end(membership=membership, by=by, at=at, reason=written.line(request.POST.get("reason", ""))[:200])
            messages.success(request, gettext("%(name)s 已不能再进入 %(place)s。") % said)
        elif do == "role":
            if not form.is_valid():
                return None
            role = Role(form.cleaned_data["role"])
            members.change_role(membership=membership, role=role, by=by, at=at, reason=form.cleaned_data["reason"])
            messages.success(request, gettext("%(name)s 现在是%(role)s。") % {**said, "role": role.label})
        elif do == "back":
            if not may_come_back:
                raise PermissionDenied
            invitation = invitations.invite_back(user=membership.user, by=by, at=at, place=place)
            return redirect("staff:slip", pk=invitation.pk)
        else:
            return HttpResponse(status=400)
    except members.Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(link(place, "person", pk=membership.pk))
    return redirect(link(place, "people"))


@require_POST
@signed_in
def revoke(request: HttpRequest, pk: int, **where: Any) -> HttpResponse:
    """An invitation that nobody has used is void from now on."""
    at, by = timezone.now(), sessions.person(request)
    place = fetch(by, Action.MANAGE_PEOPLE, where, at=at)
    roles = access.may_give(by, place, at=at)
    invitation = next((each for each in _open(place, roles, at=at) if each.pk == pk), None)
    if invitation is None:
        raise Http404
    invitations.revoke(invitation=invitation, by=by, at=at)
    messages.success(request, gettext("给 %(name)s 的邀请已撤回。") % {"name": invitation.name})
    return redirect(link(place, "people"))


def _open(place: Place, roles: list[Role], *, at: datetime) -> list[Invitation]:
    """Invitations to the place that can still be used, of the roles that one may give."""
    name = "pharmacy" if isinstance(place, Pharmacy) else "chain" if isinstance(place, Chain) else "area"
    waiting = Invitation.objects.filter(**{name: place}, role__in=roles, used_at=None, revoked_at=None)
    return list(waiting.filter(expires_at__gt=at).select_related("within").order_by("-pk"))
