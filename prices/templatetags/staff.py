"""What every staff page needs: the menu of the place it is about, and what the settings have to say."""

from dataclasses import dataclass
from typing import Any

from django import template
from django.conf import settings
from django.http import HttpRequest
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from pharmacies import access
from pharmacies.access import Action, Place
from pharmacies.models import Chain, Pharmacy

register = template.Library()


@dataclass(frozen=True, slots=True)
class Entry:
    label: str
    address: str
    here: bool


PHARMACY = (
    ("", gettext_lazy("价格"), Action.SEE),
    ("/uploads", gettext_lazy("表格上传"), Action.EDIT_PRICES),
    ("/runs", gettext_lazy("报送批次"), Action.SEE),
    ("/standing", gettext_lazy("价格位置"), Action.SEE),
    ("/reports", gettext_lazy("反馈与问询"), Action.SEE),
    ("/shop", gettext_lazy("药店信息"), Action.SEE),
    ("/tokens", gettext_lazy("接口令牌"), Action.MANAGE_TOKENS),
    ("/people", gettext_lazy("人员"), Action.MANAGE_PEOPLE),
    ("/audit", gettext_lazy("操作日志"), Action.SEE_AUDIT),
)
CHAIN = (
    ("", gettext_lazy("总部"), Action.SEE),
    ("/prices", gettext_lazy("价格"), Action.SEE),
    ("/shops", gettext_lazy("门店"), Action.SEE),
    ("/uploads", gettext_lazy("表格上传"), Action.EDIT_CHAIN),
    ("/runs", gettext_lazy("报送批次"), Action.SEE),
    ("/tokens", gettext_lazy("接口令牌"), Action.MANAGE_TOKENS),
    ("/people", gettext_lazy("人员"), Action.MANAGE_PEOPLE),
    ("/audit", gettext_lazy("操作日志"), Action.SEE_AUDIT),
)
AREA = (
    ("", gettext_lazy("总览"), Action.SEE),
    ("/leads", gettext_lazy("线索"), Action.SEE),
    ("/cases", gettext_lazy("核查事项"), Action.SEE),
    ("/reports", pgettext_lazy("several", "市民反馈"), Action.SEE),
    ("/late", gettext_lazy("报送"), Action.SEE),
    ("/index", gettext_lazy("指标"), Action.SEE),
    ("/rules", gettext_lazy("规则"), Action.SEE),
    ("/people", gettext_lazy("人员"), Action.MANAGE_PEOPLE),
    ("/audit", gettext_lazy("操作日志"), Action.SEE_AUDIT),
)
SECTIONS = {
    "": (
        ("", gettext_lazy("总览")),
        ("/map", gettext_lazy("地图")),
        ("/pharmacies", pgettext_lazy("heading", "药店")),
        ("/drugs", pgettext_lazy("heading", "药品")),
    ),
    "/late": (("/late", gettext_lazy("催报清单")), ("/compliance", gettext_lazy("报送质量"))),
    "/index": (
        ("/index", gettext_lazy("药品零售价格指数")),
        ("/passthrough", gettext_lazy("中选价落地")),
        ("/access", gettext_lazy("双通道药品供应")),
        ("/as-of", gettext_lazy("按日期回看")),
        ("/freezes", gettext_lazy("本期定稿")),
    ),
    "/rules": (
        ("/rules", gettext_lazy("规则")),
        ("/thresholds", gettext_lazy("阈值方案")),
        ("/backtests", gettext_lazy("历史回测")),
    ),
}
"""The pages of one entry of an area's menu, where it has several."""


def home_of(place: Place) -> str:
    """The address of a place's first page, in the language of the page that asks."""
    prefix = reverse("staff:start").removesuffix("staff")
    if isinstance(place, Pharmacy):
        return f"{prefix}desk/{place.code}"
    return f"{prefix}chain/{place.pk}" if isinstance(place, Chain) else f"{prefix}console/{place.code}"


@register.simple_tag(takes_context=True)
def place_menu(context: dict[str, Any], place: Place) -> list[Entry]:
    """The pages of a place that this person may open; a page that does not exist is not in it."""
    request: HttpRequest = context["request"]
    held = access.roles(request.user, place, at=timezone.now())
    entries = PHARMACY if isinstance(place, Pharmacy) else CHAIN if isinstance(place, Chain) else AREA
    base = home_of(place)
    known = [
        (str(label), base + path)
        for path, label, action in entries
        if not access.MAY[action].isdisjoint(held) and _exists(base + path)
    ]
    sections = SECTIONS if entries is AREA else {}
    inside = {base + page: base + entry for entry, pages in sections.items() for page, _ in pages}
    page = _nearest(request.path, {address for _, address in known} | set(inside))
    here = inside.get(page, page)
    return [Entry(label, address, address == here) for label, address in known]


@register.simple_tag(takes_context=True)
def section_menu(context: dict[str, Any], place: Place) -> list[Entry]:
    """The pages beside this one, within the same entry of an area's menu; none where it has no others."""
    request: HttpRequest = context["request"]
    base = home_of(place)
    sections = {base + page for pages in SECTIONS.values() for page, _ in pages}
    page = _nearest(request.path, sections | {base + path for path, _, _ in AREA})
    for pages in SECTIONS.values():
        entries = [Entry(str(label), base + path, base + path == page) for path, label in pages]
        if any(entry.here for entry in entries):
            return [entry for entry in entries if entry.here or _exists(entry.address)]
    return []


def _nearest(path: str, addresses: set[str]) -> str:
    """The longest of the addresses that is `path` or above it; "" where none is."""
    return max((each for each in addresses if path == each or path.startswith(each + "/")), key=len, default="")


def _exists(address: str) -> bool:
    try:
        resolve(address)
    except Resolver404:
        return False
    return True


@register.simple_tag
def first_page(place: Place, user: Any) -> str:
    """The address of the first page of a place that exists for this person; "" where there is none yet."""
    held = access.roles(user, place, at=timezone.now())
    entries = PHARMACY if isinstance(place, Pharmacy) else CHAIN if isinstance(place, Chain) else AREA
    base = home_of(place)
    fits = [base + path for path, _, action in entries if not access.MAY[action].isdisjoint(held)]
    return next((address for address in fits if _exists(address)), "")


@register.simple_tag(takes_context=True)
def role_names(context: dict[str, Any], place: Place) -> str:
    """In which roles this person speaks for this very place, in words."""
    kind = "pharmacy" if isinstance(place, Pharmacy) else "chain" if isinstance(place, Chain) else "area"
    held = access.memberships(context["request"].user, at=timezone.now()).filter(**{kind: place.pk})
    names = {each.role: each.get_role_display() for each in held}
    return pgettext("list", "、").join(names[role] for role in access.Role.values if role in names)


@register.simple_tag
def second_factor_off() -> bool:
    return not settings.SECOND_FACTOR


@register.simple_tag
def idle_minutes() -> int:
    return int(settings.SESSION_IDLE.total_seconds() // 60)
