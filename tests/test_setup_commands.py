"""What bin/ decides before anything runs: sizes, variables, ports, pins, and plain words when it cannot go on."""

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "bin"))

import application  # noqa: E402
import cluster  # noqa: E402
import pins  # noqa: E402
import programs  # noqa: E402
import serving  # noqa: E402
import testing  # noqa: E402
from apt import PrivateApt  # noqa: E402
from cluster import MB, sizing  # noqa: E402
from console import Failed  # noqa: E402
from place import Place, is_locked, try_lock  # noqa: E402


@pytest.fixture
def place(tmp_path):
    (tmp_path / "log").mkdir()
    return Place(root=ROOT, tools=tmp_path, var=tmp_path)


@pytest.mark.parametrize(("gigabytes", "expected"), [(0.25, "128MB"), (4, "1024MB"), (256, "8192MB")])
def test_shared_buffers_are_a_quarter_of_memory_within_limits(gigabytes, expected):
    settings = sizing(int(gigabytes * 1024) * MB, test=False, shared_memory=4096 * MB)
    assert settings["shared_buffers"] == expected


def test_only_a_test_cluster_may_lose_its_data():
    assert "fsync" not in sizing(8192 * MB, test=False, shared_memory=4096 * MB)
    assert sizing(8192 * MB, test=True, shared_memory=4096 * MB)["fsync"] == "off"


def test_a_small_dev_shm_is_not_used_for_parallel_queries():
    assert sizing(8192 * MB, test=False, shared_memory=64 * MB)["dynamic_shared_memory_type"] == "mmap"


@pytest.mark.parametrize(("given", "missing"), [("DATABASE_URL", "REDIS_URL"), ("REDIS_URL", "DATABASE_URL")])
def test_one_service_from_outside_without_the_other_is_refused(monkeypatch, given, missing):
    monkeypatch.delenv(missing, raising=False)
    monkeypatch.setenv(given, "x")
    with pytest.raises(Failed, match=f"{missing} is not"):
        application.external()


def test_the_private_services_are_named_by_role_and_the_callers_pg_variables_do_not_reach_them(place, monkeypatch):
    monkeypatch.setenv("PGHOST", "elsewhere")

    class Running:
        run = Path("/run/a b")

    env = application.environment(place, programs.Programs(), Running())  # type: ignore[arg-type]  # no services run here
    assert "PGHOST" not in env
    assert env["DATABASE_OWNER_URL"] == "postgresql://yaobi_owner@/yaobi?host=/run/a%20b"
    assert env["DATABASE_SEARCH_URL"] == "postgresql://yaobi_search@/yaobi?host=/run/a%20b"
    assert env["REDIS_URL"].startswith("unix:///run/a%20b/redis.sock")


def test_the_secret_key_is_made_once_and_closed_to_others(place, monkeypatch):
    monkeypatch.delenv("SECRET_KEY", raising=False)
    keys = {application.environment(place, programs.Programs(), None)["SECRET_KEY"] for _ in range(2)}
    assert len(keys) == 1
    assert len(keys.pop()) >= 50
    assert (place.var / "secret_key").stat().st_mode & 0o777 == 0o600


def test_a_busy_port_is_passed_over():
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        assert serving.free_port(port) > port


def test_without_apt_the_message_says_what_to_install_and_which_variables_to_set(place, monkeypatch):
    monkeypatch.setattr(programs, "_services", lambda place: None)
    monkeypatch.setattr(PrivateApt, "available", staticmethod(lambda: False))
    with pytest.raises(Failed) as refused:
        programs.find(place, PrivateApt(place), services=True)
    for word in ("PostGIS", "Redis", "DATABASE_URL", "REDIS_URL"):
        assert word in refused.value.advice


def test_a_failed_step_exits_1_and_says_what_to_do():
    env = {k: v for k, v in os.environ.items() if k != "REDIS_URL"} | {"DATABASE_URL": "postgresql://x/y"}
    done = subprocess.run([ROOT / "bin/manage", "version"], env=env, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "DATABASE_URL is set but REDIS_URL is not" in done.stderr
    assert "What to do: " in done.stderr


def test_a_lock_is_held_by_one_and_freed_with_its_holder(tmp_path):
    held = try_lock(tmp_path / "lock")
    assert held is not None
    assert is_locked(tmp_path / "lock")
    os.close(held)
    assert not is_locked(tmp_path / "lock")


def test_the_summary_fails_when_any_check_failed_and_names_what_was_skipped(capsys):
    assert testing.summary([("ruff", 0, 1.0), ("pytest", 1, 2.0)], ["2 x no browser"]) == 1
    said = capsys.readouterr().out
    assert "FAILED: pytest" in said
    assert "2 x no browser" in said
    assert testing.summary([("ruff", 0, 1.0)], []) == 0


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_every_package_is_pinned_with_hashes_and_every_chosen_one_says_why(name):
    why = pins.reasons((ROOT / f"{name}.in").read_text())
    text = (ROOT / f"{name}.txt").read_text()
    pinned = pins.blocks(text)
    assert set(why) <= {package for package, _ in pinned}
    for package, pin in pinned:
        assert re.match(r"\S+==\S+", pin), package
        assert "--hash=sha256:" in pin, package
    for comment in why.values():
        assert comment in text


def test_a_user_without_a_name_is_told_what_to_do():
    cluster.require_name(0)
    with pytest.raises(Failed, match="number 4242424 has none") as refused:
        cluster.require_name(4242424)
    assert "/etc/passwd" in refused.value.advice


def test_a_package_without_a_reason_is_refused():
    with pytest.raises(Failed, match="left-pad"):
        pins.reasons("# why\ndjango\n\nleft-pad==1\n")


@pytest.mark.parametrize("argument", ["--help", "--upgrad=x", "django"])
def test_what_pinning_does_not_know_is_not_passed_on_and_pinned(argument: str):
    with pytest.raises(SystemExit):
        pins.read_arguments([argument])
    assert pins.read_arguments(["--upgrade"])
    assert not pins.read_arguments([])


def test_no_file_of_pins_names_a_registry():
    for name in ("requirements.txt", "requirements-dev.txt", "bin/uv.txt", "bin/node.txt"):
        assert "://" not in (ROOT / name).read_text()
    lock = json.loads((ROOT / "package-lock.json").read_text())
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]
