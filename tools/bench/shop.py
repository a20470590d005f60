"""Where do figures that go through the doors come from? A whole platform of the bench's own, as `up` starts it."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

from infra.embedded import run_json
from infra.embedded.kept import ServerFailed
from infra.embedded.lifeline import Lifeline
from infra.embedded.ports import free_port, is_free
from infra.security.tokens import Principal, SigningKey, sign
from infra.settings import Settings, read_settings
from tools.bench import processes
from tools.demo_catalogue import products
from tools.programs import ROOT
from tools.token import OPERATOR
from write_model.customer.commands import RegisterCustomer
from write_model.handling.bus import Request
from write_model.kernel.message import Actor
from write_model.main import build
from write_model.stock.commands import ReceiveStock

_START_SECONDS, _STOP_SECONDS = 90.0, 40.0
_STEPS = (1, 2, 3, 11, 12, 13)  # of a base: the ports that a run listens on
_UNITS = 1_000_000
_STORES = ("postgres", "mongo", "redis")
_STANDINS = ("stripe", "mail")


@dataclass(frozen=True, slots=True)
class Shop:
    """A running platform, stocked so that it does not sell out."""

    data: Path
    ready_seconds: float  # from the start of the command to ready, on the second start
    customers: Sequence[UUID]

    @property
    def run(self) -> run_json.RunJson:
        found = run_json.read(run_json.path(self.data))
        if found is None:
            raise ServerFailed(f"the platform in {self.data} has ended")
        return found

    @property
    def settings(self) -> Settings:
        return read_settings(run_json.path(self.data))

    @property
    def environment(self) -> Mapping[str, str]:
        """Of a program that is to find this platform."""
        return _environment(self.data, self.run.ports["base"])

    @property
    def family(self) -> Mapping[int, str]:
        """Every process of it, by pid."""
        run = self.run
        return processes.families({**run.pids, "runner": run.pid})

    @property
    def working(self) -> Mapping[int, str]:
        """The same without the stand-ins for other people's computers."""
        return {pid: name for pid, name in self.family.items() if name not in _STANDINS}

    @property
    def variants(self) -> Sequence[UUID]:
        return [variant.variant_id for product in products() for variant in product.variants]

    def token(self, subject: UUID = OPERATOR, role: str = "user") -> str:
        """An access token of fifteen minutes."""
        return self.tokens([subject], role)[0]

    def tokens(self, subjects: Sequence[UUID], role: str = "user") -> Sequence[str]:
        """One for each."""
        key, now = SigningKey.from_pem(self.settings.secrets.signing_key_pem()), datetime.now(UTC)
        return [sign(Principal.of(subject, role), key, now) for subject in subjects]


@contextmanager
def open_shop(customers: int = 16) -> Iterator[Shop]:
    """Started, stocked, ended and started again, so that the second start is known. Gone afterwards.

    Raises ServerFailed.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # thousands of sockets, also in what we start
    folder = Path(tempfile.mkdtemp(prefix="tlc-bench-"))
    folder.chmod(0o711)  # an unprivileged PostgreSQL passes through
    data, base = folder / "data", _base_of_free_ports()
    try:
        with Lifeline() as lifeline:
            with _platform(data, base, lifeline):
                folders = _opened(data).folders
                _tool(data, base, "seed", "--json")
                registered = _stocked(read_settings(run_json.path(data)), customers)
            with _platform(data, base, lifeline) as seconds:
                yield Shop(data, seconds, registered)
    finally:
        for place in (*locals().get("folders", {}).values(), str(folder)):  # a store may lie elsewhere
            shutil.rmtree(place, ignore_errors=True)


@contextmanager
def _platform(data: Path, base: int, lifeline: Lifeline) -> Iterator[float]:
    """How long it took until it was ready."""
    data.parent.joinpath("up.json").unlink(missing_ok=True)
    begun = time.monotonic()
    with data.parent.joinpath("up.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "infra.embedded.lifeline", "tools.cli", "up", "--json"],
            cwd=ROOT,
            env={**_environment(data, base), **lifeline.environment()},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(lifeline.reading,),
            start_new_session=True,
        )
    try:
        while run_json.read(run_json.path(data)) is None:
            if process.poll() is not None or time.monotonic() > begun + _START_SECONDS:
                raise ServerFailed(f"no platform for the bench\n{data.parent.joinpath('up.log').read_text()[-3000:]}")
            time.sleep(0.05)
        yield time.monotonic() - begun
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(_STOP_SECONDS)


def _opened(data: Path) -> run_json.RunJson:
    run = run_json.read(run_json.path(data))
    assert run is not None  # it has just been ready
    return run


def _environment(data: Path, base: int) -> Mapping[str, str]:
    ours = ("TELOCOMPRO_", "KEYS_DATABASE_URL")  # whoever runs the bench may have stores that are not the bench's
    others = {name: text for name, text in os.environ.items() if not name.startswith(ours)}
    return {**others, "TELOCOMPRO_DATA": str(data), "TELOCOMPRO_PORT_BASE": str(base)}


def _tool(data: Path, base: int, *arguments: str) -> object:
    line = [sys.executable, "-m", "tools.cli", *arguments]
    done = subprocess.run(line, cwd=ROOT, env=_environment(data, base), capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def _stocked(settings: Settings, customers: int) -> Sequence[UUID]:
    """Enough of everything; the ids of new customers."""
    import asyncio

    async def stock() -> Sequence[UUID]:
        made = [uuid4() for _ in range(customers)]
        async with build(settings) as write:
            commands = [
                *(
                    ReceiveStock(variant_id=variant.variant_id, quantity=_UNITS, reason="bench")
                    for product in products()
                    for variant in product.variants
                ),
                *(
                    RegisterCustomer(
                        customer_id=customer_id,
                        email=f"{customer_id.hex}@example.com",
                        name="A. Person",
                        email_hmac=customer_id.hex * 2,
                        locale="es",
                    )
                    for customer_id in made
                ),
            ]
            actor = Actor("operator", "bench")
            for start in range(0, len(commands), 64):
                await asyncio.gather(
                    *(
                        write.bus.handle(Request(command=command, caller="operator:bench", actor=actor))
                        for command in commands[start : start + 64]
                    )
                )
        return made

    return asyncio.run(stock())


def _base_of_free_ports() -> int:
    while True:
        base = free_port()
        if base < 64_000 and all(is_free(base + step) for step in _STEPS):
            return base
