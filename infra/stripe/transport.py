"""How does the SDK reach Stripe, and was anything sent when it did not?"""

from collections.abc import Awaitable, Mapping
from typing import Any

import anyio
import httpx2
import stripe

from infra.lost_connections import LOST


class Broken(stripe.APIConnectionError):
    """No answer came. Stripe may have seen the request."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, should_retry=False)  # type: ignore[no-untyped-call]


class NotSent(Broken):
    """The connection was never there: Stripe has not seen the request."""


class Httpx2Client(stripe.HTTPClient):
    """The SDK's own clients know httpx; this one speaks httpx2, asynchronously only, and never tries again.

    `proxies`: whether the environment's proxy settings count (never for a server on this machine).
    """

    name = "httpx2"

    def __init__(self, seconds: float, connect_seconds: float, *, proxies: bool) -> None:
        super().__init__()
        limits = httpx2.Limits(max_connections=64, max_keepalive_connections=32)
        timeout = httpx2.Timeout(seconds, connect=connect_seconds, pool=connect_seconds)
        self._client = httpx2.AsyncClient(timeout=timeout, limits=limits, trust_env=proxies)

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        content = post_data.encode() if isinstance(post_data, str) else post_data
        try:
            answer = await self._client.request(method, url, headers=dict(headers), content=content)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as failed:
            raise NotSent(type(failed).__name__) from failed
        except LOST as failed:
            raise Broken(type(failed).__name__) from failed
        return answer.content, answer.status_code, answer.headers

    def sleep_async(self, secs: float) -> Awaitable[None]:
        return anyio.sleep(secs)

    async def close_async(self) -> None:
        await self._client.aclose()
