"""When the runner ends, asked or killed, is everything gone within ten seconds, and is the next start green?"""

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from infra.embedded import run_json
from infra.embedded.ports import is_free

pytestmark = [pytest.mark.integration, pytest.mark.timeout(150)]

ROOT = Path(__file__).parents[2]
UP = 60.0  # seconds
GONE = 10.0  # seconds
NOBODY = 65_534


@dataclass
class Runner:
    """A runner in a process of its own, as `make run` would start it."""

    data: Path
    base: int
    process: "subprocess.Popen[bytes]"
    output: Path

    @property
    def run(self) -> run_json.RunJson:
        found = run_json.read(run_json.path(self.data))
        assert found is not None, self.output.read_text()
        return found

    @property
    def pids(self) -> Mapping[str, int]:
        """Of everything that it started, keepers too."""
        return {**self.run.pids, **{f"child {pid}": pid for pid in children(self.process.pid)}}

    def ports(self) -> list[int]:
        urls = [self.run.urls[name] for name in ("redis", "mongo")]
        return [self.base + 1, self.base + 3, *(int(url.split(":")[2].split("/")[0]) for url in urls)]


@dataclass
class Place:
    """A data folder, a range of ports, and an account to run as."""

    folder: Path
    base: int
    prefix: Sequence[str] = ()  # how a command becomes another account's
    runners: list[Runner] = field(default_factory=list)

    def start(self, *arguments: str, command: Sequence[str] = ()) -> Runner:
        output = self.folder / f"output-{time.monotonic_ns()}"
        data = self.folder / "data"
        module = [sys.executable, "-m", "tests.kit.small_run", str(data), str(self.base), *arguments]
        with output.open("ab") as out:
            process = subprocess.Popen(
                [*self.prefix, *(command or module)],
                cwd=ROOT,
                env={**clean_environment(), "HOME": str(self.folder)},
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        self.runners.append(Runner(data, self.base, process, output))
        return self.runners[-1]

    def end(self) -> None:
        """Whatever a failed test has left running."""
        for runner in self.runners:
            runner.process.terminate()
            runner.process.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)

    def started(self, *arguments: str, command: Sequence[str] = ()) -> Runner:
        runner = self.start(*arguments, command=command)
        until = time.monotonic() + UP
        while run_json.read(run_json.path(runner.data)) is None:
            assert runner.process.poll() is None, runner.output.read_text()
            assert time.monotonic() < until, runner.output.read_text()
            time.sleep(0.1)
        return runner


def clean_environment() -> dict[str, str]:
    left_out = ("TELOCOMPRO_", "KEYS_", "PYTEST", "MAKE")
    return {name: value for name, value in os.environ.items() if not name.startswith(left_out)}


def children(pid: int) -> set[int]:
    """All descendants, by the kernel's own list."""
    found: set[int] = set()
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, file.read_text().split()):
            found |= {child} | children(child)
    return found


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except (FileNotFoundError, ProcessLookupError):
        return False


def left_after(pids: Mapping[str, int], ports: list[int], seconds: float = GONE) -> tuple[list[str], list[int]]:
    """Processes and listening ports that are still there after so long."""
    until = time.monotonic() + seconds
    while True:
        left = [name for name, pid in pids.items() if alive(pid)]
        open_ports = [port for port in ports if not is_free(port)]
        if not (left or open_ports) or time.monotonic() > until:
            return left, open_ports
        time.sleep(0.1)


