"""The private PostgreSQL: made once, sized to the machine, with the three roles; and the private Redis beside it."""

import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path

import console
from place import LONGEST_RUN_DIR, Place, Stamp
from processes import logged, tied
from programs import Programs

MB = 1 << 20
SUPERUSER = "postgres"
EXTENSIONS = ("postgis", "btree_gist", "pg_trgm")
MISSING_ROLES = """
SELECT format('CREATE ROLE %I LOGIN', name) FROM unnest(ARRAY['yaobi_owner', 'yaobi_app', 'yaobi_search']) AS name
WHERE name NOT IN (SELECT rolname FROM pg_roles) \\gexec
"""
MISSING_DATABASE = """
SELECT 'CREATE DATABASE yaobi OWNER yaobi_owner' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'yaobi') \\gexec
"""
# The last three keep a searcher's position out of the server's log: a statement that times out, a parameter that
# cannot be read and a backend that crashes would each be printed there. Only a superuser may set them.
ROLE_SETTINGS = """
ALTER ROLE yaobi_owner CREATEDB;
GRANT yaobi_app, yaobi_search TO yaobi_owner;
ALTER ROLE yaobi_search SET default_transaction_read_only = on;
ALTER ROLE yaobi_search SET statement_timeout = '3s';
ALTER ROLE yaobi_search SET log_parameter_max_length_on_error = 0;
ALTER ROLE yaobi_search SET log_min_error_statement = panic;
ALTER ROLE yaobi_search SET track_activities = off;
"""


