"""Do the guarded ports still do their work, and fail fast when the other side is down?"""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from infra.memory.mail import MemoryMailer
from infra.memory.provider import MemoryProvider, Trouble
from infra.ports import ChargeState, Mail, PaymentOrder, ProviderUnavailable
from infra.resilience.breaker import Breaker, BreakerState
from infra.resilience.guarded import GuardedMailer, GuardedProvider


class StillClock:
    async def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)


async def test_every_payment_call_goes_through() -> None:
    provider = GuardedProvider(MemoryProvider(StillClock()), Breaker(StillClock(), "stripe"))
    order = PaymentOrder(uuid4(), uuid4(), 1000, "USD", "pm_card_visa", "k")
    charge = await provider.authorise(order)
    assert (await provider.capture(charge.ref, 1000, "c")).state is ChargeState.CAPTURED
    assert (await provider.refund(charge.ref, 100, "r")).succeeded
    assert (await provider.void(charge.ref, "v")).state is ChargeState.CAPTURED
    assert len(await provider.find(order.order_id)) == 1


async def test_a_provider_that_is_down_is_no_longer_called() -> None:
    memory = MemoryProvider(StillClock())
    breaker = Breaker(StillClock(), "stripe")
    provider = GuardedProvider(memory, breaker)
    memory.fail("*", Trouble.UNAVAILABLE, times=10)
    for _ in range(10):
        with pytest.raises(ProviderUnavailable):
            await provider.find(uuid4())
    assert breaker.state is BreakerState.OPEN
    with pytest.raises(ProviderUnavailable, match="not called"):
        await provider.authorise(PaymentOrder(uuid4(), uuid4(), 1000, "USD", "pm_card_visa", "k"))
    assert memory.ledger == []


async def test_mail_goes_through_its_own_breaker() -> None:
    mailer = MemoryMailer()
    await GuardedMailer(mailer, Breaker(StillClock(), "mail")).send(Mail("a@b.test", "s", "t", "h"), "k")
    assert len(mailer.to("a@b.test")) == 1
