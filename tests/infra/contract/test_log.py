"""Do the real log and its twin in memory keep one contract?"""

import asyncio
from collections.abc import Sequence
from uuid import uuid4

from infra.event_log.chain import digest, placed
from infra.ports import Accepted, Append, Appender, Busy, Conflict, Replayed
from tests.infra.contract.log_worlds import Log, log
from tests.infra.event_log.commands import MOMENT, command, event

__all__ = ["log"]


async def test_a_new_stream_begins_with_version_1(log: Log) -> None:
    accepted = await log.appender.append(command({"cart-a": 0}, event("cart-a", 1)))

    assert accepted == Accepted(1)
    (row,) = await log.reader.stream("cart-a")
    assert (row.position, row.version, row.stream) == (1, 1, "cart-a")


async def test_everything_that_was_given_is_kept(log: Log) -> None:
    given = event("cart-a", 1, payload=b'{"\x00\xff":1}', metadata=b"{}", type="cart.created", schema=3)
    sent = command({"cart-a": 0}, given)

    await log.appender.append(sent)

    (row,) = await log.reader.read(0, 10)
    assert (row.type, row.schema, row.event_id, row.command_id) == ("cart.created", 3, given.event_id, sent.command_id)
    assert (row.effective_at, row.metadata, row.payload) == (MOMENT, b"{}", b'{"\x00\xff":1}')
    assert row.digest == placed(digest(given, sent.command_id), 0)
    assert row.recorded_at.tzinfo is not None


async def test_a_stale_version_is_a_conflict_that_tells_the_true_one(log: Log) -> None:
    await log.appender.append(command({"cart-a": 0}, event("cart-a", 1), event("cart-a", 2)))

    refused = await log.appender.append(command({"cart-a": 1}, event("cart-a", 2)))

    assert refused == Conflict({"cart-a": 2})
    assert await log.reader.head() == 2


async def test_a_version_that_is_not_there_yet_is_a_conflict(log: Log) -> None:
    assert await log.appender.append(command({"cart-a": 4}, event("cart-a", 5))) == Conflict({"cart-a": 0})
    assert await log.reader.head() == 0


async def test_several_streams_are_written_together_or_not_at_all(log: Log) -> None:
    await log.appender.append(command({"stock-a": 0}, event("stock-a", 1)))

    refused = await log.appender.append(command({"order-a": 0, "stock-a": 0}, event("order-a", 1), event("stock-a", 1)))
    accepted = await log.appender.append(
        command({"order-a": 0, "stock-a": 1}, event("order-a", 1), event("stock-a", 2), event("order-a", 2))
    )

    assert refused == Conflict({"stock-a": 1})
    assert accepted == Accepted(4)
    assert [(row.stream, row.version) for row in await log.reader.read(1, 10)] == [
        ("order-a", 1),
        ("stock-a", 2),
        ("order-a", 2),
    ]


async def test_a_stream_that_was_only_read_must_stand_where_it_was_read(log: Log) -> None:
    await log.appender.append(command({"product-a": 0}, event("product-a", 1), event("product-a", 2)))

    refused = await log.appender.append(command({"cart-a": 0, "product-a": 1}, event("cart-a", 1)))
    accepted = await log.appender.append(command({"cart-a": 0, "product-a": 2}, event("cart-a", 1)))

    assert refused == Conflict({"product-a": 2})
    assert accepted == Accepted(3)


async def test_a_repeat_is_answered_with_what_was_stored_and_appends_nothing(log: Log) -> None:
    sent = command({"cart-a": 0}, event("cart-a", 1), answer=b'{"id":1}', fingerprint=b"body")
    await log.appender.append(sent)

    other_body = command({"cart-a": 1}, event("cart-a", 2), id=sent.command_id, answer=b"other", fingerprint=b"x")
    repeats = [await log.appender.append(sent), await log.appender.append(other_body)]

    assert repeats == [Replayed(1, b"body", b'{"id":1}')] * 2
    assert await log.reader.head() == 1


async def test_a_refused_command_may_be_tried_again_under_its_id(log: Log) -> None:
    await log.appender.append(command({"cart-a": 0}, event("cart-a", 1)))
    refused = command({"cart-a": 0}, event("cart-a", 1))
    await log.appender.append(refused)

    decided_again = command({"cart-a": 1}, event("cart-a", 2), id=refused.command_id)

    assert await log.reader.answer(refused.command_id) is None
    assert await log.appender.append(decided_again) == Accepted(2)


