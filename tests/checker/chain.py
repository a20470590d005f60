"""Does the log's chain hold? Digests of events and links of appends, made again from the stored bytes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from struct import pack
from uuid import UUID

from tests.checker.findings import Findings

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of log.events, with where its command's stored answer says that the command ended."""

    position: int
    stream: str
    version: int
    type: str
    schema: int
    event_id: UUID
    command_id: UUID
    recorded_at: datetime
    effective_at: datetime
    metadata: bytes
    payload: bytes
    digest: bytes
    ends_at: int | None
    answer: bytes | None


@dataclass(frozen=True, slots=True)
class Link:
    first_position: int
    count: int
    recorded_at: datetime
    link: bytes


def digest_of(row: Row, ends_at: int) -> bytes:
    """What the row's digest must be: of all that is stored, then of how many events of its command stand behind it."""
    name, kind = row.stream.encode(), row.type.encode()
    sizes = pack(">IIII", len(name), len(kind), len(row.metadata), len(row.payload))
    fixed = pack(
        ">iiq16s16s", row.version, row.schema, _micros(row.effective_at), row.event_id.bytes, row.command_id.bytes
    )
    content = sha256(b"".join((sizes, fixed, name, kind, row.metadata, row.payload))).digest()
    return sha256(content + pack(">I", max(ends_at - row.position, 0))).digest()


class Chain:
    """Follows the links while the events go by in the order of positions."""

    def __init__(self, links: Iterator[Link], findings: Findings) -> None:
        self._links = links
        self._findings = findings
        self._previous = bytes(32)
        self._open: Link | None = None
        self._digests: list[bytes] = []
        self.ends: dict[int, bytes] = {}  # position → the link that ends there
        self.broken = False

    def row(self, row: Row) -> None:
        if self._open is None:
            self._open = next(self._links, None)
            if self._open is None or self._open.first_position != row.position:
                self._break(row.position, "no link of log.links begins here")
                return
            self._findings.count("links")
        if row.recorded_at != self._open.recorded_at:
            self._break(row.position, "the event was not recorded when its link was")
        self._digests.append(row.digest)
        if len(self._digests) == self._open.count:
            self._close(row.position)

    def end(self, head_link: bytes, signed: dict[int, bytes]) -> None:
        """`head_link` of log.log_head; `signed`: position → link of the signed heads."""
        if self.broken:
            return
        if self._open is not None or next(self._links, None) is not None:
            self._break(self._open.first_position if self._open else 0, "a link covers events that are not there")
        self._findings.must(head_link == self._previous, "chain.head", "log.log_head", "its link is not the last one")
        for position, link in signed.items():
            self._findings.count("signed heads")
            same = self.ends.get(position) == link
            self._findings.must(same, "chain.signed_head", position, "the head that was signed here is not this one")

    def _close(self, position: int) -> None:
        assert self._open is not None
        head = pack(">qiq", self._open.first_position, self._open.count, _micros(self._open.recorded_at))
        made = sha256(self._previous + head + b"".join(self._digests)).digest()
        if made != self._open.link:
            self._break(self._open.first_position, "the link over these events differs")
        self._previous = self._open.link
        self.ends[position] = self._open.link
        self._open, self._digests = None, []

    def _break(self, position: int, text: str) -> None:
        """Said once: what follows a broken link can't be followed."""
        if not self.broken:
            self._findings.wrong("chain.broken", position, text)
        self.broken = True


def _micros(moment: datetime) -> int:
    return (moment - EPOCH) // MICROSECOND
