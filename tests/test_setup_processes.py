"""Children of the set-up end with it, however it ends; run in a process of its own so that it can be killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

BIN = Path(__file__).resolve().parent.parent / "bin"
PATIENCE_S = 120
"""How long a busy machine may take to end or to begin a process."""
# A supervisor of one child, which has a child of its own; prints the three pids, then looks after them.
PARENT = f"""
import os, sys, time
sys.path.insert(0, {str(BIN)!r})
from pathlib import Path
from processes import Child, Supervisor, alive
child = Child("sleeper", ["sh", "-c", "sleep 600 & sleep 600"], Path(sys.argv[1]), dict(os.environ), Path("/"))
supervisor = Supervisor([child])
supervisor.start()
while len(alive(child.pid)) < 3:
    time.sleep(0.02)
print(*alive(child.pid), flush=True)
while not Path(sys.argv[1] + ".stop").exists():
    supervisor.tick()
    time.sleep(0.05)
supervisor.stop(grace=2)
supervisor.close()
print("stopped", flush=True)
"""


def runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def children(parent: int) -> set[int]:
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            found.add(int(stat.parent.name))
    return found


def all_end(pids: list[int]) -> bool:
    end = time.monotonic() + PATIENCE_S
    while any(map(runs, pids)) and time.monotonic() < end:
        time.sleep(0.05)
    return not any(map(runs, pids))


@pytest.fixture
def parent(tmp_path):
    """(the process, its child and grandchildren, its log)"""
    log = tmp_path / "child.log"
    process = subprocess.Popen([sys.executable, "-c", PARENT, str(log)], stdout=subprocess.PIPE, text=True)
    pids = [int(pid) for pid in process.stdout.readline().split()]
    assert len(pids) == 3
    assert all(map(runs, pids))
    yield process, pids, log
    process.kill()
    process.communicate()
    for pid in filter(runs, pids):
        os.kill(pid, signal.SIGKILL)


def test_killing_the_supervisor_leaves_no_child_and_no_grandchild(parent):
    process, pids, _ = parent
    process.kill()
    assert all_end(pids)


def test_an_orderly_stop_leaves_no_child_and_no_grandchild(parent):
    process, pids, log = parent
    Path(f"{log}.stop").touch()
    assert process.stdout.readline() == "stopped\n"
    assert not any(map(runs, pids))


def test_a_child_that_dies_is_started_again_and_its_orphans_are_cleared(parent):
    process, pids, _ = parent
    leader = min(pids)
    os.kill(leader, signal.SIGKILL)
    assert all_end(pids)
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if len(children(process.pid) - {leader}) >= 2:  # the guard and the new child
            return
        time.sleep(0.05)
    pytest.fail("the child was not started again")
