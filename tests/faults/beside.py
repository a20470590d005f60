"""How does a second program run beside a platform, with one thing different? Its end is that of the block."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from tests.kit.platform import ROOT, Platform

READY_SECONDS, END_SECONDS = 60.0, 30.0


@asynccontextmanager
async def beside(
    platform: Platform, module: str, *arguments: str, name: str, environment: Mapping[str, str]
) -> AsyncIterator[int]:
    """Its pid, once it has said that it is ready."""
    log = platform.folder / f"beside-{name}.log"
    process = _started(log, [sys.executable, "-m", module, *arguments], {**platform.environment, **environment})
    try:
        async with asyncio.timeout(READY_SECONDS):
            while b"ready " not in log.read_bytes():
                assert process.poll() is None, log.read_text()
                await asyncio.sleep(0.05)
        yield process.pid
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            await asyncio.to_thread(process.wait, END_SECONDS)
        process.kill()


def _started(log: Path, line: list[str], environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    with log.open("wb") as out:
        return subprocess.Popen(line, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
