"""Is a body kept within its bound, and is a client that sends too much still heard out?"""

import asyncio
from collections.abc import AsyncIterator

import pytest

from infra.security import bodies
from infra.security.bodies import BodyTooLarge, within


class Sender:
    def __init__(self, parts: int, size: int = 10, pause: float = 0.0) -> None:
        self._parts, self._size, self._pause = parts, size, pause
        self.sent = 0

    async def stream(self) -> AsyncIterator[bytes]:
        for _ in range(self._parts):
            await asyncio.sleep(self._pause)
            self.sent += self._size
            yield b"x" * self._size


@pytest.mark.parametrize("announced", ["100", None])
async def test_a_body_that_fits_is_given_whole(announced: str | None) -> None:
    assert await within(Sender(10).stream(), announced, 100) == b"x" * 100


@pytest.mark.parametrize("announced", ["110", "1" * 20, "-1", "many", "²", None, "5"])
async def test_a_body_that_is_too_large_is_read_to_its_end_and_refused(announced: str | None) -> None:
    sender = Sender(11)

    with pytest.raises(BodyTooLarge):
        await within(sender.stream(), announced, 100)

    assert sender.sent == 110


async def test_a_body_without_end_is_not_heard_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "MOST_DROPPED", 500)
    monkeypatch.setattr(bodies, "LONGEST_DROPPING", 0.05)
    fast, slow = Sender(10_000), Sender(10_000, pause=0.02)

    for sender in (fast, slow):
        with pytest.raises(BodyTooLarge):
            await within(sender.stream(), "1000000", 100)

    assert fast.sent <= 520
    assert slow.sent < 100
