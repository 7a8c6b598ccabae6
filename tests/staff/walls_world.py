"""The world in which the walls are tried, and everybody who comes to them.

shop (武昌区) and sister (洪山区) belong to one chain, rival to another; all lie in 武汉市. far lies in 宜昌市.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange
from django.test import Client
from django.utils import timezone

from catalog.models import Drug
from pharmacies import access
from pharmacies.access import Role
from pharmacies.accounts import invitations
from pharmacies.models import Chain, Invitation, Membership, Pharmacy, Region, User
from prices.desk import inquiries, tills
from prices.desk.feeds import desk_feed
from prices.ingest import tokens
from prices.models import BackTest, Feed, FeedRun, Freezing, Report, ReportGroup, RunPharmacy, Upload
from prices.views.staff import sessions

from .. import factories as f
from ..console import leads_world, tables_world
from ..factories import since
from ..monitoring import cases_world
from .signing import sign_in

# -- the people -------------------------------------------------------------------------------------------------------

OF_THE_SHOP = {"shop_viewer", "shop_editor", "shop_manager"}
OF_THE_CHAIN = {"chain_viewer", "chain_editor", "chain_manager", "chain_head_office"}
SUB_ACCOUNTS = {"sub_editor", "sub_manager"}
"""Of the chain, limited to 武昌区."""
OF_THE_CITY = {"city_viewer", "city_analyst", "city_officer", "city_reviewer", "city_publisher", "city_auditor"}
OF_THE_DISTRICT = {"district_officer", "district_reviewer"}
INSIDERS = OF_THE_SHOP | OF_THE_CHAIN | SUB_ACCOUNTS | OF_THE_CITY | OF_THE_DISTRICT

NOT_IN = {"nobody", "password_only", "without_factor", "expired", "locked_out"}
"""Not logged in, not yet, or no longer."""
STRANGERS = {
    *("sister_manager", "rival_manager", "rival_head_office", "other_city_reviewer", "other_city_auditor"),
    *("former_manager", "former_head_office", "former_reviewer", "future_manager", "superuser", "without_a_place"),
}
"""Logged in, and nothing here is theirs."""
SUB_ELSEWHERE = "sub_elsewhere"
"""Of the chain, limited to 洪山区: sees the chain, not the shop."""
EVERYBODY = INSIDERS | NOT_IN | STRANGERS | {SUB_ELSEWHERE}
LOGGED_IN = EVERYBODY - NOT_IN


@dataclass(frozen=True)
class World:
    shop: Pharmacy
    sister: Pharmacy
    rival: Pharmacy
    far: Pharmacy
    area: Region
    feed: Feed
    run: FeedRun
    own: dict[str, Any]
    """What may stand for a parameter of an address, by the path before it."""
    foreign: dict[str, Any]
    """The same of the rival, whose people they are strangers to."""
    tokens: dict[str, str]


def world() -> World:
    city = f.region("420100", "武汉市", f.region())
    yichang = f.region("420502", "西陵区", f.region("420500", "宜昌市", f.region()))
    chain, rival_chain = f.chain("甲连锁"), f.chain("乙连锁")
    shop = f.pharmacy("甲一店", chain=chain)
    sister = f.pharmacy("甲二店", chain=chain, division=f.hongshan())
    rival = f.pharmacy("乙一店", chain=rival_chain)
    far = f.pharmacy("丙一店", division=yichang)
    feed, other_feed = desk_feed(shop), desk_feed(rival)
    run = f.run(feed, finished_at=f.AT)
    RunPharmacy.objects.create(run=run, pharmacy=shop, as_of=f.AT)
    f.rebuild_today()
    area = f.wuchang()
    return World(
        shop=shop,
        sister=sister,
        rival=rival,
        far=far,
        area=area,
        feed=feed,
        run=run,
        own=_things(shop, chain, area, run),
        foreign=_things(rival, rival_chain, yichang, f.run(other_feed, finished_at=f.AT)),
        tokens={
            "feed": tokens.issue(feed),
            "other": tokens.issue(other_feed),
            "wrong": "yaobi_wrong",
            "city": city.code,
        },
    )


def _things(shop: Pharmacy, chain: Chain, area: Region, run: FeedRun) -> dict[str, Any]:
    """One of everything that an address can name at this shop, chain and area."""
    clerk = User.objects.create_user(f"clerk{shop.pk}", first_name="店员")
    found: dict[str, Any] = {"desk/": shop.code, "chain/": chain.pk, "console/": area.code}
    for base, where in (("desk", {"pharmacy": shop}), ("chain", {"chain": chain}), ("console", {"area": area})):
        membership = Membership.objects.create(user=clerk, role="viewer", valid=since(), **where)
        place: Any = next(iter(where.values()))
        invited = invitations.invite(place=place, role=Role.VIEWER, name="新人", by="测试", at=timezone.now())
        found |= {f"{base}/*/people/": membership.pk, f"{base}/*/people/invitations/": invited.pk}
        found.setdefault("staff/invitations/", invited.pk)  # of the shop
    found["staff/invitation/"] = invitations.token(Invitation.objects.get(pk=found["staff/invitations/"]))
    found["desk/*/runs/"] = run.pk
    drug = Drug.objects.select_related("preparation").first() or f.drug()
    found["console/*/leads/"] = leads_world.lead(drug, shop, area=area).pk
    found |= {"console/*/drugs/": drug.preparation_id, "console/*/drugs/products/": drug.code}
    managed = Pharmacy.objects.filter(insurance_area=area).order_by("pk").first()
    assert managed
    found["console/*/pharmacies/"] = managed.code
    managed = Pharmacy.objects.filter(insurance_area=area).order_by("pk")[0]
    found |= _case(area)
    found["console/*/passthrough/"] = f.reference_price(drug, "9.10", kind="vbp", area=area).pk
    found["console/*/freezes/"] = tables_world.frozen(area, by=clerk).pk
    found["console/*/freezes/asked/"] = Freezing.objects.create(
        area=area, month=f.AT.date().replace(month=10, day=1), by=clerk, at=f.AT
    ).pk
    group = ReportGroup.objects.create(pharmacy=managed, kind="closed", first_at=f.AT, last_at=f.AT)
    report = Report.objects.create(group=group, at=f.AT, code_digest=f"{shop.pk:064d}")
    found |= {"console/*/reports/": group.pk, "console/*/reports/*/photos/": report.pk}
    inquiry = inquiries.open_inquiry(
        shop, kind="report", title="价格不符", text="店里标 12 元", by="测试", at=timezone.now()
    )
    note = inquiries.Document("说明.pdf", b"%PDF-1.4")
    reply = inquiries.reply(inquiry, text="已改正", document=note, by=clerk, at=timezone.now())
    found |= {"desk/*/reports/": inquiry.pk, "desk/*/reports/*/documents/": reply.pk}
    found["chain/*/runs/"] = (office := f.run(desk_feed(chain), finished_at=f.AT)).pk
    for base, each in (("desk", run), ("chain", office)):
        upload = Upload.objects.create(
            feed=each.feed, by=clerk, at=f.AT, name="价格.csv", sha256="0" * 64, size=1, state="applied", run=each
        )
        found |= {f"{base}/*/uploads/": upload.pk, f"{base}/*/uploads/*/not-taken.": "csv"}
    found["desk/*/uploads/prices."] = found["chain/*/shops/numbers."] = "csv"
    found["chain/*/prices/"] = (Drug.objects.first() or f.drug()).code  # the catalogue is everybody's
    found["console/*/rules/"] = "history"
    days = {"first": f.AT.date(), "last": f.AT.date()}
    found["console/*/backtests/"] = BackTest.objects.create(
        area=area, detector="history", version=1, parameters={}, by=clerk, at=f.AT, **days
    ).pk
    for key, till_of in (("desk/*/tokens/", shop), ("chain/*/tokens/", chain)):
        made = tills.create(till_of, name="一号机", mode="delta", cadence_days=7, by=clerk, at=timezone.now())
        found[key] = made[0].slug
    return found


def _case(area: Region) -> dict[str, Any]:
    """A case about a shop that the area manages, with a letter."""
    officer = User.objects.create_user(f"officer{area.pk}", first_name="经办人")
    Membership.objects.create(user=officer, area=area, role=Role.OFFICER, valid=since())
    managed = Pharmacy.objects.filter(insurance_area=area).order_by("pk")[0]
    case = cases_world.asked_in_writing(managed, by=officer, at=timezone.now())
    letter: Any = case.documents.get()
    return {"console/*/cases/": case.pk, "console/*/cases/*/letters/": letter.pk}


# -- who is who -------------------------------------------------------------------------------------------------------


def person(world: World, name: str) -> User | None:
    """The person of that name, made when first asked for; None for nobody."""
    if name == "nobody":
        return None
    user = User.objects.create_user(name, first_name=name)
    who, _, role = name.partition("_")
    places: dict[str, dict[str, Any]] = {
        "shop": {"pharmacy": world.shop},
        "sister": {"pharmacy": world.sister},
        "rival": {"pharmacy": world.rival},
        "chain": {"chain": world.shop.chain},
        "sub": {"chain": world.shop.chain, "within": world.area},
        "city": {"area": Region.objects.get(code="420100")},
        "district": {"area": world.area},
    }
    today = access.day(timezone.now())
    shop, past = {"pharmacy": world.shop}, DateRange(today - timedelta(days=9), today)
    special: dict[str, tuple[str, dict[str, Any], DateRange]] = {
        "rival_head_office": ("head_office", {"chain": world.rival.chain}, since()),
        "other_city_reviewer": ("reviewer", {"area": world.far.division.parent}, since()),
        "other_city_auditor": ("auditor", {"area": world.far.division.parent}, since()),
        "former_manager": ("manager", shop, past),
        "former_head_office": ("head_office", places["chain"], past),
        "former_reviewer": ("reviewer", places["city"], past),
        "future_manager": ("manager", shop, since(today + timedelta(days=9))),  # not during this run
        "sub_elsewhere": ("manager", {"chain": world.shop.chain, "within": f.hongshan()}, since()),
        **{each: ("manager", shop, since()) for each in NOT_IN},
    }
    if name == "superuser":
        User.objects.filter(pk=user.pk).update(is_superuser=True, is_staff=True)
    elif name in special:
        role, place, valid = special[name]
        Membership.objects.create(user=user, role=role, valid=valid, **place)
    elif name != "without_a_place":
        Membership.objects.create(user=user, role=role, valid=since(), **places[who])
    user.refresh_from_db()
    return user


def client_of(world: World, name: str) -> Client:
    """The browser of that person, as it is when they come to an address."""
    client, user = Client(), person(world, name)
    if user is None:
        return client
    if name == "password_only":
        session = client.session
        session[sessions.WAITING] = {
            "user": user.pk,
            "hash": user.get_session_auth_hash(),
            "at": timezone.now().timestamp(),
        }
        session.save()
        return client
    sign_in(client, user, factor=sessions.WITHOUT if name == "without_factor" else "totp")
    if name == "expired":
        session = client.session
        session[sessions.SEEN] = (timezone.now() - timedelta(days=1)).timestamp()
        session.save()
    if name == "locked_out":
        User.objects.filter(pk=user.pk).update(is_active=False)
    return client
