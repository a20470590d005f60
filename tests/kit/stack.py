"""Real servers for integration tests: one embedded stack per pytest run, a fresh database per test.

Workers of pytest-xdist share the stack. `TELOCOMPRO_TEST_STACK` (path of a run.json) names one that runs already.
"""

import fcntl
import hashlib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
import pymongo
import pytest
import redis
from psycopg import sql

from infra.embedded import postgres, run_json
from infra.embedded import redis as embedded_redis
from infra.embedded.kept import Server
from infra.embedded.lifeline import Lifeline
from infra.postgres.migrate import migrate

VARIABLE = "TELOCOMPRO_TEST_STACK"
_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Stack:
    """The servers of the run. Their own databases stay empty: take a fresh one."""

    postgres_url: str
    redis_url: str
    mongo_url: str
    folder: Path  # for locks and files of the run


@dataclass(frozen=True, slots=True)
class Stores:
    """Stores that only one test sees: empty, migrated."""

    postgres_url: str
    keys_url: str
    mongo_url: str
    redis_url: str


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The run's servers, started by whoever asks first and stopped after the last."""
    given = os.environ.get(VARIABLE)
    if given:
        run = run_json.read(Path(given))
        if run is None:
            raise pytest.UsageError(f"{VARIABLE}={given} names no run")
        yield _stack(run)
        return
    folder = run_folder("tlc-test")
    with (folder / "users").open("a") as users:
        with locked(folder / "start"):
            fcntl.flock(users, fcntl.LOCK_SH)
            run = run_json.read(folder / "data" / run_json.NAME) or _start(folder)
        yield _stack(run)


@pytest.fixture
def stores(stack: Stack) -> Iterator[Stores]:
    """Fresh stores for one test; gone afterwards."""
    name = f"test_{uuid4().hex}"
    with _databases(stack) as (url, keys):
        yield Stores(url, keys, postgres.named(stack.mongo_url, name), _redis_database(stack))
    with pymongo.MongoClient[dict[str, object]](stack.mongo_url) as client:
        client.drop_database(name)


@asynccontextmanager
async def fresh_database(stack: Stack) -> AsyncIterator[str]:
    """The URL of a new, empty, migrated database; its keys database is `keys_url_of(url)`."""
    with _databases(stack) as (url, _):
        yield url


def keys_url_of(postgres_url: str) -> str:
    """The keys database that was made together with a fresh database."""
    return postgres.named(postgres_url, f"{urlsplit(postgres_url).path[1:]}_keys")


class PrivateRedis:
    """A Redis of one test's own: it may be flushed, stopped, and started again on the same port."""

    def __init__(self, data: Path, lifeline: Lifeline) -> None:
        self._data, self._lifeline = data, lifeline
        self._server: Server = embedded_redis.start(data, lifeline)
        self.url = self._server.url

    def stop(self) -> None:
        self._server.stop()

    def start(self) -> None:
        self._server = embedded_redis.start(self._data, self._lifeline, urlsplit(self.url).port)


@pytest.fixture
def private_redis() -> Iterator[PrivateRedis]:
    """A server that other tests don't see."""
    with tempfile.TemporaryDirectory(prefix="tlc-redis-") as folder, Lifeline() as lifeline:
        server = PrivateRedis(Path(folder), lifeline)
        yield server
        server.stop()


def _stack(run: run_json.RunJson) -> Stack:
    return Stack(run.urls["postgres"], run.urls["redis"], run.urls["mongo"], Path(run.data))


def run_folder(prefix: str) -> Path:
    """The same for all workers of one pytest run, another for each run."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or str(os.getpid())
    label = hashlib.sha256(run.encode()).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"{prefix}-{os.getuid()}-{label}"
    folder.mkdir(exist_ok=True)
    folder.chmod(0o711)  # an unprivileged PostgreSQL passes through
    return folder


def _start(folder: Path) -> run_json.RunJson:
    log = folder / "holder.log"
    with log.open("ab") as out:
        done = subprocess.run(
            [sys.executable, "-m", "tests.kit.stack_holder", str(folder)], cwd=_ROOT, stdout=out, stderr=out, timeout=90
        )
    run = run_json.read(folder / "data" / run_json.NAME)
    if done.returncode != 0 or run is None:
        raise RuntimeError(f"the test servers did not start\n{log.read_text()[-3000:]}")
    return run


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Alone among the workers of this run."""
    with file.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _databases(stack: Stack) -> Iterator[tuple[str, str]]:
    """A database and its keys database, copied from the migrated templates."""
    template = _template(stack)
    name = f"test_{uuid4().hex}"
    pairs = [(name, template), (f"{name}_keys", f"{template}_keys")]
    with psycopg.connect(stack.postgres_url, autocommit=True) as connection:
        for new, old in pairs:
            connection.execute(
                sql.SQL("create database {} template {}").format(sql.Identifier(new), sql.Identifier(old))
            )
    try:
        yield postgres.named(stack.postgres_url, name), postgres.named(stack.postgres_url, f"{name}_keys")
    finally:
        with psycopg.connect(stack.postgres_url, autocommit=True) as connection:
            for new, _ in pairs:
                connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(new)))


def _template(stack: Stack) -> str:
    """The name of the migrated, empty database of these migrations; made once per stack."""
    name = f"template_{_migrations()}"
    with locked(stack.folder / "template"), psycopg.connect(stack.postgres_url, autocommit=True) as connection:
        there = {row[0] for row in connection.execute("select datname from pg_database")}
        if name not in there:
            targets = [(f"{name}_making_keys", f"{name}_keys"), (f"{name}_making", name)]
            for made, final in targets:
                for old in (made, final):
                    connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(old)))
                connection.execute(sql.SQL("create database {}").format(sql.Identifier(made)))
            migrate(
                postgres.named(stack.postgres_url, f"{name}_making"),
                postgres.named(stack.postgres_url, f"{name}_making_keys"),
            )
            for made, final in targets:  # the main one last: its name says that both are complete
                connection.execute(
                    sql.SQL("alter database {} rename to {}").format(sql.Identifier(made), sql.Identifier(final))
                )
    return name


def _migrations() -> str:
    """A label that changes with any migration."""
    folders = (_ROOT / "infra" / "event_log" / "migrations", _ROOT / "infra" / "postgres")
    files = sorted(file for folder in folders for file in folder.rglob("*") if file.suffix in (".py", ".sql"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:10]


def _redis_database(stack: Stack) -> str:
    """The URL of an empty database; each worker has its own number, and runs one test at a time."""
    worker = re.sub(r"\D", "", os.environ.get("PYTEST_XDIST_WORKER", "")) or "0"
    number = 1 + int(worker) % (embedded_redis.DATABASES - 1)
    url = urlunsplit(urlsplit(stack.redis_url)._replace(path=f"/{number}"))
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    return url
