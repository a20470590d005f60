"""The log in memory: the same contract as the real one, for unit tests and the simulation."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from infra.event_log.admission import admitted
from infra.event_log.chain import placed
from infra.ports import Accepted, Append, Busy, Conflict, Replayed, Snapshot, Stored, Verdict

_RETRY_AFTER = 0.5  # seconds, told with Busy


class _Clock(Protocol):
    async def now(self) -> datetime: ...


class _FirstMoment:
    """For tests that don't look at the time."""

    async def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)


class MemoryLog:
    """Appender and LogReader at once. Commands wait for their turn in a bounded queue, as they do at the real one."""

    def __init__(self, clock: _Clock | None = None, *, queue: int = 1000) -> None:
        self._clock: _Clock = _FirstMoment() if clock is None else clock
        self._bound = queue
        self._waiting = 0
        self._turn = asyncio.Lock()
        self._moved = asyncio.Condition()
        self._rows: list[Stored] = []
        self._streams: dict[str, list[Stored]] = {}
        self._answers: dict[UUID, Replayed] = {}

    async def append(self, command: Append) -> Verdict:
        """Store all events of the command, or none. Raises Busy, NotAppendable."""
        command = admitted(command)
        if self._waiting >= self._bound:
            raise Busy(_RETRY_AFTER)
        self._waiting += 1
        try:
            async with self._turn:
                await asyncio.sleep(0)  # as on the way to a server: others get their turn
                now = await self._clock.now()
                verdict = self._decided(command, now)
        finally:
            self._waiting -= 1
        if isinstance(verdict, Accepted):
            async with self._moved:
                self._moved.notify_all()
        return verdict

    async def head(self) -> int:
        return len(self._rows)

    async def read(self, after: int, limit: int, types: Collection[str] = ()) -> Sequence[Stored]:
        """Rows in position order; no types: all of them."""
        if not types:
            return self._rows[max(after, 0) : max(after, 0) + limit]
        found = [row for row in self._rows[max(after, 0) :] if row.type in types]
        return found[:limit]

    async def stream(self, name: str, after_version: int = 0, up_to: int | None = None) -> Sequence[Stored]:
        """One stream in version order."""
        return self._streams.get(name, [])[after_version:up_to]

    async def streams(self, after_versions: Mapping[str, int]) -> Sequence[Stored]:
        """Several streams at once, each past its version, in version order per stream."""
        return [row for name in sorted(after_versions) for row in self._streams.get(name, [])[after_versions[name] :]]

    async def wait(self, after: int, seconds: float) -> int:
        """Until the head is past `after`, at most so long; the head."""
        if len(self._rows) <= after and seconds > 0:
            try:
                async with asyncio.timeout(seconds), self._moved:
                    await self._moved.wait_for(lambda: len(self._rows) > after)
            except TimeoutError:
                pass
        return len(self._rows)

    async def answer(self, command_id: UUID) -> Replayed | None:
        return self._answers.get(command_id)

    def _decided(self, command: Append, now: datetime) -> Verdict:
        """One turn of the loop: nothing else happens in between."""
        earlier = self._answers.get(command.command_id)
        if earlier is not None:
            return earlier
        heads = {name: len(self._streams.get(name, ())) for name in command.expected}
        differing = {name: head for name, head in heads.items() if head != command.expected[name]}
        if differing:
            return Conflict(differing)
        moment = max(now, self._rows[-1].recorded_at) if self._rows else now
        for row in _rows(command, len(self._rows), moment):
            self._rows.append(row)
            self._streams.setdefault(row.stream, []).append(row)
        self._answers[command.command_id] = Replayed(len(self._rows), command.fingerprint, command.answer)
        return Accepted(len(self._rows))


class MemorySnapshots:
    """The twin of `infra.event_log.snapshots.PostgresSnapshots`."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[int, Snapshot]] = {}

    async def load(self, stream: str, state_version: int) -> Snapshot | None:
        kept = self._kept.get(stream)
        return kept[1] if kept is not None and kept[0] == state_version else None

    async def save(self, stream: str, state_version: int, snapshot: Snapshot) -> None:
        kept = self._kept.get(stream)
        if kept is None or kept[0] != state_version or kept[1].version < snapshot.version:
            self._kept[stream] = (state_version, snapshot)


def _rows(command: Append, head: int, moment: datetime) -> Iterable[Stored]:
    last = head + len(command.events)
    for position, event in enumerate(command.events, head + 1):
        yield Stored(
            position,
            event.stream,
            event.version,
            event.type,
            event.schema,
            event.event_id,
            command.command_id,
            moment,
            event.effective_at,
            event.metadata,
            event.payload,
            placed(event.digest, last - position),
        )
