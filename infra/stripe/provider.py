"""Payments through Stripe: one intent per payment, held first, captured or let go later."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit
from uuid import UUID

from infra.ports import (
    Charge,
    ChargeState,
    OutcomeUnknown,
    PaymentOrder,
    ProviderRefused,
    ProviderUnavailable,
    RefundResult,
)
from infra.stripe import reading
from infra.stripe.spent_keys import KeySpent, SpentKeys

T = TypeVar("T")
STRIPE_URL = "https://api.stripe.com"
EXPAND = ["latest_charge.balance_transaction"]
INSIDE = [f"data.{path}" for path in EXPAND]  # of a list
INTENTS = "/v1/payment_intents"
WRONG_STATE = "payment_intent_unexpected_state"
SEARCH_LAG_SECONDS = 300  # Stripe's search is about a minute late, more when in trouble
SKEW_SECONDS = 60  # between our clock and Stripe's
LIST_PAGES = 10


class StripeProvider:
    """`base_url` points at the stand-in (None: at Stripe itself). Use it as an async context manager, in one loop.

    An intent is confirmed by the server while the customer is there, so 3-D Secure can be asked for. `find` looks at
    the search index and, because that is late, at the newest intents as well, back to the order's own time where its
    id tells it. When it can't look back far enough it raises OutcomeUnknown rather than say "none". A replayed answer
    is old: then the present state is read; a replayed failure says that its key is spent (`spent_keys`).
    """

    def __init__(
        self, api_key: str, base_url: str | None = None, *, seconds: float = 3.0, return_url: str | None = None
    ) -> None:
        import stripe

        from infra.stripe.transport import Httpx2Client, NotSent

        if not api_key:
            raise ValueError("Stripe needs an API key")
        self._stripe = stripe
        self._not_sent = NotSent
        url = base_url or STRIPE_URL
        local = urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")
        self._http = Httpx2Client(seconds, min(1.0, seconds), proxies=not local)
        self._client = stripe.StripeClient(
            api_key, base_addresses={"api": url}, http_client=self._http, max_network_retries=0
        )
        self._seconds = seconds
        self._return_url = return_url
        self._keys = SpentKeys()

    async def __aenter__(self) -> "StripeProvider":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._http.close_async()

    async def authorise(self, order: PaymentOrder) -> Charge:
        params: dict[str, Any] = {
            "amount": order.amount_minor,
            "currency": order.currency.lower(),
            "payment_method": order.method,
            "payment_method_types": ["card"],
            "capture_method": "manual",
            "confirm": True,
            "metadata": {"order_id": str(order.order_id), "payment_id": str(order.payment_id)},
            "expand": EXPAND,
        }
        if self._return_url:
            params["return_url"] = self._return_url

        async def act(good: str) -> Charge:
            return await self._intent(lambda: self._asked(INTENTS, params, good))

        async def made() -> Charge | None:
            found = await self._intents(order.order_id)
            ours = [each for each in found if reading.payment_of(each) == order.payment_id]
            return reading.charge(ours[-1]) if ours else None

        return await self._keys.act(order.key, act, made)

    async def capture(self, ref: str, amount_minor: int, key: str) -> Charge:
        """The whole or a part; the rest is let go. Captured or cancelled before: how it stands."""
        wished = {"amount_to_capture": amount_minor, "expand": EXPAND}
        return await self._ended("capture", ref, wished, key)

    async def void(self, ref: str, key: str) -> Charge:
        """Captured or cancelled before: how it stands."""
        return await self._ended("cancel", ref, {"expand": EXPAND}, key)

    async def refund(self, ref: str, amount_minor: int, key: str) -> RefundResult:
        wished: dict[str, Any] = {"payment_intent": ref, "amount": amount_minor, "metadata": {"key": key}}

        async def act(good: str) -> RefundResult:
            made = await self._acting(
                lambda: self._client.v1.refunds.create_async(wished, {"idempotency_key": good})  # type: ignore[arg-type]
            )
            if _replayed(made.last_response):
                made = await self._acting(lambda: self._client.v1.refunds.retrieve_async(made.id))
            return reading.refund(made.to_dict())

        async def made() -> RefundResult | None:
            listed: dict[str, Any] = {"payment_intent": ref, "limit": 100}
            page = await self._acting(lambda: self._client.v1.refunds.list_async(listed))  # type: ignore[arg-type]
            ours = [body for body in (each.to_dict() for each in page.data) if reading.key_of(body) == key]
            if not ours and page.has_more:
                raise OutcomeUnknown("too many refunds to look through")
            return reading.refund(ours[0]) if ours else None

        return await self._keys.act(key, act, made)

    async def find(self, order_id: UUID) -> Sequence[Charge]:
        found = [reading.charge(each) for each in await self._intents(order_id)]
        return sorted(found, key=lambda each: (each.at, each.ref))

    async def _ended(self, how: str, ref: str, wished: Mapping[str, Any], key: str) -> Charge:
        """The intent once it was captured or cancelled."""

        async def act(good: str) -> Charge:
            return await self._intent(lambda: self._asked(f"{INTENTS}/{_path(ref)}/{how}", wished, good), ref)

        async def made() -> Charge | None:
            charge = await self._present(ref)
            return charge if charge.state in (ChargeState.CAPTURED, ChargeState.CANCELLED) else None

        return await self._keys.act(key, act, made)

    async def _intents(self, order_id: UUID) -> list[reading.Body]:
        """All of an order, as they are now, the oldest first."""
        wished: dict[str, Any] = {"query": f"metadata['order_id']:'{order_id}'", "limit": 100, "expand": INSIDE}
        searched = await self._reading(partial(self._client.v1.payment_intents.search_async, wished))  # type: ignore[arg-type]
        found: dict[str, reading.Body] = {intent.id: intent.to_dict() for intent in searched.data}
        for ref in await self._newest(order_id, bool(found)):
            if ref not in found:
                found[ref] = await self._read(ref)
        return sorted(found.values(), key=lambda each: (each["created"], each["id"]))

    async def _newest(self, order_id: UUID, some_found: bool) -> list[str]:
        """This order's among the intents that the search may not know yet."""
        wished: dict[str, Any] = {"limit": 100}
        if (made := _made_at(order_id)) is not None:
            wished["created"] = {"gte": made - SKEW_SECONDS}
        found: list[str] = []
        oldest_needed: int | None = None
        for _ in range(LIST_PAGES):
            page = await self._reading(partial(self._client.v1.payment_intents.list_async, wished))  # type: ignore[arg-type]
            bodies = [intent.to_dict() for intent in page.data]
            found += [body["id"] for body in bodies if reading.order_of(body) == order_id]
            if not bodies or not page.has_more:
                return found
            oldest_needed = oldest_needed or bodies[0]["created"] - SEARCH_LAG_SECONDS
            if bodies[-1]["created"] < oldest_needed:
                return found
            wished = wished | {"starting_after": bodies[-1]["id"]}
        if found or some_found:
            return found
        raise OutcomeUnknown("too many new payments to look through before the search knows them")

    async def _intent(self, call: Callable[[], Awaitable[Any]], ref: str | None = None) -> Charge:
        """The intent after the call, as it is now."""
        try:
            intent = await self._acting(call)
        except self._stripe.CardError as declined:
            body = _intent_of(declined)
            if body is None:
                raise ProviderRefused(declined.code or "card_error") from declined
            return await self._present(body["id"]) if _replayed(declined) else reading.charge(body)
        except _WrongState as wrong:
            if ref is None:
                raise ProviderRefused(WRONG_STATE) from wrong
            return await self._present(ref)
        if _replayed(intent):
            return await self._present(intent.data["id"])
        return reading.charge(intent.data)

    async def _asked(self, path: str, params: Mapping[str, Any], key: str) -> Any:
        """The bare answer: the SDK's objects would be made only to be taken apart again."""
        return await self._client.raw_request_async("post", path, **params, idempotency_key=key)

    async def _present(self, ref: str) -> Charge:
        """Read after an act: when that fails, what the act came to is not known here."""
        return reading.charge(await self._read(ref))

    async def _read(self, ref: str) -> reading.Body:
        intent = await self._acting(lambda: self._client.v1.payment_intents.retrieve_async(ref, {"expand": EXPAND}))
        body: reading.Body = intent.to_dict()
        return body

    async def _reading(self, call: Callable[[], Awaitable[T]]) -> T:
        """A call that changes nothing, so that there is nothing to be in doubt about."""
        try:
            return await self._acting(call)
        except OutcomeUnknown as unknown:
            raise ProviderUnavailable(str(unknown), 1.0) from None

    async def _acting(self, call: Callable[[], Awaitable[T]]) -> T:
        """Stripe's errors in our words. Messages name codes only: theirs may quote what was sent."""
        stripe = self._stripe
        try:
            async with asyncio.timeout(self._seconds):
                return await call()
        except TimeoutError:
            raise OutcomeUnknown(f"no answer within {self._seconds} s") from None
        except self._not_sent:
            raise ProviderUnavailable("no connection", 1.0) from None
        except stripe.APIConnectionError:
            raise OutcomeUnknown("the connection ended before the answer") from None
        except stripe.RateLimitError as limited:
            raise ProviderUnavailable("rate limited", _seconds(limited)) from None
        except (stripe.AuthenticationError, stripe.PermissionError):
            raise ProviderUnavailable("the API key is refused", 30.0) from None
        except stripe.IdempotencyError as other:
            if other.http_status == 409:
                raise OutcomeUnknown("the same request is under way") from None
            raise ProviderRefused("idempotency_error") from None
        except stripe.InvalidRequestError as invalid:
            if invalid.code == WRONG_STATE:
                raise _WrongState from None
            raise ProviderRefused(invalid.code or f"invalid_{invalid.param or 'request'}") from None
        except stripe.APIError as failed:
            if _replayed(failed):
                raise KeySpent from None
            raise OutcomeUnknown(f"status {failed.http_status}") from None


class _WrongState(Exception):
    """The intent has gone on (or ended) since."""


def _path(ref: str) -> str:
    return quote(ref, safe="")


def _made_at(order_id: UUID) -> int | None:
    """No payment is older than its order, whose time (in seconds) stands in an id of version 7."""
    return (order_id.int >> 80) // 1000 if order_id.version == 7 else None


def _replayed(answer: Any) -> bool:
    return bool(answer is not None and answer.headers.get("idempotent-replayed") == "true")


def _intent_of(declined: Any) -> Mapping[str, Any] | None:
    error = (declined.json_body or {}).get("error", {})
    body: Mapping[str, Any] | None = error.get("payment_intent")
    return body


def _seconds(limited: Any) -> float:
    told = str(limited.headers.get("retry-after", ""))
    return float(told) if told.isdecimal() else 1.0
