"""Is this the password? bcrypt with cost 12, beside the event loop, a few at a time."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import bcrypt

from infra.ports import Busy

COST = 12
LONGEST = 72  # bytes: bcrypt reads no more
_WAITING = 64  # calls at most, with those under way
_RETRY_AFTER = 2.0  # seconds
R = TypeVar("R")


class PasswordTooLong(ValueError):
    """More than bcrypt would read. The message holds nothing of it."""


class Passwords:
    """Hashes and checks. Raises Busy when too many wait."""

    def __init__(self, threads: int = 2, cost: int = COST) -> None:
        self._pool = ThreadPoolExecutor(threads, "passwords")
        self._cost = cost
        self._waiting = 0
        self._nobodys: str | None = None

    async def hash(self, password: str) -> str:
        """Raises PasswordTooLong, Busy."""
        raw = _bytes(password)
        return await self._run(lambda: bcrypt.hashpw(raw, bcrypt.gensalt(self._cost)).decode())

    async def matches(self, password: str, password_hash: str | None) -> bool:
        """Whether it is the one. Without a hash it takes as long, and is not."""
        if len(password.encode()) > LONGEST:
            password, password_hash = "", None
        if password_hash is None:
            await self._run(lambda: bcrypt.checkpw(password.encode(), self._nobody().encode()))
            return False
        known = password_hash.encode()
        return await self._run(lambda: bcrypt.checkpw(password.encode(), known))

    def close(self) -> None:
        """Ends the threads; what waits is dropped."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _nobody(self) -> str:
        if self._nobodys is None:
            self._nobodys = bcrypt.hashpw(b"nobody", bcrypt.gensalt(self._cost)).decode()
        return self._nobodys

    async def _run(self, work: Callable[[], R]) -> R:
        if self._waiting >= _WAITING:
            raise Busy(_RETRY_AFTER)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._waiting -= 1


def _bytes(password: str) -> bytes:
    raw = password.encode()
    if len(raw) > LONGEST:
        raise PasswordTooLong
    return raw
