"""The table of the walls: every address of the project, who may call it how, and the world in which that is tried.

The sets of people below are written by hand and not asked of `pharmacies.access`: the table is what was agreed, the
module is what is tried. A new address needs a line here; until it has one, `test_walls.py` fails.

The world: shop (武昌区) and sister (洪山区) belong to one chain, rival to another; all lie in 武汉市. far lies in 宜昌市.
"""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.test import Client
from django.urls import URLResolver, get_resolver
from django.utils import timezone, translation

from catalog.models import Drug
from pharmacies import access
from pharmacies.access import Role
from pharmacies.accounts import invitations
from pharmacies.models import Chain, Invitation, Membership, Pharmacy, Region, User
from prices.desk import inquiries, tills
from prices.desk.feeds import desk_feed
from prices.ingest import tokens
from prices.models import Feed, FeedRun, RunPharmacy, Upload
from prices.views.staff import sessions

from .. import factories as f
from ..factories import since
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
    inquiry = inquiries.open_inquiry(
        shop, kind="report", title="价格不符", text="店里标 12 元", by="测试", at=timezone.now()
    )
    note = inquiries.Document("说明.pdf", b"%PDF-1.4")
    reply = inquiries.reply(inquiry, text="已改正", document=note, by=clerk, at=timezone.now())
    found |= {"desk/*/reports/": inquiry.pk, "desk/*/reports/*/documents/": reply.pk}
    for base, each in (("desk", run), ("chain", f.run(desk_feed(chain), finished_at=f.AT))):
        upload = Upload.objects.create(
            feed=each.feed, by=clerk, at=f.AT, name="价格.csv", sha256="0" * 64, size=1, state="applied", run=each
        )
        found |= {f"{base}/*/uploads/": upload.pk, f"{base}/*/uploads/*/not-taken.": "csv"}
    found["desk/*/uploads/prices."] = found["chain/*/shops/numbers."] = "csv"
    found["chain/*/prices/"] = (Drug.objects.first() or f.drug()).code  # the catalogue is everybody's
    found["desk/*/tokens/"] = tills.create(
        shop, name="一号机", mode="delta", cadence_days=7, by=clerk, at=timezone.now()
    )[0].slug
    return found


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
        "future_manager": ("manager", shop, since(today + timedelta(days=1))),
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


# -- the walls --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wall:
    """Who gets in by which method; `sees`: those of whom others learn that they may not, instead of that it is not there."""

    methods: dict[str, set[str]]
    sees: set[str] = field(default_factory=set)
    data: dict[str, str] = field(default_factory=dict)  # what a POST sends, where an empty one is not enough
    verbs: dict[str, set[str]] = field(default_factory=dict)  # who may press which button (`do`) of a page with several
    let_in: str = "in"  # what who may is answered: 404 where this world has nothing to show


SHOP = OF_THE_SHOP | OF_THE_CHAIN | SUB_ACCOUNTS | OF_THE_CITY | OF_THE_DISTRICT
EDIT = {"shop_editor", "shop_manager", "chain_editor", "chain_manager", "chain_head_office", *SUB_ACCOUNTS}
LEAD = {"shop_manager", "chain_manager", "chain_head_office", "sub_manager"}
SHOP_GIVE = LEAD | {"city_reviewer", "district_reviewer"}
SHOP_PEOPLE = SHOP_GIVE | {"city_auditor"}
SHOP_AUDIT = LEAD | {"city_auditor"}
VERIFY = {"city_officer", "city_reviewer", "district_officer", "district_reviewer"}

CHAIN = OF_THE_CHAIN | SUB_ACCOUNTS | {SUB_ELSEWHERE} | OF_THE_CITY
CHAIN_EDIT = {"chain_editor", "chain_manager", "chain_head_office"}
CHAIN_LEAD = {"chain_manager", "chain_head_office"}
CHAIN_GIVE = CHAIN_LEAD | {"city_reviewer"}
CHAIN_PEOPLE = CHAIN_GIVE | {"city_auditor"}
CHAIN_AUDIT = CHAIN_LEAD | {"city_auditor"}

AREA = OF_THE_CITY | OF_THE_DISTRICT
AREA_GIVE = {"city_reviewer", "district_reviewer"}
AREA_PEOPLE = AREA_GIVE | {"city_auditor"}
AREA_AUDIT = {"city_auditor"}


def at_shop(data: dict[str, str] | None = None, **methods: set[str]) -> Wall:
    return Wall(methods, sees=SHOP, data=data or {})


def at_chain(data: dict[str, str] | None = None, **methods: set[str]) -> Wall:
    return Wall(methods, sees=CHAIN, data=data or {})


def at_area(data: dict[str, str] | None = None, **methods: set[str]) -> Wall:
    return Wall(methods, sees=AREA, data=data or {})


def own(**methods: set[str]) -> Wall:
    """One's own account: for everybody who is logged in."""
    return Wall(methods, sees=LOGGED_IN)


