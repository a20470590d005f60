"""What happens to stores: stopped, emptied, set back to what they were some time ago, or out of reach behind a line."""

import asyncio
import os
import shutil
import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pymongo
import redis.asyncio

from tests.faults.harm import Harm
from tests.faults.lines import DROPPED
from tests.faults.lines import FROZEN as SILENT
from tests.faults.tally import FLUSH, FROZEN, POSTGRES_RESTART, UNKNOWN_COMMIT

SLOW, LOST, CUT = "line slow", "reply to a command lost at the door", "connections cut"
REDIS_STOPPED, REDIS_BACK = "Redis stopped", "Redis restarted from an old dump"
MONGO_STOPPED, MONGO_DROPPED, MONGO_BACK = "MongoDB stopped", "MongoDB dropped", "MongoDB restored from an older dump"
FREEZABLE = ("postgres", "mongo", "redis", "door")
ENDING = 0.5  # seconds: for what is under way at a server whose clients were cut off
SILENCE = 3.5  # seconds: longer than anybody waits for an append
EATING = 30.0  # seconds at most until the wanted replies were eaten


async def postgres_restarts(harm: Harm, times: int) -> None:
    """An immediate stop, as a crash: no checkpoint, every connection lost; then it is started again."""
    for _ in range(times):
        await harm.probes.prepare(1)
        since = time.monotonic()
        os.kill(harm.ground.server("postgres").pid, signal.SIGQUIT)
        harm.tally.injected(POSTGRES_RESTART)
        await harm.ground.revived("postgres")
        await harm.measured(POSTGRES_RESTART, "postgres", since)


async def unknown_commits(harm: Harm, times: int, silent: int = 0) -> None:
    """So many replies to an append's commit never reach who asked; after `silent` of them the line is silent, too."""
    for number, by, at_once in ((times - silent, DROPPED, 10), (silent, SILENT, 1)):
        left = number
        while left > 0:
            eaten = await _eat(harm, min(left, at_once), by)
            if not eaten:
                harm.tally.violated("no append came through the line to be eaten")
                return
            left -= eaten


async def _eat(harm: Harm, replies: int, by: str) -> int:
    """How many were eaten; then the time counts until a purchase succeeds."""
    line = harm.ground.lines["postgres"]
    await harm.probes.prepare(1)
    line.eat(replies, by)
    eaten = replies - await line.full(EATING)
    since = time.monotonic()
    if by == SILENT:
        await asyncio.sleep(SILENCE)
        line.calm()
    harm.tally.injected(UNKNOWN_COMMIT, eaten)
    await harm.measured(UNKNOWN_COMMIT, "append", since)
    return eaten


async def lost_answers(harm: Harm, times: int) -> None:
    """The door's answer to an accepted command is lost on the way to its client."""
    line = harm.ground.lines["door"]
    line.eat(times)
    harm.tally.injected(LOST, times - await line.full(EATING))


async def freezes(harm: Harm, times: int, names: Sequence[str] = FREEZABLE, seconds: float = 4.0) -> None:
    """A peer that is there and says nothing: connections stay open, and no byte passes."""
    for number in range(times):
        name = names[number % len(names)]
        line = harm.ground.lines[name]
        await harm.probes.prepare(1)
        line.freeze()
        harm.tally.injected(FROZEN)
        await asyncio.sleep(seconds)
        since = time.monotonic()
        line.thaw()
        await harm.measured(FROZEN, name, since)


async def slowness(harm: Harm, names: Sequence[str] = ("postgres", "mongo", "redis"), seconds: float = 5.0) -> None:
    for name in names:
        harm.ground.lines[name].delay = 0.05
        harm.tally.injected(SLOW)
        await asyncio.sleep(seconds)
        harm.ground.lines[name].delay = 0.0


async def cuts(harm: Harm, times: int, names: Sequence[str] = FREEZABLE) -> None:
    """All connections of a line end at once."""
    for number in range(times):
        name = names[number % len(names)]
        await harm.probes.prepare(1)
        since = time.monotonic()
        harm.ground.lines[name].cut()
        harm.tally.injected(CUT)
        await harm.measured(CUT, name, since)


