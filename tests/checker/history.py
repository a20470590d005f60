"""What did the clients see? Records of their requests, and whether each read showed what it said it would.

One JSON object a line, one line a request: client, kind (command or read), operation, target (path), key, token, sent,
answered (monotonic seconds), status (null: no answer came), position, version, stale, body.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from tests.checker.comparing import FIELDS_SHOWN, differing
from tests.checker.findings import Findings
from tests.checker.folds.views import Folded
from tests.checker.happened import Json

SHOWN = re.compile(r"(?:.*/)?(?P<kind>orders|carts|products|stock-items)/(?P<id>[0-9a-f-]{36})(?P<part>/timeline)?")
VIEW_OF = {"orders": "orders", "carts": "carts", "products": "products", "stock-items": "stock_levels"}


class Record(msgspec.Struct, kw_only=True):
    """One request. `where` is its file and line."""

    client: str
    kind: str
    operation: str = ""
    target: str = ""
    key: str | None = None
    token: int | None = None
    sent: float
    answered: float | None = None
    status: int | None = None
    position: int | None = None
    version: int | None = None
    stale: bool = False
    body: dict[str, Any] | None = None
    where: str = ""

    @property
    def is_good(self) -> bool:
        """Accepted, or shown."""
        return self.status is not None and 200 <= self.status < 300


_DECODER = msgspec.json.Decoder(Record)


@dataclass(frozen=True, slots=True)
class Shown:
    """Which document a read is about."""

    view: str
    key: str
    is_part: bool  # its timeline alone


def shown(target: str) -> Shown | None:
    parts = SHOWN.fullmatch(target.partition("?")[0])
    if parts is None:
        return None
    return Shown(VIEW_OF[parts["kind"]], parts["id"], parts["part"] is not None)


class Histories:
    """All records, in the order in which they were sent."""

    def __init__(self, files: Sequence[Path] = ()) -> None:
        self.records: list[Record] = []
        self._unreadable: list[str] = []
        self._cut_off = 0
        for file in files:
            self._read(file)
        self.records.sort(key=lambda record: record.sent)
        self._reads: dict[int, list[Record]] = {}  # by the position that they named
        for record in self.records:
            if record.kind == "read" and record.is_good and record.position is not None and record.body is not None:
                self._reads.setdefault(record.position, []).append(record)

    def passed(self, position: int, folded: Folded, findings: Findings) -> None:
        """The fold stands exactly here: what was read as of this position must look like it."""
        for record in self._reads.pop(position, ()):
            about = shown(record.target)
            if about is not None and record.body is not None and "asOf=" not in record.target:
                findings.count("reads held against the log")
                self._compare(record, record.body, about, folded, findings)

    def told(self, head: int, findings: Findings) -> None:
        """What can be said of the files themselves, and of reads that named a position that never was."""
        findings.count("history records", len(self.records))
        if self._cut_off:
            findings.count("history lines cut off", self._cut_off)
        for where in self._unreadable:
            findings.wrong("history.unreadable", where, "this is no record")
        for position, records in self._reads.items():
            if position > head:
                for record in records:
                    findings.wrong("history.future", record.where, f"it read at {position}, the log ends at {head}")

    def _compare(self, record: Record, body: Json, about: Shown, folded: Folded, findings: Findings) -> None:
        document = folded.get(about.view, about.key)
        if document is None:
            findings.wrong("history.read_differs", record.where, f"{about.view} {about.key} was not there by then")
            return
        wanted: Json = {"entries": document["timeline"]} if about.is_part else document
        paths = differing(wanted, body)
        if paths and not record.stale:
            text = f"{about.view} {about.key} at {record.position} differs at {', '.join(paths[:FIELDS_SHOWN])}"
            findings.wrong("history.read_differs", record.where, text)

    def _read(self, file: Path) -> None:
        lines = file.read_bytes().split(b"\n")
        rest = lines.pop()
        if rest:  # the client was still writing: this request is as if it had not been recorded
            self._cut_off += 1
        for number, line in enumerate(lines, 1):
            where = f"{file.name}:{number}"
            try:
                record = _DECODER.decode(line)
            except msgspec.DecodeError:
                self._unreadable.append(where)
                continue
            record.where = where
            self.records.append(record)