STAFF: dict[str, Wall] = {
    # one's own account
    "staff": own(GET=LOGGED_IN),
    "staff/recovery-codes": own(GET=LOGGED_IN, POST=LOGGED_IN),
    "staff/password": own(GET=LOGGED_IN, POST=LOGGED_IN),
    "staff/sessions": own(GET=LOGGED_IN, POST=LOGGED_IN),
    "staff/alive": own(GET=LOGGED_IN),
    "staff/resume": own(GET=LOGGED_IN, POST=LOGGED_IN),
    "staff/invitations/<int:pk>/slip": Wall({"GET": SHOP_GIVE}),
    # people and the log
    "desk/<str:code>/people": at_shop(GET=SHOP_PEOPLE, POST=SHOP_PEOPLE),
    "desk/<str:code>/people/<int:pk>": at_shop(GET=SHOP_PEOPLE, POST=SHOP_PEOPLE, data={"do": "end"}),
    "desk/<str:code>/people/invitations/<int:pk>/revoke": replace(
        at_shop(POST=SHOP_GIVE),
        sees=SHOP - {"city_auditor"},  # whose roles those are not
    ),
    "desk/<str:code>/audit": at_shop(GET=SHOP_AUDIT),
    "desk/<str:code>/audit.csv": at_shop(POST=SHOP_AUDIT),
    "chain/<int:chain>/people": at_chain(GET=CHAIN_PEOPLE, POST=CHAIN_PEOPLE),
    "chain/<int:chain>/people/<int:pk>": at_chain(GET=CHAIN_PEOPLE, POST=CHAIN_PEOPLE, data={"do": "end"}),
    "chain/<int:chain>/people/invitations/<int:pk>/revoke": replace(
        at_chain(POST=CHAIN_GIVE),
        sees=CHAIN - {"city_auditor"},  # whose roles those are not
    ),
    "chain/<int:chain>/audit": at_chain(GET=CHAIN_AUDIT),
    "chain/<int:chain>/audit.csv": at_chain(POST=CHAIN_AUDIT),
    "console/<str:adcode>": at_area(GET=AREA),
    "console/<str:adcode>/people": at_area(GET=AREA_PEOPLE, POST=AREA_PEOPLE),
    "console/<str:adcode>/people/<int:pk>": at_area(GET=AREA_PEOPLE, POST=AREA_PEOPLE, data={"do": "end"}),
    "console/<str:adcode>/people/invitations/<int:pk>/revoke": replace(
        at_area(POST=AREA_GIVE),
        sees=AREA - {"city_auditor"},  # whose roles those are not
    ),
    "console/<str:adcode>/audit": at_area(GET=AREA_AUDIT),
    "console/<str:adcode>/audit.csv": at_area(POST=AREA_AUDIT),
    # the desk
    "desk/<str:code>": at_shop(GET=SHOP),
    "desk/<str:code>/rows": at_shop(GET=SHOP),
    "desk/<str:code>/edits": at_shop(POST=EDIT),
    "desk/<str:code>/catalogue": at_shop(GET=EDIT),
    "desk/<str:code>/runs": at_shop(GET=SHOP),
    "desk/<str:code>/runs/<int:pk>": at_shop(GET=SHOP),
    "desk/<str:code>/runs/<int:pk>/undo": at_shop(POST=EDIT),
    "desk/<str:code>/standing": at_shop(GET=SHOP),
    "desk/<str:code>/shop": replace(
        at_shop(GET=SHOP, POST=LEAD, data={"do": "change"}),
        verbs={
            **dict.fromkeys(("change", "special", "special-remove", "place"), LEAD),
            **dict.fromkeys(("place-accept", "place-refuse"), VERIFY),
        },
    ),
    "desk/<str:code>/reports": at_shop(GET=SHOP),
    "desk/<str:code>/reports/<int:pk>": at_shop(GET=SHOP, POST=EDIT),
    "desk/<str:code>/reports/<int:pk>/documents/<int:reply>": at_shop(GET=SHOP),
    "desk/<str:code>/sticker": at_shop(GET=SHOP),
    "desk/<str:code>/tokens": at_shop(GET=LEAD, POST=LEAD),
    "desk/<str:code>/tokens/<slug:slug>/rotate": at_shop(POST=LEAD),
    "desk/<str:code>/tokens/<slug:slug>/revoke": at_shop(POST=LEAD),
    "desk/<str:code>/tokens/<slug:slug>/try": at_shop(POST=LEAD),
}
"""Pages of those who log in."""
STAFF |= {
    f"{place}/{page}": wall
    for place, at, may, lead in (
        ("desk/<str:code>", at_shop, EDIT, LEAD),
        ("chain/<int:chain>", at_chain, CHAIN_EDIT, CHAIN_LEAD),
    )
    for page, wall in {
        "uploads": at(GET=may, POST=may),
        "uploads/<int:pk>": at(GET=may),
        **{
            f"uploads/<int:pk>/{verb}": at(POST=may)
            for verb in ("columns", "pair", "apply", "discard", "take-back", "again")
        },
        "uploads/<int:pk>/release": at(POST=lead),
        "uploads/<int:pk>/not-taken.<str:kind>": replace(at(GET=may), let_in="404"),
        "uploads/<int:pk>/rejections.csv": at(GET=may),
    }.items()
}
CHAIN_SHOPS = CHAIN_EDIT | SUB_ACCOUNTS | {SUB_ELSEWHERE}
"""Who may change prices in some of the chain's shops."""
STAFF |= {
    "chain/<int:chain>": at_chain(GET=CHAIN),
    "chain/<int:chain>/prices": at_chain(GET=CHAIN),
    "chain/<int:chain>/prices/<str:drug>": at_chain(GET=CHAIN, POST=CHAIN_SHOPS),
    "chain/<int:chain>/prices/<str:drug>/withdraw": at_chain(POST=CHAIN_SHOPS),
    "chain/<int:chain>/shops": at_chain(GET=CHAIN, POST=CHAIN_EDIT),
    "chain/<int:chain>/shops/numbers.<str:kind>": at_chain(GET=CHAIN_EDIT),
}
STAFF |= {
    "desk/<str:code>/uploads/unchanged": at_shop(POST=EDIT),
    "desk/<str:code>/uploads/prices.<str:kind>": at_shop(GET=EDIT),
}

