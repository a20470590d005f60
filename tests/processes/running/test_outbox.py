"""An effect is tried, reported and closed: once for the world, however often it is interrupted."""

import asyncio
import json
from dataclasses import dataclass, field, replace
from uuid import UUID, uuid4

import pytest

from infra.memory.broker import MemoryBroker
from infra.memory.work import MemoryWork, OutboxRow
from infra.ports import Effect, NewEffect, OutcomeUnknown, ProviderRefused, ProviderUnavailable, Unavailable
from processes.running import outbox
from processes.running.outbox import Performer, Report, sweep, work_one
from tests.kit.builders.ids import an_id
from tests.processes.running.small import post
from tests.write_model.handling.world import World
from write_model.handling.bus import LogBusy, Request
from write_model.kernel.message import Command


@dataclass
class Performed(World):
    """One effect of kind "call", whose outcome the test decides."""

    outcomes: list[Exception | Report] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    retries: int = 3
    repeats_unknown: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        self.work = MemoryWork(self.clock)
        self.effect = NewEffect(uuid4(), "counting", "key", "call", "the key", b'{"because": {}}')

    async def wished(self) -> None:
        await self.work.save("counting", 1, 1, [], [], [self.effect])

    async def attempt(self, bus: object = None) -> OutboxRow:
        performer = Performer(
            perform=self._perform,
            unresolved=lambda effect, reason: Report("UNKNOWN", reason, post(9, "unresolved")),
            retries=self.retries,
            repeats_unknown=self.repeats_unknown,
        )
        await work_one(self.effect.id, {"call": performer}, self.work, bus or self.bus, worker="w")  # type: ignore[arg-type]
        return self.row

    @property
    def row(self) -> OutboxRow:
        return self.work.outbox[self.effect.id]

    async def templates(self) -> list[str]:
        return [json.loads(row.payload)["template"] for row in await self.rows()]

    async def _perform(self, effect: Effect) -> Report:
        self.calls.append(effect.idempotency_key)
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


def done(command: Command | None = None) -> Report:
    return Report("SUCCEEDED", "done", command or post(1, "done"), {"ref": "r1"})


async def performed(*outcomes: Exception | Report, **how: object) -> Performed:
    world = Performed(outcomes=list(outcomes), **how)  # type: ignore[arg-type]
    await world.wished()
    return world


async def test_a_success_is_reported_by_a_command_and_the_effect_is_closed() -> None:
    world = await performed(done())
    row = await world.attempt()
    assert row.state == "SUCCEEDED"
    assert json.loads(row.outcome or b"") == {"outcome": "done", "ref": "r1", "position": 1}
    assert await world.templates() == ["done"]
    assert not await work_one(world.effect.id, {}, world.work, world.bus, worker="w")


async def test_an_outcome_without_a_command_only_closes_the_effect() -> None:
    world = await performed(Report("UNKNOWN", "nothing found"))
    assert (await world.attempt()).state == "UNKNOWN"
    assert await world.templates() == []


async def test_a_provider_that_has_not_acted_is_tried_again_with_the_same_key_by_the_schedule() -> None:
    world = await performed(ProviderUnavailable("down", 0.5), ProviderUnavailable("down", 20), done())
    assert (await world.attempt()).state == "REQUESTED"
    assert 1 <= (world.row.next_attempt_at - await world.clock.now()).total_seconds() <= 1.25
    await world.attempt()  # not due
    assert len(world.calls) == 1
    world.clock.advance(2)
    await world.attempt()
    assert (world.row.next_attempt_at - await world.clock.now()).total_seconds() == 20  # it asked for more
    world.clock.advance(20)
    assert (await world.attempt()).state == "SUCCEEDED"
    assert world.calls == ["the key"] * 3


async def test_after_the_last_retry_the_fallback_is_reported() -> None:
    world = await performed(*(ProviderUnavailable("down", 0) for _ in range(4)))
    for _ in range(4):
        await world.attempt()
        world.clock.advance(10)
    assert (world.row.state, await world.templates()) == ("UNKNOWN", ["unresolved"])


async def test_an_unknown_outcome_is_reported_at_once() -> None:
    world = await performed(OutcomeUnknown("timeout"))
    assert (await world.attempt()).state == "UNKNOWN"
    assert await world.templates() == ["unresolved"]


async def test_an_unknown_outcome_is_repeated_where_the_key_makes_that_harmless() -> None:
    world = await performed(OutcomeUnknown("timeout"), done(), repeats_unknown=True)
    assert (await world.attempt()).state == "REQUESTED"
    world.clock.advance(10)
    assert (await world.attempt()).state == "SUCCEEDED"


