"""A process that writes, or one that follows the log: `python -m tests.infra.event_log.racing write|follow …`."""

import asyncio
import sys
import time
from pathlib import Path
from uuid import uuid4

from infra.event_log.appender import GroupAppender
from infra.event_log.reader import PostgresLogReader
from infra.ports import Accepted
from infra.postgres.pool import open_pool
from tests.infra.event_log.commands import command, event

_CALLERS = 3
_ENTRY = 8 + 16  # bytes: position, event id


async def write(url: str, seconds: float, most: int) -> None:
    """Commands of one to `most` events, as fast as a few callers can."""
    until = time.monotonic() + seconds
    async with GroupAppender(url, batch=256 if most > 1 else 1) as appender:

        async def caller(number: int) -> None:
            count = 0
            while time.monotonic() < until:
                count += 1
                stream = f"cart-{uuid4()}"
                events = [event(stream, n) for n in range(1, 2 + (count + number) % most)]
                verdict = await appender.append(command({stream: 0}, *events))
                assert isinstance(verdict, Accepted), verdict

        await asyncio.gather(*(caller(number) for number in range(_CALLERS)))


async def follow(url: str, seen: Path, stop: Path) -> None:
    """Every event past the last one seen, until told to stop and nothing more comes."""
    position = 0
    async with open_pool(url, 2) as pool, PostgresLogReader(pool) as reader:
        with seen.open("wb") as out:
            while True:
                ending = stop.exists()  # noqa: ASYNC240 a moment, in a process of its own
                rows = await reader.read(position, 500)
                for row in rows:
                    out.write(entry(row.position, row.event_id.bytes))
                    position = row.position
                if not rows:
                    if ending:
                        return
                    await reader.wait(position, 0.1)


def entry(position: int, event_id: bytes) -> bytes:
    return position.to_bytes(8, "big") + event_id


def positions(seen: bytes) -> list[int]:
    return [int.from_bytes(seen[at : at + 8], "big") for at in range(0, len(seen), _ENTRY)]


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["write", url, seconds, most]:
            asyncio.run(write(url, float(seconds), int(most)))
        case ["follow", url, seen, stop]:
            asyncio.run(follow(url, Path(seen), Path(stop)))
        case _:
            sys.exit(__doc__)