def memory() -> int:
    """Bytes this machine, or the container we are in, may use."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        path = Path(limit)
        if path.exists() and (text := path.read_text().strip()).isdecimal():
            total = min(total, int(text))
    return total


def sizing(total: int, *, test: bool, shared_memory: int) -> dict[str, str]:
    """PostgreSQL settings for `total` bytes of memory; `shared_memory` is what /dev/shm has free.

    The shown prices and their two indexes should fit in shared_buffers; a test cluster may lose its data, ours may not.
    """
    buffers = min(max(total // 4, 128 * MB), 8192 * MB)
    settings = {
        "shared_buffers": f"{(min(buffers, 512 * MB) if test else buffers) // MB}MB",
        "effective_cache_size": f"{max(total * 6 // 10, 256 * MB) // MB}MB",
        "work_mem": f"{min(max(total // 512, 4 * MB), 64 * MB) // MB}MB",
        "maintenance_work_mem": f"{min(max(total // 16, 64 * MB), 1024 * MB) // MB}MB",
        "max_wal_size": "2GB" if test else "8GB",
        "checkpoint_timeout": "15min",
        "random_page_cost": "1.1",
        "effective_io_concurrency": "200",
        "jit": "off",
        "max_connections": "200",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_line_prefix": "%m [%p] %q%u@%d ",
        "log_checkpoints": "off",
    }
    if shared_memory < 1024 * MB:
        settings["dynamic_shared_memory_type"] = "mmap"  # parallel queries fail when a small /dev/shm is full
    if test:
        settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    return settings


def shared_memory_free() -> int:
    if not os.access("/dev/shm", os.W_OK):
        return 0
    return shutil.disk_usage("/dev/shm").free


def _is_private(folder: Path, user: str | None) -> bool:
    """A real directory that belongs to us, or to whom PostgreSQL runs as, and is closed to everybody else."""
    try:
        about = folder.lstat()
    except OSError:
        return False
    owner = pwd.getpwnam(user).pw_uid if user else os.geteuid()
    return stat.S_ISDIR(about.st_mode) and stat.S_IMODE(about.st_mode) == 0o700 and about.st_uid == owner


def require_name(uid: int) -> None:
    """PostgreSQL looks its user up by number: in a container started with `--user 4242` there may be no such user."""
    try:
        pwd.getpwuid(uid)
    except KeyError as error:
        raise console.Failed(
            f"PostgreSQL needs a user with a name, and number {uid} has none here",
            advice="run the command as a user that stands in /etc/passwd",
        ) from error


class Cluster:
    """The data directory `var/pg`. Root may not run PostgreSQL, so for root it runs as somebody else."""

    def __init__(self, place: Place, programs: Programs) -> None:
        if not (programs.pg_bin and programs.redis):
            raise console.Failed("no PostgreSQL and Redis were looked for")
        self.place, self.bin, self.redis = place, programs.pg_bin, programs.redis
        self.log = place.logs / "postgres.log"
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("PG")} | programs.libraries
        self._user, self._prefix = self._become()

    def _become(self) -> tuple[str | None, list[str | Path]]:
        """(user who owns the files when that is not us, what to put before a PostgreSQL command)."""
        if os.geteuid() != 0:
            require_name(os.geteuid())
            return None, []
        # In a user namespace we are uid 1000 and the files still belong to root: no user is needed, and a checkout
        # below /root stays readable. Some containers and every chroot forbid it.
        space: list[str | Path] = ["unshare", "-U", "--map-user=1000", "--map-group=1000"]
        if (
            shutil.which("unshare")
            and subprocess.run([*space, "true"], capture_output=True, check=False).returncode == 0
        ):
            return None, space
        names = {entry.pw_name for entry in pwd.getpwall()}
        user = next((name for name in (SUPERUSER, "nobody") if name in names), None)
        if user is None or not shutil.which("setpriv"):
            raise console.Failed(
                "PostgreSQL does not run as root, and neither `unshare -U` nor `setpriv` with a user to become works here",
                advice="run the command as an ordinary user",
            )
        entry = pwd.getpwnam(user)
        # The way to the checkout may lead through folders closed to others (/root): this capability opens them, and
        # the secure bit keeps it in force for access(2), by which PostgreSQL looks for its own programs.
        caps = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--securebits=+no_setuid_fixup"]
        return user, ["setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups", *caps]

    def run_dir(self) -> Path:
        """A 0700 directory for the sockets; in /tmp, and noted, when the checkout's path is too long for a socket."""
        near = self.place.var / "run"
        noted = Stamp(self.place.var / "run.path")
        if len(os.fsencode(near)) <= LONGEST_RUN_DIR:
            near.mkdir(exist_ok=True)
            run = near
        else:
            # After a crash the same folder serves again: running programs know it. Anybody can make folders in /tmp.
            run = Path(noted.path.read_text()) if noted.path.exists() else Path("/nowhere")
            if not _is_private(run, self._user):
                run = Path(tempfile.mkdtemp(prefix="yaobi-", dir="/tmp"))
                noted.set(str(run))
        run.chmod(0o700)
        self._own(run)
        return run

    def forget_run_dir(self, run: Path) -> None:
        """Remove a socket directory that lies outside the checkout."""
        if run != self.place.var / "run":
            shutil.rmtree(run, ignore_errors=True)
            Stamp(self.place.var / "run.path").clear()

    def _own(self, path: Path) -> None:
        """Hand a tree to whoever PostgreSQL runs as; only root can, and only root needs to."""
        if os.geteuid() == 0:
            for name in (path, *path.rglob("*")):
                if not name.is_symlink():
                    shutil.chown(name, self._user or 0)

    def initialise(self) -> bool:
        """Make the data directory unless there is one; true when it was made now."""
        done = Stamp(self.place.var / "cluster-made")
        pg = self.place.pg
        if (pg / "PG_VERSION").exists() and done.path.exists():
            if os.geteuid() == 0 and pg.stat().st_uid != (pwd.getpwnam(self._user).pw_uid if self._user else 0):
                self._own(pg)  # made while the other way of not being root was in use
            if os.geteuid() not in (0, pg.stat().st_uid):
                raise console.Failed(
                    f"{pg} belongs to another user", advice="run as that user, or set YAOBI_VAR to a folder of your own"
                )
            return False
        with console.step("a new PostgreSQL cluster"):
            if pg.exists() and any(pg.iterdir()):
                pg.rename(pg.with_name(f"pg.unfinished.{int(pg.stat().st_mtime)}"))
            pg.mkdir(mode=0o700, exist_ok=True)
            self._own(pg)
            command: list[str | Path] = [self.bin / "initdb", "-D", pg, "-U", SUPERUSER, "-A", "trust", "--no-sync"]
            # Under the locale "C" a Chinese word has no trigrams and similarity search finds nothing.
            logged(
                [*self._prefix, *command, "-E", "UTF8", "--locale=C.UTF-8"],
                log=self.log,
                what="initdb failed",
                env=self.env,
            )
            with (pg / "postgresql.conf").open("a") as conf:
                conf.write("\ninclude_if_exists = 'yaobi.conf'  # written at every start; ALTER SYSTEM overrides it\n")
            done.set("1")
        return True

    def configure(self, run: Path) -> None:
        """Write this start's settings: the sockets' place and the sizes that fit the machine as it is now."""
        settings = sizing(memory(), test=self.place.test, shared_memory=shared_memory_free())
        settings |= {
            "listen_addresses": "",
            "unix_socket_directories": str(run).replace("'", "''"),
            "unix_socket_permissions": "0700",
        }
        path = self.place.pg / "yaobi.conf"
        path.write_text("".join(f"{name} = '{value}'\n" for name, value in settings.items()))
        self._own(path)
        self._drop_stale_pid_file()

    def _drop_stale_pid_file(self) -> None:
        """After a kill -9 or a power cut the pid in the file may by now be somebody else's; PostgreSQL would refuse."""
        path = self.place.pg / "postmaster.pid"
        if not path.exists():
            return
        pid = path.read_text().split("\n", 1)[0].strip()
        try:
            ours = os.path.samefile(f"/proc/{pid}/cwd", self.place.pg)
        except OSError:
            ours = False
        if not ours:
            path.unlink()

    def postmaster(self) -> int | None:
        """The pid of a server that still runs on our data (its keeper was killed and it is shutting down), or None."""
        path = self.place.pg / "postmaster.pid"
        if not path.exists():
            return None
        self._drop_stale_pid_file()
        return int(path.read_text().split("\n", 1)[0]) if path.exists() else None

    def postgres_command(self) -> list[str | Path]:
        # Entering a user namespace or changing the uid cancels a death signal, so it is set last.
        return [*self._prefix, *tied([self.bin / "postgres", "-D", self.place.pg], by="INT")]

    def redis_command(self, run: Path) -> list[str | Path]:
        folder = self.place.var / "redis"
        folder.mkdir(exist_ok=True)
        # A broker that evicts loses tasks. Nothing in Redis is the truth, so nothing is saved.
        limit = str(max(memory() // 16, 64 * MB))
        return [
            self.redis, "--port", "0", "--unixsocket", run / "redis.sock", "--unixsocketperm", "700", "--dir", folder,
            "--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction", "--maxmemory", limit,
            "--daemonize", "no", "--supervised", "no",
        ]  # fmt: skip

    def make_database(self, run: Path) -> None:
        """Roles, extensions (in template1, so that test databases have them) and the database; safe to repeat."""
        done = Stamp(self.place.var / "database-made")
        wanted = ROLE_SETTINGS + " ".join(EXTENSIONS)
        if done.holds(wanted):
            return
        with console.step("roles, extensions and database"):
            self._sql(run, "template1", "".join(f"CREATE EXTENSION IF NOT EXISTS {name};" for name in EXTENSIONS))
            self._sql(run, SUPERUSER, MISSING_ROLES + ROLE_SETTINGS + MISSING_DATABASE)
        done.set(wanted)

    def _sql(self, run: Path, database: str, text: str) -> None:
        command: list[str | Path] = [
            self.bin / "psql",
            "-X",
            "-q",
            "-h",
            run,
            "-U",
            SUPERUSER,
            "-d",
            database,
            "-v",
            "ON_ERROR_STOP=1",
        ]
        done = subprocess.run(command, input=text, capture_output=True, text=True, env=self.env, check=False)
        if done.returncode:
            raise console.Failed(f"cannot prepare the database: {done.stderr.strip()}", log=self.log)
