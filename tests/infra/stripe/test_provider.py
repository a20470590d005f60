"""What does the adapter say when Stripe is slow, gone, or speaks oddly? (Its other promises: the contract suite.)"""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from typing import TypeVar
from uuid import uuid4

import httpx2
import pytest
from uuid_utils.compat import uuid7

from infra.ports import Charge, ChargeState, OutcomeUnknown, PaymentOrder, ProviderRefused, ProviderUnavailable
from infra.stripe import provider as adapter
from infra.stripe.provider import StripeProvider
from tests.standins.serving import serving
from tests.standins.stripe.calling import Caller
from tools.standins.stripe.app import build

T = TypeVar("T")


@pytest.fixture(scope="module")
def stand_in() -> Iterator[str]:
    with serving(build(None, None)) as url:
        yield url


@pytest.fixture
async def control(stand_in: str) -> AsyncIterator[Caller]:
    caller = Caller(stand_in)
    await caller.control("POST", "/reset")
    yield caller
    await caller.http.aclose()


@pytest.fixture
async def stripe(stand_in: str, control: Caller) -> AsyncIterator[StripeProvider]:
    async with StripeProvider("sk_test_adapter", stand_in, seconds=0.5) as provider:
        yield provider


def an_order() -> PaymentOrder:
    payment_id = uuid4()
    return PaymentOrder(uuid4(), payment_id, 1000, "USD", "pm_card_visa", f"k-{payment_id}")


async def test_a_refused_connection_did_nothing() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        async with StripeProvider("sk_test_adapter", url) as provider:
            with pytest.raises(ProviderUnavailable):
                await provider.authorise(an_order())
            with pytest.raises(ProviderUnavailable):
                await provider.find(uuid4())


async def test_a_silent_stripe_is_given_up_in_time_and_in_doubt() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        async with StripeProvider("sk_test_adapter", url, seconds=0.3) as provider:
            began = time.monotonic()
            with pytest.raises(OutcomeUnknown):
                await provider.authorise(an_order())
            assert time.monotonic() - began < 2


async def test_a_slow_success_is_in_doubt_and_then_found(stripe: StripeProvider, control: Caller) -> None:
    order = an_order()
    await control.control("POST", "/faults", {"kind": "delay_after", "seconds": 1})
    with pytest.raises(OutcomeUnknown):
        await stripe.authorise(order)
    [found] = await stripe.find(order.order_id)
    assert found.state is ChargeState.AUTHORISED


async def test_the_same_request_under_way_is_in_doubt(stripe: StripeProvider, control: Caller) -> None:
    order = an_order()
    await control.control("POST", "/faults", {"kind": "delay", "seconds": 0.3})
    slow = asyncio.create_task(stripe.authorise(order))
    await asyncio.sleep(0.1)
    with pytest.raises(OutcomeUnknown):
        await stripe.authorise(order)
    assert (await slow).state is ChargeState.AUTHORISED


async def test_a_rate_limit_says_when_to_come_back(stripe: StripeProvider, control: Caller) -> None:
    await control.control("POST", "/faults", {"kind": "rate_limit"})
    with pytest.raises(ProviderUnavailable) as limited:
        await stripe.authorise(an_order())
    assert limited.value.retry_after == 1.0


async def test_a_refused_key_is_an_operator_s_matter_and_is_not_told(stand_in: str) -> None:
    async with StripeProvider("sk_live_of_somebody", stand_in) as provider:
        with pytest.raises(ProviderUnavailable) as refused:
            await provider.authorise(an_order())
    assert "sk_live" not in str(refused.value)


async def test_without_a_key_there_is_no_provider() -> None:
    with pytest.raises(ValueError, match="API key"):
        StripeProvider("")


async def test_payments_are_found_before_the_search_knows_them(stripe: StripeProvider, control: Caller) -> None:
    await control.control("PUT", "/search-lag", {"seconds": 60})
    order = an_order()
    await stripe.authorise(order)
    await stripe.authorise(an_order())
    assert [each.order_id for each in await stripe.find(order.order_id)] == [order.order_id]


async def test_none_is_not_said_when_the_newest_could_not_all_be_seen(
    stripe: StripeProvider, control: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "LIST_PAGES", 1)
    await control.control("PUT", "/search-lag", {"seconds": 60})
    order = an_order()
    await stripe.authorise(order)
    for _ in range(101):
        await control.intent()
    with pytest.raises(OutcomeUnknown):
        await stripe.find(order.order_id)


