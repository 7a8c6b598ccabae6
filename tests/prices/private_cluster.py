"""A PostgreSQL of a test's own, made as bin/serve makes one, for the tests that kill it."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import connections

from tests.prices.live_worker import ROOT, database_url, server_program, until

DURABLE = ("-c", "fsync=on", "-c", "synchronous_commit=on", "-c", "full_page_writes=on")


class PrivateCluster:
    def __init__(self, var: Path, programs: Path) -> None:
        sys.path.insert(0, str(ROOT / "bin"))
        try:
            from cluster import Cluster
            from place import Place
            from programs import Programs
        finally:
            sys.path.remove(str(ROOT / "bin"))
        place = Place(root=ROOT, tools=var, var=var, test=True)
        place.logs.mkdir(parents=True)
        self.cluster: Any = Cluster(place, Programs(pg_bin=programs, redis=Path("redis-server")))
        self.cluster.initialise()
        self.run = self.cluster.run_dir()
        self.cluster.configure(self.run)
        self.start()
        self.cluster.make_database(self.run)

    def start(self) -> None:
        with self.cluster.log.open("ab") as log:
            command = [*self.cluster.postgres_command(), *DURABLE]
            self.process = subprocess.Popen(command, env=self.cluster.env, stdout=log, stderr=log)
        until(self.answers, "PostgreSQL answers")

    def answers(self) -> bool:
        assert self.process.poll() is None, self.cluster.log.read_text()
        try:
            psycopg.connect(host=str(self.run), user="postgres", dbname="postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def kill(self) -> None:
        """What `pg_ctl stop -m immediate` does: everybody quits without a word, no checkpoint."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait()

    def stop(self) -> None:
        self.kill()
        self.cluster.forget_run_dir(self.run)


@contextmanager
def private_cluster(var: Path) -> Iterator[PrivateCluster]:
    """This process's connections, and the workers it starts, use a database of their own inside the block."""
    programs = server_program()
    if programs is None or not (programs / "initdb").exists():
        pytest.skip("the test that kills PostgreSQL starts its own, and found no programs of the one in use")
    before = {alias: dict(connections[alias].settings_dict) for alias in connections}
    cluster = PrivateCluster(var, programs)
    try:
        for alias in connections:
            connections[alias].close()
            connections[alias].settings_dict |= {"HOST": str(cluster.run), "PORT": "", "NAME": "yaobi", "PASSWORD": ""}
            roles = {"default": "yaobi_app", "owner": "yaobi_owner", "search": "yaobi_search"}
            connections[alias].settings_dict["USER"] = roles[alias]
        assert str(cluster.run) in database_url("default")
        call_command("migrate", database="owner", verbosity=0)
        yield cluster
    finally:
        for alias, settings in before.items():
            connections[alias].close()
            connections[alias].settings_dict.update(settings)
        cluster.stop()
