"""Has everything come to rest? Looks until nothing is under way any more, for a bounded time."""

import time
from typing import Any, LiteralString

import psycopg
import redis
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from tests.checker.effects import PROCESSES
from tests.checker.folds.view import MONGO, SQL
from tests.checker.folds.views import VIEWS
from tests.checker.places import Places
from tests.checker.targets import TARGET

PAUSE = 0.25  # seconds between two looks
UNDER_WAY = ("AUTHORISING", "UNKNOWN", "CAPTURING", "VOIDING", "REFUNDING")  # stages that end by themselves
WORK: LiteralString = """
select (select count(*) from work.outbox where state in ('REQUESTED', 'LEASED'))
    + (select count(*) from work.process_state where state->'state'->>'stage' = any(%s))
    + (select count(*) from work.timers t cross join work.virtual_clock c where t.at < clock_timestamp() + c.ahead)
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
            rows = connection.execute("select target, position from read.checkpoints").fetchall()
        with MongoClient[dict[str, Any]](places.mongo, serverSelectionTimeoutMS=2_000) as client:
            found = client.get_default_database("telocompro")["checkpoints"].find().to_list()
        documents = {str(row["_id"]): int(row["position"]) for row in found}
        with redis.Redis.from_url(places.redis, socket_timeout=2.0) as copies:
            covered = [int(copies.hget(name, "covered") or 0) for name in copies.scan_iter(match="view:*")]
    except (psycopg.Error, PyMongoError, redis.RedisError, OSError):
        return False  # somebody is still on the way back
    views = _there(dict(rows), SQL, head) and _there(documents, MONGO, head)
    return is_done and views and all(position >= head for position in covered)


def _work(connection: psycopg.Connection[Any]) -> tuple[int, bool]:
    row = connection.execute("select position from log.log_head").fetchone()
    open_ = connection.execute(WORK, [list(UNDER_WAY)]).fetchone()
    assert row is not None
    assert open_ is not None
    stand = dict(connection.execute("select process, position from work.checkpoints").fetchall())
    head = int(row[0])
    return head, open_[0] == 0 and all(stand.get(process, 0) >= head for process in PROCESSES)


def _there(positions: dict[str, int], store: str, head: int) -> bool:
    """Whether some build of every view of this store is at the head."""
    best: dict[str, int] = {}
    for target, position in positions.items():
        parts = TARGET.fullmatch(target)
        if parts is not None:
            best[parts["view"]] = max(position, best.get(parts["view"], 0))
    return all(best.get(view.name, 0) >= head for view in VIEWS if store in view.stores)
