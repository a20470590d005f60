"""What the provider tells us by webhook: at least once, sometimes late, twice, in another order, or never."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from infra.memory.provider import MemoryProvider
from infra.ports import Charge, Unavailable
from tests.simulation.chances import Chance, Record
from tests.simulation.loop import outside
from tests.simulation.wires import ConnectionLost
from write_model.handling.bus import Answer, NotNow, Request
from write_model.kernel.message import Actor
from write_model.provider_event.commands import RecordProviderEvent

ACTOR = Actor("process", "stripe_webhook")
Ask = Callable[[Request], Awaitable[Answer]]


class Post:
    def __init__(self, record: Record, chance: Chance, ask: Ask) -> None:
        self._record = record
        self._chance = chance
        self._ask = ask
        self._count = 0
        self._tasks: list[asyncio.Task[Any]] = []
        self.declined: set[UUID | None] = set()  # orders that the provider has said no to, whether or not that is heard
        self.provider: MemoryProvider | None = None

    def told(self, kind: str, charge: Charge) -> None:
        self._count += 1
        if kind == "payment_intent.payment_failed":
            self.declined.add(charge.order_id)
        rate = self._record.rate("webhooks") * 4
        if rate and self._chance.hits(rate / 2):
            self._record.inject("webhooks", f"{kind} never")
            return
        times = self._chance.pick((1, 2, 3)) if rate and self._chance.hits(rate) else 1
        assert self.provider is not None, "somebody tells"
        said = self._said(kind, charge)
        for number in range(times):
            delay = self._chance.between(0.0, 0.3)
            if rate and self._chance.hits(rate):
                self._record.inject("webhooks", f"{kind} late")
                delay = self._chance.between(0.0, 30.0)
            if number:
                self._record.inject("webhooks", f"{kind} again")
            loop = asyncio.get_running_loop()
            self._tasks.append(loop.create_task(self._deliver(said, delay), context=outside()))

    def close(self) -> None:
        for task in self._tasks:
            task.cancel()

    @property
    def is_idle(self) -> bool:
        return all(task.done() for task in self._tasks)

    def _said(self, kind: str, charge: Charge) -> RecordProviderEvent:
        assert self.provider is not None
        return RecordProviderEvent(
            provider="stripe",
            provider_event_id=f"evt_{self._count}",
            type=kind,
            created_at=charge.at,
            payment_ref=charge.ref,
            order_id=charge.order_id,
            payment_id=self.provider._intents[charge.ref].order.payment_id,
            status=charge.state.value.lower(),
            amount_minor=charge.amount_minor,
            captured_minor=charge.captured_minor,
            currency=charge.currency,
            decline_code=charge.decline_code,
            client_action=charge.client_action,
        )

    async def _deliver(self, said: RecordProviderEvent, delay: float) -> None:
        """Until it is answered."""
        await asyncio.sleep(delay)
        pause = 0.5
        while not self._record.closed:
            try:
                await self._ask(Request(command=said, caller="webhook:stripe", actor=ACTOR))
            except (NotNow, Unavailable, ConnectionLost):
                pass
            except Exception as error:
                self._record.violation(f"webhook {said.type} refused: {type(error).__name__} {error}")
                return
            else:
                self._record.seen["webhook accepted"] += 1
                return
            await asyncio.sleep(pause)
            pause = min(pause * 2, 20.0)
