"""More bugs to be planted, of processes, of webhooks, of what is read and of what is answered; see `plants`."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from infra.ports import Append, Copy, NewEffect, Unavailable, Verdict
from processes.collect_payment import wishes as wish
from processes.refund_payment.process import REFUND
from processes.running import outbox
from processes.running import runner as turning
from processes.running.hearing import Ear, Gathered, Heard, let_go
from processes.running.messages import TimeCame
from projections.running.copies import Copier
from projections.running.freshness import Freshness
from projections.running.runner import Runner as Projector
from read_api.ws import connection, resume
from read_api.ws.resume import Came
from tests.simulation import programs, stores, wires, world
from write_model.checkout import ending
from write_model.handling.loading import Loader
from write_model.handling.registry import REGISTRY
from write_model.kernel.ids import derived
from write_model.provider_event.commands import RecordProviderEvent
from write_model.provider_event.decider import PROVIDER_EVENT

Patch = tuple[Any, str, Any]


def no_release_on_decline() -> list[Patch]:
    """An order whose card was declined keeps its stock."""

    def cancel(command: Any, states: Any, context: Any) -> Any:
        happened = original(command, states, context)
        if command.reason != wish.DECLINED:
            return happened
        return {name: events for name, events in happened.items() if not name.startswith("stock-")}

    original = ending.cancel
    return [(ending, "cancel", cancel)]


def webhook_without_dedupe() -> list[Patch]:
    """A webhook that comes again is recorded again."""

    def decide(command: Any, state: Any, context: Any) -> Any:
        return PROVIDER_EVENT.decide(command, PROVIDER_EVENT.initial, context)

    route = REGISTRY.commands[RecordProviderEvent]
    again = replace(route, room=replace(PROVIDER_EVENT, decide=decide))
    registry = replace(REGISTRY, commands={**REGISTRY.commands, RecordProviderEvent: again})
    return [(world, "REGISTRY", registry)]


def timer_gone_before_it_is_heard() -> list[Patch]:
    """A timer is taken away when it rings; what comes of it is kept afterwards."""

    async def handle(self: Any, messages: Mapping[str, Sequence[Heard]], position: int) -> None:
        for heard in (each.message for row in messages.values() for each in row):
            if isinstance(heard, TimeCame):
                self._work._target._timers.pop((self._process.name, heard.key, heard.name), None)
        await original(self, messages, position)

    original = turning.Runner._handle
    return [(turning.Runner, "_handle", handle)]


def poison_is_passed_over() -> list[Patch]:
    """A message that can't be handled is passed over."""

    async def hear(self: Any, key: str, row: Any, messages: Sequence[Heard]) -> Gathered | None:
        gathered = await original(self, key, row, messages)
        if gathered is None or gathered.row.parked_at is None:
            return gathered
        return replace(gathered, row=replace(gathered.row, parked_at=None, last_error=None))

    original = Ear.hear
    return [(Ear, "hear", hear)]


def released_key_forgets() -> list[Patch]:
    """A parked key that is let go goes on with what comes next; what it had to wait with is never heard."""

    async def take_up(self: Any) -> None:
        for parked in await self._work.released(self._process.name):
            row = (await self._work.load(self._process.name, [parked.key]))[parked.key]
            self._rows[parked.key] = let_go(row)
            await self._handle({parked.key: []}, self._position)

    return [(turning.Runner, "_take_up_released", take_up)]


def nobody_sweeps() -> list[Patch]:
    """An effect whose wake-up was lost is never looked for."""

    async def sweep(work: Any, broker: Any) -> None:
        await asyncio.Event().wait()

    return [(programs, "sweep", sweep), (outbox, "sweep", sweep)]


def begins_at_the_end() -> list[Patch]:
    """A process that starts anew goes on with what happens from now on."""

    async def claim(self: Any) -> None:
        await original(self)
        self._position = max(self._position, await self._tail._reader.head())

    original = turning.Runner._claim
    return [(turning.Runner, "_claim", claim)]


def half_a_command() -> list[Patch]:
    """Now and then the events of one stream are stored, and those of the others are not."""
    chance = Random(11)

    def store(self: Any, command: Append) -> Verdict:
        first = command.events[0].stream
        if len({event.stream for event in command.events}) == 1 or chance.random() > 0.1:
            return original(self, command)
        events = [event for event in command.events if event.stream == first]
        return original(self, command._replace(events=events))

    original = wires.SimulatedLog.store
    return [(wires.SimulatedLog, "store", store)]


def todays_answer() -> list[Patch]:
    """A key that comes again is answered with how things stand now."""

    async def at_version(self: Any, stream: str, version: int) -> Any:
        return await self.current(stream)

    return [(Loader, "at_version", at_version)]


