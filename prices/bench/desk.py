"""The desk on a generated province, over HTTP, with the web server and the workers as bin/serve starts them: pages, an edit
until the public API tells it, and a chain's spreadsheet of 100,000 rows from the upload to the last price published."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from django.conf import settings
from django.db import connections
from django.db.models import Count
from django.utils import timezone

from catalog.models import Drug
from pharmacies.access import Place, Role
from pharmacies.accounts import invitations
from pharmacies.models import Chain, Pharmacy, User
from prices.bench import Measured, Report, measured, province
from prices.bench.http import served
from prices.models import FeedRun, Offer, Upload

Say = Callable[[str], Any]

PAGES, EDITS, SHEET_ROWS = 20, 40, 100_000
PASSWORD = "bench-bench-bench"  # noqa: S105  of a database that ends with the command
WITHOUT_PHONE = {"SECOND_FACTOR": "0", "DEMO_NOTICE": "1"}
FOLLOW_S, POLL_S = 120, 0.01
START_S = 60


def run(options: dict[str, Any], say: Say) -> Report:
    province.ready(province.size_of(options), say)
    shop, chain = largest_shop(), largest_chain()
    open_account("bench-shop", Role.MANAGER, shop)
    open_account("bench-chain", Role.HEAD_OFFICE, chain)
    with served(say, **WITHOUT_PHONE) as (port, _process), workers():
        desk, office = signed_in(port, "bench-shop"), signed_in(port, "bench-chain")
        rows = [*pages(desk, shop, say), *pages(office, chain, say), edits(desk, shop, say), *sheet(office, chain, say)]
    offers = Offer.objects.filter(pharmacy_id=shop.pk, state=Offer.State.LIVE).count()
    facts: dict[str, Any] = {
        "products_of_the_shop": offers,
        "shops_of_the_chain": chain.pharmacies.count(),
        "sheet_rows": SHEET_ROWS,
    }
    return Report(rows, lines(rows, facts), facts)


def largest_shop() -> Pharmacy:
    """The ranked pharmacy of no chain with the most offers."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT pharmacy_id FROM prices_offer GROUP BY pharmacy_id ORDER BY count(*) DESC, 1 LIMIT 2000")
        most = [pk for (pk,) in cursor.fetchall()]
    found = Pharmacy.objects.filter(pk__in=most, chain=None, today__ranked=True).in_bulk()
    return found[next(pk for pk in most if pk in found)]


def largest_chain() -> Chain:
    chain: Chain | None = Chain.objects.annotate(shops=Count("pharmacies")).order_by("-shops", "pk").first()
    assert chain is not None  # noqa: S101  a generated province has chains
    return chain


def open_account(username: str, role: Role, place: Place) -> None:
    at = timezone.now()
    invitation = invitations.invite(place=place, role=role, name=username, by="bench", at=at)
    known = User.objects.filter(username=username).first()
    if known is None:
        invitations.accept_new(invitation=invitation, username=username, name=username, password=PASSWORD, at=at)
    else:
        known.memberships.all().delete()
        invitations.accept(invitation=invitation, user=known, at=at)


@contextmanager
def workers() -> Iterator[None]:
    """One of each queue, as bin/serve starts them."""
    command = [sys.executable, "-m", "celery", "-A", "config.celery:app", "worker", "--loglevel", "WARNING"]
    command += ["--without-gossip", "--without-mingle"]
    with (Path(settings.VAR) / "log" / "workers.log").open("ab") as log:
        started = [
            subprocess.Popen(  # noqa: S603 - our own
                [*command, "-Q", queue, "-n", f"{queue}@%h", "-c", count],
                cwd=settings.BASE_DIR, env=os.environ | WITHOUT_PHONE, stdout=log, stderr=log,
            )
            for queue, count in (("small", "2"), ("bulk", "1"))
        ]  # fmt: skip
    try:
        yield
    finally:
        for process in started:
            process.send_signal(signal.SIGTERM)
        for process in started:
            try:
                process.wait(START_S)
            except subprocess.TimeoutExpired:
                process.kill()


