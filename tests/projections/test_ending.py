"""Does what is told to end come to its end, even where a driver swallows the telling?"""

import asyncio
from contextlib import suppress

from projections.running.ending import end


async def test_a_task_that_swallows_a_cancellation_is_told_again_until_it_has_ended() -> None:
    swallowed = 0

    async def follows() -> None:
        nonlocal swallowed
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        swallowed += 1
        await asyncio.Event().wait()

    async with asyncio.timeout(10):
        task = asyncio.create_task(follows())
        await asyncio.sleep(0)
        await end([task])

    assert (swallowed, task.cancelled()) == (1, True)
