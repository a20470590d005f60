"""The two worlds in which the payment contract is tried: the twin, and the real adapter with the stand-in."""

import json
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

import httpx2

from infra.memory.provider import MemoryProvider, Trouble
from infra.ports import PaymentProvider
from infra.stripe.provider import StripeProvider

OPERATIONS = {
    "authorise": "payment_intents.create",
    "capture": "payment_intents.capture",
    "void": "payment_intents.cancel",
    "refund": "refunds.create",
    "find": "payment_intents.search",
}
FAULTS = {Trouble.UNAVAILABLE: "rate_limit", Trouble.UNKNOWN_BEFORE: "drop_before", Trouble.UNKNOWN_AFTER: "fail_after"}


class World(Protocol):
    """The provider's own side of the table."""

    @property
    def provider(self) -> PaymentProvider: ...

    async def trouble(self, operation: str, trouble: Trouble) -> None: ...

    async def authenticate(self, ref: str, succeed: bool) -> None: ...

    async def alter(self, amount_minor: int) -> None: ...

    async def balance(self, order_id: UUID) -> dict[str, int]: ...


class Twin:
    def __init__(self) -> None:
        self.provider = MemoryProvider(_Now())

    async def trouble(self, operation: str, trouble: Trouble) -> None:
        self.provider.fail(operation, trouble)

    async def authenticate(self, ref: str, succeed: bool) -> None:
        await self.provider.authenticate(ref, succeed)

    async def alter(self, amount_minor: int) -> None:
        self.provider.altered_minor = amount_minor

    async def balance(self, order_id: UUID) -> dict[str, int]:
        return self.provider.balance(order_id)


class Real:
    def __init__(self, provider: StripeProvider, http: httpx2.AsyncClient) -> None:
        self.provider = provider
        self._http = http

    async def trouble(self, operation: str, trouble: Trouble) -> None:
        await self._post("/faults", {"kind": FAULTS[trouble], "operation": OPERATIONS[operation]})

    async def authenticate(self, ref: str, succeed: bool) -> None:
        await self._post(f"/payment_intents/{ref}/authenticate", {"succeed": succeed})

    async def alter(self, amount_minor: int) -> None:
        await self._post("/faults", {"kind": "alter_amount", "amount": amount_minor})

    async def balance(self, order_id: UUID) -> dict[str, int]:
        answer = await self._http.get(f"/_control/balances?order_id={order_id}")
        found = answer.json()["balances"]
        names = ("authorised", "captured", "voided", "refunded", "held")
        return {name: found[0][name] if found else 0 for name in names}

    async def _post(self, path: str, body: object) -> None:
        answer = await self._http.post(f"/_control{path}", content=json.dumps(body))
        assert answer.is_success, answer.text


class _Now:
    async def now(self) -> datetime:
        return datetime.now(UTC)
