"""Was each command stored once, whole, with an answer that agrees with what happened?"""

from dataclasses import dataclass
from uuid import UUID

import msgspec

from tests.checker.chain import Row
from tests.checker.findings import Findings
from tests.checker.happened import Happened

ROOMS = ("order", "cart", "payment", "product", "stock", "customer", "review", "provider_event", "notification")


@dataclass(frozen=True, slots=True)
class Stored:
    """A command as the log has it."""

    first: int
    last: int
    streams: tuple[str, ...]
    answered: str | None  # the stream that its answer is about
    version: int  # of that stream, as the answer says
    status: str


class Commands:
    """Follows the rows of the log; `heads`: stream → version and position, as far as the rows have come."""

    def __init__(self, heads: dict[str, tuple[int, int]], findings: Findings) -> None:
        self._heads = heads
        self._findings = findings
        self._rows: list[Row] = []
        self._sessions: dict[str, str] = {}  # cart's stream → whose holder it is
        self.stored: dict[UUID, Stored] = {}
        self.ending: dict[int, UUID] = {}  # position of a command's last event → the command
        self.scopes: dict[UUID, tuple[str, ...]] = {}  # command → under whose names its key may be

    def row(self, row: Row) -> None:
        """The next row, in the order of positions."""
        if self._rows and self._rows[-1].command_id != row.command_id:
            self._close(before=row.stream)
        self._rows.append(row)
        if row.ends_at == row.position:
            self._close(before=None)

    def by(self, event: Happened) -> None:
        """Who sent it: somebody signed in, or the holder of a cart's session. Processes are no clients."""
        if event.actor_type in ("customer", "admin"):
            self.scopes[event.command_id] = (f"{event.actor_type}:{event.actor_id}",)
        elif event.actor_type == "anonymous" and event.type == "cart.created":
            self._sessions[event.stream] = f"session:{event.data['session_id']}"
        if event.stream in self._sessions and event.actor_type == "anonymous":
            self.scopes[event.command_id] = (self._sessions[event.stream],)

    def end(self) -> None:
        if self._rows:
            self._close(before=None)

    def _close(self, before: str | None) -> None:
        """`before`: the stream of a row of the next command, which the heads count already."""
        rows, self._rows = self._rows, []
        first, last = rows[0], rows[-1]
        wrong, command = self._findings.wrong, last.command_id
        self._findings.count("commands")
        if command in self.stored:
            wrong("command.twice", last.position, f"command {command} stands at {self.stored[command].last} before")
        if len({row.recorded_at for row in rows}) > 1:
            wrong("command.split", last.position, "its events were not recorded in one append")
        answered, version, status = None, 0, ""
        if last.answer is None:
            wrong("command.answer_missing", last.position, f"command {command} has no stored answer")
        else:
            self._findings.count("stored answers")
            if last.ends_at != last.position:
                wrong("command.split", last.position, f"its answer says that it ended at {last.ends_at}")
            answered, version, status = self._answer(last, before)
        streams = tuple(dict.fromkeys(row.stream for row in rows))
        self.stored[command] = Stored(first.position, last.position, streams, answered, version, status)
        self.ending[last.position] = command

    def _answer(self, row: Row, before: str | None) -> tuple[str | None, int, str]:
        try:
            kept = msgspec.json.decode(row.answer or b"")
            identity, version, status = str(kept["id"]), int(kept["version"]), str(kept["status"])
        except (msgspec.DecodeError, ValueError, KeyError, TypeError):
            self._findings.wrong("command.answer_unreadable", row.position, "its stored answer can't be read")
            return None, 0, ""
        for room in ROOMS:
            stream = f"{room}-{identity}"
            if stream in self._heads:
                now = self._heads[stream][0] - (1 if stream == before else 0)
                if now != version:
                    text = f"its answer says version {version} of {stream}, which is {now}"
                    self._findings.wrong("command.answer_differs", row.position, text)
                return stream, version, status
        self._findings.wrong("command.answer_differs", row.position, f"its answer is about {identity}: no such stream")
        return None, version, status
