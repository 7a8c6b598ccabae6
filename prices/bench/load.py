"""Requests to a local web server over eight connections: by `wrk` where the machine has it, else by threads of Python."""

import http.client
import json
import os
import subprocess
import threading
import time
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from prices.bench import percentile

CONNECTIONS = 8
# The paths come in a file; at the end one line of JSON, times in µs.
SCRIPT = """
local paths, n = {{}}, 0
for line in io.lines("{paths}") do paths[#paths + 1] = line end
request = function() n = n % #paths + 1 return wrk.format("GET", paths[n]) end
done = function(summary, latency, requests)
    local e = summary.errors
    io.write(string.format('{{"requests": %d, "us": %d, "errors": %d, "p50": %d, "p95": %d, "p99": %d, "max": %d}}\\n',
        summary.requests, summary.duration, e.connect + e.read + e.write + e.status + e.timeout,
        latency:percentile(50), latency:percentile(95), latency:percentile(99), latency.max))
end
"""


@dataclass(frozen=True, slots=True)
class Driven:
    """What came of it; times in milliseconds. `errors`: broken connections and answers that were not 2xx."""

    requests: int
    seconds: float
    errors: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds


def generator() -> str:
    return "wrk" if os.environ.get("WRK") else "Python threads"


def drive(port: int, paths: list[str], seconds: int, folder: Path) -> Driven:
    """Ask for `paths` in turn as fast as the server answers; `folder` holds what `wrk` is told."""
    return (
        _wrk(os.environ["WRK"], port, paths, seconds, folder) if os.environ.get("WRK") else _own(port, paths, seconds)
    )


def _wrk(program: str, port: int, paths: list[str], seconds: int, folder: Path) -> Driven:
    listed, script = folder / "wrk-paths.txt", folder / "wrk.lua"
    listed.write_text("\n".join(paths) + "\n")
    script.write_text(SCRIPT.format(paths=listed))
    command = [program, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(script), f"http://127.0.0.1:{port}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 -- our own arguments
    said = json.loads(next(line for line in done.stdout.splitlines() if line.startswith("{")))
    times = (said[name] / 1000 for name in ("p50", "p95", "p99", "max"))
    return Driven(said["requests"], said["us"] / 1e6, said["errors"], *times)


def _own(port: int, paths: list[str], seconds: int) -> Driven:
    end = time.perf_counter() + seconds
    times: list[list[float]] = [[] for _n in range(CONNECTIONS)]
    errors = [0] * CONNECTIONS

    def ask(n: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        for path in islice(cycle(paths), n, None):
            began = time.perf_counter()
            if began >= end:
                break
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            errors[n] += answer.status >= 300
            times[n].append((time.perf_counter() - began) * 1000)
        connection.close()

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(CONNECTIONS)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    passed = time.perf_counter() - began
    every = [value for each in times for value in each]
    return Driven(len(every), passed, sum(errors), *(percentile(every, part) for part in (0.5, 0.95, 0.99, 1.0)))