async def test_the_answer_is_found_by_a_reader_that_never_saw_the_command(log: Log) -> None:
    sent = command({"cart-a": 0}, event("cart-a", 1), answer=b"told", fingerprint=b"body")
    await log.appender.append(sent)

    assert await log.again().answer(sent.command_id) == Replayed(1, b"body", b"told")
    assert await log.again().answer(uuid4()) is None


async def test_a_command_without_events_is_answered_and_kept(log: Log) -> None:
    await log.appender.append(command({"cart-a": 0}, event("cart-a", 1)))
    nothing = command({"cart-a": 1}, answer=b"as it was")

    assert await log.appender.append(nothing) == Accepted(1)
    assert await log.appender.append(nothing) == Replayed(1, b"", b"as it was")
    assert await log.reader.head() == 1


async def test_commands_sent_together_are_judged_one_by_one_and_positions_have_no_gap(log: Log) -> None:
    repeated = command({"cart-old": 0}, event("cart-old", 1))
    await log.appender.append(repeated)
    sent = [
        command({"cart-0": 0}, event("cart-0", 1), event("cart-0", 2)),
        command({"cart-1": 7}, event("cart-1", 8)),
        command({"cart-2": 0, "cart-old": 1}, event("cart-2", 1), event("cart-old", 2)),
        repeated,
        command({"cart-3": 0}, event("cart-3", 1)),
    ]

    verdicts = await together(log.appender, sent)

    assert [type(verdict) for verdict in verdicts] == [Accepted, Conflict, Accepted, Replayed, Accepted]
    rows = await log.reader.read(0, 100)
    assert [row.position for row in rows] == [1, 2, 3, 4, 5, 6]
    for one, verdict in zip(sent, verdicts, strict=True):
        if isinstance(verdict, Accepted):
            own = [row for row in rows if row.command_id == one.command_id]
            assert [row.event_id for row in own] == [new.event_id for new in one.events]
            assert own[-1].position == verdict.position


async def test_what_is_sent_together_with_a_repeat_whose_stream_has_moved_on_stays_its_own_command(log: Log) -> None:
    repeated = command({"cart-old": 0}, event("cart-old", 1))
    await log.appender.append(repeated)
    await log.appender.append(command({"cart-old": 1}, event("cart-old", 2)))
    before, after = (command({name: 0}, event(name, 1)) for name in ("cart-1", "cart-2"))

    verdicts = await together(log.appender, [before, repeated, after])

    assert verdicts == [Accepted(3), Replayed(1, repeated.fingerprint, repeated.answer), Accepted(4)]
    rows = await log.reader.read(2, 10)
    assert [(row.stream, row.command_id) for row in rows] == [
        ("cart-1", before.command_id),
        ("cart-2", after.command_id),
    ]
    assert rows[1].digest == placed(digest(after.events[0], after.command_id), 0)


async def test_of_many_commands_for_one_version_exactly_one_is_accepted(log: Log) -> None:
    verdicts = await together(log.appender, [command({"cart-a": 0}, event("cart-a", 1)) for _ in range(20)])

    assert sorted(map(repr, verdicts)) == sorted(map(repr, [Accepted(1)] + [Conflict({"cart-a": 1})] * 19))


async def test_commands_on_one_stream_keep_their_order(log: Log) -> None:
    verdicts = await together(log.appender, [command({"cart-a": n}, event("cart-a", n + 1)) for n in range(20)])

    assert verdicts == [Accepted(n) for n in range(1, 21)]


async def test_many_may_expect_a_stream_that_nobody_of_them_writes(log: Log) -> None:
    await log.appender.append(command({"product-a": 0}, event("product-a", 1)))

    verdicts = await together(
        log.appender, [command({f"cart-{n}": 0, "product-a": 1}, event(f"cart-{n}", 1)) for n in range(10)]
    )

    assert verdicts == [Accepted(n) for n in range(2, 12)]


async def test_the_same_command_sent_twice_at_once_is_stored_once(log: Log) -> None:
    sent = command({"cart-a": 0}, event("cart-a", 1))

    verdicts = await together(log.appender, [sent] * 10)

    assert verdicts == [Accepted(1)] + [Replayed(1, b"", b"")] * 9


