"""The event socket on 3003: `python -m read_api.main_ws`."""

import asyncio
import signal
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import uvloop

from infra.clock import SystemClock
from infra.collector import settle
from infra.observability.logs import configure, logger
from infra.open_files import allow_most
from infra.resilience.load import Load
from infra.security import jwks
from infra.security.tokens import SigningKey, Verifier
from infra.settings import Settings, read_settings
from projections.main import open_readers
from projections.order_tracking import view as tracking
from projections.public_changes import view as changes
from projections.stock_levels import view as levels
from projections.stock_levels.view import Readers
from read_api.ws import sources
from read_api.ws.bounds import Bounds
from read_api.ws.resume import Sources
from read_api.ws.rooms import Hub
from read_api.ws.server import listening
from read_api.ws.sources import Behind, Entry, LostFuture, Seen

HOST = "127.0.0.1"
PATIENCE = 2.0  # seconds that a room waits for its read model


@dataclass(frozen=True, slots=True)
class PublicChanges:
    """sources.Changes over the view."""

    readers: Readers

    async def position(self) -> int:
        await self.readers.freshness.refresh()
        return self.readers.freshness.position(changes.SOURCE)

    async def check_exists(self, position: int) -> None:
        try:
            await self.readers.freshness.check_exists(position)
        except changes.LostFuture as lost:
            raise LostFuture(lost.head) from None

    async def wait(self, after: int, seconds: float) -> int:
        return await self.readers.freshness.wait(changes.SOURCE, after + 1, seconds)

    async def between(
        self, after: int, up_to: int, limit: int, channels: Collection[str] | None = None
    ) -> Sequence[Entry]:
        try:
            found = await changes.changes(self.readers, after, limit, channels, up_to=up_to)
        except (changes.Behind, changes.Rebuilding) as away:
            raise Behind(away.position, 0) from None
        if len(found.entries) < limit and found.position < up_to:
            raise Behind(found.position, 0)  # its store went back in time: what is not there yet would be missed
        return [
            Entry(entry.position, entry.type, entry.channel, entry.audience, entry.occurred_at, entry.payload)
            for entry in found.entries
        ]


@dataclass(frozen=True, slots=True)
class Rooms:
    """sources.Snapshots over the views."""

    readers: Readers

    async def order(self, order_id: UUID, at_least: int) -> Seen | None:
        await self._reach(tracking.SOURCE, at_least)
        try:
            found = await tracking.order(self.readers, str(order_id), at_least)
        except (tracking.Behind, tracking.Rebuilding) as away:
            raise Behind(away.position, 0) from None
        if found is None:
            return None
        document = found.document
        body = {
            "orderId": document.id,
            "number": document.number,
            "status": document.status,
            "paymentStatus": document.payment_status,
            "clientAction": document.client_action,
        }
        return Seen(body, found.position, document.customer_id)

    async def stock(self, variant_ids: Collection[UUID], at_least: int) -> Mapping[UUID, Seen]:
        await self._reach(levels.SOURCE, at_least)
        try:
            found = await levels.stock(self.readers, [str(variant_id) for variant_id in variant_ids], at_least)
        except (levels.Behind, levels.Rebuilding) as away:
            raise Behind(away.position, 0) from None
        return {
            UUID(key): Seen({"variantId": key, "available": level.document.available}, level.position, None)
            for key, level in found.items()
        }

    async def _reach(self, source: object, at_least: int) -> None:
        """Raises Behind."""
        freshness = self.readers.freshness
        if at_least and (reached := await freshness.wait(source, at_least, PATIENCE)) < at_least:  # type: ignore[arg-type]
            raise Behind(reached, int(PATIENCE * 1000))


async def serve(settings: Settings) -> None:
    """Until SIGTERM or SIGINT."""
    signing_key = SigningKey.from_pem(settings.secrets.signing_key_pem())
    verifier = Verifier(jwks.document([signing_key.public]))
    clock = SystemClock()
    async with open_readers(settings, clock, told_of_all=False) as readers:
        seen: sources.Changes = PublicChanges(readers)
        hub = Hub(seen, clock)
        await hub.start()
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, ended.set)
        load = Load(settings.limits.sockets, lambda refused: logger().warning("too much to do", refused=refused))
        async with (
            listening(HOST, settings.ports.ws, verifier, hub, Sources(seen, Rooms(readers)), Bounds(load)),
            asyncio.TaskGroup() as tasks,
        ):
            running = [tasks.create_task(hub.run()), tasks.create_task(load.watch())]
            settle()
            print("ready ws", flush=True)  # noqa: T201 the runner waits for this line
            await ended.wait()
            for task in running:
                task.cancel()


def main() -> None:
    """Read the settings, serve, end."""
    configure("ws")
    allow_most()
    uvloop.run(serve(read_settings()))


if __name__ == "__main__":
    main()
