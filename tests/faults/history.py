"""What did the clients see? One record for every request, in a file of JSON lines that others read."""

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self


@dataclass(slots=True)
class Record:
    """One request. `status` None: no answer came."""

    client: str
    kind: str  # command or read
    operation: str
    target: str
    key: str | None
    token: int | None
    sent: float  # monotonic seconds
    answered: float | None = None
    status: int | None = None
    position: int | None = None
    version: int | None = None
    stale: bool = False
    body: dict[str, Any] | None = None


class History:
    """Appends to one file; complete lines only, also after a kill."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.count = 0
        self._out = file.open("a")

    def add(self, record: Record) -> None:
        self._out.write(json.dumps(asdict(record), separators=(",", ":")) + "\n")
        self.count += 1
        if self.count % 100 == 0:
            self._out.flush()

    def flush(self) -> None:
        self._out.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._out.close()


def begun(client: str, kind: str, operation: str, target: str, key: str | None, token: int | None) -> Record:
    return Record(client, kind, operation, target, key, token, time.monotonic())
