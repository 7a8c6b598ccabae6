"""Child processes that never outlive us: each in a session of its own, watched by a guard, stopped by pid."""

import functools
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import console

GRACE_S = 10.0
LONGEST_PAUSE_S = 30.0
STEADY_S = 60.0
LARGEST_LOG = 20_000_000


def side_by_side(*jobs: Callable[[], Any]) -> list[Any]:
    """Run independent jobs at the same time; their results. The first failure, or an interruption, is raised at once."""
    pool = ThreadPoolExecutor(len(jobs))
    try:
        running = [pool.submit(job) for job in jobs]
        for done in as_completed(running):
            done.result()
        return [job.result() for job in running]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


@functools.cache
def _setpriv() -> str | None:
    """util-linux's setpriv, when it can tie a process to the life of its parent."""
    program = shutil.which("setpriv")
    if not program:
        return None
    try_it = [program, "--pdeathsig", "TERM", "true"]
    return program if subprocess.run(try_it, capture_output=True, check=False).returncode == 0 else None


def tied(command: Sequence[str | Path], *, by: str = "TERM") -> list[str | Path]:
    """The command, sent signal `by` from the kernel when its parent dies (where this system can do that)."""
    program = _setpriv()
    return [program, "--pdeathsig", by, "--", *command] if program else list(command)


def logged(
    command: Sequence[str | Path],
    *,
    log: Path,
    what: str,
    advice: str = "",
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> None:
    """Run a program with its output in `log`; raise `console.Failed` with the end of that file when it does not return 0."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        out.write(f"\n$ {' '.join(map(str, command))}\n".encode())
        out.flush()
        try:
            done = subprocess.run(tied(command), stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=env, cwd=cwd)
        except OSError as error:
            raise console.Failed(f"{what}: {error}", advice=advice, log=log) from error
    if done.returncode:
        raise console.Failed(f"{what} (exit status {done.returncode})", advice=advice, log=log)


def in_session(leader: int) -> Iterator[tuple[int, str]]:
    """(pid, state) of every process of the session that `leader` began, itself included."""
    for entry in os.listdir("/proc"):
        if not entry.isdecimal():
            continue
        try:
            fields = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == leader:
            yield int(entry), fields[0]


def alive(leader: int) -> list[int]:
    """Processes of a session that still run (zombies do not)."""
    return [pid for pid, state in in_session(leader) if state not in "ZX"]


def send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def clear(leaders: Mapping[int, signal.Signals], *, grace: float) -> None:
    """End whole sessions: leaders are asked first, each by its signal; who is left after `grace` seconds is killed."""
    for leader, ask in leaders.items():
        # A leader ends its own workers in good order; orphans have nobody else to ask them.
        rest = alive(leader)
        for pid in [leader] if leader in rest else rest:
            send(pid, ask)
    end = time.monotonic() + grace
    while any(alive(leader) for leader in leaders) and time.monotonic() < end:
        time.sleep(0.05)
    for leader in leaders:
        for pid in alive(leader):
            send(pid, signal.SIGKILL)


class Guard:
    """A second process that clears the children away when this one dies without saying good-bye (kill -9).

    It hears the pids through a pipe; the end of the pipe is our end. It keeps our file locks until it is done.
    """

    def __init__(self) -> None:
        self.children: dict[int, signal.Signals] = {}
        self._start()

    def _start(self) -> None:
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                os.close(write)
                self._watch(read)
                status = 0
            finally:
                os._exit(status)
        os.close(read)
        self.pid, self._pipe = pid, write
        for child, ask in self.children.items():
            self._tell(f"{child} {int(ask)}")

    @staticmethod
    def _watch(read: int) -> None:
        os.setsid()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
            signal.signal(number, signal.SIG_IGN)
        known: dict[int, signal.Signals] = {}
        with os.fdopen(read) as lines:
            for line in lines:
                pid, ask = map(int, line.split())
                if ask:
                    known[pid] = signal.Signals(ask)
                else:
                    known.pop(pid, None)
        clear(known, grace=GRACE_S / 2)

    def _tell(self, line: str) -> None:
        try:
            os.write(self._pipe, f"{line}\n".encode())
        except BrokenPipeError:
            return  # `check` notices and starts another guard

    def add(self, pid: int, ask: signal.Signals = signal.SIGTERM) -> None:
        """Watch a session leader that ends in good order when it gets the signal `ask`."""
        self.children[pid] = ask
        self._tell(f"{pid} {int(ask)}")

    def remove(self, pid: int) -> None:
        self.children.pop(pid, None)
        self._tell(f"{pid} 0")

    def check(self) -> None:
        """Somebody killed the guard: start another."""
        if os.waitpid(self.pid, os.WNOHANG)[0]:
            os.close(self._pipe)
            self._start()

    def close(self) -> None:
        os.close(self._pipe)
        os.waitpid(self.pid, 0)


@dataclass
class Child:
    """One long-running program and the signal at which it stops in good order; a `tied` command dies with us."""

    name: str
    command: Sequence[str | Path]
    log: Path
    env: Mapping[str, str]
    cwd: Path
    stop_signal: signal.Signals = signal.SIGTERM
    process: subprocess.Popen[bytes] | None = None
    began: float = 0.0
    failures: int = 0
    next_start: float = 0.0

    def start(self) -> int:
        if self.log.exists() and self.log.stat().st_size > LARGEST_LOG:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=self.env, cwd=self.cwd,
                start_new_session=True,
            )  # fmt: skip
        self.began = time.monotonic()
        return self.process.pid

    @property
    def pid(self) -> int:
        """The process, and session, of the last start that nobody has cleared away yet; 0 when there is none."""
        return self.process.pid if self.process else 0

    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Keeps children running: one that ends is started again, after a pause that doubles up to half a minute."""

    def __init__(self, children: Sequence[Child]) -> None:
        self.children = list(children)
        self.guard = Guard()

    def start(self) -> None:
        for child in self.children:
            self.guard.add(child.start(), child.stop_signal)

    def tick(self) -> None:
        """Look after everybody once; call it a few times a second."""
        self.guard.check()
        now = time.monotonic()
        for child in self.children:
            if child.running():
                if child.failures and now - child.began > STEADY_S:
                    child.failures = 0
                continue
            if child.process is not None:
                self._bury(child, child.process.returncode, now)
            elif now >= child.next_start:
                self.guard.add(child.start(), child.stop_signal)

    def _bury(self, child: Child, status: int, now: float) -> None:
        """A child ended by itself: clear its orphans and set the time of its next start."""
        clear({child.pid: child.stop_signal}, grace=2)
        self.guard.remove(child.pid)
        child.failures += 1
        pause = min(2.0 ** (child.failures - 1) / 2, LONGEST_PAUSE_S)
        child.next_start = now + pause
        console.say(f"{child.name} ended ({_status(status)}), starting again in {pause:.1f} s; see {child.log}")
        child.process = None

    def stop(self, *, grace: float = GRACE_S) -> None:
        """Stop all children, last started first asked, and leave no process of theirs behind."""
        running = [child for child in reversed(self.children) if child.running()]
        for child in running:
            send(child.pid, child.stop_signal)
        end = time.monotonic() + grace
        while any(child.running() for child in running) and time.monotonic() < end:
            time.sleep(0.03)
        clear({child.pid: signal.SIGKILL for child in self.children if child.process}, grace=0.2)
        for child in self.children:
            if child.process:
                child.process.wait()
                self.guard.remove(child.pid)
                child.process = None

    def close(self) -> None:
        self.guard.close()


def _status(code: int) -> str:
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"exit status {code}"
