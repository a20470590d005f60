"""The workers that perform effects: dramatiq's threads fetch ids, one loop does the work, one SIGTERM ends it."""

import asyncio
import logging
import os
import signal
import socket
import threading
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from typing import Any
from uuid import UUID

import dramatiq
import uvloop
from dramatiq.asyncio import get_event_loop_thread
from dramatiq.middleware import AsyncIO, Middleware

from infra.clock import SystemClock
from infra.collector import settle
from infra.mail.smtp import SmtpMailer
from infra.observability.logs import configure, logger
from infra.ports import Unavailable, WorkStore
from infra.postgres.work_store import PostgresWorkStore
from infra.queue.dramatiq_broker import ACTOR, QUEUE, build_broker
from infra.resilience.breaker import Breaker
from infra.resilience.guarded import GuardedMailer, GuardedProvider
from infra.settings import Settings, read_settings
from infra.stripe.provider import STRIPE_URL, StripeProvider
from processes.collect_payment import charging
from processes.notify_customer import sending
from processes.notify_customer.letters import Letters
from processes.refund_payment import refunding
from processes.running.outbox import Performer, work_one
from write_model.handling.bus import Bus
from write_model.main import WriteModel, build

AT_ONCE = 16  # effects under way
THREADS = 4  # that hand them over
STOP_WITHIN = 1000  # milliseconds, for the threads
FINISH_WITHIN = 7.0  # seconds, for what is under way
MAIL_CONNECTIONS = 4  # kept for the next letters
SENDER = "TeLoCompro <no-reply@telocompro.local>"


class Workshop(Middleware):
    """Everything that effects need, built on dramatiq's loop when the worker boots and closed there when it stops."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stop = asyncio.Event()
        self._open: asyncio.Task[None] | None = None
        self._worker = settings.runtime.worker or f"{socket.gethostname()}:{os.getpid()}"
        self._work: WorkStore | None = None
        self._bus: Bus | None = None
        self._performers: Mapping[str, Performer] = {}
        self._room = threading.Semaphore(AT_ONCE)
        self._under_way: set[asyncio.Task[None]] = set()
        self.failure: BaseException | None = None

    def before_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        try:
            self._on_loop(self._start())
        except Exception as error:  # dramatiq would go on: the main asks for it
            self.failure = error

    def after_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        self._on_loop(self._end())

    def perform(self, effect_id: str) -> None:
        """Hand it to the loop, and wait only while enough is under way.

        The message is done with then: the outbox knows what is due, and the sweeper tells again what a kill interrupts.
        """
        thread = get_event_loop_thread()
        if thread is not None:
            self._room.acquire()
            thread.loop.call_soon_threadsafe(self._begin, UUID(effect_id))

    def _begin(self, effect_id: UUID) -> None:
        task = asyncio.get_running_loop().create_task(self._attempt(effect_id))
        self._under_way.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._under_way.discard(task)
        self._room.release()

    async def _attempt(self, effect_id: UUID) -> None:
        """One attempt. What goes wrong around it is told again by the sweeper."""
        if self._work is None or self._bus is None:
            return
        try:
            await work_one(effect_id, self._performers, self._work, self._bus, worker=self._worker)
        except Exception:
            logger().exception("attempt interrupted", effect=str(effect_id))

    @staticmethod
    def _on_loop(work: Any) -> None:
        thread = get_event_loop_thread()
        if thread is not None:
            thread.run_coroutine(work)

    async def _start(self) -> None:
        """The resources live in one task: what is entered there is left there."""
        opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._open = asyncio.create_task(self._stay_open(opened))
        await opened

    async def _end(self) -> None:
        if self._under_way:
            _, late = await asyncio.wait(self._under_way, timeout=FINISH_WITHIN)
            for task in late:
                task.cancel()
        self._stop.set()
        if self._open is not None:
            await asyncio.gather(self._open, return_exceptions=True)

    async def _stay_open(self, opened: "asyncio.Future[None]") -> None:
        try:
            async with AsyncExitStack() as stack:
                parts = await stack.enter_async_context(build(self._settings))
                self._performers = await _performers(self._settings, parts, stack)
                work = PostgresWorkStore(parts.pool)
                with suppress(Unavailable):  # what this worker had under way when it was killed need not wait
                    await work.end_leases(self._worker)
                self._work, self._bus = work, parts.bus
                opened.set_result(None)
                await self._stop.wait()
                self._work = self._bus = None
        except Exception as error:
            if opened.done():
                logger().exception("workshop closed badly")
            else:
                opened.set_exception(error)


async def _performers(settings: Settings, parts: WriteModel, stack: AsyncExitStack) -> Mapping[str, Performer]:
    """Each outside party behind one breaker, on the host's clock."""
    stripe = await stack.enter_async_context(
        StripeProvider(settings.stripe.api_key.get_secret_value(), settings.stripe.base_url or STRIPE_URL)
    )
    clock = SystemClock()
    provider = GuardedProvider(stripe, Breaker(clock, "stripe"))
    smtp = SmtpMailer(settings.mail.url, SENDER, kept=MAIL_CONNECTIONS)
    stack.push_async_callback(smtp.aclose)
    mailer = GuardedMailer(smtp, Breaker(clock, "mail"))
    return {
        **charging.performers(provider),
        **refunding.performers(provider),
        **sending.performers(parts.reader, parts.decode, mailer, Letters()),
    }


def main() -> None:
    configure("workers")
    for library in ("stripe", "httpx2", "httpcore2", "dramatiq"):  # a line for each call is too many
        logging.getLogger(library).setLevel(logging.WARNING)
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    settings = read_settings()
    workshop = Workshop(settings)
    broker = build_broker(settings.stores.redis_url, [AsyncIO(), workshop])
    dramatiq.actor(broker=broker, actor_name=ACTOR, queue_name=QUEUE)(workshop.perform)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    worker = dramatiq.Worker(broker, worker_threads=THREADS)
    worker.start()
    if workshop.failure is None:
        settle()
        print("ready workers", flush=True)  # noqa: T201 the runner waits for this line
        stop.wait()
    worker.stop(STOP_WITHIN)
    broker.close()
    if workshop.failure is not None:
        raise SystemExit(f"workers can't start: {type(workshop.failure).__name__}: {workshop.failure}")


if __name__ == "__main__":
    main()
