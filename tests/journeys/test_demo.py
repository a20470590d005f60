"""Is the whole platform gone when its runner is killed, and does the next start, on the same data, sell something?"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from infra.embedded import run_json
from infra.embedded.ports import is_free
from tests.journeys.test_stopping import children, clean_environment, left_after
from tests.kit.platform import ROOT, STEPS, base_of_free_ports

pytestmark = [pytest.mark.integration, pytest.mark.timeout(200)]

READY, ENDED = 30.0, 90.0  # seconds that a start and a whole demo may take
WANTED = (
    "command accepted",
    "events in the log",
    *(f"{store}: order as {state}" for store in ("Redis", "MongoDB", "SQL") for state in ("placed", "paid")),
    *("stock levels moved", "cart cleared", "order history", "inbox entry"),
    *("payment authorised", "order confirmed", "payment captured"),
    *("signed webhook: authorised", "signed webhook: captured", "provider's ledger"),
    *(f"socket in another process: {what}" for what in ("CONFIRMED", "PAID", "notification")),
    "mail in the sink",
)


@pytest.fixture
def place() -> Iterator[Mapping[str, str]]:
    """The environment of a platform of the test's own."""
    folder = Path(tempfile.mkdtemp(prefix="tlc-demo-"))
    folder.chmod(0o711)
    base = str(base_of_free_ports())
    yield {**clean_environment(), "TELOCOMPRO_DATA": str(folder / "data"), "TELOCOMPRO_PORT_BASE": base}
    shutil.rmtree(folder, ignore_errors=True)


def test_a_killed_runner_takes_all_with_it_and_the_next_start_makes_a_whole_purchase(
    place: Mapping[str, str], tmp_path: Path
) -> None:
    data, ports = Path(place["TELOCOMPRO_DATA"]), [int(place["TELOCOMPRO_PORT_BASE"]) + step for step in STEPS]
    runner = _up(place, tmp_path / "up.log")
    try:
        run = run_json.read(run_json.path(data))
        assert run is not None
        pids = {**run.pids, **{f"child {pid}": pid for pid in children(runner.pid)}}
        assert len(run.pids) >= 10
        assert not any(map(is_free, ports))
    finally:
        os.kill(runner.pid, signal.SIGKILL)
        runner.wait()
    assert left_after(pids, ports) == ([], [])

    begun = time.monotonic()
    demo = subprocess.run(
        [sys.executable, "-m", "tools.cli", "demo", "--json"], cwd=ROOT, env=place, capture_output=True, timeout=ENDED
    )

    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert time.monotonic() - begun < ENDED
    told = json.loads(demo.stdout)
    assert told["ok"]
    for wanted in WANTED:
        [hop] = [each for each in told["hops"] if each["name"].startswith(wanted)]
        assert hop["ok"], hop
        assert hop["milliseconds"] is not None
    assert left_after({}, ports) == ([], [])


def _up(place: Mapping[str, str], log: Path) -> "subprocess.Popen[bytes]":
    with log.open("wb") as out:
        runner = subprocess.Popen(
            [sys.executable, "-m", "tools.cli", "up"], cwd=ROOT, env=place, stdout=out, stderr=out
        )
    until = time.monotonic() + READY
    while b"ready in" not in log.read_bytes():
        assert runner.poll() is None, log.read_text()
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.1)
    return runner
