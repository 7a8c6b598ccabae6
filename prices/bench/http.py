"""`GET offers` complete under load, as bin/serve starts its web server, beside an empty view behind the same middleware
and a bare DRF view around the nearest query (`prices.bench.urls`)."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.utils import timezone

from pharmacies.models import Pharmacy
from prices.bench import Measured, Report, asking, province, referee
from prices.bench.load import CONNECTIONS, Driven, drive, generator
from prices.bench.order import circle
from prices.bench.referee import Question, World

Say = Callable[[str], Any]

SECONDS, WARM_UP_S, ROUNDS = 8, 2, 3
WORKERS, THREADS = min(2, os.cpu_count() or 1), 4
START_S = 60
OFFERS = "/api/v1/offers"
ASKED: tuple[tuple[str, str, float], ...] = (("nearest", "5km", 5_000), ("cheapest", "20km", 20_000))


def run(options: dict[str, Any], say: Say) -> Report:
    province.ready(province.size_of(options), say)
    asked = asking.targets()
    questions = {
        f"offers/{sort}/common/{name}": [
            asking.near(question, radius)
            for case in asking.cases(asked, asking.origins(), timezone.now())
            if (case.sort, case.rarity, case.radius, case.preparation, case.filter) == (sort, "common", name, False, "")
            for question in case.questions
        ]
        for sort, name, radius in ASKED
    }
    first = next(iter(questions.values()))
    paths = {
        "bench/empty": ["/bench/empty"],
        "bench/bare/nearest/common/5km": [path("/bench/bare", question) for question in first],
    } | {name: [path(OFFERS, question) for question in each] for name, each in questions.items()}
    world = referee.load(drug.pk for target in asked.drugs["common"] for drug in target.drugs)
    with served(say) as (port, process):
        equal = {name: all(alike(port, world, question) for question in each) for name, each in questions.items()}
        driven = under_load(port, paths, say)
        memory = max(resident_mb(pid) for pid in children(process.pid))
    rows = [row(name, driven[name], equal.get(name), memory) for name in paths]
    facts = {"generator": generator(), "connections": CONNECTIONS, "workers": WORKERS, "threads": THREADS}
    return Report(rows, lines(rows, facts), facts)


def path(address: str, question: Question) -> str:
    (origin, radius_m), (drug,) = circle(question.where), question.target.drugs
    asked = {"drug": drug.code, "lat": origin.lat, "lng": origin.lng, "radius_m": int(radius_m)}
    return f"{address}?{urlencode(asked | {'sort': question.sort})}"


def under_load(port: int, paths: dict[str, list[str]], say: Say) -> dict[str, Driven]:
    """Of each address the middle one of several rounds; the rounds take turns."""
    rounds: dict[str, list[Driven]] = {name: [] for name in paths}
    for each in paths.values():
        drive(port, each, WARM_UP_S, settings.VAR)
    for number in range(ROUNDS):
        say(f"round {number + 1} of {ROUNDS} …")
        for name, each in paths.items():
            rounds[name].append(drive(port, each, SECONDS, settings.VAR))
    return {name: sorted(each, key=lambda one: one.per_second)[ROUNDS // 2] for name, each in rounds.items()}


def alike(port: int, world: World, question: Question) -> bool:
    """Whether the endpoint's first page is the referee's."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path(OFFERS, question))
    said = json.loads(connection.getresponse().read())
    connection.close()
    expected = referee.answer(world, question)
    codes = dict(Pharmacy.objects.filter(pk__in=[line.pharmacy_id for line in expected]).values_list("pk", "code"))
    wanted = [(codes[line.pharmacy_id], f"{line.price_fen / 100:.2f}") for line in expected]
    return wanted == [(result["pharmacy"]["code"], result["price"]) for result in said["results"]]


# -- the server -------------------------------------------------------------------------------------------------------


@contextmanager
def served(say: Say, **more: str) -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    """The web server as bin/serve starts it, with the two addresses more, on a free port of the loopback; `more`: of its
    environment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable, "-m", "granian", "prices.bench.wsgi:application", "--interface", "wsgi", "--host", "127.0.0.1",
        "--port", str(port), "--workers", str(WORKERS), "--blocking-threads", str(THREADS), "--no-ws", "--no-access-log",
        "--log-level", "warning",
    ]  # fmt: skip
    Path(settings.STATIC_ROOT).mkdir(exist_ok=True)
    environment = os.environ | {"DATABASE_POOL": str(THREADS)} | more
    with (Path(settings.VAR) / "log" / "web.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment, stdout=log, stderr=log)  # noqa: S603 - our own
    try:
        wait_for_answer(port, process)
        say(f"web server on port {port}: {WORKERS} workers of {THREADS} threads")
        yield port, process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(START_S)
        except subprocess.TimeoutExpired:
            process.kill()


def wait_for_answer(port: int, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end and process.poll() is None:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", "/bench/empty")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError("the web server does not answer: see log/web.log")


def children(parent: int) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            found.append(int(entry.parent.name))
    return found


def resident_mb(pid: int) -> float:
    """Memory of a process as `ps` counts it (RSS)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


# -- for people -------------------------------------------------------------------------------------------------------


def row(name: str, driven: Driven, equal: bool | None, memory: float) -> Measured:
    return Measured(
        name,
        "yaobi" if name.startswith("offers") else name.split("/")[1],
        driven.requests,
        p50_ms=round(driven.p50_ms, 2),
        p95_ms=round(driven.p95_ms, 2),
        p99_ms=round(driven.p99_ms, 2),
        max_ms=round(driven.max_ms, 2),
        equal=equal is not False and not driven.errors,
        requests_per_s=round(driven.per_second, 1),
        memory_mb=round(memory, 1),
    )


def lines(rows: list[Measured], facts: dict[str, Any]) -> list[str]:
    told = [", ".join(f"{name} {value}" for name, value in facts.items())]
    told.append(f"{'address':<32}{'requests/s':>11}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'max ms':>9}  right")
    for each in rows:
        times = "".join(f"{value:9.1f}" for value in (each.p50_ms, each.p95_ms, each.p99_ms, each.max_ms))
        told.append(f"{each.case:<32}{each.requests_per_s:11.0f}{times}  {each.equal}")
    by_name = {each.case: each.requests_per_s or 0.0 for each in rows}
    ours = by_name["offers/nearest/common/5km"]
    told.append(f"the complete endpoint gives {ours / by_name['bench/bare/nearest/common/5km']:.2f} of the bare view's")
    told.append(
        f"requests and {ours / by_name['bench/empty']:.2f} of the empty view's; a web worker holds {rows[0].memory_mb} MB"
    )
    return told
