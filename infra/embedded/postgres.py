"""How does an embedded PostgreSQL start? From the programs found here, on a Unix socket, with durability untouched."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

from infra.embedded import unprivileged
from infra.embedded.binaries import POSTGRES, Binary, NothingFits, candidates
from infra.embedded.kept import Account, Server, ServerFailed, keep, locked, pause
from infra.embedded.lifeline import Lifeline

USER = "telocompro"
DATABASE = "telocompro"
KEYS_DATABASE = "telocompro_keys"
SLOW_MS = 250
_READY = 30.0  # seconds: a start after a crash replays the write-ahead log
_SOCKET_PATH = 90  # bytes: the kernel's limit is 103 to 107 with the file's name

_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "maintenance_work_mem": "32MB",
    "jit": "off",
    "autovacuum_max_workers": "2",
    "autovacuum_naptime": "20s",
    "shared_preload_libraries": "pg_stat_statements",
    "pg_stat_statements.max": "1000",
    "track_io_timing": "on",
    "log_min_duration_statement": f"{SLOW_MS}ms",
    "log_lock_waits": "on",
    "log_line_prefix": "%m [%p] %d ",
    "log_parameter_max_length": "0",  # values may be personal
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",  # the detail of a duplicate key holds the value
}


def start(data: Path, lifeline: Lifeline, socket: Path | None = None) -> Server:
    """Start it in `data`, made at the first start; the two databases exist afterwards. `socket`: a folder to listen in.

    Raises NothingFits, ServerFailed.
    """
    data.mkdir(parents=True, exist_ok=True)
    who = unprivileged.account()
    folder = unprivileged.home(data, "postgres", who)
    cluster = folder / "cluster"
    binary = fitting(cluster)
    programs = unprivileged.reachable(binary, who)
    if not (cluster / "PG_VERSION").exists():
        with locked(data, "postgres") as lock:
            _make_cluster(programs, cluster, binary.version[0], who, lock)
    _clear_lock(cluster)
    socket, remove = _socket_folder(socket or folder / "socket", who)
    settings = {**_SETTINGS, "unix_socket_directories": str(socket)}
    command = [str(programs / "postgres"), "-D", str(cluster)]
    command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    kept = keep(
        "postgres", command, data=data, lifeline=lifeline, stop=signal.SIGINT, account=who, remove=remove
    )  # SIGINT: the fast shutdown
    url = f"postgresql://{USER}@/{DATABASE}?host={quote(str(socket))}"
    until = time.monotonic() + _READY
    while not _ready(url):
        pause(kept, until, "answering")
    return Server("postgres", url, kept.pid, binary.text, folder, kept)


def socket_of(url: str) -> Path:
    """The folder of the socket in such a URL."""
    return Path(parse_qs(urlsplit(url).query)["host"][0])


def named(url: str, database: str) -> str:
    """The same server, another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def fitting(cluster: Path) -> Binary:
    """Data is only readable by the major version that made it, whatever stands on PATH by now."""
    found = candidates(POSTGRES)
    version = cluster / "PG_VERSION"
    if not version.exists():
        return found[0]
    major = int(version.read_text())
    for binary in found:
        if binary.version[0] == major:
            return binary
    offered = ", ".join(binary.text for binary in found)
    raise NothingFits(f"{cluster} was made by PostgreSQL {major}; found here: {offered}. Install {major}, or dump it")


def _make_cluster(programs: Path, cluster: Path, major: int, who: Account | None, lock: int) -> None:
    """In a folder beside it, renamed when complete: a start that was killed leaves no half cluster.

    The lock goes with initdb, so that the next start waits for one that goes on without its runner.
    """
    making = cluster.with_name("making")
    shutil.rmtree(making, ignore_errors=True)
    command = [str(programs / "initdb"), "-D", str(making), "-U", USER, "--auth=trust", "--encoding=UTF8"]
    command += ["--data-checksums", *_locale(major)]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd="/",
        env=_environment(),
        pass_fds=(lock,),
        user=None if who is None else who.user,
        group=None if who is None else who.group,
        extra_groups=None if who is None else [],
    )
    if done.returncode != 0:
        raise ServerFailed(f"initdb failed\n{done.stdout[-1000:]}{done.stderr[-1000:]}")
    making.rename(cluster)


def _locale(major: int) -> Sequence[str]:
    """Bytes decide the order (fast, the same everywhere); what is a letter, Unicode."""
    if major >= 17:
        return ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
    return ("--locale=C",) if sys.platform == "darwin" else ("--locale=C", "--lc-ctype=C.UTF-8")


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_"))} | {"LANG": "C"}


def _clear_lock(cluster: Path) -> None:
    """PostgreSQL refuses to start while the pid of a crashed one belongs to anybody: it does so only to its own."""
    file = cluster / "postmaster.pid"
    until = time.monotonic() + 15
    while file.exists():
        lines = file.read_text().splitlines()
        pid = int(lines[0]) if lines and lines[0].isdigit() else 0
        if not _serves(pid, cluster):
            file.unlink(missing_ok=True)
            return
        if time.monotonic() > until:
            raise ServerFailed(f"PostgreSQL {pid} still runs in {cluster}")
        os.kill(pid, signal.SIGINT)
        time.sleep(0.2)


def _serves(pid: int, cluster: Path) -> bool:
    """Is that process a server of this cluster? A postmaster works in its data folder."""
    if pid <= 0:
        return False
    working = Path(f"/proc/{pid}/cwd")
    if working.parent.parent.joinpath("self").exists():
        try:
            return working.readlink() == cluster.resolve()
        except OSError:
            return False
    told = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True)  # noqa: S607
    return str(cluster) in told.stdout


def _socket_folder(socket: Path, who: Account | None) -> tuple[Path, Sequence[Path]]:
    """The wanted one, or a short temporary folder (to be removed at the end)."""
    remove: Sequence[Path] = ()
    if len(os.fsencode(socket)) > _SOCKET_PATH:
        socket = Path(tempfile.mkdtemp(prefix="tlc-", dir="/tmp"))  # short, whatever TMPDIR says
        remove = (socket,)
    socket.mkdir(exist_ok=True, mode=0o700)
    if who is not None:
        os.chown(socket, who.user, who.group)
    return socket, remove


def _ready(url: str) -> bool:
    try:
        with psycopg.connect(named(url, "postgres"), autocommit=True, connect_timeout=2) as connection:
            there = {name for (name,) in connection.execute("select datname from pg_database")}
            for database in (DATABASE, KEYS_DATABASE):
                if database not in there:
                    connection.execute(sql.SQL("create database {}").format(sql.Identifier(database)))
    except psycopg.OperationalError:
        return False
    return True
