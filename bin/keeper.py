"""Keeps the private PostgreSQL and Redis of one `var` running for as long as any command uses them.

A command holds a shared lock on `users.lock`. When the kernel has freed the last one, whether the command ended, crashed
or was killed, the keeper stops both servers and ends. So nobody has to say good-bye, and `bin/serve`, `bin/manage` and
the tests can use the same servers at the same time.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

import console
import place as places
from cluster import Cluster
from place import Place, is_locked, locked, try_lock, wait_for
from processes import Child, Supervisor, tied
from programs import Programs

START_S = 120  # a crashed province replays its log first
STOP_S = 60


def _paths(place: Place) -> tuple[Path, Path, Path]:
    """(lock of the users, lock of the keeper, what the keeper says about itself)."""
    return place.var / "users.lock", place.var / "keeper.lock", place.var / "services.json"


# --- the side of the commands --------------------------------------------------------------------
class Services:
    """PostgreSQL and Redis for the length of a `with` block; `run` is the folder of their sockets."""

    def __init__(self, place: Place, programs: Programs) -> None:
        self.place, self.programs = place, programs
        self.run = Path()
        self._process: subprocess.Popen[bytes] | None = None
        self._users, self._keeper, self._notes = _paths(place)

    def __enter__(self) -> "Services":
        self._lock = locked(self._users, shared=True, waiting="the private services are stopping; waiting")
        self._lock.__enter__()
        try:
            self.ensure()
        except BaseException:
            self._lock.__exit__(None, None, None)
            raise
        return self

    def ensure(self) -> None:
        """Start a keeper unless one is alive. Also the remedy when somebody killed it."""
        with locked(self.place.var / "start.lock", waiting="the private services are being started; waiting"):
            cluster = Cluster(self.place, self.programs)
            if cluster.initialise():
                for name in ("migrated", "demo-loaded", "database-made"):
                    (self.place.var / name).unlink(missing_ok=True)
            end = time.monotonic() + START_S
            # The lock of a keeper that was killed is held until its servers are down: then a new one may start.
            while is_locked(self._keeper) and not self._answered(cluster):
                if time.monotonic() > end:
                    raise console.Failed("PostgreSQL or Redis does not answer", log=cluster.log)
                time.sleep(0.05)
            if not is_locked(self._keeper):
                with console.step("PostgreSQL and Redis", quiet_below=2):
                    self._spawn()
                self._answered(cluster)
            cluster.make_database(self.run)

    def _answered(self, cluster: Cluster) -> bool:
        if self._notes.exists():
            self.run = Path(json.loads(self._notes.read_text())["run"])
        return answers(cluster, self.run)

    def alive(self) -> bool:
        if self._process:
            self._process.poll()  # it may be our child: do not leave a zombie
        return is_locked(self._keeper)

    def _spawn(self) -> None:
        """Start the keeper as a process of its own and wait for its word."""
        read, write = os.pipe()
        command = [sys.executable, str(Path(__file__).resolve()), str(write)]
        env = dict(os.environ, YAOBI_PLACE=json.dumps([str(self.place.var), self.place.test]))
        with (self.place.logs / "keeper.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, json.dumps(_as_text(self.programs))],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env, pass_fds=[write], start_new_session=True,
            )  # fmt: skip
        os.close(write)
        with os.fdopen(read) as words:
            word = words.readline()
        if not word.startswith("ready"):
            postgres = self.place.logs / "postgres.log"
            raise console.Failed(
                f"the private services did not start: {word.strip() or 'the keeper ended'}",
                advice=f"see {self.place.logs}/postgres.log, redis.log and keeper.log",
                log=postgres if "PostgreSQL" in word else self.place.logs / "keeper.log",
            )

    def __exit__(self, *error: object) -> None:
        """Let go; when nobody else uses the services, wait until they have stopped."""
        self._lock.__exit__(None, None, None)
        wait_for(lambda: not self.alive() or self._in_use(), seconds=STOP_S)

    def _in_use(self) -> bool:
        """Whether another command still holds the users' lock (a stopping keeper holds it, too, but alone)."""
        if not is_locked(self._users):
            return False
        shared = try_lock(self._users, shared=True)
        if shared is None:
            return False
        os.close(shared)
        return True