def value_of(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("select count(*) from kept").fetchone()
        assert row is not None
        return int(row[0])


def base_of_free_ports() -> int:
    """Below the range from which systems hand out ports, so that nobody gets them by chance."""
    while True:
        base = random.randrange(10_000, 30_000, 20)
        if all(is_free(base + step) for step in (1, 2, 3)):
            return base


def as_nobody() -> Sequence[str]:
    """As uid 65534; where root keeps its Python to itself, with the one right to read it, and no other."""
    plain = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    reading = [*plain, "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    probe = f"import sys, infra.settings; sys.exit(sys.version != {sys.version!r})"  # not another Python by accident
    tried = subprocess.run([*plain, sys.executable, "-c", probe], cwd=ROOT, capture_output=True)
    return plain if tried.returncode == 0 else reading


@pytest.fixture
def place() -> Iterator[Place]:
    """As the account that runs the tests."""
    folder = Path(tempfile.mkdtemp(prefix="tlc-stop-"))
    folder.chmod(0o711)
    made = Place(folder, base_of_free_ports())
    yield made
    made.end()


@pytest.fixture(params=["root", "unprivileged"] if os.geteuid() == 0 else ["unprivileged"])
def any_place(request: pytest.FixtureRequest, place: Place) -> Place:
    """As every kind of account that there is here."""
    if request.param == "unprivileged" and os.geteuid() == 0:
        os.chown(place.folder, NOBODY, NOBODY)
        place.prefix = as_nobody()
    return place


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda how: how.name)
def test_nothing_outlives_the_runner_and_the_next_start_goes_on_with_the_data(
    any_place: Place, how: signal.Signals
) -> None:
    place = any_place
    runner = place.started()
    pids, ports = runner.pids, runner.ports()
    with psycopg.connect(runner.run.urls["postgres"]) as connection:
        connection.execute("create table kept as select 1 as one")
    assert not any(map(is_free, ports))

    os.kill(runner.process.pid, how)

    assert left_after(pids, ports) == ([], [])
    assert runner.process.wait(1) == (0 if how != signal.SIGKILL else -signal.SIGKILL)
    again = place.started()
    try:
        assert value_of(again.run.urls["postgres"]) == 1
    finally:
        again.process.send_signal(signal.SIGINT)
        again.process.wait(20)


def test_a_start_right_after_a_kill_waits_for_what_is_still_ending(place: Place) -> None:
    first = place.started("--deaf")
    pids = first.pids

    first.process.kill()
    first.process.wait()
    second = place.started()

    assert [name for name, pid in pids.items() if alive(pid)] == []
    second.process.send_signal(signal.SIGTERM)
    assert second.process.wait(20) == 0


def test_a_start_that_was_killed_at_any_moment_is_followed_by_a_green_one(any_place: Place) -> None:
    for seconds in (0.4, 0.8, 1.3, 1.9):  # making the cluster, starting, joining the set, up
        runner = any_place.start()
        time.sleep(seconds)
        runner.process.kill()
        runner.process.wait()

    last = any_place.started()

    with psycopg.connect(last.run.urls["keys"]) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    last.process.send_signal(signal.SIGINT)
    assert last.process.wait(20) == 0


def test_a_second_run_on_the_same_data_is_refused_and_the_first_goes_on(place: Place) -> None:
    first = place.started()

    second = place.start()

    assert second.process.wait(20) == 2
    assert f"in use by the run with pid {first.process.pid}" in second.output.read_text()
    assert first.run.pid == first.process.pid
    first.process.send_signal(signal.SIGINT)
    assert first.process.wait(20) == 0


def test_a_taken_port_is_named(place: Place) -> None:
    with socket.create_server(("127.0.0.1", place.base + 3)):
        runner = place.start()

        assert runner.process.wait(20) == 2
    assert f"port {place.base + 3} (ws) is taken" in runner.output.read_text()


def test_what_dies_is_started_again_at_its_old_address(place: Place) -> None:
    runner = place.started()
    before = runner.run
    urls, killed = before.urls, {name: before.pids[name] for name in ("one", "redis", "mongo", "postgres")}

    for name in killed:
        os.kill(killed[name], signal.SIGKILL)

    until = time.monotonic() + 40
    while any(runner.run.pids[name] == pid for name, pid in killed.items()):
        assert time.monotonic() < until, runner.output.read_text()
        time.sleep(0.2)
    assert runner.run.urls == urls
    with psycopg.connect(urls["postgres"]) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    assert "one ended (signal SIGKILL)" in runner.output.read_text()
    runner.process.send_signal(signal.SIGINT)
    assert runner.process.wait(20) == 0


def test_a_killed_make_takes_the_platform_with_it(place: Place) -> None:
    rules = place.folder / "rules.mk"
    rules.write_text(f"run:\n\t@exec {sys.executable} -m tests.kit.small_run {place.folder / 'data'} {place.base}\n")
    rules.chmod(0o644)
    runner = place.started(command=["make", "-f", str(rules), "run"])
    pids, ports = runner.pids, runner.ports()
    assert runner.run.pid != runner.process.pid

    runner.process.kill()

    assert left_after(pids, ports) == ([], [])
    assert runner.process.wait() == -signal.SIGKILL