async def flushes(harm: Harm, times: int) -> None:
    for _ in range(times):
        async with redis.asyncio.Redis.from_url(harm.ground.stores.urls["redis"]) as client:
            await client.flushall()
        harm.tally.injected(FLUSH)
        await asyncio.sleep(harm.chance.uniform(0.05, 0.4))


async def redis_stopped(harm: Harm, seconds: float = 2.0) -> None:
    """Killed, away for a while, and started again with what it had."""
    await harm.probes.prepare(1)
    os.kill(harm.ground.server("redis").pid, signal.SIGKILL)
    harm.tally.injected(REDIS_STOPPED)
    await asyncio.sleep(seconds)
    since = time.monotonic()
    await harm.ground.revived("redis")
    await harm.measured(REDIS_STOPPED, "redis", since)


async def redis_back(harm: Harm, seconds: float = 3.0) -> None:
    """Killed, and started again from a copy of its files that is some time old."""
    await harm.probes.prepare(2)
    folder = harm.ground.server("redis").folder
    dump = folder.with_name("redis-dump")
    await asyncio.to_thread(_copied, folder, dump)
    await asyncio.sleep(seconds)
    await harm.probes.confirmed()
    os.kill(harm.ground.server("redis").pid, signal.SIGKILL)
    harm.tally.injected(REDIS_BACK)
    await asyncio.to_thread(_replaced, harm, folder, dump)
    since = time.monotonic()
    await harm.ground.revived("redis")
    await harm.measured(REDIS_BACK, "redis", since)


async def mongo_stopped(harm: Harm, seconds: float = 3.0) -> None:
    await harm.probes.prepare(1)
    os.kill(harm.ground.server("mongo").pid, signal.SIGKILL)
    harm.tally.injected(MONGO_STOPPED)
    await asyncio.sleep(seconds)
    since = time.monotonic()
    await harm.ground.revived("mongo")
    await harm.measured(MONGO_STOPPED, "projections", since)


async def mongo_dropped(harm: Harm) -> None:
    """The whole database at once, checkpoints included."""
    await harm.probes.prepare(1)
    since = time.monotonic()
    await asyncio.to_thread(_dropped, harm.ground.stores.urls["mongo"])
    harm.tally.injected(MONGO_DROPPED)
    await harm.measured(MONGO_DROPPED, "projections", since)


async def mongo_back(harm: Harm, seconds: float = 3.0) -> None:
    """Every collection as it was some time ago, checkpoints included; nobody reaches it meanwhile."""
    url = harm.ground.stores.urls["mongo"]
    dump = await asyncio.to_thread(_dumped, url)
    await harm.probes.prepare(2)
    await asyncio.sleep(seconds)
    await harm.probes.confirmed()
    line = harm.ground.lines["mongo"]
    line.refusing = True
    line.cut()
    await asyncio.sleep(ENDING)
    await asyncio.to_thread(_restored, url, dump)
    line.refusing = False
    since = time.monotonic()
    harm.tally.injected(MONGO_BACK)
    await harm.measured(MONGO_BACK, "projections", since)


def _copied(folder: Path, dump: Path) -> None:
    """The append-only files as they are: what is written at this moment may be missing at their end."""
    shutil.rmtree(dump, ignore_errors=True)
    shutil.copytree(folder, dump)


def _replaced(harm: Harm, folder: Path, dump: Path) -> None:
    until = time.monotonic() + 10
    while harm.ground.server("redis").kept.alive and time.monotonic() < until:
        time.sleep(0.02)
    shutil.rmtree(folder)
    shutil.move(dump, folder)


def _dropped(url: str) -> None:
    with pymongo.MongoClient[dict[str, Any]](url) as client:
        client.drop_database(client.get_default_database())


def _dumped(url: str) -> Mapping[str, list[dict[str, Any]]]:
    """Checkpoints first: a document may be newer than its checkpoint, never older."""
    with pymongo.MongoClient[dict[str, Any]](url) as client:
        database = client.get_default_database()
        names = sorted(database.list_collection_names(), key=lambda name: name != "checkpoints")
        return {name: list(database[name].find()) for name in names}


def _restored(url: str, dump: Mapping[str, list[dict[str, Any]]]) -> None:
    with pymongo.MongoClient[dict[str, Any]](url) as client:
        database = client.get_default_database()
        for name, documents in dump.items():
            collection = database[name]
            collection.delete_many({})
            if documents:
                collection.insert_many(documents)
