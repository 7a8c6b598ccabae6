"""A confidential payment standard (`*`) appears nowhere, and nothing lets anybody work it out.

Every address of the project and every printing command is walked in a world where such a number was loaded before a
reviewer accepted the match that makes it secret. Addresses and commands that this walk does not know fail it.
"""

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import count, product
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.core.management import CommandError, call_command, get_commands
from django.db import IntegrityError, transaction
from django.db.models import CompositePrimaryKey
from django.test import Client
from django.urls import URLResolver, get_resolver
from django.utils import timezone, translation

from catalog.models import Category, Drug, DrugList, PaymentStandard
from pharmacies.models import Designation, Pharmacy, User
from prices.ingest import tokens
from prices.models import Feed, FeedRun

from . import factories as f
from .factories import AT, since
from .staff import walls, walls_world
from .staff.signing import sign_in
from .telling import RATIO, told, visible

pytestmark = pytest.mark.django_db

SECRET, SHELF, PACK = "77.77", "99.99", 7
PUBLISHED, LISTED = "33.33", "44.44"
CLASS = "XC08CA"
NEUTRAL = "支付标准保密，不公布"
OURS = ("pharmacies", "catalog", "prices")


@dataclass(frozen=True)
class World:
    secret: Drug
    open: Drug
    shop: Pharmacy
    lists: DrugList
    run: FeedRun
    token: str
    inside: walls_world.World


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """Two negotiated drugs of one shop: the standard of one is published, that of the other was loaded too early."""
    monkeypatch.setattr(timezone, "now", lambda: AT)
    # Running numbers of earlier tests would some day be one of those that tell: `test:2222`.
    monkeypatch.setattr(f, "_number", count(1))
    secret = f.drug(f.preparation("密测替尼片", "片剂", "80mg"), pack_count=PACK, manufacturer="甲药业")
    known = f.drug(f.preparation("明测替尼片", "片剂", "80mg"), pack_count=PACK, manufacturer="乙药业")
    waiting = f.drug(secret.preparation, manufacturer="丙药业")
    for year, drug, amount in ((2026, secret, None), (2026, known, PUBLISHED), (2027, secret, None)):
        row = f.listing(
            drug.preparation.generic_name.removesuffix("片"),
            edition=f.edition(year),
            **{"dosage_form": "口服常释剂型", "ins_class": "乙", "kind": "谈判", "section": "谈判西药"},
            **{"agreement": since(date(2026, 1, 1), date(2028, 1, 1)), "restriction": "限二线使用。"},
        )
        f.match(drug, row)
        PaymentStandard.objects.create(listing=row, amount=amount, confidential=amount is None)
        if amount is None:
            f.match(waiting, row, "candidate")
    for code in (CLASS[:2], CLASS):
        Category.objects.create(edition=f.edition(2026), code=code, name="测试类")
    f.reference_price(secret, SECRET, kind="payment_standard")
    f.reference_price(secret, "0.05", kind="vbp", unit="smallest", supplier="main")
    f.reference_price(known, LISTED, kind="payment_standard")
    inside = walls_world.world()
    shop = inside.shop
    Designation.objects.create(pharmacy=shop, kind="dual_channel", area=shop.insurance_area, valid=since())
    f.offer(secret, shop, SHELF)
    f.offer(known, shop, SHELF)
    feed: Feed = f.feed()
    f.report(feed, shop, AT)
    f.rebuild_today()
    call_command("roll_up_prices", stdout=io.StringIO())
    return World(
        secret=secret,
        open=known,
        shop=shop,
        lists=f.drug_list("dual_channel", f.region(), secret, known),
        run=f.run(feed),
        token=tokens.issue(feed),
        inside=inside,
    )


# -- every address ----------------------------------------------------------------------------------------------------


def routes(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, route)
        elif "(?P<" not in route:
            yield route


