"""Is the `make` that started us still there? Whoever kills it wants the platform gone, however hard it was killed."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Ancestor:
    """A process above ours, by pid and moment of birth: pids are used again."""

    pid: int
    born: str

    @property
    def alive(self) -> bool:
        found = _of(self.pid)
        return found is not None and found.born == self.born and not found.dead


@dataclass(frozen=True, slots=True)
class _Status:
    name: str
    dead: bool
    parent: int
    born: str


def starting_make() -> Ancestor | None:
    """The nearest `make` above us. None: we were started otherwise, or the system doesn't tell (no /proc)."""
    if "MAKELEVEL" not in os.environ:
        return None
    pid = os.getppid()
    while pid > 1:
        status = _of(pid)
        if status is None:
            return None
        if status.name in ("make", "gmake"):
            return Ancestor(pid, status.born)
        pid = status.parent
    return None


def _of(pid: int) -> _Status | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    name, rest = text[text.index("(") + 1 : text.rindex(")")], text[text.rindex(")") + 2 :].split()
    return _Status(name, rest[0] in ("Z", "X"), int(rest[1]), rest[19])