async def test_a_refusal_that_nobody_explained_closes_the_effect_as_failed() -> None:
    world = await performed(ProviderRefused("no_such_thing"))
    row = await world.attempt()
    assert row.state == "FAILED"
    assert json.loads(row.outcome or b"") == {"outcome": "refused", "code": "no_such_thing"}


async def test_a_report_that_is_refused_closes_the_effect_as_failed() -> None:
    world = await performed(done(post(1, "done")))
    world.outcomes = [Report("SUCCEEDED", "done", _in_vain())]
    row = await world.attempt()
    assert row.state == "FAILED"
    assert json.loads(row.outcome or b"")["refused"] == "notification.channel_unknown"


def _in_vain() -> Command:
    return replace(post(1), channel="pigeon")


async def test_a_fault_of_ours_is_tried_again_and_then_left_to_people() -> None:
    world = await performed(*(ZeroDivisionError() for _ in range(outbox.LAST_RESORT)))
    for _ in range(outbox.LAST_RESORT - 1):
        assert (await world.attempt()).state == "REQUESTED"
        world.clock.advance(3600)
    assert (await world.attempt()).state == "FAILED"
    assert json.loads(world.row.outcome or b"")["error"] == "ZeroDivisionError"


async def test_a_store_that_is_gone_gives_the_effect_back() -> None:
    world = await performed(Unavailable("keys"), done())
    assert (await world.attempt()).state == "REQUESTED"
    world.clock.advance(2)
    assert (await world.attempt()).state == "SUCCEEDED"


async def test_a_log_that_is_busy_is_told_later_without_another_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("processes.running.sending.FIRST", 0.0)
    world = await performed(done(), done())
    assert (await world.attempt(_Busy())).state == "REQUESTED"
    world.clock.advance(2)
    assert (await world.attempt()).state == "SUCCEEDED"
    assert world.calls == ["the key"] * 2


class _Busy:
    async def handle(self, request: Request) -> object:
        raise LogBusy(0.1)


async def test_a_worker_that_dies_between_its_report_and_the_end_is_followed_by_one_who_repeats_neither() -> None:
    world = await performed(done(), done(post(1, "other words")))

    class Dies(MemoryWork):
        async def finish_effect(self, effect_id: UUID, fence: int, state: str, outcome: bytes) -> None:
            raise asyncio.CancelledError

    dying = Dies(world.clock)
    dying.outbox = world.work.outbox
    alive, world.work = world.work, dying
    with pytest.raises(asyncio.CancelledError):
        await world.attempt()
    world.work = alive
    world.clock.advance(outbox.LEASE + 1)
    assert (await world.attempt()).state == "SUCCEEDED"
    assert await world.templates() == ["done"], "the second report is the first one's, told again"


async def test_an_effect_that_another_has_taken_over_is_left_to_it() -> None:
    world = await performed()

    async def slow(effect: Effect) -> Report:
        world.clock.advance(outbox.LEASE + 1)
        assert await world.work.take_effect(effect.id, "another", 30) is not None
        return done()

    await work_one(
        world.effect.id,
        {"call": Performer(perform=slow, unresolved=lambda *_: done())},
        world.work,
        world.bus,
        worker="w",
    )
    assert (world.row.state, world.row.worker) == ("LEASED", "another")


async def test_an_effect_of_an_unknown_kind_waits_for_a_worker_that_knows_it() -> None:
    world = await performed()
    await work_one(world.effect.id, {}, world.work, world.bus, worker="old release")
    assert (world.row.state, world.row.last_error) == ("REQUESTED", "no performer of this kind")


async def test_what_the_broker_lost_is_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("processes.running.outbox.SWEEP_EVERY", 0.005)
    world = await performed()
    broker = MemoryBroker()
    task = asyncio.ensure_future(sweep(world.work, broker))
    assert await asyncio.wait_for(broker.next(), 1) == world.effect.id
    await asyncio.sleep(0.05)
    assert broker.waiting == 0, "the same one is not told at every look"
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_the_command_of_a_report_says_what_it_came_from() -> None:
    world = await performed(done())
    event_id, correlation = an_id("event"), an_id("correlation")
    payload = json.dumps({"because": {"causation": str(event_id), "correlation": str(correlation)}})
    world.effect = NewEffect(uuid4(), "counting", "key", "call", "the key", payload.encode())
    await world.wished()
    await world.attempt()
    (row,) = await world.rows()
    about = world.codec.decode_metadata(row.metadata)
    assert (about.causation, about.correlation, about.actor.id) == (event_id, correlation, "counting:effects")