def places(world: World) -> dict[str, list[str]]:
    """What may stand for a parameter, by the path before it."""
    codes = [world.secret.code, world.open.code]
    return {
        "drugs/": codes,
        "preparations/": [str(drug.preparation_id) for drug in (world.secret, world.open)],
        "pharmacies/": [world.shop.code],
        "report/": [world.shop.code],
        "browse/lists/": [str(world.lists.pk)],
        "browse/classes/": [CLASS[:2], CLASS],
        "feeds/": [world.run.feed.slug],
        "runs/": [str(world.run.pk)],
        "staff/invitation/": [world.inside.own["staff/invitation/"]],
    }


def addresses(world: World) -> list[str]:
    """Every address of the resolver but the admin's and the staff's, pages in both languages, parameters filled in
    every way."""
    found = []
    with translation.override(settings.LANGUAGE_CODE):  # the prefix of the last answer's language is none of a route's
        known = list(routes(get_resolver()))
    for route in known:
        if route.startswith("admin/") or route in walls.STAFF:
            continue
        parts = re.split(r"(<[^>]+>)", route)
        choices: list[list[str]] = []
        for before, part in zip(["", *parts], parts, strict=False):
            if not part.startswith("<"):
                choices.append([part])
                continue
            fits = [values for end, values in places(world).items() if before.endswith(end)]
            assert fits, f"this walk does not know what to put into {route}: add it to `places`"
            choices.append(fits[0])
        ours = not route.startswith(("api/", "healthz", "readyz", "metrics"))
        for path in map("".join, product(*choices)):
            found += [f"/{path}", f"/en/{path}"] if ours else [f"/{path}"]
    return found


def queries(world: World, address: str) -> list[str]:
    """What is asked of an address: searches of all of them, every sort of those that compare prices."""
    near = {"lat": "30.545", "lng": "114.302", "radius_m": "5000"}
    asked: list[dict[str, Any]] = [
        {},
        {"q": "测替尼"},
        {"q": world.secret.code},
        {"kind": "price", "drug": world.secret.code},
        {"kind": "price", "name": "测替尼"},
        {"from": 2026, "to": 2027},
        {"from": "2026-11-01", "to": "2026-11-30", "area": "420000"},
    ]
    if re.search(r"drugs/|preparations/|offers$", address):
        for sort in ("nearest", "cheapest", "value", "frontier"):
            asked.append({"drug": world.secret.code, "sort": sort, "quantity": 2, **near})
            asked.append({"preparation": world.secret.preparation_id, "sort": sort, "region": "420000", **near})
    return ["?" + urlencode(each) for each in asked]


POSTED = ("/api/v1/baskets", "/list/plan", "/list/lines", "/en/list/plan", "/en/list/lines")
"""Questions that come in a body; `test_baskets_and_other_posted_questions_tell_nothing` asks them."""


def test_no_address_tells_the_number(world: World, client: Client) -> None:
    pages = [{}, {"HX-Request": "true", "X-Position": "30.545,114.302"}]
    known, answered = addresses(world), set()
    for address in known:
        api = [{"authorization": f"Bearer {world.token}"}] if re.search("feeds/|runs/", address) else [{}]
        for query, headers in product(queries(world, address), api if address.startswith("/api/") else pages):
            response = client.get(address + query, headers=headers)
            assert response.status_code < 500 or address == "/readyz", (address, query)
            if response.status_code == 200:
                answered.add(address)
                text = b"".join(response).decode() if response.streaming else response.content.decode()
                assert told(text) == [], (address, query, headers)
    feed = f"/api/v1/feeds/{world.run.feed.slug}"
    sent = {f"{feed}/runs", f"{feed}/sandbox", "/readyz", *POSTED}
    later = {f"{language}/staff/{step}" for language in ("", "/en") for step in ("code", "recovery", "enrol", "logout")}
    assert set(known) - answered <= sent | later, "nobody looked at these"


