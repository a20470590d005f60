"""All processes of the platform in one loop: runners, the outbox's sweeper, and what the log needs by the hour."""

import asyncio
import os
import signal
import socket
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

import psycopg
import uvloop

from infra.collector import settle
from infra.event_log.heads import HeadSigner, head_key
from infra.event_log.partitions import make_ahead
from infra.observability.logs import configure, logger
from infra.postgres.pool import in_utc, open_pool
from infra.postgres.work_store import PostgresLeases, PostgresWorkStore
from infra.queue.dramatiq_broker import EffectQueue, build_broker
from infra.settings import Settings, read_settings
from processes.collect_payment.process import PROCESS as COLLECT_PAYMENT
from processes.notify_customer.process import PROCESS as NOTIFY_CUSTOMER
from processes.refund_payment.process import PROCESS as REFUND_PAYMENT
from processes.release_reservations.process import PROCESS as RELEASE_RESERVATIONS
from processes.running.messages import Process
from processes.running.outbox import sweep
from processes.running.runner import run
from processes.running.sending import pause
from processes.running.tail import Tail
from write_model.handling.registry import EVENTS
from write_model.main import WriteModel, build

PROCESSES: tuple[Process[Any], ...] = (COLLECT_PAYMENT, REFUND_PAYMENT, RELEASE_RESERVATIONS, NOTIFY_CUSTOMER)
PARTITIONS_EVERY = 3600.0  # seconds
CANCEL_EVERY = 0.5  # seconds


def heard_types(processes: Sequence[Process[Any]] = PROCESSES) -> list[str]:
    """The stored names of all events that some process handles."""
    handled = {handled for process in processes for handled in process.handles}
    return sorted({schema.type for schema in EVENTS if schema.cls in handled})


async def serve(settings: Settings) -> None:
    """Until SIGTERM or SIGINT. Raises NewerThanCode when the log is newer than this program."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        parts = await stack.enter_async_context(build(settings))
        keys = await stack.enter_async_context(open_pool(settings.stores.keys_url, 1))
        signer = HeadSigner(parts.pool, keys, head_key(settings.secrets.head_key_pem()))
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(work) for work in _work(settings, parts)]
            running.append(tasks.create_task(signer.run()))
            settle()
            print("ready processes", flush=True)  # noqa: T201 the runner waits for this line
            await stop.wait()
            await _end(running)


def _work(settings: Settings, parts: WriteModel) -> list[Any]:
    """The coroutines that run beside each other."""
    store = PostgresWorkStore(parts.pool)
    leases = PostgresLeases(parts.pool)
    queue = EffectQueue(build_broker(settings.stores.redis_url))
    tail = Tail(parts.reader, parts.decode, heard_types())
    worker = settings.runtime.worker or f"{socket.gethostname()}:{os.getpid()}"
    runners = [run(process, tail, store, leases, parts.bus, queue, parts.clock, worker=worker) for process in PROCESSES]
    return [*runners, sweep(store, queue), _partitions(settings.stores.postgres_url)]


async def _end(running: Sequence["asyncio.Task[None]"]) -> None:
    """Cancelled until they have ended: drivers that use `wait_for` may swallow a cancellation (Python 3.11)."""
    left = [task for task in running if not task.done()]
    while left:
        for task in left:
            task.cancel()
        await asyncio.wait(left, timeout=CANCEL_EVERY)
        left = [task for task in left if not task.done()]


async def _partitions(url: str) -> None:
    """By the hour: the log never waits for its next partition."""
    while True:
        try:
            await asyncio.to_thread(_make_ahead, url)
        except psycopg.Error as error:
            logger().error("partitions", error=type(error).__name__)
        await pause(PARTITIONS_EVERY)


def _make_ahead(url: str) -> None:
    with psycopg.connect(in_utc(url), autocommit=True) as connection:
        for name in make_ahead(connection):
            logger().info("partition made", name=name)


def main() -> None:
    configure("processes")
    uvloop.run(serve(read_settings()))


if __name__ == "__main__":
    main()
