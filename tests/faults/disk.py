"""What if PostgreSQL's disk is full? It lies on a small one of our own, where the kernel lets us make one."""

import asyncio
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.faults.harm import Harm

FULL = "disk full"
WHOLE_MB, LEFT_KB = 1024, 64
NO_SPACE = "No space left on device"
SECONDS = 6.0  # that it is full


@dataclass(frozen=True, slots=True)
class Disk:
    """A file system in memory whose size can be changed while it is used."""

    folder: Path

    def fill(self) -> None:
        """So small that next to nothing fits any more."""
        found = os.statvfs(self.folder)
        used = (found.f_blocks - found.f_bfree) * found.f_frsize // 1024
        self._resize(f"{used + LEFT_KB}k")

    def empty(self) -> None:
        self._resize(f"{WHOLE_MB}m")

    def _resize(self, size: str) -> None:
        subprocess.run(["mount", "-o", f"remount,size={size}", str(self.folder)], check=True)

    async def be_full(self, harm: Harm) -> None:
        """For a while; then there is room again, and the time counts until a purchase succeeds."""
        await harm.probes.prepare(1)
        self.fill()
        harm.tally.injected(FULL)
        try:
            await asyncio.sleep(SECONDS)
        finally:
            self.empty()
        since = time.monotonic()
        if not harm.ground.server("postgres").kept.alive:
            await harm.ground.revived("postgres")
        await harm.measured(FULL, "postgres", since)
        said = (harm.ground.kept / "logs" / "postgres.log").read_text(errors="replace").count(NO_SPACE)
        harm.tally.facts[FULL] = {"the server said so": said}
        if not said:
            harm.tally.violated("the disk was full, and PostgreSQL never missed the space")


@contextmanager
def small_disk(folder: Path) -> Iterator[Disk | None]:
    """At `folder`; None where we may not make one."""
    folder.mkdir(parents=True)
    line = ["mount", "-t", "tmpfs", "-o", f"size={WHOLE_MB}m,mode=0755", "tlc-faults", str(folder)]
    try:
        made = subprocess.run(line, capture_output=True, check=False).returncode == 0
    except OSError:
        made = False
    if not made:
        yield None
        return
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)
