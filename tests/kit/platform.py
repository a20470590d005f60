"""The whole platform for journeys: one per pytest run, in processes of its own, as `telocompro up` starts it.

Workers of pytest-xdist share it. What a test makes there has fresh ids; what it does to others (a fault of the
provider, a store stopped) it does alone.
"""

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.embedded import run_json
from infra.embedded.ports import free_port, is_free
from infra.settings import Settings, read_settings
from tests.kit.stack import locked, run_folder

ROOT = Path(__file__).parents[2]
STEPS = (1, 2, 3, 11, 12, 13)  # of a base: the ports that a run listens on


@dataclass(frozen=True, slots=True)
class Started:
    """A folder in which a platform runs, and what it tells there."""

    folder: Path

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def run(self) -> run_json.RunJson:
        """As it is now: pids change when something is started again."""
        found = run_json.read(run_json.path(self.data))
        assert found is not None, self.said()
        return found

    def said(self) -> str:
        """What the runner has told so far."""
        return (self.folder / "up.log").read_text(errors="replace")[-4000:]


@dataclass(frozen=True, slots=True)
class Platform(Started):
    """A running platform, as an operator would find it."""

    @property
    def settings(self) -> Settings:
        return read_settings(run_json.path(self.data))

    @property
    def environment(self) -> Mapping[str, str]:
        """Of a program that is to find this platform."""
        base = str(self.run.ports["base"])
        return {**os.environ, "TELOCOMPRO_DATA": str(self.data), "TELOCOMPRO_PORT_BASE": base}

    def command(self, *arguments: str, seconds: float = 90.0) -> "subprocess.CompletedProcess[str]":
        """`telocompro` with these arguments, to its end."""
        line = [sys.executable, "-m", "tools.cli", *arguments]
        return subprocess.run(
            line, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=seconds, check=False
        )

    def wait_restarted(self, name: str, pid: int, seconds: float = 40.0) -> None:
        """Until the runner has started it again after this process of it had ended, and says so."""
        until = time.monotonic() + seconds
        while self.run.pids.get(name) == pid:
            assert time.monotonic() < until, self.said()
            time.sleep(0.05)


@contextmanager
def another_rest_api(platform: Platform) -> Iterator[str]:
    """A second process behind its own port: the URL of its REST door."""
    base = base_of_free_ports()
    log = platform.folder / f"rest-{base}.log"
    line = [sys.executable, "-m", "read_api.main_http", "--only", "rest"]
    environment = {**platform.environment, "TELOCOMPRO_PORT_BASE": str(base)}
    with log.open("wb") as out:
        process = subprocess.Popen(line, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        until = time.monotonic() + 30
        while b"ready http" not in log.read_bytes():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.05)
        yield f"http://127.0.0.1:{base + 1}"
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="session")
def platform() -> Iterator[Platform]:
    """Started by whoever asks first, stopped after the last."""
    folder = run_folder("tlc-platform")
    with (folder / "users").open("a") as users:
        with locked(folder / "start"):
            fcntl.flock(users, fcntl.LOCK_SH)
            if run_json.read(run_json.path(folder / "data")) is None:
                _start(folder)
        yield Platform(folder)


def _start(folder: Path) -> None:
    log = folder / "holder.log"
    line = [sys.executable, "-m", "tests.kit.platform_holder", str(folder), str(base_of_free_ports())]
    with log.open("ab") as out:
        done = subprocess.run(line, cwd=ROOT, stdout=out, stderr=out, timeout=90, check=False)
    if done.returncode != 0:
        up = folder / "up.log"
        raise RuntimeError(f"the platform did not start\n{log.read_text()}\n{up.read_text() if up.exists() else ''}")


def base_of_free_ports() -> int:
    while True:
        base = free_port()
        if base < 64_000 and all(is_free(base + step) for step in STEPS):
            return base
