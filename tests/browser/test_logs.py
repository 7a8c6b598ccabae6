"""Where somebody stood, and what they looked for, is in no log: after a good, a bad, a timed-out and a crashed request."""

import re
import urllib.request
from collections.abc import Callable
from pathlib import Path
from urllib.error import HTTPError

from tests.browser.conftest import Site, environment, serving

LAT, LNG, WORDS = "30.544612", "114.302437", "%E9%98%BF%E8%8E%AB"
ASKED = (
    f"/api/v1/offers?preparation=1&lat={LAT}&lng={LNG}",
    f"/api/v1/offers?preparation=1&lat=91&lng={LNG}",
    f"/preparations/1?lat={LAT}&lng={LNG}",
    f"/search?q={WORDS}&lat={LAT}",
    f"/suggest?q={WORDS}",
    f"/nowhere?lat={LAT}&lng={LNG}",
)
SECRETS = ("30.5446", "30.545", "114.3024", "114.302", WORDS, "阿莫")


def ask(url: str) -> list[int]:
    """The status of each answer."""
    said = []
    for path in ASKED:
        try:
            with urllib.request.urlopen(url + path, timeout=30) as answer:
                said.append(answer.status)
        except HTTPError as error:
            said.append(error.code)
    return said


def leaks(*logs: Path) -> list[str]:
    return [
        f"{log.name}: {line[:300]}"
        for log in logs
        for line in log.read_text(errors="replace").splitlines()
        if any(secret in line for secret in SECRETS)
    ]


def test_no_log_holds_a_position_or_a_question(
    site: Site, tmp_path: Path, said_by_database: Callable[[], Path]
) -> None:
    assert ask(site.url) == [200, 400, 200, 200, 200, 404]

    timed_out = tmp_path / "timed-out.log"
    with serving(environment(tmp_path) | {"SEARCH_TIMEOUT_MS": "1", "LOG_LEVEL": "DEBUG"}, timed_out) as url:
        ask(url)

    # A database without our tables: every query is a programming error, which nobody foresees.
    crashed = tmp_path / "crashed.log"
    elsewhere = environment(tmp_path)
    for name in ("DATABASE_URL", "DATABASE_SEARCH_URL"):
        elsewhere[name] = re.sub(r"/[^/?]+\?", "/postgres?", elsewhere[name])
    with serving(elsewhere | {"LOG_LEVEL": "DEBUG"}, crashed) as url:
        assert 500 in ask(url)
    assert "Traceback" in crashed.read_text()

    assert leaks(site.log, timed_out, crashed, said_by_database()) == []
