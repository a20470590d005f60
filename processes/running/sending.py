"""How does a process's command reach the bus? Under an id that a repeat finds again, patient while others are busy."""

import asyncio
from uuid import UUID

from infra.ports import Busy, Unavailable
from write_model.handling.bus import Answer, Bus, NotNow, Request
from write_model.kernel.message import Actor, Command

FOR_A_MOMENT: tuple[type[Exception], ...] = (NotNow, Busy, Unavailable, OSError, TimeoutError)  # it may work later
FIRST, LONGEST = 0.05, 2.0  # seconds between tries


async def send(
    bus: Bus,
    name: str,
    command: Command,
    key: str,
    *,
    causation: UUID | None,
    correlation: UUID | None,
    fingerprint: bytes = b"",
) -> Answer:
    """Send it as this process, once. Raises Refused, and what the bus raises when it can't answer now."""
    request = Request(
        command=command,
        caller=f"process:{name}",
        actor=Actor("process", name),
        key=key,
        causation=causation,
        correlation=correlation,
        fingerprint=fingerprint,
    )
    return await bus.handle(request)


async def pause(seconds: float) -> None:
    """Wait on the loop's own clock: a simulation can move it, the shop's clock does not."""
    try:
        async with asyncio.timeout(seconds):
            await asyncio.Event().wait()
    except TimeoutError:
        return


def check_cancelled() -> None:
    """Raises CancelledError if somebody wants this task to end: a driver on the way may have swallowed it."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


class Patience:
    """Waits longer each time, up to two seconds."""

    def __init__(self) -> None:
        self._tries = 0

    async def wait(self) -> None:
        seconds = min(LONGEST, FIRST * 2.0**self._tries)
        self._tries = min(self._tries + 1, 10)
        await pause(seconds)

    def reset(self) -> None:
        self._tries = 0