def tokens_are_ignored() -> list[Patch]:
    """Who asks for a position is answered at once, from wherever the view is."""

    def usable(self: Any, source: Any, store: str, at_least: int) -> int | None:
        position: int | None = original(self, source, store, 0)
        return position

    original = Freshness.usable
    return [(Freshness, "usable", usable)]


def folded_in_redis() -> list[Patch]:
    """Copies are added to in Redis, number by number: what is repeated is added twice, what was lost stays away."""

    def put(self: Any, copies: Sequence[Copy], position: int) -> None:
        made = []
        for copy in copies:
            before, now = self.__dict__.setdefault("_last", {}).get(copy.key), copy.body and json.loads(copy.body)
            self.__dict__["_last"][copy.key] = now
            made.append(copy if not before or not now else replace(copy, body=_difference(before, now)))
        original_put(self, made, position)

    async def put_newer(
        self: Any, view: str, epoch: str, copies: Sequence[Copy], covered: int | None, seen: int | None = None
    ) -> bool:
        whole = []
        for copy in copies:
            change = json.loads(copy.body) if copy.body else {}
            standing = self._copies.get(copy.key)
            if "+" not in change:
                whole.append(copy)
            elif standing is not None and standing[1].body:
                whole.append(replace(copy, body=_added(json.loads(standing[1].body), change)))
        return bool(await original_newer(self, view, epoch, whole, covered, seen))

    original_put, original_newer = Copier.put, stores.SimulatedKeyValues.put_newer
    return [(Copier, "put", put), (stores.SimulatedKeyValues, "put_newer", put_newer)]


def nothing_was_missed() -> list[Patch]:
    """A socket that comes back on another line hears what happens from now on."""

    async def come_back(position: int, channels: Any, viewer: Any, hub: Any, mailbox: Any, sources: Any) -> Came:
        came = await original(position, channels, viewer, hub, mailbox, sources)
        return replace(came, missed=())

    original = resume.come_back
    return [(connection, "come_back", come_back)]


def away_is_empty() -> list[Patch]:
    """A store that does not answer is taken for one that holds nothing."""

    async def states(self: Any, keys: Sequence[str]) -> Any:
        try:
            return await original(self, keys)
        except Unavailable:
            return {}

    original = Projector._states
    return [(Projector, "_states", states)]


def effect_before_commit() -> list[Patch]:
    """Effects are handed out, under keys drawn at that moment, before what has led to them is kept."""
    chance = Random(13)
    newest: dict[str, str] = {}  # by the key that the platform meant: the one that was drawn last

    def drawn(effect: NewEffect) -> NewEffect:
        if effect.kind not in (wish.AUTHORISE, REFUND):
            return replace(effect, idempotency_key=newest.get(effect.idempotency_key, effect.idempotency_key))
        key = newest[effect.idempotency_key] = f"{effect.idempotency_key} {chance.random()}"
        return replace(effect, id=derived(effect.id, key), idempotency_key=key)

    async def save(self: Any, position: int, rows: Any, timers: Any, effects: Sequence[NewEffect], rung: Any) -> None:
        early = [drawn(effect) for effect in effects]
        if early:
            await self._work.save(self._process.name, self._fence, self._saved, [], [], early)
            for effect in early:
                await self._broker.wake(effect.id)
        await original(self, position, rows, timers, [], rung)

    original = turning.Runner._save
    return [(turning.Runner, "_save", save)]


def refused_by_memory() -> list[Patch]:
    """What is remembered is taken for how things stand: nobody asks the log before refusing."""

    async def load(self: Any, *args: Any, **kwargs: Any) -> Any:
        loaded = await original(self, *args, **kwargs)
        loaded.read = True
        return loaded

    original = Loader.load
    return [(Loader, "load", load)]


def _difference(before: Any, now: Any) -> bytes:
    changed = {name: value for name, value in now.items() if before.get(name) != value}
    numbers = {name: value - before[name] for name, value in changed.items() if _is_number(value, before.get(name))}
    others = {name: value for name, value in changed.items() if name not in numbers}
    return json.dumps({"+": numbers, "=": others}).encode()


def _added(standing: Any, change: Any) -> bytes:
    numbers = {name: standing.get(name, 0) + value for name, value in change["+"].items()}
    return json.dumps({**standing, **numbers, **change["="]}).encode()


def _is_number(*values: Any) -> bool:
    return all(isinstance(value, int) and not isinstance(value, bool) for value in values)


FURTHER = (
    no_release_on_decline,
    webhook_without_dedupe,
    timer_gone_before_it_is_heard,
    poison_is_passed_over,
    released_key_forgets,
    nobody_sweeps,
    begins_at_the_end,
    half_a_command,
    todays_answer,
    refused_by_memory,
    tokens_are_ignored,
    folded_in_redis,
    nothing_was_missed,
    away_is_empty,
    effect_before_commit,
)
