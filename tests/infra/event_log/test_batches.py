"""Which commands go together in one append?"""

import asyncio
from collections import deque

from infra.event_log.batch import Waiting, take
from infra.ports import Append, Verdict
from tests.infra.event_log.commands import command, event


async def test_commands_of_different_streams_go_together() -> None:
    queue = waiting(command({"a": 0}, event("a", 1)), command({"b": 0}, event("b", 1)))

    assert len(take(queue, 256)) == 2
    assert not queue


async def test_of_commands_on_one_stream_the_first_goes_and_the_others_keep_their_order() -> None:
    sent = [command({"a": n}, event("a", n + 1)) for n in range(3)]
    queue = waiting(*sent)

    assert [[one.command for one in take(queue, 256)] for _ in sent] == [[one] for one in sent]


async def test_who_waits_for_one_stream_holds_its_turn_on_the_others() -> None:
    first, both, second = (
        command({"a": 0}, event("a", 1)),
        command({"a": 1, "b": 0}, event("a", 2), event("b", 1)),
        command({"b": 1}, event("b", 2)),
    )
    queue = waiting(first, both, second)

    assert [[one.command for one in take(queue, 256)] for _ in range(3)] == [[first], [both], [second]]


async def test_a_reader_and_a_writer_of_a_stream_go_apart_and_readers_together() -> None:
    reads = [command({"p": 1, f"c{n}": 0}, event(f"c{n}", 1)) for n in range(2)]
    write = command({"p": 1}, event("p", 2))
    queue = waiting(*reads, write, command({"p": 2, "c9": 0}, event("c9", 1)))

    assert [len(take(queue, 256)) for _ in range(3)] == [2, 1, 1]


async def test_a_batch_has_at_most_so_many_commands_and_none_whose_caller_has_gone() -> None:
    queue = waiting(*(command({f"a{n}": 0}, event(f"a{n}", 1)) for n in range(5)))
    queue[1].verdict.cancel()

    assert [one.command.expected for one in take(queue, 2)] == [{"a0": 0}, {"a2": 0}]


def waiting(*commands: Append) -> deque[Waiting]:
    loop = asyncio.get_running_loop()

    def future() -> asyncio.Future[Verdict]:
        return loop.create_future()

    return deque(Waiting.of(one, future()) for one in commands)
