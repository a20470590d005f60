"""How is a server started so that nothing of it outlives its runner? Under a keeper, with a lock on its name."""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from infra.embedded.lifeline import Lifeline

_KEEPER = Path(__file__).with_name("keeper.py")
_POLL = 0.05  # seconds
_LONG_LOG = 20_000_000  # bytes


class ServerFailed(Exception):
    """A server did not become ready, or ended by itself. The message holds the end of its log."""


@dataclass(frozen=True, slots=True)
class Account:
    """The unprivileged user that a server runs as. Numbers, because the kernel knows no names."""

    user: int
    group: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A server under its keeper."""

    name: str
    pid: int  # the server's
    log: Path
    keeper: "subprocess.Popen[str]" = field(repr=False)

    @property
    def alive(self) -> bool:
        return self.keeper.poll() is None

    def stop(self, seconds: float = 8.0) -> None:
        """End it cleanly, at the latest hard after `seconds`. Safe to call again."""
        if self.keeper.poll() is None:
            self.keeper.send_signal(signal.SIGTERM)
        try:
            self.keeper.wait(seconds)
        except subprocess.TimeoutExpired:
            self.keeper.kill()
            self.keeper.wait()
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class Server:
    """A running store."""

    name: str
    url: str
    pid: int
    version: str
    folder: Path  # where its data lies
    kept: Kept = field(repr=False)

    def stop(self) -> None:
        self.kept.stop()


def keep(
    name: str,
    command: Sequence[str],
    *,
    data: Path,
    lifeline: Lifeline,
    stop: signal.Signals,
    account: Account | None = None,
    environment: Mapping[str, str] | None = None,
    remove: Sequence[Path] = (),
) -> Kept:
    """Start `command` under a keeper, once a previous run's server of that name has ended. Raises ServerFailed."""
    log = log_file(data, name)
    user = [] if account is None else [f"--user={account.user}", f"--group={account.group}"]
    arguments = [f"--lifeline={lifeline.reading}", f"--signal={int(stop)}", *user]
    arguments += [f"--remove={folder}" for folder in remove]
    with log.open("ab") as out, locked(data, name) as lock:  # the keeper holds it from now on
        keeper = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_KEEPER), *arguments, "--", *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=out,
            text=True,
            env={**os.environ, **(environment or {})},
            pass_fds=(lifeline.reading, lock),
            start_new_session=True,  # Ctrl-C in a terminal reaches the runner alone
        )
    assert keeper.stdout is not None
    with keeper.stdout as told:
        pid = told.readline()
    if not pid:
        keeper.wait()
        raise ServerFailed(f"{name} could not be started\n{tail(log)}")
    return Kept(name, int(pid), log, keeper)


def log_file(data: Path, name: str) -> Path:
    """Where a program of that name writes, in a folder that exists. A long one is put aside first; one is kept."""
    folder = data / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.log"
    if file.exists() and file.stat().st_size > _LONG_LOG:
        file.replace(file.with_suffix(".log.1"))
    return file


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log file."""
    if not log.exists():
        return "(no log)"
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 16_384))
        return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])


def pause(kept: Kept, until: float, waiting_for: str) -> None:
    """One step of a readiness loop. Raises ServerFailed when the server has ended or time (monotonic) is up."""
    if not kept.alive:
        raise ServerFailed(f"{kept.name} ended while starting\n{tail(kept.log)}")
    if time.monotonic() > until:
        kept.stop()
        raise ServerFailed(f"{kept.name}: {waiting_for} took too long\n{tail(kept.log)}")
    time.sleep(_POLL)


def wait_until_unlocked(data: Path, seconds: float = 20.0) -> None:
    """Until nothing that was kept in `data` lives any more. Raises ServerFailed."""
    folder = data / "locks"
    for file in sorted(folder.iterdir()) if folder.is_dir() else ():
        with locked(data, file.name, seconds):
            pass


@contextlib.contextmanager
def locked(data: Path, name: str, seconds: float = 20.0) -> Iterator[int]:
    """The lock on a program's name, as a file descriptor: whoever inherits it holds it too. Raises ServerFailed."""
    folder = data / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    fd = os.open(folder / name, os.O_RDWR | os.O_CREAT, 0o600)
    until = time.monotonic() + seconds
    try:
        while not _taken(fd):
            if time.monotonic() > until:
                raise ServerFailed(f"{name} of another run still uses {data}")
            time.sleep(_POLL)
        yield fd
    finally:
        os.close(fd)


def _taken(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
