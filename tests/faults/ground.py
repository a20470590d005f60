"""On what do the faults happen? The platform as `telocompro up` runs it, over stores that are ours to harm.

The stores stand behind lines (`TELOCOMPRO_*_URL` names them), and so does the REST door that the shoppers use.
"""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree
from urllib.parse import urlsplit

import httpx2

from infra.embedded import postgres, run_json, servers
from infra.embedded.kept import Server
from infra.embedded.lifeline import Lifeline
from infra.embedded.ports import is_free
from infra.lost_connections import LOST
from infra.security.tokens import SigningKey
from infra.settings import read_settings
from tests.faults.lines import HOST, Line, Unwatched, Upstream, Watcher, open_line
from tests.faults.replies import Appends, HttpCommands
from tests.kit.client import Provider, open_http
from tests.kit.platform import ROOT, STEPS, Started

START_SECONDS = 90.0
STOP_SECONDS = 30.0
BASES = (20_000, 32_000, 20)
AWAY: tuple[type[Exception], ...] = (*LOST, AssertionError)
WATCHED: Mapping[str, Callable[[], Watcher]] = {"postgres": Appends, "door": HttpCommands}


@dataclass(frozen=True, slots=True, eq=False)
class Ground(Started):
    """A running platform with everything that is needed to harm it."""

    base: int
    stores: servers.Running
    lines: Mapping[str, Line]  # postgres, mongo, redis, door
    lifeline: Lifeline
    http: httpx2.AsyncClient  # of the harness: past the door's line
    spares: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    @property
    def kept(self) -> Path:
        """Where the stores' data lie."""
        return self.folder / "stores"

    @property
    def urls(self) -> Mapping[str, str]:
        return self.run.urls

    @property
    def door(self) -> str:
        """The REST door as the shoppers reach it."""
        return f"http://{HOST}:{self.lines['door'].port}"

    @property
    def provider(self) -> Provider:
        return Provider(self.http, self.urls["stripe"])

    @property
    def environment(self) -> Mapping[str, str]:
        """Of a program that is to find this platform."""
        through = {name: self.lines[name].port for name in ("postgres", "mongo", "redis")}
        sql = f"postgresql://{postgres.USER}@{HOST}:{through['postgres']}/{{}}?sslmode=disable&gssencmode=disable"
        return {
            **os.environ,
            "TELOCOMPRO_DATA": str(self.data),
            "TELOCOMPRO_PORT_BASE": str(self.base),
            "TELOCOMPRO_POSTGRES_URL": sql.format(postgres.DATABASE),
            "KEYS_DATABASE_URL": sql.format(postgres.KEYS_DATABASE),
            "TELOCOMPRO_MONGO_URL": f"mongodb://{HOST}:{through['mongo']}/telocompro?directConnection=true",
            "TELOCOMPRO_REDIS_URL": f"redis://{HOST}:{through['redis']}/0",
        }

    def signing_key(self) -> SigningKey:
        return SigningKey.from_pem(read_settings(run_json.path(self.data)).secrets.signing_key_pem())

    def log(self, name: str) -> str:
        """What a program of the run has told so far."""
        file = self.data / "logs" / f"{name}.log"
        return file.read_text(errors="replace") if file.exists() else ""

    def server(self, name: str) -> Server:
        return next(server for server in self.stores.servers if server.name == name)

    async def revived(self, name: str) -> None:
        """The store, started again at its old address once it has ended."""
        server = self.server(name)
        await _gone(server)
        await asyncio.to_thread(self.stores.revive, server, self.kept, self.lifeline)

    async def restarted(self, name: str, pid: int, seconds: float = 60.0) -> int:
        """The new pid of a program, once the runner has started it again."""
        until = time.monotonic() + seconds
        while (now := self.run.pids.get(name)) in (pid, None):
            assert time.monotonic() < until, f"{name} was not started again\n{self.said()}"
            await asyncio.sleep(0.05)
        return int(now or 0)

    def start_spare(self, name: str, module: str) -> None:
        """A second process of a kind, which takes over when the first one's lease has run out."""
        with (self.folder / f"spare-{name}.log").open("ab") as out:
            line = [sys.executable, "-m", "infra.embedded.lifeline", module]
            environment = {**self.environment, **self.lifeline.environment()}
            self.spares[name] = subprocess.Popen(
                line,
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                pass_fds=(self.lifeline.reading,),
                start_new_session=True,
            )

    async def spares_ready(self) -> None:
        """Until each of them has said so."""
        until = time.monotonic() + START_SECONDS
        for name in self.spares:
            log = self.folder / f"spare-{name}.log"
            while b"ready " not in await asyncio.to_thread(log.read_bytes):
                assert time.monotonic() < until, log
                await asyncio.sleep(0.1)

    async def stop_spares(self) -> None:
        for spare in self.spares.values():
            spare.terminate()
        for spare in self.spares.values():
            with suppress(subprocess.TimeoutExpired):
                await asyncio.to_thread(spare.wait, STOP_SECONDS)
            spare.kill()
        self.spares.clear()

    async def calm(self) -> None:
        """Nothing is harmed any more."""
        for line in self.lines.values():
            line.calm()
        for pid in self.run.pids.values():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        for server in self.stores.servers:
            if not server.kept.alive:
                await self.revived(server.name)
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                await self.provider.calm()
            except AWAY:
                assert time.monotonic() < until, "the provider did not come back"
                await asyncio.sleep(0.2)
            else:
                return

    async def command(self, *line: str, seconds: float = 300.0) -> tuple[int, str]:
        """A program of ours to its end: its exit code, and what it said on standard output (or error)."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *line,
            cwd=ROOT,
            env=self.environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(seconds):
                out, problem = await process.communicate()
        except TimeoutError:
            process.kill()
            await process.wait()
            return 124, f"no end within {seconds:.0f} s"
        return process.returncode or 0, (out or problem).decode(errors="replace")


async def _gone(server: Server) -> None:
    until = time.monotonic() + STOP_SECONDS
    while server.kept.alive:
        assert time.monotonic() < until, f"{server.name} did not end"
        await asyncio.sleep(0.02)


@asynccontextmanager
async def open_ground(folder: Path) -> AsyncIterator[Ground]:
    """Started in `folder`, and stopped after the block; what its stores keep elsewhere goes with it."""
    kept = await asyncio.to_thread(_reachable, folder)
    async with AsyncExitStack() as stack:
        lifeline = stack.enter_context(Lifeline())
        stores = await asyncio.to_thread(servers.start, kept, lifeline)
        stack.callback(_removed, stores)
        stack.callback(stores.stop)
        base = _free_base()
        lines = {}
        for name, upstream in _upstreams(stores, base).items():
            lines[name] = await stack.enter_async_context(open_line(name, upstream, WATCHED.get(name, Unwatched)))
        http = await stack.enter_async_context(open_http(seconds=12.0, connections=200))
        ground = Ground(folder, base, stores, lines, lifeline, http)
        stack.push_async_callback(_end, await _begin(ground))
        stack.push_async_callback(ground.stop_spares)
        yield ground


def _free_base() -> int:
    """Below the ports that the kernel gives to clients: none of them takes the place of a program that was killed."""
    chance = random.SystemRandom()
    while True:
        base = chance.randrange(*BASES)
        if all(is_free(base + step) for step in STEPS):
            return base


def _upstreams(stores: servers.Running, base: int) -> Mapping[str, Upstream]:
    ports = {name: urlsplit(stores.urls[name]).port or 0 for name in ("mongo", "redis")}
    socket = postgres.socket_of(stores.urls["postgres"]) / ".s.PGSQL.5432"
    return {
        "postgres": str(socket),
        "mongo": (HOST, ports["mongo"]),
        "redis": (HOST, ports["redis"]),
        "door": (HOST, base + 1),
    }


async def _begin(ground: Ground) -> "subprocess.Popen[bytes]":
    runner = _runner(ground)
    until = time.monotonic() + START_SECONDS
    while run_json.read(run_json.path(ground.data)) is None:
        if runner.poll() is not None or time.monotonic() > until:
            runner.kill()
            raise RuntimeError(f"the platform did not start\n{ground.said()}")
        await asyncio.sleep(0.1)
    return runner


def _runner(ground: Ground) -> "subprocess.Popen[bytes]":
    with (ground.folder / "up.log").open("ab") as out:
        line = [sys.executable, "-m", "tools.cli", "up"]
        return subprocess.Popen(
            line, cwd=ROOT, env=ground.environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )


def _reachable(folder: Path) -> Path:
    """The folder of the stores; an unprivileged PostgreSQL passes through."""
    folder.chmod(0o711)
    kept = folder / "stores"
    kept.mkdir(exist_ok=True)
    kept.chmod(0o711)
    return kept


async def _end(runner: "subprocess.Popen[bytes]") -> None:
    runner.send_signal(signal.SIGINT)
    await asyncio.to_thread(runner.wait, STOP_SECONDS)


def _removed(stores: servers.Running) -> None:
    for server in stores.servers:
        rmtree(server.folder, ignore_errors=True)
