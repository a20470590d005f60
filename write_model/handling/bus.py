"""How is a command answered? The one way in: states, permission, decision, and one append of all that happened.

A repeat is answered with what the first one did. A refusal is only said when the log was asked for the newest states.
"""

import hmac
from collections.abc import Callable
from uuid import UUID

from infra.ports import Appender, Keys, LogReader, Snapshots
from write_model.handling.attempt import Handling, Parts, answer_of
from write_model.handling.cache import Known, StateCache
from write_model.handling.coding import Decoder, EventCodec
from write_model.handling.failures import InFlight, KeyReused, LogBusy, NewerThanCode, NotNow, OutcomeUnknown
from write_model.handling.in_flight import Flights
from write_model.handling.loading import Loader
from write_model.handling.queues import Queues
from write_model.handling.recording import Digest, Recorder
from write_model.handling.request import Answer, Request
from write_model.handling.route import Registry
from write_model.handling.settling import Lookout
from write_model.handling.together import Together
from write_model.handling.waiting import pause
from write_model.kernel.clock import Clock
from write_model.kernel.ids import PLATFORM, Ids, derived, stream

CACHED = 20_000  # states

__all__ = [
    "Answer",
    "Bus",
    "InFlight",
    "KeyReused",
    "LogBusy",
    "NewerThanCode",
    "NotNow",
    "OutcomeUnknown",
    "Request",
    "build_bus",
]


class Bus:
    """Handles every command of the platform. Built by `build_bus`."""

    def __init__(self, parts: Parts, ids: Ids, pepper: bytes) -> None:
        self._parts = parts
        self._ids = ids
        self._pepper = pepper
        self._flights = Flights()
        self._lookout = Lookout(parts.loader, parts.reader)

    async def handle(self, request: Request) -> Answer:
        """Raises Refused, NotNow (log.busy, log.unknown, edge.in_flight), NewerThanCode, Unavailable."""
        route = self._parts.registry.commands[type(request.command)]
        if request.key is None:
            return await Handling(self._parts, request, route, self._ids.new(), b"").run()
        command_id = self.command_id(request.caller, request.key)
        fingerprint = request.fingerprint or self.fingerprint(repr(request.command).encode())
        handling = Handling(self._parts, request, route, command_id, fingerprint)
        return await self._flights.once(command_id, fingerprint, handling.run)

    async def preview(self, request: Request) -> Answer:
        """What the command would be answered; nothing is stored. Raises Refused."""
        route = self._parts.registry.commands[type(request.command)]
        return await Handling(self._parts, request, route, self._ids.new(), b"").preview()

    def together(self) -> Together:
        """For one who brings in many commands of one past."""
        return Together(self._parts)

    @staticmethod
    def command_id(caller: str, key: str) -> UUID:
        """What a command with this key of this caller is known as, for ever."""
        return derived(PLATFORM, caller, key)

    def fingerprint(self, *parts: bytes) -> bytes:
        """Tells two bodies apart and says nothing about them: HMAC-SHA-256 with the platform's own secret."""
        lengths_and_parts = [each for part in parts for each in (len(part).to_bytes(4, "big"), part)]
        return hmac.digest(self._pepper, b"".join(lengths_and_parts), "sha256")

    async def state(self, name: str, version: int | None = None) -> object:
        """The aggregate's state now, or at a version. One that does not exist has its decider's initial state."""
        return (await self.known(name, version)).state

    async def known(self, name: str, version: int | None = None) -> Known:
        """The state with its version and the position of its last event."""
        if version is None:
            return await self._parts.loader.current(name)
        return await self._parts.loader.at_version(name, version)

    async def settled(self, order_id: UUID, after: int, seconds: float) -> Answer:
        """The order once its fate is known (or its customer has to act), or as it is after so many seconds."""
        settling = self._parts.registry.settling
        name = stream(settling.category, order_id)
        known = await self._lookout.wait(name, settling.is_open, after, seconds)
        return answer_of(settling.answer, name, known, max(after, known.position), replayed=False)


def build_bus(
    *,
    appender: Appender,
    reader: LogReader,
    codec: EventCodec,
    keys: Keys,
    clock: Clock,
    ids: Ids,
    digest: Digest,
    registry: Registry,
    chance: Callable[[], float],
    pepper: bytes,
    cached: int = CACHED,
    snapshots: Snapshots | None = None,
) -> Bus:
    """`chance` gives numbers evenly between 0 and 1; `pepper` is a secret of the platform that never changes."""
    decoder = Decoder(codec, keys)
    parts = Parts(
        registry=registry,
        appender=appender,
        reader=reader,
        loader=Loader(registry, reader, decoder, StateCache(cached), snapshots),
        recorder=Recorder(codec, keys, ids, digest),
        decoder=decoder,
        queues=Queues(pause),
        clock=clock,
        chance=chance,
    )
    return Bus(parts, ids, pepper)
