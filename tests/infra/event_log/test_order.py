"""Does a reader that follows the log ever miss an event, whoever writes?"""

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.infra.event_log.racing import entry, positions
from tests.kit.stack import Stores

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

_ROOT = Path(__file__).parents[3]
_APPEND = _ROOT / "infra" / "event_log" / "migrations" / "append.sql"
_SECONDS = float(os.environ.get("TELOCOMPRO_TEST_SECONDS", "30"))
_WRITERS = 8
_READERS = 4

_LOCK = "select h.position, h.recorded_at, h.link into strict head from log.log_head h for update;"
_NO_LOCK = (
    "select nextval('log.unordered') - 1 as position, h.recorded_at, h.link into strict head from log.log_head h;"
)


def test_eight_writers_and_four_readers_who_each_see_the_whole_log(stores: Stores, tmp_path: Path) -> None:
    seen = race(stores, tmp_path, _SECONDS, most=5)

    whole = log(stores)
    assert positions(whole) == list(range(1, len(whole) // 24 + 1))
    assert len(whole) // 24 > 100 * _SECONDS
    assert [one == whole for one in seen] == [True] * _READERS


def test_without_the_ordering_lock_the_same_race_loses_events(stores: Stores, tmp_path: Path) -> None:
    """The lock line gives way to a sequence: positions are unique, but become visible in another order."""
    source = _APPEND.read_text()
    assert source.count(_LOCK) == 1
    with psycopg.connect(stores.postgres_url, autocommit=True) as connection:
        connection.execute("create sequence log.unordered")
        connection.execute("drop function log.append")
        connection.execute(source.replace(_LOCK, _NO_LOCK).encode())

    seen = race(stores, tmp_path, min(_SECONDS, 5), most=1)

    whole = log(stores)
    assert positions(whole) == list(range(1, len(whole) // 24 + 1))
    assert any(len(one) < len(whole) for one in seen)


def race(stores: Stores, folder: Path, seconds: float, most: int) -> list[bytes]:
    """What each reader saw."""
    stop = folder / "stop"
    files = [folder / f"reader-{number}" for number in range(_READERS)]
    readers = [started("follow", stores.postgres_url, str(file), str(stop)) for file in files]
    writers = [started("write", stores.postgres_url, str(seconds), str(most)) for _ in range(_WRITERS)]
    failed = [code for writer in writers if (code := writer.wait(seconds + 60))]
    stop.touch()
    failed += [code for reader in readers if (code := reader.wait(60))]
    assert failed == []
    return [file.read_bytes() for file in files]


def started(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "tests.infra.event_log.racing", *arguments], cwd=_ROOT)


def log(stores: Stores) -> bytes:
    with psycopg.connect(stores.postgres_url) as connection:
        rows = connection.execute("select position, event_id from log.events order by position").fetchall()
    return b"".join(entry(position, event_id.bytes) for position, event_id in rows)
