"""Whose keys are those? Which command of the log each client's Idempotency-Key is, and all that it was answered."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from tests.checker.commands import Stored
from tests.checker.happened import command_id
from tests.checker.history import Record
from tests.checker.log import Log


@dataclass(slots=True)
class Asked:
    """One key of one client: a command, asked for as often as it took."""

    client: str
    key: str
    records: list[Record] = field(default_factory=list)  # as they were sent
    scope_known: bool = False
    found: dict[UUID, Stored] = field(default_factory=dict)  # commands of the log under this key

    @property
    def acknowledged(self) -> list[Record]:
        """Answers that say that it was done, and where in the log."""
        return [record for record in self.records if record.is_good and record.position is not None]

    @property
    def sent(self) -> float:
        return self.records[0].sent

    @property
    def where(self) -> str:
        return self.records[0].where


def asked(records: Iterable[Record], log: Log) -> list[Asked]:
    """By client and key, with what the log has of each."""
    groups: dict[tuple[str, str], Asked] = {}
    for record in records:
        if record.kind == "command" and record.key is not None:
            group = groups.setdefault((record.client, record.key), Asked(record.client, record.key))
            group.records.append(record)
    scopes = _scopes(groups.values(), log)
    for group in groups.values():
        known = scopes.get(group.client, {})
        group.scope_known = bool(known)
        for scope in known:
            command = command_id(scope, group.key)
            stored = log.commands.stored.get(command)
            if stored is not None:
                group.found[command] = stored
    return list(groups.values())


def _scopes(groups: Iterable[Asked], log: Log) -> dict[str, dict[str, None]]:
    """Under whose name a client's keys are stored: told by commands that end where an answer to it says so."""
    found: dict[str, dict[str, None]] = {}
    for group in groups:
        known = found.setdefault(group.client, {})
        for record in group.acknowledged:
            command = log.commands.ending.get(record.position or 0)
            if command is None:
                continue
            for scope in log.commands.scopes.get(command, ()):
                if scope not in known and command_id(scope, group.key) == command:
                    known[scope] = None
    return found
