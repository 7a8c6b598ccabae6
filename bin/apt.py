"""Debian packages without being root: download with a private apt state, unpack below `var/sys`, install nothing."""

import os
import re
import shutil
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import console
from place import Place
from processes import logged

DPKG_STATUS = Path("/var/lib/dpkg/status")
ADVICE = "check that apt's sources can be reached (`apt-get update` as root shows it), then run the command again"


class PrivateApt:
    """apt-get with its own lists, cache and idea of what is installed. Thread-safe; updates its lists once."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.home = place.tools / "apt"
        self.log = place.logs / "setup-apt.log"
        self._lock = threading.Lock()
        self._updated = False

    @staticmethod
    def available() -> bool:
        return bool(shutil.which("apt-get") and shutil.which("dpkg-deb") and DPKG_STATUS.exists())

    def update(self) -> None:
        """Fetch the package lists, once per run."""
        with self._lock:
            if self._updated:
                return
            if not self.available():
                raise console.Failed("this system has no apt-get")
            conf = self._configure("base", forget=r"(?!)")
            with console.step("package lists (private copy)"):
                logged(
                    ["apt-get", "-c", conf, "-qq", "update"], log=self.log, what="apt-get update failed", advice=ADVICE
                )
            self._updated = True

    def newest(self, pattern: str) -> str | None:
        """The package with the highest number whose name matches, e.g. `^postgresql-[0-9]+-postgis-3$`."""
        self.update()
        names = subprocess.run(
            ["apt-cache", "-c", self.home / "base.conf", "search", "--names-only", pattern],
            capture_output=True,
            text=True,
            check=False,
        ).stdout
        found = [line.split()[0] for line in names.splitlines() if line.strip()]
        return max(found, key=lambda name: [int(part) for part in re.findall(r"\d+", name)], default=None)

    def fetch(self, *packages: str, what: str, forget: str) -> None:
        """Download packages with what they need and unpack them below `var/sys`.

        `forget` matches names of packages to treat as not installed: a server that stands on this machine without
        the extension we need must come along into the private tree, or the tree has no `initdb`.
        """
        self.update()
        name = packages[0]
        conf = self._configure(name, forget=forget)
        debs = self.home / name / "archives"
        with console.step(f"{what}: download", progress=lambda: f"{megabytes(debs):.0f} MB"):
            logged(
                ["apt-get", "-c", conf, "-qq", "-y", "--download-only", "install", *packages],
                log=self.log,
                what=f"cannot download {', '.join(packages)}",
                advice=ADVICE,
            )
        with console.step(f"{what}: unpack", progress=lambda: f"{megabytes(self.place.sys):.0f} MB"):
            self._unpack(sorted(debs.glob("*.deb")))
        shutil.rmtree(self.home / name)

    def download(self, package: str, into: Path) -> Path:
        """One .deb file, unpacked below `into`; returns `into`."""
        self.update()
        with console.step(f"{package}: download", quiet_below=1):
            folder = self.home / "single"
            folder.mkdir(exist_ok=True)
            logged(
                ["apt-get", "-c", self.home / "base.conf", "-qq", "download", package],
                log=self.log,
                what=f"cannot download {package}",
                advice=ADVICE,
                cwd=folder,
            )
            into.mkdir(parents=True, exist_ok=True)
            (deb,) = folder.glob(f"{package}_*.deb")
            logged(["dpkg-deb", "-x", deb, into], log=self.log, what=f"cannot unpack {deb.name}")
            deb.unlink()
        return into

    def _unpack(self, debs: list[Path]) -> None:
        self.place.sys.mkdir(parents=True, exist_ok=True)
        advice = "there may be too little room on the disk (`df -h .`)"

        def one(deb: Path) -> None:
            logged(
                ["dpkg-deb", "-x", deb, self.place.sys],
                log=self.log,
                what=f"cannot unpack {deb.name}",
                advice=advice,
            )

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(one, debs))

    def _configure(self, name: str, *, forget: str) -> Path:
        """Write the settings file for one fetch; the machine's own settings (sources, proxies, keys) stay in force."""
        cache = self.home / name
        for folder in (self.home / "lists" / "partial", cache / "archives" / "partial"):
            folder.mkdir(parents=True, exist_ok=True)
        stanzas = DPKG_STATUS.read_text(errors="replace").split("\n\n")
        status = cache / "status"
        status.write_text("\n\n".join(s for s in stanzas if not re.match(rf"\n*Package: (?:{forget})", s)))
        conf = self.home / f"{name}.conf"
        # The hooks that the machine runs after its own updates must not run for ours: they write outside the checkout.
        conf.write_text(
            "#clear APT::Update::Pre-Invoke;\n#clear APT::Update::Post-Invoke;\n"
            "#clear APT::Update::Post-Invoke-Success;\n#clear DPkg::Pre-Invoke;\n#clear DPkg::Post-Invoke;\n"
            f'Dir::State "{self.home}";\nDir::State::Lists "{self.home}/lists";\nDir::State::status "{status}";\n'
            f'Dir::Cache "{cache}";\nDir::Cache::archives "{cache}/archives";\n'
            f'Dir::Cache::pkgcache "{cache}/pkgcache.bin";\nDir::Cache::srcpkgcache "";\n'
            'Debug::NoLocking "1";\nAPT::Install-Recommends "false";\nAPT::Install-Suggests "false";\n'
            'APT::Sandbox::User "";\nAcquire::Languages "none";\nAcquire::Retries "3";\n'
        )
        return conf


def megabytes(folder: Path) -> float:
    """What a growing folder holds now; files that vanish while we look do not matter."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += 0 if path.is_symlink() else path.stat().st_size
        except OSError:
            continue
    return total / 1e6
