"""How much of a request's body is kept? So much and no more; what is beyond is read and dropped, within bounds.

A door that shuts while its client still sends takes the answer with it: the client would see a broken connection
instead of why it was refused.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

MOST_DROPPED = 64_000_000  # bytes
LONGEST_DROPPING = 5.0  # seconds


class BodyTooLarge(Exception):
    """More than is taken here."""


async def within(stream: AsyncIterator[bytes], announced: str | None, largest: int) -> bytes:
    """The whole body. `announced` is its Content-Length, where it has one. Raises BodyTooLarge."""
    kept = bytearray()
    if announced is None or _fits(announced, largest):
        async for part in stream:
            kept += part
            if len(kept) > largest:
                break
        else:
            return bytes(kept)
    await _drop(stream)
    raise BodyTooLarge


def _fits(announced: str, largest: int) -> bool:
    return announced.isascii() and announced.isdigit() and len(announced) < 16 and int(announced) <= largest


async def _drop(stream: AsyncIterator[bytes]) -> None:
    dropped = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(LONGEST_DROPPING):
            async for part in stream:
                dropped += len(part)
                if dropped > MOST_DROPPED:
                    return