def signed_in(port: int, username: str) -> httpx.Client:
    client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, follow_redirects=True)
    timed(client, "/staff/login")  # which leaves the cookie that forms are checked by
    answer = post(client, "/staff/login", {"username": username, "password": PASSWORD})
    if "/staff/login" in str(answer.url):
        raise RuntimeError("the log-in did not work: see log/web.log")
    return client


def post(client: httpx.Client, address: str, data: dict[str, Any], **more: Any) -> httpx.Response:
    answer = client.post(
        address, data=data, headers={"X-CSRFToken": client.cookies["csrftoken"], **more.pop("headers", {})}, **more
    )
    if answer.status_code >= 400:
        raise RuntimeError(f"{address}: {answer.status_code} {answer.text[:300]}")
    return answer


# -- pages ------------------------------------------------------------------------------------------------------------


def pages(client: httpx.Client, place: Pharmacy | Chain, say: Say) -> list[Measured]:
    """Every page in the menu of a place, and what they fetch."""
    start = f"/desk/{place.code}" if isinstance(place, Pharmacy) else f"/chain/{place.pk}"
    menu = re.findall(rf'href="({re.escape(start)}[^"#?]*)"', client.get(start).text)
    fetched = [f"{start}/rows"] if isinstance(place, Pharmacy) else [f"{start}/prices/{some_drug(place)}"]
    found = []
    for address in dict.fromkeys([start, *menu, *fetched]):
        times = [timed(client, address) for _time in range(PAGES + 1)][1:]
        name = "/".join(["desk" if isinstance(place, Pharmacy) else "chain", *address.split("/")[3:4]])
        found.append(measured(f"page/{name}", "yaobi", times, equal=True))
    say(f"{len(found)} pages of {place}")
    return found


def some_drug(chain: Chain) -> str:
    shop = chain.pharmacies.order_by("pk").first()
    offer = Offer.objects.filter(pharmacy_id=shop.pk if shop else 0).first()
    assert offer is not None  # noqa: S101  a chain's shop sells something
    return Drug.objects.get(pk=offer.drug_id).code


def timed(client: httpx.Client, address: str) -> float:
    began = time.perf_counter()
    answer = client.get(address)
    if answer.status_code != 200:
        raise RuntimeError(f"{address}: {answer.status_code}")
    return (time.perf_counter() - began) * 1000


# -- an edit ----------------------------------------------------------------------------------------------------------


def edits(client: httpx.Client, shop: Pharmacy, say: Say) -> Measured:
    """From the key that saves to the first answer of the public API that tells the new price."""
    where = {"lat": f"{shop.location.y:.6f}", "lng": f"{shop.location.x:.6f}", "radius_m": "500", "limit": "100"}
    shown = [row for row in client.get(f"/desk/{shop.code}/rows").json()["rows"] if row[6] != "out"][:EDITS]
    with httpx.Client(base_url=client.base_url, timeout=60) as citizen:
        times = [one_edit(client, citizen, shop, row, where) for row in shown]
    say(f"{EDITS} edits")
    return measured("edit until public", "yaobi", times, equal=True)


def one_edit(
    client: httpx.Client, citizen: httpx.Client, shop: Pharmacy, row: list[Any], where: dict[str, str]
) -> float:
    code, price, stock = row[0], row[5], row[6]
    new = f"{float(price) + 0.01:.2f}"
    rows = json.dumps([[code, new, stock, f"{price}/{stock}", False]])
    began = time.perf_counter()
    post(
        client,
        f"/desk/{shop.code}/edits",
        {"rows": rows, "nonce": uuid.uuid4().hex, "reason": "测量"},
        headers={"Accept": "application/json"},
    )
    while True:
        found = citizen.get("/api/v1/offers", params={**where, "drug": code}).json()["results"]
        if any(offer["pharmacy"]["code"] == shop.code and offer["price"] == new for offer in found):
            return (time.perf_counter() - began) * 1000
        if time.perf_counter() - began > FOLLOW_S:
            raise RuntimeError(f"{code} at {shop.code} was not public after {FOLLOW_S} s")
        time.sleep(POLL_S)