def test_no_page_of_the_staff_tells_the_number(world: World) -> None:
    """Whoever gets furthest in asks for every page, and sends what the walls send."""
    answered = set()
    for route, wall in walls.STAFF.items():
        address = walls.fill(route, world.inside.own)
        for method, people in wall.methods.items():
            browser = sign_in(Client(), insider(world, min(people)))
            asked: list[dict[str, str]] = [{}, {"q": "测替尼"}, {"pharmacy": world.inside.own["desk/"]}]
            for language, query in product(("", "/en"), ["?" + urlencode(each) for each in asked]):
                response = walls.call(browser, method, f"{language}{address}{query}", wall)
                text = b"".join(response).decode() if response.streaming else response.content.decode(errors="replace")
                assert response.status_code < 500, (method, address)
                assert told(re.sub(r"(?s)<svg\b.*?</svg>", "", text)) == [], (method, address, query)
                if method == "GET" and response.status_code == 200:
                    answered.add(route)
    reading = {route for route, wall in walls.STAFF.items() if "GET" in wall.methods and wall.let_in == "in"}
    assert reading - answered <= {"staff/alive", "staff/resume"}, "nobody looked at these"


def insider(world: World, name: str) -> User:
    found = User.objects.filter(username=name).first() or walls_world.person(world.inside, name)
    assert found is not None
    return found


def test_every_reading_call_of_the_schema_is_among_them(world: World, client: Client) -> None:
    schema = client.get("/api/v1/schema/?format=json").json()
    reading = {path for path, calls in schema["paths"].items() if "get" in calls}
    walked = {re.sub(r"<(?:\w+:)?\w+>", "{}", "/" + route) for route in routes(get_resolver())}
    assert reading
    assert {re.sub(r"\{\w+\}", "{}", path) for path in reading} <= walked


def test_baskets_and_other_posted_questions_tell_nothing(world: World, client: Client) -> None:
    schema = client.get("/api/v1/schema/?format=json").json()
    posting = {path for path, calls in schema["paths"].items() if "post" in calls}
    known = {"/api/v1/feeds/{slug}/runs", "/api/v1/feeds/{slug}/sandbox", "/api/v1/baskets"}
    assert posting <= known, "a new call takes questions: ask it here"
    body = {
        "items": [
            {"drug": world.secret.code, "quantity": 2},
            {"preparation": world.open.preparation_id, "quantity": 1},
        ],
        **{"lat": 30.545, "lng": 114.302, "radius_m": 5000, "max_stops": 2, "yuan_per_km": "1"},
    }
    for path in POSTED:
        response = client.post(path, body, content_type="application/json")
        assert response.status_code == 200, path
        assert told(response.content.decode()) == [], path


# -- the page of the drug ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["/", "/en/"])
def test_the_page_says_confidential_and_prints_no_ratio(world: World, client: Client, language: str) -> None:
    for path in (f"drugs/{world.secret.code}", f"preparations/{world.secret.preparation_id}"):
        page = client.get(language + path).content.decode()
        assert told(page) == []
        assert not RATIO.search(visible(page))
        if language == "/":
            assert NEUTRAL in visible(page)


def test_a_published_standard_is_shown_so_the_walk_looks_in_the_right_place(world: World, client: Client) -> None:
    page = visible(client.get(f"/drugs/{world.open.code}").content.decode())
    assert PUBLISHED in page
    assert LISTED in page
    assert NEUTRAL not in page


# -- officials and exports --------------------------------------------------------------------------------------------


@pytest.fixture
def official(client: Client) -> Client:
    return sign_in(client, User.objects.create_superuser("root", password="x"))