async def test_an_order_whose_id_tells_its_time_is_looked_for_from_there_on(
    stripe: StripeProvider, control: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "LIST_PAGES", 1)
    monkeypatch.setattr(adapter, "SKEW_SECONDS", -1)
    await control.control("PUT", "/search-lag", {"seconds": 60})
    for _ in range(101):
        await control.intent()
    await asyncio.sleep(1)
    plain, order_id = an_order(), uuid7()
    await asyncio.sleep(1.1)
    assert await stripe.find(order_id) == []
    await stripe.authorise(PaymentOrder(order_id, plain.payment_id, 1000, "USD", "pm_card_visa", plain.key))
    assert [each.order_id for each in await stripe.find(order_id)] == [order_id]


async def test_the_customer_s_page_is_told_when_there_is_a_way_back(stand_in: str) -> None:
    plain = an_order()
    order = PaymentOrder(
        plain.order_id, plain.payment_id, 1000, "USD", "pm_card_authenticationRequired", f"a{plain.key}"
    )
    async with StripeProvider("sk_test_adapter", stand_in, return_url="https://shop.test/paid") as provider:
        waiting = await provider.authorise(order)
    assert waiting.client_action is not None
    async with httpx2.AsyncClient() as browser:
        assert (await browser.get(waiting.client_action)).status_code == 200


async def test_a_refusal_names_a_code_and_nothing_that_was_sent(stripe: StripeProvider) -> None:
    plain = an_order()
    order = PaymentOrder(plain.order_id, plain.payment_id, 1000, "USD", "pm_of_ana", plain.key)
    with pytest.raises(ProviderRefused) as refused:
        await stripe.authorise(order)
    assert (refused.value.code, str(refused.value)) == ("resource_missing", "resource_missing")
    assert refused.value.__suppress_context__


async def until_known(act: Callable[[], Awaitable[T]], tries: int = 12) -> T:
    """As a worker does it: the same call under the same key, until there is an answer."""
    for _ in range(tries):
        with suppress(OutcomeUnknown):
            return await act()
    raise AssertionError(f"no answer after {tries} calls")


@pytest.mark.parametrize("times", [1, 7])
@pytest.mark.parametrize("operation", ["create", "capture", "cancel"])
async def test_an_act_whose_failure_stripe_keeps_under_its_key_is_made_once_all_the_same(
    stripe: StripeProvider, control: Caller, operation: str, times: int
) -> None:
    order = an_order()
    acts: dict[str, Callable[[str], Awaitable[Charge]]] = {
        "capture": lambda ref: stripe.capture(ref, 1000, "capture-" + ref),
        "cancel": lambda ref: stripe.void(ref, "void-" + ref),
    }
    ref = "" if operation == "create" else (await stripe.authorise(order)).ref
    failing = {"kind": "fail_before_stored", "operation": f"payment_intents.{operation}", "times": times}
    await control.control("POST", "/faults", failing)

    charge = await until_known(lambda: acts[operation](ref) if ref else stripe.authorise(order))

    wanted = {"create": ChargeState.AUTHORISED, "capture": ChargeState.CAPTURED, "cancel": ChargeState.CANCELLED}
    assert charge.state is wanted[operation]
    assert [each.state for each in await stripe.find(order.order_id)] == [wanted[operation]]


async def test_a_refund_whose_failure_stripe_keeps_under_its_key_is_made_once_all_the_same(
    stripe: StripeProvider, control: Caller
) -> None:
    order = an_order()
    charge = await stripe.authorise(order)
    await stripe.capture(charge.ref, 1000, "capture-" + charge.ref)
    await control.control("POST", "/faults", {"kind": "fail_before_stored", "operation": "refunds.create"})

    first = await until_known(lambda: stripe.refund(charge.ref, 300, "refund-" + charge.ref))
    again = await stripe.refund(charge.ref, 300, "refund-" + charge.ref)

    assert (first.succeeded, again) == (True, first)
    assert [each.refunded_minor for each in await stripe.find(order.order_id)] == [300]


async def test_another_process_that_finds_the_key_spent_does_not_pay_twice(
    stand_in: str, stripe: StripeProvider, control: Caller
) -> None:
    order = an_order()
    await control.control("POST", "/faults", {"kind": "fail_before_stored", "operation": "payment_intents.create"})
    charge = await until_known(lambda: stripe.authorise(order))
    async with StripeProvider("sk_test_adapter", stand_in) as another:
        assert (await another.authorise(order)).ref == charge.ref
    assert len(await stripe.find(order.order_id)) == 1