# -- a spreadsheet ----------------------------------------------------------------------------------------------------


def sheet(client: httpx.Client, chain: Chain, say: Say) -> list[Measured]:
    """A chain's 100,000 prices, one in thirty of them changed: until the preview stands, until all is published."""
    began = time.perf_counter()
    file = {"file": ("prices.csv", as_csv(chain), "text/csv")}
    answer = post(client, f"/chain/{chain.pk}/uploads", {}, files=file)
    pk = int(str(answer.url).rstrip("/").rsplit("/", 1)[1])
    upload = follow(lambda: Upload.objects.get(pk=pk), lambda found: found.state not in Upload.WORKING)
    if upload.state == Upload.State.COLUMNS:
        post(client, f"/chain/{chain.pk}/uploads/{pk}/columns", mapping_of(upload))
        upload = follow(lambda: Upload.objects.get(pk=pk), lambda found: found.state not in Upload.WORKING)
    previewed = (time.perf_counter() - began) * 1000
    if upload.state != Upload.State.PREVIEWED:
        raise RuntimeError(f"the sheet is {upload.state}: {upload.error}")
    say(f"previewed: {upload.counts}")
    began = time.perf_counter()
    post(client, f"/chain/{chain.pk}/uploads/{pk}/apply", {"mode": "delta", "nonce": uuid.uuid4().hex})
    run = follow(
        lambda: Upload.objects.select_related("run").get(pk=pk).run,
        lambda found: found is not None and found.state not in FeedRun.IN_FLIGHT,
    )
    applied = (time.perf_counter() - began) * 1000
    if run.state != FeedRun.State.PUBLISHED:
        raise RuntimeError(f"the run is {run.state}: {run.error} {run.notes}")
    return [
        measured("sheet of 100,000 rows: preview", "yaobi", [previewed], equal=True),
        measured("sheet of 100,000 rows: apply", "yaobi", [applied], equal=run.changed == upload.counts["changed"]),
    ]


def mapping_of(upload: Upload) -> dict[str, str]:
    return {f"column-{number}": upload.mapping.get(name, "") for number, name in enumerate(upload.columns)}


def as_csv(chain: Chain) -> bytes:
    """As a till writes it: what the first shops of the chain ask now, a thirtieth of it one jiao more."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            """
            SELECT p.code, d.code, o.price_fen + CASE WHEN o.drug_id %% 30 = 0 THEN 10 ELSE 0 END
            FROM (SELECT id, code FROM pharmacies_pharmacy WHERE chain_id = %s ORDER BY id LIMIT 1000) p
            JOIN prices_offer o ON o.pharmacy_id = p.id AND o.state = 1
            JOIN catalog_drug d ON d.id = o.drug_id
            ORDER BY p.id, d.id LIMIT %s
            """,
            [chain.pk, SHEET_ROWS],
        )
        rows = cursor.fetchall()
    text = "机构代码,医保编码,零售价\n" + "".join(f"{shop},{drug},{fen / 100:.2f}\n" for shop, drug, fen in rows)
    return text.encode("gb18030")


def follow(look: Callable[[], Any], is_over: Callable[[Any], bool]) -> Any:
    end = time.monotonic() + FOLLOW_S
    while time.monotonic() < end:
        found = look()
        if is_over(found):
            return found
        time.sleep(POLL_S * 5)
    raise RuntimeError(f"nothing came of it within {FOLLOW_S} s: see log/workers.log")


def lines(rows: list[Measured], facts: dict[str, Any]) -> list[str]:
    told = [", ".join(f"{name} {value}" for name, value in facts.items())]
    told.append(f"{'case':<36}{'p50 ms':>9}{'p95 ms':>9}{'max ms':>9}")
    told += [f"{each.case:<36}{each.p50_ms:9.0f}{each.p95_ms:9.0f}{each.max_ms:9.0f}" for each in rows]
    return told