def _as_text(programs: Programs) -> dict[str, object]:
    return {"pg_bin": str(programs.pg_bin), "redis": str(programs.redis), "libraries": programs.libraries}


def answers(cluster: Cluster, run: Path) -> bool:
    """Whether both servers accept connections (a socket's file exists before anybody listens)."""
    try:
        with socket.socket(socket.AF_UNIX) as redis:
            redis.settimeout(2)
            redis.connect(str(run / "redis.sock"))
            redis.sendall(b"PING\r\n")
            if not redis.recv(16).startswith(b"+PONG"):
                return False
    except OSError:
        return False
    ready: list[str | Path] = [cluster.bin / "pg_isready", "-q", "-h", run, "-U", "postgres", "-d", "postgres"]
    return subprocess.run(ready, env=cluster.env, check=False).returncode == 0


# --- the keeper itself ---------------------------------------------------------------------------
class Keeper:
    def __init__(self, place: Place, programs: Programs) -> None:
        self.place = place
        self.cluster = Cluster(place, programs)
        self.users, _, self.notes = _paths(place)
        self.run = self.cluster.run_dir()
        self.stopped = False

    def keep(self, tell: int) -> None:
        """Start both servers, say so through `tell`, look after them until the last user has gone, stop them."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._asked_to_stop)
        # A server whose keeper was killed is shutting down by itself: the data are free when it is done.
        if not wait_for(lambda: self.cluster.postmaster() is None, seconds=STOP_S):
            raise console.Failed(f"another PostgreSQL ({self.cluster.postmaster()}) runs on {self.place.pg}")
        self.cluster.configure(self.run)
        self._note()
        supervisor = Supervisor(self._children())
        supervisor.start()
        try:
            self._wait_until_ready(supervisor)
            os.write(tell, b"ready\n")
            os.close(tell)
            alone = None
            while alone is None and not self.stopped:
                supervisor.tick()
                time.sleep(0.1)
                alone = try_lock(self.users)
        finally:
            supervisor.stop(grace=STOP_S)
            supervisor.close()
            self.cluster.forget_run_dir(self.run)

    def _children(self) -> list[Child]:
        logs, env, cwd = self.place.logs, self.cluster.env, self.place.var
        postgres = Child(
            "PostgreSQL", self.cluster.postgres_command(), self.cluster.log, env, cwd,
            stop_signal=signal.SIGINT,
        )  # fmt: skip
        redis = Child("Redis", tied(self.cluster.redis_command(self.run)), logs / "redis.log", env, cwd)
        return [postgres, redis]

    def _wait_until_ready(self, supervisor: Supervisor) -> None:
        end = time.monotonic() + START_S
        while not answers(self.cluster, self.run):
            supervisor.tick()
            dead = next((child.name for child in supervisor.children if child.failures > 3), None)
            if dead:
                raise console.Failed(f"{dead} ends as soon as it starts")
            if self.stopped or time.monotonic() > end:
                raise console.Failed(f"PostgreSQL and Redis were not ready after {START_S} s")
            time.sleep(0.05)

    def _note(self) -> None:
        fresh = self.notes.with_suffix(".new")
        fresh.write_text(json.dumps({"run": str(self.run), "pid": os.getpid()}))
        fresh.replace(self.notes)

    def _asked_to_stop(self, number: int, frame: FrameType | None) -> None:
        self.stopped = True


def main(tell: int, programs: Programs) -> int:
    console.prepare()
    var, test = json.loads(os.environ.pop("YAOBI_PLACE"))
    place = Place(root=places.ROOT, tools=places.ROOT / "var", var=Path(var), test=test)
    if try_lock(_paths(place)[1]) is None:
        os.write(tell, b"another keeper is at work\n")
        return 1
    try:
        Keeper(place, programs).keep(tell)
    except console.Failed as error:
        console.explain(error)
        os.write(tell, f"{error.what}\n".encode())
        return 1
    return 0


if __name__ == "__main__":
    given = json.loads(sys.argv[2])
    sys.exit(main(int(sys.argv[1]), Programs(Path(given["pg_bin"]), Path(given["redis"]), given["libraries"])))
