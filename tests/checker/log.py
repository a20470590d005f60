"""Is the log whole? Positions, versions, commands with their answers, digests and links, one row after another."""

from collections.abc import Generator, Iterator
from contextlib import closing
from typing import Any, LiteralString
from uuid import UUID

import msgspec
import psycopg
from psycopg.rows import args_row

from tests.checker.chain import Chain, Link, Row, digest_of
from tests.checker.commands import Commands
from tests.checker.findings import Findings
from tests.checker.happened import Happened, rfc3339
from tests.checker.seals import Seals

PAGE = 2000  # rows fetched at once
ROOMS = ("product", "stock", "cart", "order", "payment", "customer", "review", "provider_event", "notification")
EVENTS: LiteralString = """
select e.position, e.stream, e.version, e.type, e.schema, e.event_id, e.command_id, e.recorded_at, e.effective_at,
    e.metadata, e.payload, e.digest, a.position, a.answer
from log.events e left join log.answers a on a.command_id = e.command_id order by e.position
"""
LINKS: LiteralString = "select first_position, count, recorded_at, link from log.links order by first_position"
IDLE_ANSWERS: LiteralString = """
select a.command_id, a.position from log.answers a
where not exists (select from log.events e where e.command_id = a.command_id) order by a.position limit 20
"""

Connection = psycopg.Connection[Any]


class Log:
    """Walks the rows of one snapshot. `events()` gives what they say, and judges on the way."""

    def __init__(self, connection: Connection, seals: Seals, findings: Findings, signed: dict[int, bytes]) -> None:
        self._connection = connection
        self._seals = seals
        self._findings = findings
        self._signed = signed
        self._event_ids: set[UUID] = set()
        self._moment = ""
        self.heads: dict[str, tuple[int, int]] = {}  # stream → version and position of its last event
        self.places: dict[str, list[int]] = {}  # stream → positions of its events
        self.position = 0
        self.commands = Commands(self.heads, findings)

    def events(self) -> Iterator[Happened]:
        with (
            closing(self._links()) as links,
            self._connection.cursor("events", binary=True, row_factory=args_row(Row)) as cursor,
        ):
            chain = Chain(links, self._findings)
            cursor.itersize = PAGE
            for row in cursor.execute(EVENTS):
                self._findings.count("events")
                chain.row(row)
                self._row(row)
                happened = self._opened(row)
                self.commands.row(row)
                if happened is not None:
                    self.commands.by(happened)
                    yield happened
            self.commands.end()
            self._end(chain)

    def _row(self, row: Row) -> None:
        wrong, where = self._findings.wrong, row.position
        if row.position != self.position + 1:
            wrong("log.position_gap", where, f"it follows position {self.position}")
        self.position = row.position
        version = self.heads.get(row.stream, (0, 0))[0]
        if row.version != version + 1:
            wrong("log.version_hole", where, f"{row.stream} has version {row.version} after {version}")
        self.heads[row.stream] = row.version, row.position
        self.places.setdefault(row.stream, []).append(row.position)
        if row.event_id in self._event_ids:
            wrong("log.event_id_twice", where, f"event {row.event_id} is there before")
        self._event_ids.add(row.event_id)
        moment = rfc3339(row.recorded_at)
        if moment < self._moment:
            wrong("log.time_went_back", where, "it was recorded before the event in front of it")
        self._moment = moment
        if row.ends_at is not None and row.digest != digest_of(row, row.ends_at):
            wrong("log.digest", where, "its digest differs: it was changed, or put here from elsewhere")

    def _opened(self, row: Row) -> Happened | None:
        """What it says. A type or version that the checker does not know is a violation: it proves nothing of it."""
        try:
            metadata, data = msgspec.json.decode(row.metadata), msgspec.json.decode(row.payload)
            actor = metadata["actor"]
        except (ValueError, KeyError, msgspec.DecodeError):
            self._findings.wrong("log.unreadable", row.position, f"{row.type} can't be read")
            return None
        if row.schema != 1 or row.type.partition(".")[0] not in ROOMS:
            self._findings.wrong("log.unknown", row.position, f"{row.type} in version {row.schema}")
            return None
        data = self._seals.opened(row.type, row.position, row.event_id, metadata.get("key_id"), data)
        return Happened(
            position=row.position,
            stream=row.stream,
            version=row.version,
            type=row.type,
            event_id=row.event_id,
            command_id=row.command_id,
            at=rfc3339(row.effective_at),
            recorded_at=rfc3339(row.recorded_at),
            actor_type=str(actor["type"]),
            actor_id=str(actor["id"]),
            origin=metadata.get("origin"),
            data=data,
        )

    def _links(self) -> Generator[Link, None, None]:
        with self._connection.cursor("links", row_factory=args_row(Link)) as cursor:
            cursor.itersize = PAGE
            yield from cursor.execute(LINKS)

    def _end(self, chain: Chain) -> None:
        head = self._connection.execute("select position, link from log.log_head").fetchone()
        assert head is not None
        must = self._findings.must
        must(head[0] == self.position, "log.head", head[0], f"the last event is at {self.position}")
        chain.end(bytes(head[1]), self._signed)
        stored = 0
        for stream, version, position in self._connection.execute(
            "select stream, version, position from log.stream_heads"
        ):
            stored += 1
            is_so = self.heads.get(stream) == (version, position)
            must(is_so, "log.stream_head", stream, f"stored {version} at {position}, is {self.heads.get(stream)}")
        self._findings.count("streams", len(self.heads))
        must(stored == len(self.heads), "log.stream_heads", stored, f"heads of {len(self.heads)} streams")
        for command, position in self._connection.execute(IDLE_ANSWERS):
            self._findings.wrong("command.without_events", command, f"an answer at {position}, and no event of it")
