"""Bugs that are planted to see who finds them: each replaces a part of the platform while it is planted, in tests only.

`TELOCOMPRO_PLANT=name` plants one for `python -m tests.simulation`.
"""

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from random import Random
from typing import Any
from unittest import mock
from uuid import UUID

from infra.memory.work import MemoryWork
from infra.ports import Accepted, Append, Copy, Doc, Effect, NewEffect, ProcessRow, Replayed, Stored, Timer, Verdict
from processes.collect_payment import charging
from processes.main import PROCESSES
from processes.running import outbox
from processes.running import runner as turning
from processes.running.outbox import FAILED, SUCCEEDED, Report
from projections.running.copies import Copier
from projections.running.runner import Runner as Projector
from read_api.ws import connection, resume
from tests.simulation import programs, stores, wires
from tests.simulation.further_plants import FURTHER
from write_model.checkout import ending
from write_model.payment.commands import RecordAuthorizationFailed

Patch = tuple[Any, str, Any]


def checkpoint_apart() -> list[Patch]:
    """A process keeps its position first, and what came of the events afterwards."""

    async def save(
        self: Any,
        position: int,
        rows: Sequence[ProcessRow],
        timers: Sequence[Timer],
        effects: Sequence[NewEffect],
        rung: Sequence[Timer],
    ) -> None:
        await self._work.save(self._process.name, self._fence, position, [], [], [])
        await original(self, position, rows, timers, effects, rung)

    original = turning.Runner._save
    return [(turning.Runner, "_save", save)]


def documents_after_the_checkpoint() -> list[Patch]:
    """A projection moves its checkpoint before it writes the documents."""

    async def commit(self: Any, target: str, fence: int, after: int, position: int, docs: Sequence[Doc]) -> None:
        await original(self, target, fence, after, position, ())
        await original(self, target, fence, position, position, docs)

    original = stores.ViewWire.commit
    return [(stores.ViewWire, "commit", commit)]


def closed_before_it_is_done() -> list[Patch]:
    """A worker closes an effect, then performs it."""

    async def attempt(effect: Effect, performer: Any, work: Any, bus: Any) -> None:
        await work.finish_effect(effect.id, effect.fence, SUCCEEDED, b"{}")
        report = await performer.perform(effect)
        if report.command is not None:
            await outbox._tell(effect, report.outcome, report.command, bus)

    return [(outbox, "_attempt", attempt)]


def fresh_key_per_attempt() -> list[Patch]:
    """Each further attempt goes to the provider under a key of its own."""

    async def take(self: Any, effect_id: UUID, worker: str, seconds: float) -> Effect | None:
        effect = await original(self, effect_id, worker, seconds)
        if effect is None or effect.attempts == 1:
            return effect
        return replace(effect, idempotency_key=f"{effect.idempotency_key} {effect.attempts}")

    original = MemoryWork.take_effect
    return [(MemoryWork, "take_effect", take)]


def no_release_at_the_end() -> list[Patch]:
    """An order that ends keeps its stock."""
    return [(ending, "_released", lambda *_: {})]


def unlocked_decrement() -> list[Patch]:
    """Stock is written at whatever version it has by now."""

    def store(self: Any, command: Append) -> Verdict:
        heads = {name: len(self._streams.get(name, ())) for name in command.expected if name.startswith("stock-")}
        next_versions = dict(heads)
        events = []
        for event in command.events:
            if event.stream in heads:
                next_versions[event.stream] += 1
                event = event._replace(version=next_versions[event.stream])
            events.append(event)
        return original(self, command._replace(expected={**command.expected, **heads}, events=events))

    original = wires.SimulatedLog.store
    return [(wires.SimulatedLog, "store", store)]


def no_stored_answer() -> list[Patch]:
    """Nobody remembers that a key was used."""

    async def answer(self: Any, command_id: UUID) -> Replayed | None:
        return None

    def store(self: Any, command: Append) -> Verdict:
        verdict = original(self, command)
        if isinstance(verdict, Accepted):
            del self._answers[command.command_id]
        return verdict

    original = wires.SimulatedLog.store
    return [(wires.SimulatedLog, "answer", answer), (wires.SimulatedLog, "store", store)]


def keyed_by_stream() -> list[Patch]:
    """What collects an order's money takes each stream for a process of its own."""
    processes = tuple(
        replace(each, key=lambda envelope: str(envelope.stream)) if each.name == "collect_payment" else each
        for each in PROCESSES
    )
    return [(programs, "_processes", lambda: processes)]


