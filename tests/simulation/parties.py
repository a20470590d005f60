"""The provider, the mail server and the broker: what is outside, and fails in its own ways."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any
from uuid import UUID

from infra.ports import OutcomeUnknown, ProviderUnavailable
from tests.simulation.chances import Chance, Record
from tests.simulation.loop import PROGRAM, Program, outside, passing
from tests.simulation.wires import AFTER, BEFORE, DONE_LATER, LATE, OUTSIDE, Way, at_once


class OutsideWire:
    """The provider or the mail server: unreachable, silent before or after the act, or acting late."""

    def __init__(self, name: str, target: Any, way: Way, fault: str) -> None:
        self._name = name
        self._target = target
        self._way = way
        self._fault = fault

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        method = getattr(self._target, operation)
        label = f"{self._name}.{operation}"

        async def call(*args: Any, **kwargs: Any) -> Any:
            way = self._way
            await way.go()
            if way.chance.hits(way.record.rate(self._fault) * OUTSIDE):
                return await self._troubled(label, lambda: method(*args, **kwargs))
            await way.passing(label)
            result = at_once(method(*args, **kwargs))
            way.told(label)
            await way.passing(f"{label} done")
            await way.come_back()
            return result

        self.__dict__[operation] = call
        return call

    async def _troubled(self, label: str, act: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        way = self._way
        how = way.chance.pick(("unavailable", BEFORE, AFTER, AFTER, DONE_LATER))
        way.record.inject(self._fault, f"{label} {how}")
        if how == "unavailable":
            raise ProviderUnavailable("asked for", way.chance.pick((0.1, 1.0, 20.0)))
        if how == DONE_LATER:
            after = way.chance.between(0.0, LATE)
            acting = asyncio.get_running_loop().create_task(self._later(act, after), context=outside())
            came = await asyncio.shield(acting)
            if isinstance(came, _Raised):
                raise came.error
            return came
        if how == AFTER:
            at_once(act())
            way.told(label)
        await way.go()
        raise OutcomeUnknown("asked for")

    async def _later(self, act: Callable[[], Coroutine[Any, Any, Any]], seconds: float) -> Any:
        await asyncio.sleep(seconds)
        if self._way.record.closed:
            return None
        try:
            return at_once(act())
        except Exception as refused:
            return _Raised(refused)


class _Raised:
    """What a late act came to, for nobody."""

    def __init__(self, error: Exception) -> None:
        self.error = error


class Wakes:
    """A Broker whose messages may be lost, repeated or late; `take` gives the next one to whoever is alive."""

    def __init__(self, record: Record, chance: Chance) -> None:
        self._record = record
        self._chance = chance
        self._messages: list[UUID] = []
        self._waiting: list[tuple[Program, asyncio.Future[UUID]]] = []

    async def wake(self, effect_id: UUID) -> None:
        await asyncio.sleep(0)
        await passing(PROGRAM.get(), "broker.wake")
        times = 1
        if self._chance.hits(self._record.rate("broker") * OUTSIDE):
            times = self._chance.pick((0, 0, 2, 3))
            self._record.inject("broker", f"{times} times")
        for _ in range(times):
            delay = self._chance.between(0.0, 3.0) if self._chance.hits(self._record.rate("broker") * OUTSIDE) else 0.0
            asyncio.get_running_loop().call_later(delay, self._put, effect_id, context=outside())
        await passing(PROGRAM.get(), "broker.wake done")

    async def take(self, program: Program) -> UUID:
        """Taken is acknowledged: whoever is killed with it has lost it."""
        if self._messages:
            effect_id = self._messages.pop(0)
        else:
            message: asyncio.Future[UUID] = asyncio.get_running_loop().create_future()
            self._waiting.append((program, message))
            effect_id = await message
        await passing(program, "broker.take done")
        return effect_id

    def _put(self, effect_id: UUID) -> None:
        while self._waiting:
            program, message = self._waiting.pop(0)
            if not message.done() and not program.killed:
                message.set_result(effect_id)
                return
        self._messages.append(effect_id)