async def test_above_its_bound_the_queue_refuses_and_nothing_is_stored(log: Log) -> None:
    sent = [command({f"cart-{n}": 0}, event(f"cart-{n}", 1)) for n in range(30)]

    outcomes = await asyncio.gather(*(log.appender.append(one) for one in sent), return_exceptions=True)

    refused = [one for one, outcome in zip(sent, outcomes, strict=True) if isinstance(outcome, Busy)]
    assert len(refused) == 10
    assert all(outcome.retry_after > 0 for outcome in outcomes if isinstance(outcome, Busy))
    assert await log.reader.head() == 20
    assert [await log.reader.answer(one.command_id) for one in refused] == [None] * 10


async def test_a_caller_who_goes_away_leaves_the_others_alone(log: Log) -> None:
    gone = asyncio.ensure_future(log.appender.append(command({"cart-a": 0}, event("cart-a", 1))))
    await asyncio.sleep(0)
    gone.cancel()

    assert isinstance(await log.appender.append(command({"cart-b": 0}, event("cart-b", 1))), Accepted)
    rows = await log.reader.read(0, 10)
    assert [row.position for row in rows] == list(range(1, len(rows) + 1))


async def test_reading_may_be_bounded_and_filtered_by_type(log: Log) -> None:
    types = ["cart.created", "cart.expired", "cart.created", "cart.merged"]
    new = [event("cart-a", n, type=type) for n, type in enumerate(types, 1)]
    await log.appender.append(command({"cart-a": 0}, *new))

    async def positions(after: int, limit: int, types: Sequence[str] = ()) -> list[int]:
        return [row.position for row in await log.reader.read(after, limit, types)]

    assert await positions(0, 10) == [1, 2, 3, 4]
    assert await positions(1, 2) == [2, 3]
    assert await positions(4, 10) == []
    assert await positions(0, 10, ["cart.created"]) == [1, 3]
    assert await positions(1, 1, ["cart.created", "cart.merged"]) == [3]
    assert await positions(0, 10, ["order.placed"]) == []


async def test_a_stream_may_be_read_in_part_and_several_at_once(log: Log) -> None:
    await log.appender.append(command({"cart-a": 0}, *(event("cart-a", n) for n in (1, 2, 3))))
    await log.appender.append(command({"cart-b": 0}, *(event("cart-b", n) for n in (1, 2))))

    def names(rows: Sequence[object]) -> list[tuple[str, int]]:
        return [(row.stream, row.version) for row in rows]  # type: ignore[attr-defined]

    assert names(await log.reader.stream("cart-a", 1)) == [("cart-a", 2), ("cart-a", 3)]
    assert names(await log.reader.stream("cart-a", 0, 2)) == [("cart-a", 1), ("cart-a", 2)]
    assert names(await log.reader.stream("cart-c")) == []
    assert names(await log.reader.streams({"cart-b": 0, "cart-a": 2, "cart-c": 0})) == [
        ("cart-a", 3),
        ("cart-b", 1),
        ("cart-b", 2),
    ]
    assert names(await log.reader.streams({})) == []


async def test_the_recorded_moments_never_go_back(log: Log) -> None:
    await together(log.appender, [command({f"cart-{n}": 0}, event(f"cart-{n}", 1)) for n in range(20)])

    moments = [row.recorded_at for row in await log.reader.read(0, 100)]
    assert moments == sorted(moments)


async def test_waiting_ends_when_the_log_moves(log: Log) -> None:
    await log.appender.append(command({"cart-a": 0}, event("cart-a", 1)))
    waiters = [asyncio.ensure_future(log.reader.wait(1, 20)) for _ in range(3)]
    await asyncio.sleep(0.05)

    await log.appender.append(command({"cart-a": 1}, event("cart-a", 2)))

    async with asyncio.timeout(5):
        assert await asyncio.gather(*waiters) == [2, 2, 2]


async def test_waiting_ends_at_once_for_what_is_there_and_in_time_for_what_is_not(log: Log) -> None:
    await log.appender.append(command({"cart-a": 0}, event("cart-a", 1)))

    async with asyncio.timeout(5):
        assert await log.reader.wait(0, 100) == 1
        assert await log.reader.wait(1, 0) == 1
        assert await log.reader.wait(1, 0.05) == 1


async def together(appender: Appender, commands: Sequence[Append]) -> list[object]:
    return list(await asyncio.gather(*(appender.append(one) for one in commands)))
