"""Who tells workers that there is something to do? Redis, through dramatiq, and at once.

A message holds an outbox id and nothing else: losing it loses nothing. dramatiq looks for messages in growing pauses;
here an idle consumer waits on a list in Redis instead, so that a message is fetched within a millisecond or two.
"""

import asyncio
import time
from collections.abc import Iterable
from typing import Any, cast
from uuid import UUID

import redis
from dramatiq import Message
from dramatiq.broker import Consumer, MessageProxy
from dramatiq.brokers.redis import RedisBroker
from dramatiq.common import dq_name, q_name
from dramatiq.errors import ConnectionClosed
from dramatiq.middleware import Middleware

from infra.observability.logs import logger

QUEUE, ACTOR = "effects", "perform"
HEARTBEAT = 10_000  # milliseconds without a sign until a worker's messages are given to others
EVERY_TIME = 1_000_000  # of a million fetches, those that look after dead workers
IDLE = 1.0  # seconds, at most, until an idle consumer looks by itself
FULL = 0.005  # seconds, while as much is under way as may be
PATIENCE = 1.0  # seconds that a wake-up may take
_BELL = "dramatiq:bell"
_RUNG_AT_MOST = 32  # one for each consumer that may wait is enough


def build_broker(url: str, middleware: Iterable[Middleware] = ()) -> "PromptBroker":
    """No retries here: the outbox keeps the schedule."""
    made = {"url": url, "middleware": [*middleware], "heartbeat_timeout": HEARTBEAT, "maintenance_chance": EVERY_TIME}
    broker = PromptBroker(**made)  # type: ignore[no-untyped-call]  # of dramatiq
    broker.declare_queue(QUEUE)
    return broker


class PromptBroker(RedisBroker):
    """dramatiq's Redis broker, with consumers that wake at once."""

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5000) -> Consumer:
        inner = super().consume(queue_name, prefetch, timeout)
        if queue_name == dq_name(q_name(queue_name)):  # for delayed messages: we send none
            return inner
        looking = super().consume(queue_name, prefetch, 1)
        return _PromptConsumer(looking, cast("redis.Redis", self.client), prefetch, min(IDLE, timeout / 1000))

    def ring(self) -> None:
        """Wake a waiting consumer."""
        client = cast("redis.Redis", self.client)
        with client.pipeline(transaction=False) as calls:
            calls.lpush(_BELL, b"1")
            calls.ltrim(_BELL, 0, _RUNG_AT_MOST - 1)
            calls.execute()


class _PromptConsumer(Consumer):
    def __init__(self, looking: Consumer, client: "redis.Redis", prefetch: int, idle: float) -> None:
        self._looking = looking
        self._client = client
        self._prefetch = prefetch
        self._idle = idle

    def __next__(self) -> MessageProxy | None:
        message = next(self._looking)
        if message is not None:
            return message
        under_way: int = getattr(self._looking, "outstanding_message_count", 0)
        if under_way >= self._prefetch:
            time.sleep(FULL)
            return None
        try:
            self._client.blpop([_BELL], self._idle)
        except redis.ConnectionError as error:
            raise ConnectionClosed(error) from None  # type: ignore[no-untyped-call]  # of dramatiq
        return None

    def ack(self, message: MessageProxy) -> None:
        self._looking.ack(message)

    def nack(self, message: MessageProxy) -> None:
        self._looking.nack(message)

    def requeue(self, messages: Iterable[MessageProxy]) -> None:
        self._looking.requeue(messages)

    def close(self) -> None:
        self._looking.close()


class EffectQueue:
    """Implements Broker."""

    def __init__(self, broker: PromptBroker) -> None:
        self._broker = broker

    async def wake(self, effect_id: UUID) -> None:
        """Tell some worker. What can't be told now is told again by the sweeper."""
        try:
            async with asyncio.timeout(PATIENCE):
                await asyncio.to_thread(self._tell, effect_id)
        except (TimeoutError, redis.RedisError, OSError) as error:
            logger().warning("workers not told", why=type(error).__name__)

    def _tell(self, effect_id: UUID) -> None:
        message: Message[Any] = Message(
            queue_name=QUEUE, actor_name=ACTOR, args=(str(effect_id),), kwargs={}, options={}
        )
        self._broker.enqueue(message)
        self._broker.ring()
