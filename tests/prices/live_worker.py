"""Real processes for the kill tests: a Redis and a worker of our own, and locks that stop a worker at a chosen step."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import psycopg
import pytest
import redis
from celery import current_app
from django.conf import settings
from django.db import connection, connections

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 240
"""Only what never happens is waited for so long; a worker begins within seconds, on a busy machine within minutes."""


def until(holds: Callable[[], Any], what: str) -> Any:
    """Wait for something that another process does."""
    end = time.monotonic() + PATIENCE_S
    while not (found := holds()):
        assert time.monotonic() < end, f"waited {PATIENCE_S} s until {what}"
        time.sleep(0.05)
    return found


class Broker:
    """A Redis of this test's own, which may be killed and comes back empty."""

    def __init__(self) -> None:
        program = redis.Redis.from_url(settings.REDIS_URL).info("server")["executable"]
        if not os.access(program, os.X_OK):
            pytest.skip(f"the kill tests start their own Redis, and {program} cannot be run from here")
        self.program = program
        self.folder = Path(tempfile.mkdtemp(prefix="yaobi-", dir="/tmp"))  # short: a unix socket's path has 107 bytes
        self.socket = self.folder / "redis.sock"
        self.url = f"unix://{quote(str(self.socket))}?db=0"
        self.start()

    def start(self) -> None:
        options = ["--port", "0", "--unixsocket", str(self.socket), "--save", "", "--dir", str(self.folder)]
        self.process = subprocess.Popen([self.program, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(self.answers, "Redis answers")

    def answers(self) -> bool:
        try:
            return bool(redis.Redis.from_url(self.url).ping())
        except redis.ConnectionError:
            return False

    def waiting(self) -> int:
        client = redis.Redis.from_url(self.url)
        return int(client.llen("small")) + int(client.llen("bulk"))

    def clear(self) -> None:
        redis.Redis.from_url(self.url).flushall()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def broker_of_our_own() -> Iterator[Broker]:
    """This process sends its tasks there, too."""
    broker, before = Broker(), current_app.conf.broker_url
    _send_tasks_to(broker.url.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host="))
    try:
        yield broker
    finally:
        _send_tasks_to(before)
        broker.kill()
        shutil.rmtree(broker.folder)


def _send_tasks_to(url: str) -> None:
    current_app.conf.broker_url = url
    if current_app._pool is not None:
        current_app._pool.force_close_all()
        current_app._pool = None
    current_app.amqp._producer_pool = None


def database_url(role: str) -> str:
    """Where this test's database is now, for another process."""
    target = connections[role].settings_dict
    user, host = quote(target["USER"]), quote(str(target["HOST"]))
    if not target["HOST"] or str(target["HOST"]).startswith("/"):
        return f"postgresql://{user}@/{target['NAME']}?host={host}"
    secret = f":{quote(target['PASSWORD'])}" if target["PASSWORD"] else ""
    return f"postgresql://{user}{secret}@{host}:{target['PORT'] or 5432}/{target['NAME']}"


class Worker:
    """One Celery worker on both queues; kill -9 takes the whole of it, as a crash of the machine would."""

    def __init__(self, broker: Broker, var: Path, *, pool: str = "solo") -> None:
        self.name = f"worker-{time.monotonic_ns()}"
        self.log = var / f"{self.name}.log"
        env = os.environ | {
            "DATABASE_URL": database_url("default"),
            "DATABASE_OWNER_URL": database_url("owner"),
            "DATABASE_SEARCH_URL": database_url("search"),
            "REDIS_URL": broker.url,
            "YAOBI_VAR": str(var),  # deliveries lie in var/files
            "LEASE_SECONDS": "1",
            "TMPDIR": str(broker.folder),  # a killed pool leaves its folder there
            "PGAPPNAME": self.name,
        }
        options = ["--pool", pool, "-c", "1", "--without-gossip", "--without-mingle", "--without-heartbeat"]
        command = [sys.executable, "-m", "celery", "-A", "config.celery:app", "worker", "-Q", "small,bulk", *options]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*command, "-n", f"{self.name}@localhost", "--loglevel", "INFO"],
                cwd=ROOT, env=env, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def ready(self) -> "Worker":
        until(lambda: self.said(" ready."), "the worker is ready")
        return self

    def said(self, text: str) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        return text in self.log.read_text()

    def children(self) -> list[int]:
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in listed.split()]

    def pause(self) -> None:
        os.killpg(self.process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        os.killpg(self.process.pid, signal.SIGCONT)

    def kill(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def sessions(self) -> int:
        """Its sessions in the database: a killed client's last statement may still run there."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = %s", [self.name])
            return int(cursor.fetchone()[0])


class Lock:
    """A lock held by a session of its own, at which a worker waits until it is let go."""

    def __init__(self, sql: str, *parameters: Any) -> None:
        self.session = psycopg.connect(database_url("owner"))
        self.session.execute(sql, parameters)

    def let_go(self) -> None:
        self.session.close()


def somebody_waits() -> bool:
    """A session of this database waits for a lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid IN"
            " (SELECT pid FROM pg_stat_activity WHERE datname = current_database())"
        )
        return bool(cursor.fetchone()[0])


def until_somebody_waits() -> None:
    until(somebody_waits, "a worker waits for the lock")


def server_program() -> Path | None:
    """The directory of the PostgreSQL programs that serve this test, if they run on this machine."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    try:
        program = Path(os.readlink(f"/proc/{pid}/exe"))
    except OSError:
        return None
    return program.parent if urlsplit(str(program)).path.endswith("/postgres") else None
