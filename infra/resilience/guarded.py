"""The outside world behind its breakers: the same ports, but they fail fast."""

from collections.abc import Sequence
from uuid import UUID

from infra.ports import Charge, Mail, Mailer, PaymentOrder, PaymentProvider, RefundResult
from infra.resilience.breaker import Breaker

SECONDS = 3.0


class GuardedProvider:
    """A PaymentProvider that is not called while it fails."""

    def __init__(self, provider: PaymentProvider, breaker: Breaker, seconds: float = SECONDS) -> None:
        self._provider = provider
        self._breaker = breaker
        self._seconds = seconds

    async def authorise(self, order: PaymentOrder) -> Charge:
        return await self._breaker.run(lambda: self._provider.authorise(order), self._seconds)

    async def capture(self, ref: str, amount_minor: int, key: str) -> Charge:
        return await self._breaker.run(lambda: self._provider.capture(ref, amount_minor, key), self._seconds)

    async def void(self, ref: str, key: str) -> Charge:
        return await self._breaker.run(lambda: self._provider.void(ref, key), self._seconds)

    async def refund(self, ref: str, amount_minor: int, key: str) -> RefundResult:
        return await self._breaker.run(lambda: self._provider.refund(ref, amount_minor, key), self._seconds)

    async def find(self, order_id: UUID) -> Sequence[Charge]:
        return await self._breaker.run(lambda: self._provider.find(order_id), self._seconds)


class GuardedMailer:
    """A Mailer that is not called while it fails."""

    def __init__(self, mailer: Mailer, breaker: Breaker, seconds: float = SECONDS) -> None:
        self._mailer = mailer
        self._breaker = breaker
        self._seconds = seconds

    async def send(self, mail: Mail, key: str) -> None:
        await self._breaker.run(lambda: self._mailer.send(mail, key), self._seconds)