def gaps_in_the_log() -> list[Patch]:
    """A reader asks for what is newer than the newest that it has seen, while an older row is not visible yet."""
    chance = Random(7)

    async def read(self: Any, after: int, limit: int, types: Collection[str] = ()) -> Sequence[Stored]:
        rows = list(await original(self, after, limit, types))
        if len(rows) > 1 and chance.random() < 0.05:
            del rows[-2]
        return rows

    original = wires.LogWire.read
    return [(wires.LogWire, "read", read)]


def timers_in_memory() -> list[Patch]:
    """Timers are lost with the program that set them."""

    async def claim(self: Any) -> None:
        await original(self)
        timers = self._work._target._timers
        for name in [name for name in timers if name[0] == self._process.name]:
            del timers[name]

    original = turning.Runner._claim
    return [(turning.Runner, "_claim", claim)]


def unknown_is_failed() -> list[Patch]:
    """No answer of the provider is taken for a no."""

    def unresolved(effect: Effect, reason: str) -> Report:
        asked = charging._ASKED.decode(effect.payload)
        failed = RecordAuthorizationFailed(
            payment_id=asked.payment_id, provider_ref=None, decline_code="timeout", provider_at=None
        )
        return Report(FAILED, "declined", failed)

    return [(charging, "_outcome_unknown", unresolved)]


def copies_outlive_their_projection() -> list[Patch]:
    """Copies made by another worker are believed to be current."""

    async def begin(self: Any) -> None:
        cached = (await self._store.get(self._view, ["-"]))[0]
        self._epoch = cached.epoch or await self._store.begin(self._view, self._covered)
        self._written = (await self._store.get(self._view, ["-"]))[0].covered

    return [(Copier, "_begin", begin)]


def copies_without_positions() -> list[Patch]:
    """A copy is overwritten by whoever comes last, whatever it holds."""

    async def put(
        self: Any, view: str, epoch: str, copies: Sequence[Copy], covered: int | None, seen: int | None = None
    ) -> bool:
        here = self._views.get(view)
        if here is None:
            return False
        for copy in copies:
            if copy.body is not None:
                self._copies[copy.key] = (here.epoch, copy)
        here.covered = max(here.covered, covered or 0)
        return True

    return [(stores.SimulatedKeyValues, "put_newer", put)]


def joined_after_the_missed() -> list[Patch]:
    """A socket that comes back reads what it has missed, and joins a moment later."""

    async def come_back(
        position: int, channels: Sequence[str], viewer: Any, hub: Any, mailbox: Any, sources: Any
    ) -> Any:
        class Later:
            position = hub.position
            reach = hub.reach

            def join(self, channel: str, mailbox: Any) -> int:
                return 0

        came = await original(position, channels, viewer, Later(), mailbox, sources)  # type: ignore[arg-type]
        await asyncio.sleep(0.5)
        for channel in channels:
            hub.join(channel, mailbox)
        return came

    original = resume.come_back
    return [(connection, "come_back", come_back)]


def stores_never_go_back() -> list[Patch]:
    """A projection whose store went back in time goes on from where it thinks that it stands."""

    async def check(self: Any, position: int) -> None:
        return

    async def commit(self: Any, target: str, fence: int, after: int, position: int, docs: Sequence[Doc]) -> None:
        checkpoint = self._checkpoints.get(target)
        await original(self, target, fence, after if checkpoint is None else checkpoint.position, position, docs)

    original = stores.SimulatedViews.commit
    return [(Projector, "_check", check), (stores.SimulatedViews, "commit", commit)]


PLANTS: Mapping[str, Callable[[], list[Patch]]] = {
    plant.__name__: plant
    for plant in (
        checkpoint_apart,
        documents_after_the_checkpoint,
        closed_before_it_is_done,
        fresh_key_per_attempt,
        no_release_at_the_end,
        unlocked_decrement,
        no_stored_answer,
        keyed_by_stream,
        gaps_in_the_log,
        timers_in_memory,
        unknown_is_failed,
        copies_outlive_their_projection,
        copies_without_positions,
        joined_after_the_missed,
        stores_never_go_back,
        *FURTHER,
    )
}


@contextmanager
def planted(name: str | None) -> Iterator[None]:
    """With this bug. None: with none."""
    with ExitStack() as stack:
        for target, attribute, bug in PLANTS[name]() if name else ():
            stack.enter_context(mock.patch.object(target, attribute, bug))
        yield
