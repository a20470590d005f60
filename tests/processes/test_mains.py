"""The two programs: ready once they are up, ended by one signal, and told in words what is missing."""

import base64
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.kit.stack import Stores

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[2]
NAMES = {"processes.main": "processes", "processes.main_workers": "workers"}


def environment(stores: Stores, folder: Path) -> Mapping[str, str]:
    head_key = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return {
        **os.environ,
        "TELOCOMPRO_POSTGRES_URL": stores.postgres_url,
        "KEYS_DATABASE_URL": stores.keys_url,
        "TELOCOMPRO_REDIS_URL": stores.redis_url,
        "TELOCOMPRO_MONGO_URL": stores.mongo_url,
        "TELOCOMPRO_STRIPE_API_KEY": "sk_test_1",
        "TELOCOMPRO_STRIPE_BASE_URL": "http://127.0.0.1:1",
        "TELOCOMPRO_KEK": base64.b64encode(bytes(32)).decode(),
        "TELOCOMPRO_HEAD_KEY": head_key.decode(),
        "TELOCOMPRO_DATA": str(folder),
    }


@contextmanager
def started(module: str, variables: Mapping[str, str], log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    with log.open("wb") as out:
        line = [sys.executable, "-m", module]
        process = subprocess.Popen(line, cwd=ROOT, env=variables, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)


def wait_ready(process: "subprocess.Popen[bytes]", name: str, log: Path) -> None:
    until = time.monotonic() + 40
    while f"ready {name}" not in log.read_text():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("module", NAMES)
def test_one_signal_ends_it_cleanly(module: str, number: signal.Signals, stores: Stores, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with started(module, environment(stores, tmp_path), log) as process:
        wait_ready(process, NAMES[module], log)
        process.send_signal(number)
        assert process.wait(10) == 0, log.read_text()
        assert "Traceback" not in log.read_text()


@pytest.mark.parametrize("module", NAMES)
@pytest.mark.parametrize("variable", ["TELOCOMPRO_KEK"])
def test_what_is_missing_is_named_and_nothing_starts(
    module: str, variable: str, stores: Stores, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    variables = {**environment(stores, tmp_path), variable: ""}
    with started(module, variables, log) as process:
        assert process.wait(40) != 0
    said = log.read_text()
    assert variable in said
    assert "ready" not in said
