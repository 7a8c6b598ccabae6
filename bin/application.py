"""The Django project inside its environment: variables, migrations, static files, demo data, one-off commands."""

import os
import secrets
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from urllib.parse import quote

import console
from apt import PrivateApt
from keeper import Services
from packages import Python
from place import Place, Stamp, digest
from processes import logged, tied
from programs import Programs

# Static files of packages that no page here loads; compressing them would take longer than all of ours.
UNUSED = ("--ignore", "i18n", "--ignore", "rest_framework", "--ignore", "gis")

ROLE_URLS = {
    "DATABASE_URL": "yaobi_app",
    "DATABASE_OWNER_URL": "yaobi_owner",
    "DATABASE_SEARCH_URL": "yaobi_search",
}


def external() -> bool:
    """Whether the database and the broker are somebody else's (DATABASE_URL and REDIS_URL are set)."""
    given = [name for name in ("DATABASE_URL", "REDIS_URL") if os.environ.get(name)]
    if len(given) == 1:
        missing = "REDIS_URL" if given == ["DATABASE_URL"] else "DATABASE_URL"
        raise console.Failed(
            f"{given[0]} is set but {missing} is not",
            advice="set both to use your own services, or neither to use the private ones",
        )
    return bool(given)


def environment(place: Place, programs: Programs, services: Services | None) -> dict[str, str]:
    """What settings.py reads. `services` is None when DATABASE_URL and REDIS_URL came from outside."""
    env = {k: v for k, v in os.environ.items() if k not in {"PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV"}}
    if services:
        env = {k: v for k, v in env.items() if not k.startswith("PG")}
        host = quote(str(services.run), safe="/")
        env |= {name: f"postgresql://{role}@/yaobi?host={host}" for name, role in ROLE_URLS.items()}
        env["REDIS_URL"] = f"unix://{quote(str(services.run), safe='/')}/redis.sock?db=0"
    env |= programs.libraries
    env |= {"YAOBI_VAR": str(place.var), "NODE_MODULES": str(place.node_modules)}
    env.setdefault("SECRET_KEY", _secret_key(place.var / "secret_key"))
    env.setdefault("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
    return env | {"DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONUNBUFFERED": "1"}


def _secret_key(path: Path) -> str:
    """Made once, readable by its owner only."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        if key := path.read_text().strip():
            return key
        raise console.Failed(f"{path} is empty", advice="remove it; a new one is made") from None
    with os.fdopen(handle, "w") as file:
        key = secrets.token_urlsafe(50)
        file.write(key)
    return key


class Application:
    """Management commands, and the preparations that are skipped when nothing changed since they were last made."""

    def __init__(self, place: Place, env: dict[str, str], *, private: bool) -> None:
        self.place, self.env, self.private = place, env, private
        self._migrated = Stamp(place.var / "migrated")

    def command(self, *arguments: str) -> list[str | Path]:
        return [self.place.python, self.place.root / "manage.py", *arguments]

    def _manage(self, *arguments: str, what: str, advice: str = "", env: Mapping[str, str] | None = None) -> None:
        logged(
            self.command(*arguments),
            log=self.place.logs / f"{arguments[0]}.log",
            what=what,
            advice=advice,
            env={**self.env, **(env or {})},
            cwd=self.place.root,
        )

    def migrate(self) -> None:
        """Bring the schema up to date, unless this database has seen exactly these migrations."""
        root = self.place.root
        sources = sorted([*root.glob("*/migrations/**/*.py"), *root.glob("*/sql/**/*.sql"), root / "requirements.txt"])
        wanted = digest(*sources)
        # Somebody else's database may have been made anew without our knowing.
        if self.private and self._migrated.holds(wanted):
            return
        with console.step("migrations"):
            self._manage(
                "migrate",
                "--no-input",
                what="the migrations failed",
                advice="nothing was changed by the failed one; mend it and run the command again"
                if self.private
                else "migrations need DATABASE_OWNER_URL, the role that owns the tables (docs/operations.md)",
            )
        self._migrated.set(wanted)

    def forget_migrations(self) -> None:
        """After somebody migrated by hand: look again next time."""
        self._migrated.clear()

    def collect_static(self) -> None:
        """Publish the static files when any of them changed."""
        root = self.place.root
        folders = [path for path in root.glob("*/static") if path.parent != self.place.tools]
        files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
        state = "".join(f"{path} {path.stat().st_size} {path.stat().st_mtime_ns}\n" for path in sorted(files))
        pins = [root / "package-lock.json", root / "requirements.txt", root / "config/settings.py"]
        stamp, wanted = Stamp(self.place.var / "collected"), digest(state, *pins)
        if stamp.holds(wanted) and (self.place.var / "static").is_dir():
            return
        with console.step("static files"):
            self._manage(
                "collectstatic", "--no-input", "--clear", "--ignore", "redoc", *UNUSED, what="collectstatic failed"
            )
        stamp.set(wanted)

    def load_demo(self) -> None:
        """Load the demo province once in the life of a database."""
        stamp = Stamp(self.place.var / "demo-loaded")
        if stamp.path.exists():
            return
        with console.step("demo province"):
            # It fetches its county outlines from the package index: with our installer, our caches, pip's settings.
            python = Python(self.place, PrivateApt(self.place))
            python.prepare()
            own = {k: v for k, v in python.env.items() if k.startswith(("UV", "PIP_")) or k == "SSL_CERT_FILE"}
            self._manage(
                "load_demo",
                env=own,
                what="the demo province could not be loaded",
                advice="`bin/serve --no-demo` starts without it",
            )
        stamp.set("1")

    def run(self, *arguments: str) -> int:
        """A management command in the foreground, with our terminal and folder; its exit status."""
        process = subprocess.Popen(tied(self.command(*arguments)), env=self.env)

        def pass_on(number: int, frame: FrameType | None) -> None:
            # A terminal sends Ctrl-C to the command as well; the others reach only us. We stay until it is done.
            if number != signal.SIGINT:
                process.send_signal(number)

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, pass_on)
        return process.wait()
