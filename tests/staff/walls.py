"""The table of the walls: every address of the project, and who may call it how.

The sets of people are written by hand and not asked of `pharmacies.access`: the table is what was agreed, the module is
what is tried. A new address needs a line here; until it has one, `test_walls.py` fails.
"""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import transaction
from django.test import Client
from django.urls import URLResolver, get_resolver
from django.utils import translation

from .walls_world import (
    LOGGED_IN,
    OF_THE_CHAIN,
    OF_THE_CITY,
    OF_THE_DISTRICT,
    OF_THE_SHOP,
    SUB_ACCOUNTS,
    SUB_ELSEWHERE,
)

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
AREA_RULES = {"city_reviewer", "district_reviewer"}
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
    "console/<str:adcode>/rules": at_area(GET=AREA),
    "console/<str:adcode>/rules/<str:detector>": at_area(GET=AREA, POST=AREA_RULES, data={"p_limit": "7"}),
    "console/<str:adcode>/thresholds": at_area(GET=AREA, POST=AREA_RULES),
    "console/<str:adcode>/backtests": at_area(GET=AREA),
    "console/<str:adcode>/backtests/<int:pk>": at_area(GET=AREA, POST=AREA_RULES),
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
    "chain/<int:chain>/tokens": at_chain(GET=CHAIN_LEAD, POST=CHAIN_LEAD),
    "chain/<int:chain>/tokens/<slug:slug>/rotate": at_chain(POST=CHAIN_LEAD),
    "chain/<int:chain>/tokens/<slug:slug>/revoke": at_chain(POST=CHAIN_LEAD),
    "chain/<int:chain>/tokens/<slug:slug>/try": at_chain(POST=CHAIN_LEAD),
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
    "chain/<int:chain>/runs": at_chain(GET=CHAIN),
    "chain/<int:chain>/runs/<int:pk>": at_chain(GET=CHAIN),
    "chain/<int:chain>/shops": at_chain(GET=CHAIN, POST=CHAIN_EDIT),
    "chain/<int:chain>/shops/numbers.<str:kind>": at_chain(GET=CHAIN_EDIT),
}
STAFF |= {
    "desk/<str:code>/uploads/unchanged": at_shop(POST=EDIT),
    "desk/<str:code>/uploads/prices.<str:kind>": at_shop(GET=EDIT),
}

STAFF |= {
    f"console/<str:adcode>/{page}": at_area(GET=AREA)
    for page in (
        *("leads", "leads/<int:pk>", "leads/<int:pk>/replay", "index", "map", "pharmacies", "pharmacies/<str:code>"),
        *("drugs", "drugs/<int:pk>", "drugs/products/<str:code>"),
    )
}
STAFF["console/<str:adcode>/leads/<int:pk>/dismiss"] = at_area({"reason": "看过"}, POST=VERIFY)
"""The console: leads and figures."""

STAFF |= {
    "console/<str:adcode>/reports": at_area(GET=AREA),
    "console/<str:adcode>/reports/<int:pk>": replace(
        at_area(GET=AREA, POST=VERIFY, data={"do": "answer"}), verbs=dict.fromkeys(("answer", "ask"), VERIFY)
    ),
    "console/<str:adcode>/reports/<int:pk>/photos/<int:report>": replace(at_area(GET=AREA), let_in="404"),
}
"""The console: citizens' reports (the one of this world has no photo)."""

AREA_FILES = AREA - {"city_viewer"}
"""Who may take files away."""
STAFF |= {
    "console/<str:adcode>/cases": at_area(GET=AREA),
    "console/<str:adcode>/cases/open": at_area(GET=VERIFY, POST=VERIFY),
    "console/<str:adcode>/cases/<int:pk>": replace(
        at_area(GET=AREA, POST=VERIFY, data={"do": "note"}),
        verbs={
            **dict.fromkeys(
                ("verify", "slip", "duplicate", "explained", "notice", "recheck", "note", "assign"), VERIFY
            ),
            **dict.fromkeys(("interview", "rectify", "accept", "was_slip", "corrected", "suspended"), AREA_GIVE),
            **dict.fromkeys(("paused", "terminated", "handed_over", "reopen", "propose"), AREA_GIVE),
            **{verb: {"city_publisher"} for verb in ("publish", "send_back")},
            "report": VERIFY,
        },
    ),
    "console/<str:adcode>/cases/<int:pk>/letters/<int:document>": at_area(GET=AREA_FILES),
    "console/<str:adcode>/cases/<int:pk>/evidence.json": at_area(GET=AREA_FILES),
}
"""The console: cases."""

STAFF |= {
    f"console/<str:adcode>/{page}": at_area(GET=AREA)
    for page in ("late", "compliance", "access", "passthrough", "passthrough/<int:pk>", "as-of", "freezes/<int:pk>")
}
STAFF |= {
    "console/<str:adcode>/freezes": at_area(GET=AREA, POST=AREA_GIVE, data={"month": "2020-01"}),
    "console/<str:adcode>/freezes/asked/<int:pk>": at_area(GET=AREA),
    "console/<str:adcode>/report.docx": at_area(GET=AREA_FILES),
}
"""The console: reporting, procurement prices, dual-channel drugs, the past, frozen months."""

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
    **{page: {"GET", "POST"} for page in ("report/<str:code>", "track")},
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
        assert seen in things, f"say in `walls_world._things` what may stand for a parameter after {seen!r}"
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
