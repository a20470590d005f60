"""Do batches of any mixture end as if their commands had come one by one, and as in memory?"""

import asyncio
from random import Random

import pytest

from infra.event_log.appender import GroupAppender
from infra.event_log.reader import PostgresLogReader
from infra.event_log.verification import verify_log
from infra.memory.log import MemoryLog
from infra.ports import Accepted, Append, Conflict, LogReader, Replayed, Verdict
from infra.postgres.pool import open_pool
from tests.infra.event_log.commands import command, event
from tests.kit.stack import Stores

_STREAMS = [f"cart-{number}" for number in range(6)]
_ROUNDS = 15
_TOGETHER = 30


@pytest.mark.integration
@pytest.mark.parametrize("seed", [1, 2])
async def test_any_mixture_of_commands_ends_as_if_they_came_one_by_one(stores: Stores, seed: int) -> None:
    chance = Random(seed)
    memory = MemoryLog()
    sent: list[Append] = []
    kinds: set[type] = set()
    async with (
        open_pool(stores.postgres_url, 2) as pool,
        PostgresLogReader(pool) as reader,
        GroupAppender(stores.postgres_url) as appender,
    ):
        for _ in range(_ROUNDS):
            heads = {name: len(await memory.stream(name)) for name in _STREAMS}
            batch = [mixed(chance, heads, sent) for _ in range(_TOGETHER)]
            expected = [await memory.append(one) for one in batch]
            found = await asyncio.gather(*(appender.append(one) for one in batch))
            sent += batch
            kinds |= {type(verdict) for verdict in found}
            assert [_told(verdict) for verdict in found] == [_told(verdict) for verdict in expected]

        assert await _contents(reader) == await _contents(memory)
    assert kinds == {Accepted, Conflict, Replayed}
    assert (await verify_log(stores.postgres_url, None, None)).finding is None


def mixed(chance: Random, heads: dict[str, int], sent: list[Append]) -> Append:
    """Mostly right, sometimes stale or far ahead, sometimes a repeat, sometimes without events."""
    if sent and chance.random() < 0.1:
        return chance.choice(sent)
    expected = {}
    events = []
    for name in chance.sample(_STREAMS, chance.randint(1, 3)):
        expected[name] = max(heads[name] + chance.choice((0, 0, 0, 0, 0, 0, -1, 1)), 0)
        count = chance.choice((0, 1, 1, 2))
        events += [event(name, expected[name] + number, payload=chance.randbytes(9)) for number in range(1, 1 + count)]
    for new in events:  # later commands of the round expect what this one leaves, if it is accepted
        heads[new.stream] = new.version
    return command(expected, *events, answer=chance.randbytes(4), fingerprint=chance.randbytes(4))


def _told(verdict: Verdict) -> object:
    """All but positions, which depend on the order between commands that have nothing to do with each other."""
    match verdict:
        case Accepted():
            return "accepted"
        case Replayed(_, fingerprint, answer):
            return fingerprint, answer
        case _:
            return verdict


async def _contents(reader: LogReader) -> object:
    return {
        name: [
            (row.version, row.event_id, row.command_id, row.payload, row.digest) for row in await reader.stream(name)
        ]
        for name in _STREAMS
    }
