"""The private services run while somebody uses them and stop when the last user has gone, politely or not."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "bin"))

import programs  # noqa: E402
from apt import PrivateApt  # noqa: E402
from cluster import Cluster  # noqa: E402
from keeper import Services, answers  # noqa: E402
from place import Place, is_locked, wait_for  # noqa: E402

USER = f"""
import sys
sys.path.insert(0, {str(ROOT / "bin")!r})
from pathlib import Path
import programs
from apt import PrivateApt
from keeper import Services
from place import Place
place = Place(root=Path({str(ROOT)!r}), tools=Path({str(ROOT / "var")!r}), var=Path(sys.argv[1]), test=True)
with Services(place, programs.find(place, PrivateApt(place), services=True)):
    print("using", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A place in a path too long for a unix socket."""
    var = tmp_path_factory.mktemp("v" * 90)
    (var / "log").mkdir()
    return Place(root=ROOT, tools=ROOT / "var", var=var, test=True)


@pytest.fixture(scope="module")
def found(place):
    if programs._services(place) is None:
        pytest.skip("no PostgreSQL with PostGIS and Redis below var/sys or on this machine: run bin/test once")
    return programs.find(place, PrivateApt(place), services=True)


def stopped(place):
    return wait_for(lambda: not is_locked(place.var / "keeper.lock"), seconds=120)  # on a busy machine, too


def user(place):
    process = subprocess.Popen(
        [sys.executable, "-c", USER, str(place.var)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "using\n"
    return process


@pytest.mark.services
def test_services_answer_in_a_long_path_and_stop_with_their_only_user(place, found):
    with Services(place, found) as services:
        assert answers(Cluster(place, found), services.run)
        assert len(str(services.run / "redis.sock")) < 100
    assert stopped(place)
    assert not services.run.exists()


@pytest.mark.services
def test_services_outlive_one_user_and_stop_when_the_last_is_killed(place, found):
    first, second = user(place), user(place)
    first.communicate("done\n")
    assert first.returncode == 0
    assert is_locked(place.var / "keeper.lock")
    second.kill()
    second.communicate()
    assert stopped(place)


@pytest.mark.services
def test_roles_of_the_private_cluster_cannot_leak_a_position_into_the_log(place, found):
    with Services(place, found) as services:
        query = "SELECT unnest(setconfig) FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = setrole WHERE rolname = 'yaobi_search'"
        psql = [found.pg_bin / "psql", "-h", services.run, "-U", "yaobi_search", "-d", "yaobi", "-AtX"]
        env = Cluster(place, found).env
        settings = subprocess.run([*psql, "-c", query], capture_output=True, text=True, env=env).stdout.split()
        assert {
            "default_transaction_read_only=on",
            "log_parameter_max_length_on_error=0",
            "log_min_error_statement=panic",
            "track_activities=off",
        } <= set(settings)
        subprocess.run([*psql, "-c", "SELECT pg_sleep(9), 'lat=30.545'"], capture_output=True, env=env)
        subprocess.run([*psql, "-c", "SELECT 1/0, 'lat=30.545'"], capture_output=True, env=env)
    log = (place.logs / "postgres.log").read_text()
    assert "statement timeout" in log
    assert "division by zero" in log
    assert "30.545" not in log
