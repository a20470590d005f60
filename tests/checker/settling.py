"""Has everything come to rest? Looks until nothing is under way any more, for a bounded time."""

import time
from typing import Any, LiteralString

import psycopg
import redis
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from tests.checker.builds import Builds
from tests.checker.effects import PROCESSES
from tests.checker.folds.view import MONGO, SQL
from tests.checker.folds.views import VIEWS
from tests.checker.places import Places

PAUSE = 0.25  # seconds between two looks
RINGS_WITHIN = 2.0  # seconds: where orders come all the time, there is always a timer whose time has just come
# Stages of processes that end by themselves.
UNDER_WAY = (
    "AUTHORISING",
    "REQUESTED",
    "UNKNOWN",
    "CAPTURING",
    "VOIDING",
    "REFUNDING",
)
WORK: LiteralString = """
select (select count(*) from work.outbox where state in ('REQUESTED', 'LEASED'))
    + (select count(*) from work.process_state where state->'state'->>'stage' = any(%s))
    + (select count(*) from work.timers t cross join work.virtual_clock c
        where t.at < clock_timestamp() + c.ahead - make_interval(secs => %s))
"""


def settle(places: Places, seconds: float) -> bool:
    """Whether it came to rest in time. What then is still open is the checks' to tell."""
    until = time.monotonic() + seconds
    while True:
        if _at_rest(places):
            return True
        if time.monotonic() >= until:
            return False
        time.sleep(PAUSE)


def head_of(places: Places) -> int:
    with psycopg.connect(places.postgres) as connection:
        row = connection.execute("select position from log.log_head").fetchone()
    return 0 if row is None else int(row[0])


def _at_rest(places: Places) -> bool:
    try:
        with psycopg.connect(places.postgres, connect_timeout=5) as connection:
            head, is_done = _work(connection)
            builds = Builds(connection)
            rows = connection.execute("select target, position from read.checkpoints").fetchall()
        with MongoClient[dict[str, Any]](places.mongo, serverSelectionTimeoutMS=2_000) as client:
            found = client.get_default_database("telocompro")["checkpoints"].find().to_list()
        documents = {str(row["_id"]): int(row["position"]) for row in found}
        with redis.Redis.from_url(places.redis, socket_timeout=2.0) as copies:
            states = {name.decode()[5:]: copies.hget(name, "covered") for name in copies.scan_iter(match="view:*")}
    except (psycopg.Error, PyMongoError, redis.RedisError, OSError):
        return False  # somebody is still on the way back
    covered = builds.of({target: int(position or 0) for target, position in states.items()})
    are_copied = all(build.position >= head for kept in covered.values() for build in kept)
    views = _there(builds, dict(rows), SQL, head) and _there(builds, documents, MONGO, head)
    return is_done and views and are_copied


def _work(connection: psycopg.Connection[Any]) -> tuple[int, bool]:
    row = connection.execute("select position from log.log_head").fetchone()
    open_ = connection.execute(WORK, [list(UNDER_WAY), RINGS_WITHIN]).fetchone()
    assert row is not None
    assert open_ is not None
    stand = dict(connection.execute("select process, position from work.checkpoints").fetchall())
    head = int(row[0])
    return head, open_[0] == 0 and all(stand.get(process, 0) >= head for process in PROCESSES)


def _there(builds: Builds, positions: dict[str, int], store: str, head: int) -> bool:
    """Whether all that is kept of every view in this store is at the head."""
    found = builds.of(positions)
    kept = [found.get(view.name, []) for view in VIEWS if store in view.stores]
    return all(of_view and all(build.position >= head for build in of_view) for of_view in kept)
