"""A bus over the twins of its ports: as many of them as a test wants processes, over one log."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from uuid import UUID

from infra.codec.json_codec import Codec
from infra.event_log.chain import event_digest
from infra.memory.clock import VirtualClock
from infra.memory.ids import SeededIds
from infra.memory.keys import MemoryKeys
from infra.memory.log import MemoryLog
from infra.ports import Appender, LogReader, Schema, Stored
from write_model.handling import registry
from write_model.handling.bus import Answer, Bus, Request, build_bus
from write_model.handling.names import EVENTS
from write_model.handling.route import Registry
from write_model.kernel.message import Actor, Command

PEPPER = b"pepper for tests"
OPERATOR = Actor("operator", "test")


@dataclass
class World:
    """The twins, and the first bus over them."""

    registry: Registry = registry.REGISTRY
    events: Sequence[Schema] = EVENTS
    clock: VirtualClock = field(default_factory=VirtualClock)
    ids: SeededIds = field(default_factory=SeededIds)
    keys: MemoryKeys = field(default_factory=MemoryKeys)

    def __post_init__(self) -> None:
        self.log = MemoryLog(self.clock)
        self.codec = Codec(self.events)
        self.chance = Random(1)
        self.bus = self.another_bus()

    def another_bus(self, appender: Appender | None = None, reader: LogReader | None = None) -> Bus:
        """As another process would have it: it remembers nothing of the first."""
        return build_bus(
            appender=appender or self.log,
            reader=reader or self.log,
            codec=self.codec,
            keys=self.keys,
            clock=self.clock,
            ids=self.ids,
            digest=event_digest,
            registry=self.registry,
            chance=self.chance.random,
            pepper=PEPPER,
        )

    async def send(self, command: Command, *, key: str | None = None, bus: Bus | None = None) -> Answer:
        """As the platform itself."""
        return await (bus or self.bus).handle(Request(command=command, caller="operator:test", actor=OPERATOR, key=key))

    async def rows(self) -> Sequence[Stored]:
        return await self.log.read(0, 100_000)


def customer(command: Command, customer_id: UUID, *, key: str | None = None, expected: int | None = None) -> Request:
    """As a customer who has signed in."""
    actor = Actor("customer", str(customer_id))
    return Request(command=command, caller=f"customer:{customer_id}", actor=actor, key=key, expected=expected)
