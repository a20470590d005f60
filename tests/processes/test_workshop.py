"""Effects are handed to one loop: as many at once as may be, and what is under way is finished at the end."""

import asyncio
import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from dramatiq.asyncio import EventLoopThread, set_event_loop_thread

from infra.settings import Settings
from processes import main_workers
from processes.main_workers import AT_ONCE, Workshop

MORE = 5


class Slow(Workshop):
    """Attempts that last until they are let go."""

    def __init__(self) -> None:
        super().__init__(cast(Settings, SimpleNamespace(runtime=SimpleNamespace(worker="w"))))
        self.begun: list[UUID] = []
        self.ended: list[UUID] = []
        self.go_on = threading.Event()

    async def _attempt(self, effect_id: UUID) -> None:
        self.begun.append(effect_id)
        await asyncio.to_thread(self.go_on.wait, 20)
        self.ended.append(effect_id)


@pytest.fixture
def loop_thread() -> Iterator[EventLoopThread]:
    thread = EventLoopThread(logging.getLogger("test"))
    thread.start(timeout=10)
    set_event_loop_thread(thread)
    yield thread
    set_event_loop_thread(None)
    thread.loop.call_soon_threadsafe(thread.loop.stop)
    thread.join(10)


def until(count: int, of: list[UUID]) -> None:
    limit = time.monotonic() + 20
    while len(of) < count:
        assert time.monotonic() < limit, f"{len(of)} of {count}"
        time.sleep(0.002)


def test_no_more_are_under_way_than_may_be_and_all_have_their_turn(loop_thread: EventLoopThread) -> None:
    workshop, ids = Slow(), [uuid4() for _ in range(AT_ONCE + MORE)]
    with ThreadPoolExecutor(MORE + 1) as threads:
        handed = [threads.submit(workshop.perform, str(effect_id)) for effect_id in ids]
        until(AT_ONCE, workshop.begun)
        time.sleep(0.05)
        assert len(workshop.begun) == AT_ONCE
        assert not all(each.done() for each in handed)
        workshop.go_on.set()
        until(len(ids), workshop.ended)
    assert sorted(workshop.ended) == sorted(ids)


def test_what_is_under_way_is_finished_at_the_end(loop_thread: EventLoopThread) -> None:
    workshop = Slow()
    workshop.perform(str(uuid4()))
    until(1, workshop.begun)
    threading.Timer(0.05, workshop.go_on.set).start()
    workshop.after_worker_shutdown(cast(Any, None), cast(Any, None))
    assert workshop.ended == workshop.begun


def test_what_takes_too_long_does_not_hold_up_the_end(
    loop_thread: EventLoopThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(main_workers, "FINISH_WITHIN", 0.05)
    workshop = Slow()
    workshop.perform(str(uuid4()))
    until(1, workshop.begun)
    begun = time.monotonic()
    workshop.after_worker_shutdown(cast(Any, None), cast(Any, None))
    assert time.monotonic() - begun < 10
    assert workshop.ended == []
    workshop.go_on.set()
