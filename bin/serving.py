"""bin/serve: everything from nothing to a running site, under one supervisor."""

import argparse
import contextlib
import http.client
import json
import os
import signal
import socket
import time
from pathlib import Path
from types import FrameType

import console
import install
import place as places
from application import Application, environment, external
from keeper import Services
from place import Place, try_lock
from processes import Child, Supervisor, side_by_side, tied

FIRST_PORT = 8000
ANSWER_S = 60
THREADS = 4


def serve(arguments: list[str]) -> int:
    """Run until told to stop; 0 after an orderly stop."""
    options = _parser().parse_args(arguments)
    place = places.find()
    if try_lock(place.var / "serve.lock") is None:
        raise console.Failed(f"bin/serve is already running for this checkout: {_where(place)}")
    private = not external()
    console.say(f"药比三家 · services and data: {place.var}")
    programs = install.install(place, services=private)
    with contextlib.ExitStack() as stack:
        services = stack.enter_context(Services(place, programs)) if private else None
        application = Application(place, environment(place, programs, services), private=private)
        side_by_side(
            application.collect_static,
            lambda: _prepare_data(application, demo=(private or options.demo) and not options.no_demo),
        )
        shows_demo = (private or options.demo) and (place.var / "demo-loaded").exists()
        site = Site(application, services, port=options.port, demo=shows_demo)
        # Whatever happens from here on, the web server and the workers go before Redis and PostgreSQL.
        stack.callback(site.close)
        return site.run()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bin/serve",
        description="Sets up what is missing, then runs the web server, the workers and their services. Ctrl-C stops all.",
    )
    parser.add_argument("--port", type=int, help=f"port on 127.0.0.1 (default: the first free one from {FIRST_PORT})")
    parser.add_argument("--no-demo", action="store_true", help="do not load the demo province")
    parser.add_argument("--demo", action="store_true", help="load it even into a database given by DATABASE_URL")
    return parser


def _prepare_data(application: Application, *, demo: bool) -> None:
    application.migrate()
    if demo:
        application.load_demo()


def _where(place: Place) -> str:
    """The address of the bin/serve that runs, as it noted it."""
    try:
        notes = json.loads((place.var / "serve.json").read_text())
    except (OSError, ValueError):
        return "still starting"
    return f"{notes['url']} (process {notes['pid']})"


def free_port(first: int = FIRST_PORT) -> int:
    for port in range(first, first + 1000):
        if is_free(port):
            return port
    raise console.Failed(f"no free port between {first} and {first + 999}", advice="choose one with --port")


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class Site:
    """Web server, two workers and beat."""

    def __init__(self, application: Application, services: Services | None, *, port: int | None, demo: bool) -> None:
        self.application, self.services, self.demo = application, services, demo
        self.place = application.place
        self.port, self.port_was_chosen = port or free_port(), port is not None
        if port is not None and not is_free(port):
            raise console.Failed(f"port {port} is in use", advice="choose another with --port, or none")
        self.supervisor = Supervisor([])
        self.stopping = False
        self.notes = self.place.var / "serve.json"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def run(self) -> int:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop)
        self.supervisor.children = [self._web(), *self._workers()]
        self.supervisor.start()
        with console.step("web server"):
            self._wait_for_answer()
        if not self.stopping:
            self._announce()
        while not self.stopping:
            self.supervisor.tick()
            if self.services and not self.services.alive():
                console.say("PostgreSQL and Redis are gone; starting them again")
                self.services.ensure()
            time.sleep(0.2)
        return 0

    def close(self) -> None:
        """Stop every child; Redis and PostgreSQL stop when we let go of them afterwards."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        console.say("stopping …")
        self.supervisor.stop()
        self.supervisor.close()
        self.notes.unlink(missing_ok=True)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True

    def _child(self, name: str, *command: str | Path, **env: str) -> Child:
        python = self.place.python
        log = self.place.logs / f"{name}.log"
        # Every page says 演示数据 while the demo province is loaded, its tills go on reporting, and its log-ins need no
        # phone. Never so with a database that was given: a demo once looked at in this checkout must not open a real one.
        demo = {"DEMO_NOTICE": "1", "SECOND_FACTOR": "0"} if self.demo else {}
        return Child(name, tied([python, "-m", *command]), log, demo | self.application.env | env, self.place.root)

    def _web(self) -> Child:
        processes = os.environ.get("WEB_CONCURRENCY") or str(min(2, os.cpu_count() or 1))
        # No access log: it would hold the query string, and with it the position of whoever asked.
        return self._child(
            "web", "granian", "config.wsgi:application", "--interface", "wsgi", "--host", "127.0.0.1",
            "--port", str(self.port), "--workers", processes, "--blocking-threads", str(THREADS),
            "--no-ws", "--no-access-log", "--respawn-failed-workers", "--log-level", "warning",
            DATABASE_POOL=os.environ.get("DATABASE_POOL", str(THREADS)),
        )  # fmt: skip

    def _workers(self) -> list[Child]:
        celery = ("celery", "-A", "config.celery:app")
        # Worker processes need semaphores in /dev/shm; where it is closed (a bare chroot), threads do.
        pool = "prefork" if os.access("/dev/shm", os.W_OK) else "threads"
        quiet = ("--without-gossip", "--without-mingle", "--loglevel", "INFO", "--pool", pool)
        schedule = self.place.var / "beat"
        schedule.mkdir(exist_ok=True)
        return [
            self._child("worker-small", *celery, "worker", "-Q", "small", "-n", "small@%h", "-c", "2", *quiet),
            self._child("worker-bulk", *celery, "worker", "-Q", "bulk", "-n", "bulk@%h", "-c", "1", *quiet),
            self._child(
                "beat", *celery, "beat", "--schedule", schedule / "schedule", "--pidfile", "", "--loglevel", "INFO"
            ),
        ]

    def _wait_for_answer(self) -> None:
        """Wait until the web server answers; move to another port when somebody was quicker to take ours."""
        web = self.supervisor.children[0]
        end = time.monotonic() + ANSWER_S
        while not self.stopping and not self._answers():
            self.supervisor.tick()
            if web.failures and not self.port_was_chosen and not is_free(self.port):
                self.port = free_port(self.port + 1)
                fresh = self._web()
                web.command, web.failures, web.next_start = fresh.command, 0, 0.0
            if time.monotonic() > end or web.failures > 3:
                raise console.Failed("the web server does not answer", log=web.log)
            time.sleep(0.1)

    def _answers(self) -> bool:
        if not self.supervisor.children[0].running():
            return False
        ask = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            ask.request("GET", "/healthz")
            return ask.getresponse().status < 500
        except (OSError, http.client.HTTPException):
            return False
        finally:
            ask.close()

    def _announce(self) -> None:
        self.notes.write_text(json.dumps({"pid": os.getpid(), "url": self.url}))
        var = self.place.var
        lines = ["", f"  药比三家 is running:  {self.url}   (English: {self.url}en/)", f"  services and data:    {var}"]
        lines.append(f"  logs:                 {self.place.logs}")
        if self.demo:
            lines.append("  演示数据: every price shown is a made-up example of the demo province")
        logins = var / "demo-logins.txt"
        if self.demo and logins.exists():
            lines += [
                f"  demo log-ins at {self.url}staff/login (role, name, password, page):",
                *(f"    {line}" for line in logins.read_text().splitlines()),
            ]
        print("\n".join([*lines, "  Ctrl-C stops everything.", ""]), flush=True)
