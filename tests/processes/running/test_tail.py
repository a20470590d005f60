"""The log's end is read once for all; who is behind reads for itself."""

import asyncio
from collections.abc import Collection, Sequence
from typing import Any

from infra.memory.log import MemoryLog
from infra.ports import Stored
from processes.running.tail import Tail
from tests.processes.running.small import post
from tests.write_model.handling.world import World
from write_model.cart.commands import CreateCart
from write_model.handling.registry import decoder

POSTED = ["notification.posted"]


class CountingReader:
    """Says how often the log was read."""

    def __init__(self, log: MemoryLog) -> None:
        self._log = log
        self.reads = 0

    async def read(self, after: int, limit: int, types: Collection[str] = ()) -> Sequence[Stored]:
        self.reads += 1
        return await self._log.read(after, limit, types)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)


async def appended(count: int) -> tuple[World, CountingReader]:
    world = World()
    for number in range(count):
        await world.send(post(number))
    return world, CountingReader(world.log)


def tail(world: World, reader: Any, kept: int = 100) -> Tail:
    return Tail(reader, decoder(world.codec, world.keys), POSTED, kept)


async def test_all_who_are_at_the_end_share_one_reading() -> None:
    world, reader = await appended(3)
    shared = tail(world, reader)
    batches = await asyncio.gather(*(shared.after(0, 10, 1) for _ in range(4)))
    assert [[each.position for each in batch.envelopes] for batch in batches] == [[1, 2, 3]] * 4
    assert {batch.position for batch in batches} == {3}
    assert reader.reads == 1


async def test_a_batch_ends_where_its_limit_is() -> None:
    world, reader = await appended(5)
    shared = tail(world, reader)
    assert (await shared.after(0, 2, 1)).position == 2
    await shared.after(2, 10, 1)
    again = await shared.after(0, 2, 1)
    assert ([each.position for each in again.envelopes], again.position) == ([1, 2], 2)


async def test_events_of_other_types_move_the_position_only() -> None:
    world, reader = await appended(0)
    await world.send(CreateCart(cart_id=world.ids.new(), market="EC", session_id=world.ids.new()))
    batch = await tail(world, reader).after(0, 10, 1)
    assert (list(batch.envelopes), batch.position) == ([], 1)


async def test_who_waits_is_woken_by_the_next_event() -> None:
    world, reader = await appended(1)
    shared = tail(world, reader)
    waiting = asyncio.ensure_future(shared.after(1, 10, 5))
    await asyncio.sleep(0.01)
    await world.send(post(2))
    batch = await asyncio.wait_for(waiting, 1)
    assert [each.position for each in batch.envelopes] == [2]


async def test_who_is_behind_does_not_wait_with_those_at_the_front() -> None:
    world, reader = await appended(6)
    shared = tail(world, reader)
    waiting = [asyncio.ensure_future(shared.after(6, 2, 60)) for _ in range(2)]
    await asyncio.sleep(0.01)
    heard, position = [], 0
    async with asyncio.timeout(5):
        while position < 6:
            batch = await shared.after(position, 1, 60)
            heard += [each.position for each in batch.envelopes]
            position = batch.position
        assert heard == [1, 2, 3, 4, 5, 6]
        await world.send(post(7))
        assert [[each.position for each in (await each).envelopes] for each in waiting] == [[7], [7]]


async def test_who_stands_in_line_for_the_front_goes_when_its_time_is_up() -> None:
    world, reader = await appended(1)
    shared = tail(world, reader)
    first = asyncio.ensure_future(shared.after(1, 2, 60))
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        assert (await shared.after(1, 2, 0.01)).position == 1
    assert not first.done()
    first.cancel()


async def test_who_waits_in_vain_gets_nothing() -> None:
    world, reader = await appended(1)
    batch = await tail(world, reader).after(1, 10, 0.01)
    assert (list(batch.envelopes), batch.position) == ([], 1)


async def test_who_is_far_behind_reads_for_itself_and_hears_everything() -> None:
    world, reader = await appended(12)
    shared = tail(world, reader, kept=3)
    await shared.after(0, 100, 1)  # only the last three are remembered
    heard, position = [], 0
    while position < 12:
        batch = await shared.after(position, 5, 1)
        heard += [each.position for each in batch.envelopes]
        position = batch.position
    assert heard == list(range(1, 13))
    reads = reader.reads
    assert [each.position for each in (await shared.after(10, 5, 1)).envelopes] == [11, 12]
    assert reader.reads == reads


async def test_one_who_starts_at_the_end_does_not_hide_the_past_from_others() -> None:
    world, reader = await appended(4)
    shared = tail(world, reader)
    await shared.after(4, 10, 0.01)
    await world.send(post(5))
    assert [each.position for each in (await shared.after(4, 10, 1)).envelopes] == [5]
    assert [each.position for each in (await shared.after(0, 10, 1)).envelopes] == [1, 2, 3, 4, 5]


async def test_a_stretch_of_the_past_is_read_again_whole() -> None:
    world, reader = await appended(6)
    shared = tail(world, reader)
    stretch = await shared.between(1, 4, 2)
    assert ([each.position for each in stretch.envelopes], stretch.position) == ([2, 3], 3)
    rest = await shared.between(3, 4, 2)
    assert ([each.position for each in rest.envelopes], rest.position) == ([4], 4)
