"""What does a run tell about itself? One file in its data folder: ports, pids, URLs. It holds no secret."""

import contextlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

NAME = "run.json"
STARTING = "run.json.starting"


@dataclass(frozen=True, slots=True)
class RunJson:
    """A run, as others find it."""

    pid: int  # of the runner
    data: str
    urls: Mapping[str, str]  # postgres, keys, redis, mongo; and the doors, once they are open
    ports: Mapping[str, int] = field(default_factory=dict)
    pids: Mapping[str, int] = field(default_factory=dict)
    folders: Mapping[str, str] = field(default_factory=dict)  # where the stores' data lies
    versions: Mapping[str, str] = field(default_factory=dict)

    def with_pids(self, pids: Mapping[str, int]) -> "RunJson":
        return replace(self, pids={**self.pids, **pids})


def path(data: Path) -> Path:
    return data / NAME


def write(run: RunJson, starting: bool = False) -> Path:
    """Readable by its owner only, complete or not there. Writing the final one removes the starting one."""
    data = Path(run.data)
    file = data / (STARTING if starting else NAME)
    write_private(file, json.dumps(asdict(run), indent=2) + "\n")
    if not starting:
        (data / STARTING).unlink(missing_ok=True)
    return file


def read(file: Path) -> RunJson | None:
    """None: there is no such run, or it ended without saying so."""
    try:
        found = json.loads(file.read_text())
        run = RunJson(**found)
    except (FileNotFoundError, json.JSONDecodeError, TypeError):  # not there, or not ours
        return None
    return run if _alive(run.pid) else None


def remove(data: Path) -> None:
    for name in (NAME, STARTING):
        (data / name).unlink(missing_ok=True)


def write_private(file: Path, text: str) -> None:
    """Atomically, with mode 0600."""
    fd, made = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")  # mode 0600
    try:
        with os.fdopen(fd, "w") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        Path(made).replace(file)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(made).unlink()
        raise


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