def test_no_admin_page_tells_the_number(world: World, official: Client) -> None:
    looked = 0
    for label in OURS:
        for model in apps.get_app_config(label).get_models():
            if isinstance(model._meta.pk, CompositePrimaryKey) or not admin.site.is_registered(model):
                continue
            base = f"/admin/{label}/{model._meta.model_name}/"
            pages = [base, f"{base}?q={world.secret.code}", f"{base}?e=1"]
            rows = [row.pk for row in model._default_manager.all()]
            pages += [f"{base}{pk}/{page}/" for pk in rows for page in ("change", "history")]
            numbers = "|".join(re.escape(str(pk)) for pk in [*rows, "-"])
            own = re.compile(rf"\b(?:{numbers})\b")  # a row may be the 1111th
            for page in pages:
                response = official.get(page)
                assert response.status_code in (200, 302, 404), page
                assert told(own.sub("", visible(response.content.decode()))) == [], page
                looked += response.status_code == 200
    assert looked > 30
    listed = official.get("/admin/catalog/referenceprice/").content.decode()
    assert LISTED in listed


def products(folder: Path) -> Path:
    file = folder / "products.csv"
    file.write_text("generic_name,dosage_form\n密测替尼片,片剂\n明测替尼片,片剂\n", encoding="utf-8")
    return file


PRINTING: dict[str, Callable[[Path], list[list[str]]]] = {
    "check_prices": lambda folder: [[], ["--json"]],
    "compare_editions": lambda folder: [["2026", "2027"], ["2026", "2027", "--json"]],
    "match_queue": lambda folder: [[], ["--csv", str(folder / "queue.csv")]],
    "match_report": lambda folder: [[str(products(folder))], [str(products(folder)), "--json"]],
    "roll_up_prices": lambda folder: [[], ["--json"]],
}
"""Commands that read the catalogue and print or write what they find, and how to make them."""
TAKING = {
    *("add_feed", "bench", "check_audit", "decide_match", "generate_province", "import_aliases"),
    *(
        "import_daily_doses",
        "import_drugs",
        "import_edition",
        "import_list",
        "import_pharmacies",
        "import_reference_prices",
    ),
    *(
        "import_regions",
        "import_schemes",
        "import_thresholds",
        "ingest_feed",
        "invite",
        "load_demo",
        "match_drugs",
        "migrate",
    ),
    *("refuse_run", "release_run", "settle_row", "work_at_night"),
}
"""Commands that print what they were given and counts."""


def printed(name: str, arguments: list[str]) -> str:
    """What the command says; `check_prices` refuses this small world, and says why."""
    out = io.StringIO()
    try:
        call_command(name, *arguments, stdout=out, stderr=out)
    except CommandError as refused:
        return out.getvalue() + str(refused)
    return out.getvalue()


def test_no_command_prints_or_writes_the_number(world: World, tmp_path: Path) -> None:
    ours = {name for name, app in get_commands().items() if app in OURS}
    assert ours <= {*PRINTING, *TAKING}, "say here whether the new command prints what it reads"
    for name in ours & set(PRINTING):
        for arguments in PRINTING[name](tmp_path):
            said = printed(name, arguments)
            assert said, (name, arguments)
            assert not said.startswith("Error:"), "wrong arguments"
            assert told(said) == [], (name, arguments)
    for file in filter(Path.is_file, tmp_path.iterdir()):  # beside the folder of deliveries and documents
        assert told(file.read_text(encoding="utf-8-sig")) == [], file.name


# -- the ground it stands on ------------------------------------------------------------------------------------------


def test_the_database_stores_no_amount_of_a_confidential_standard(world: World) -> None:
    standard = PaymentStandard.objects.filter(confidential=True).first()
    assert standard is not None
    for amount in (SECRET, "0"):
        with pytest.raises(IntegrityError, match="standard_amount_or_confidential"), transaction.atomic():
            PaymentStandard.objects.filter(pk=standard.pk).update(amount=amount)
    with pytest.raises(IntegrityError, match="standard_amount_or_confidential"), transaction.atomic():
        PaymentStandard.objects.create(listing=standard.listing, confidential=False)
