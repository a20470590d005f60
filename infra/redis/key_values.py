"""Where do copies of documents stand in Redis? Under their key as `epoch|position|body`, beside each view's state.

Redis may forget everything or go back in time at any moment: a copy counts only while its epoch is the view's.
"""

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import NoScriptError, RedisError

from infra.ports import Cached, Copy, Unavailable
from infra.resilience.cooldown import Cooldown

SECONDS = 0.1  # for one call
REST_SECONDS = 1.0  # after a failure
LISTEN_SECONDS = 1.0  # for one message, before listening on
_SCRIPT = Path(__file__).with_name("put_newer.lua")


def open_redis(url: str) -> Redis:
    """A client that says soon when nobody is there, and does not try again by itself."""
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    return Redis.from_url(
        url, socket_timeout=SECONDS * 2, socket_connect_timeout=SECONDS, retry=Retry(NoBackoff(), 0), protocol=3
    )


class RedisKeyValues:
    """Implements KeyValueStore."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._script = redis.register_script(_SCRIPT.read_text())
        self._cooldown = Cooldown("Redis", REST_SECONDS)

    async def get(self, view: str, keys: Sequence[str]) -> Sequence[Cached]:
        async with self._reachable():
            pipeline = self._redis.pipeline(transaction=False)
            pipeline.hmget(_state(view), ["epoch", "covered"])
            pipeline.mget(list(keys))
            (epoch, covered), values = await pipeline.execute()
        if epoch is None or covered is None:
            return [Cached(None, 0, None) for _ in keys]
        return [
            Cached(epoch.decode(), int(covered), _copy(key, epoch, value))
            for key, value in zip(keys, values, strict=True)
        ]

    async def put_newer(
        self, view: str, epoch: str, copies: Sequence[Copy], covered: int | None, seen: int | None = None
    ) -> bool:
        arguments: list[Any] = [epoch, "" if seen is None else seen, "" if covered is None else covered]
        for copy in copies:
            gone = copy.body is None
            arguments += [copy.position, 0 if gone else copy.ttl, b"" if gone else copy.body]
        keys = [_state(view), *(copy.key for copy in copies)]
        async with self._reachable():
            return bool(await self._script(keys=keys, args=arguments))

    async def begin(self, view: str, covered: int) -> str:
        epoch = secrets.token_hex(8)
        async with self._reachable():
            await self._redis.hset(_state(view), mapping={"epoch": epoch, "covered": covered})
        return epoch

    async def nudge(self, channel: str, position: int) -> None:
        async with self._reachable():
            await self._redis.publish(channel, position)

    async def nudges(self, channel: str) -> AsyncIterator[int]:
        """Raises Unavailable when the connection is lost: ask again."""
        async with self._reachable(), self._redis.pubsub(ignore_subscribe_messages=True) as listening:
            await listening.subscribe(channel)
            while True:
                message = await listening.get_message(timeout=LISTEN_SECONDS)
                if message is not None:
                    yield int(message["data"])

    @asynccontextmanager
    async def _reachable(self) -> AsyncIterator[None]:
        self._cooldown.check()
        try:
            yield
        except NoScriptError:
            raise  # the client loads it again by itself: a bug otherwise
        except (TimeoutError, RedisError, OSError) as error:
            self._cooldown.failed()
            raise Unavailable(type(error).__name__) from error


def _state(view: str) -> str:
    return f"view:{view}"


def _copy(key: str, epoch: bytes, value: bytes | None) -> Copy | None:
    """None: nothing there, or a copy of an epoch that has passed."""
    if value is None:
        return None
    head, position, body = value.split(b"|", 2)
    return Copy(key, int(position), body, 0) if head == epoch else None
