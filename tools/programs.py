"""Which programs make up the platform, and who starts them again when they die?"""

import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from infra.embedded.kept import ServerFailed, locked, log_file, tail
from infra.embedded.lifeline import Lifeline

ROOT = Path(__file__).parents[1]
READY = "ready "  # how the line on standard output begins that says so
READY_SECONDS = 30.0
STOP_SECONDS = 10.0
_LONGEST_PAUSE = 30.0  # seconds between two starts
_FIRST_PAUSE = 0.2
_STABLE = 5.0  # seconds: who has lived so long does not die because it is started

LEAN: Mapping[str, str] = {
    "MALLOC_ARENA_MAX": "2",  # threads share heaps: much less memory, no slower here
    "PYTHONUNBUFFERED": "1",
}


@dataclass(frozen=True, slots=True)
class Program:
    """A Python module that runs as a process of its own and prints one line `ready NAME`."""

    name: str
    module: str
    arguments: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


MAINS: Sequence[Program] = (
    Program("processes", "processes.main"),
    Program("workers", "processes.main_workers"),
    Program("projections", "projections.main"),
    Program("http", "read_api.main_http"),
    Program("ws", "read_api.main_ws"),
)


class ProgramFailed(ServerFailed):
    """A program did not become ready. The message holds the end of its log."""


@dataclass(slots=True)
class _Running:
    program: Program
    process: "subprocess.Popen[bytes]"
    log: Path
    offset: int  # where this start's lines begin in the log
    begun: float  # monotonic
    deaths: int = 0
    again_at: float | None = None


class Programs:
    """Started together, watched, and ended together."""

    def __init__(self, data: Path, lifeline: Lifeline, environment: Mapping[str, str]) -> None:
        self._data, self._lifeline, self._environment = data, lifeline, environment
        self._running: dict[str, _Running] = {}
        place = hashlib.sha256(str(data).encode()).hexdigest()[:8]
        self._whose = f"{socket.gethostname()}:{place}"

    @property
    def pids(self) -> Mapping[str, int]:
        return {name: running.process.pid for name, running in self._running.items()}

    def start(self, programs: Sequence[Program]) -> None:
        """All of them at once. Raises ServerFailed when one of an earlier run doesn't end."""
        for program in programs:
            self._running[program.name] = self._begin(program)

    def wait_ready(self, programs: Sequence[Program]) -> None:
        """Until each has said so. Raises ProgramFailed."""
        for program in programs:
            running = self._running[program.name]
            while not _is_ready(running):
                if running.process.poll() is not None:
                    raise ProgramFailed(f"{program.name} ended while starting\n{tail(running.log)}")
                if time.monotonic() > running.begun + READY_SECONDS:
                    raise ProgramFailed(f"{program.name} was not ready in {READY_SECONDS:.0f} s\n{tail(running.log)}")
                time.sleep(0.05)

    def restart_dead(self) -> Sequence[str]:
        """Start again what has died, after a pause that grows with every death. What was done, in words."""
        said = []
        now = time.monotonic()
        for name, running in list(self._running.items()):
            if running.process.poll() is None:
                continue
            if running.again_at is None:
                deaths = 1 if now - running.begun > _STABLE else running.deaths + 1
                pause = min(_FIRST_PAUSE * 2 ** (deaths - 1), _LONGEST_PAUSE)
                running.deaths, running.again_at = deaths, now + pause
                said.append(f"{name} ended ({_how(running.process)}); again in {pause:g} s. Its log: {running.log}")
            elif now >= running.again_at:
                again = self._begin(running.program)
                again.deaths = running.deaths
                self._running[name] = again
                said.append(f"{name} started again, pid {again.process.pid}")
        return said

    def run(self, program: Program, out: IO[str] | None = None) -> int:
        """Run one to its end, writing to our own terminal, or to `out`. Its exit code."""
        process = self._open(program, out)
        try:
            return process.wait()
        finally:
            if process.poll() is None:
                _end([process], 3.0)

    def stop(self) -> None:
        """Ask all, wait, end the rest hard. Safe to call again."""
        _end([running.process for running in self._running.values()], STOP_SECONDS)

    def _begin(self, program: Program) -> _Running:
        log = log_file(self._data, program.name)
        offset = log.stat().st_size if log.exists() else 0
        with locked(self._data, program.name) as lock, log.open("ab") as out:  # the program holds it from now on
            return _Running(program, self._open(program, out, lock), log, offset, time.monotonic())

    def _open(self, program: Program, out: IO[Any] | None, *inherited: int) -> "subprocess.Popen[bytes]":
        environment = {**os.environ, **LEAN, **self._environment, **program.environment, **self._lifeline.environment()}
        environment["TELOCOMPRO_WORKER"] = f"{self._whose}:{program.name}"  # `locked`: one at a time
        return subprocess.Popen(
            [sys.executable, "-m", "infra.embedded.lifeline", program.module, *program.arguments],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            pass_fds=(self._lifeline.reading, *inherited),
            start_new_session=True,  # Ctrl-C reaches the runner alone, which ends them in order
        )


def _is_ready(running: _Running) -> bool:
    with running.log.open("rb") as file:
        file.seek(running.offset)
        return any(line.startswith(READY.encode()) for line in file)


def _how(process: "subprocess.Popen[bytes]") -> str:
    code = process.returncode
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"code {code}"


def _end(processes: Sequence["subprocess.Popen[bytes]"], seconds: float) -> None:
    alive = [process for process in processes if process.poll() is None]
    for process in alive:
        process.terminate()
    until = time.monotonic() + seconds
    for process in alive:
        try:
            process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