ENTRANCES: dict[str, set[str]] = {
    "staff/login": {"GET", "POST"},
    "staff/code": {"GET", "POST"},
    "staff/recovery": {"GET", "POST"},
    "staff/enrol": {"GET", "POST"},
    "staff/logout": {"POST"},
    "staff/invitation": {"GET", "POST"},
    "staff/invitation/<str:token>": {"GET", "POST"},
}
"""The way in, for people who are not logged in; each has tests of its own for what it lets through."""

PUBLIC: dict[str, set[str]] = {
    **{page: {"GET"} for page in ("", "search", "suggest", "browse", "browse/lists/<int:pk>", "browse/tendered")},
    **{page: {"GET"} for page in ("browse/classes/<str:code>", "catalogue", "catalogue/changes")},
    **{page: {"GET"} for page in ("preparations/<int:pk>", "drugs/<str:code>", "list", "pharmacies")},
    **{page: {"GET"} for page in ("pharmacies/<str:code>", "about/prices", "map/outlines.geojson")},
    **{probe: {"GET"} for probe in ("healthz", "readyz", "metrics")},
    **{page: {"POST"} for page in ("list/lines", "list/plan")},
    **{f"api/v1/{call}": {"GET"} for call in ("drugs", "drugs/<code:code>", "drugs/<code:code>/history")},
    **{f"api/v1/{call}": {"GET"} for call in ("preparations", "preparations/<int:pk>", "offers", "pharmacies")},
    **{f"api/v1/{call}": {"GET"} for call in ("pharmacies/<code:code>", "pharmacies/<code:code>/offers")},
    **{f"api/v1/{call}": {"GET"} for call in ("status", "schema/", "docs/")},
    "api/v1/baskets": {"POST"},
}
"""For everybody, without an account and without a cookie."""

FEEDS: dict[str, set[str]] = {
    "api/v1/feeds/<slug:slug>/runs": {"POST"},
    "api/v1/feeds/<slug:slug>/sandbox": {"POST"},
    "api/v1/runs/<int:pk>": {"GET"},
    "api/v1/runs/<int:pk>/rejections.csv": {"GET"},
}
"""For programs with the token of the feed; a person who is logged in is nobody here."""

OTHERS = {"api/v1/^(?P<path>(?s:.*))$"}
"""The API's own 404."""


def routes(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[str]:
    """Every address of the resolver as it is written, the admin's under its prefix."""
    if resolver is None:
        with translation.override("zh-hans"):
            yield from list(routes(get_resolver()))
        return
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, route)
        else:
            yield route


def fill(route: str, things: dict[str, Any], others: dict[str, Any] | None = None) -> str:
    """The address of `route`: its first parameter from `things`, the others from `others` if these are given."""
    parts = route.split("<")
    path = seen = parts[0]
    for number, part in enumerate(parts[1:]):
        _, _, rest = part.partition(">")
        assert seen in things, f"say in `walls._things` what may stand for a parameter after {seen!r}"
        path += f"{(others if others and number else things)[seen]}{rest}"
        seen += f"*{rest}"
    return "/" + path


def call(client: Client, method: str, address: str, wall: Wall | None = None, **headers: str) -> Any:
    """Ask; nothing it changes outlives the question. A defect of the page is an answer of 500."""
    send: Callable[..., Any] = getattr(client, method.lower())
    client.raise_request_exception = False
    cookies = deepcopy(client.cookies)
    data = {"data": wall.data} if wall and method == "POST" else {}
    with transaction.atomic():
        answer = send(address, headers=headers, **data)
        transaction.set_rollback(True)
    client.cookies = cookies
    return answer
