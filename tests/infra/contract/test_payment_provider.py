"""What the real adapter and its twin promise alike: one suite for both."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from uuid import uuid4

import httpx2
import pytest

from infra.memory.provider import Trouble
from infra.ports import (
    Charge,
    ChargeState,
    OutcomeUnknown,
    PaymentOrder,
    ProviderRefused,
    ProviderUnavailable,
)
from infra.stripe.provider import StripeProvider
from tests.infra.contract.payment_worlds import Real, Twin, World
from tests.standins.serving import serving
from tools.standins.stripe.app import build


@pytest.fixture(scope="module")
def stand_in() -> Iterator[str]:
    with serving(build(None, None)) as url:
        yield url


@pytest.fixture(params=["twin", "real"])
async def world(request: pytest.FixtureRequest, stand_in: str) -> AsyncIterator[World]:
    if request.param == "twin":
        yield Twin()
        return
    async with (
        StripeProvider("sk_test_contract", stand_in) as provider,
        httpx2.AsyncClient(base_url=stand_in) as http,
    ):
        yield Real(provider, http)


def an_order(amount_minor: int = 1000, method: str = "pm_card_visa", key: str | None = None) -> PaymentOrder:
    order_id, payment_id = uuid4(), uuid4()
    return PaymentOrder(order_id, payment_id, amount_minor, "USD", method, key or f"authorise-{payment_id}")


async def held(world: World, amount_minor: int = 1000) -> Charge:
    return await world.provider.authorise(an_order(amount_minor))


async def captured(world: World, amount_minor: int = 1000) -> Charge:
    charge = await held(world, amount_minor)
    return await world.provider.capture(charge.ref, amount_minor, f"capture-{charge.ref}")


async def test_an_authorisation_holds_the_money(world: World) -> None:
    order = an_order()
    charge = await world.provider.authorise(order)
    assert (charge.state, charge.order_id, charge.amount_minor) == (ChargeState.AUTHORISED, order.order_id, 1000)
    assert (charge.captured_minor, charge.refunded_minor, charge.currency) == (0, 0, "USD")
    assert abs(datetime.now(UTC) - charge.at).total_seconds() < 60
    assert (await world.balance(order.order_id))["held"] == 1000


@pytest.mark.parametrize(
    ("method", "code"),
    [
        ("pm_card_chargeDeclined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "insufficient_funds"),
        ("pm_card_chargeDeclinedLostCard", "lost_card"),
        ("pm_card_chargeDeclinedStolenCard", "stolen_card"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card"),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc"),
        ("pm_card_chargeDeclinedProcessingError", "processing_error"),
    ],
)
async def test_a_decline_is_an_answer_with_its_code(world: World, method: str, code: str) -> None:
    order = an_order(method=method)
    charge = await world.provider.authorise(order)
    again = await world.provider.authorise(order)
    assert (charge.state, charge.decline_code, charge.order_id) == (ChargeState.FAILED, code, order.order_id)
    assert again == charge
    assert (await world.balance(order.order_id))["authorised"] == 0


@pytest.mark.parametrize(("succeed", "state"), [(True, ChargeState.AUTHORISED), (False, ChargeState.FAILED)])
async def test_authentication_is_asked_for_and_found_done(world: World, succeed: bool, state: ChargeState) -> None:
    order = an_order(method="pm_card_authenticationRequired")
    waiting = await world.provider.authorise(order)
    assert waiting.state is ChargeState.REQUIRES_ACTION
    assert waiting.client_action
    assert "secret" not in waiting.client_action

    await world.authenticate(waiting.ref, succeed)

    [found] = await world.provider.find(order.order_id)
    assert (found.ref, found.state) == (waiting.ref, state)
    assert found.decline_code == (None if succeed else "payment_intent_authentication_failure")


async def test_a_whole_capture_takes_the_money(world: World) -> None:
    charge = await captured(world)
    assert (charge.state, charge.captured_minor) == (ChargeState.CAPTURED, 1000)


async def test_a_partial_capture_lets_the_rest_go(world: World) -> None:
    order = an_order()
    charge = await world.provider.authorise(order)
    charge = await world.provider.capture(charge.ref, 300, "c" + charge.ref)
    assert (charge.state, charge.amount_minor, charge.captured_minor) == (ChargeState.CAPTURED, 1000, 300)
    assert await world.balance(order.order_id) == {
        "authorised": 1000,
        "captured": 300,
        "voided": 700,
        "refunded": 0,
        "held": 0,
    }


async def test_a_void_lets_all_go(world: World) -> None:
    order = an_order()
    charge = await world.provider.authorise(order)
    charge = await world.provider.void(charge.ref, "v" + charge.ref)
    assert (charge.state, charge.captured_minor, charge.refunded_minor) == (ChargeState.CANCELLED, 0, 0)
    assert (await world.balance(order.order_id))["voided"] == 1000


async def test_what_has_ended_is_answered_as_it_stands(world: World) -> None:
    paid = await captured(world)
    assert (await world.provider.void(paid.ref, "v" + paid.ref)).state is ChargeState.CAPTURED
    again = await world.provider.capture(paid.ref, 1000, "other" + paid.ref)
    assert (again.state, again.captured_minor) == (ChargeState.CAPTURED, 1000)

    gone = await held(world)
    await world.provider.void(gone.ref, "v" + gone.ref)
    assert (await world.provider.void(gone.ref, "v2" + gone.ref)).state is ChargeState.CANCELLED
    assert (await world.provider.capture(gone.ref, 1000, "c" + gone.ref)).state is ChargeState.CANCELLED


async def test_a_declined_payment_can_be_closed(world: World) -> None:
    charge = await world.provider.authorise(an_order(method="pm_card_chargeDeclined"))
    assert (await world.provider.void(charge.ref, "v" + charge.ref)).state is ChargeState.CANCELLED


async def test_refunds_add_up_to_the_capture_and_no_further(world: World) -> None:
    paid = await captured(world)
    first = await world.provider.refund(paid.ref, 400, "r1" + paid.ref)
    assert (first.succeeded, first.amount_minor, first.code) == (True, 400, None)
    with pytest.raises(ProviderRefused, match="invalid_amount"):
        await world.provider.refund(paid.ref, 601, "r2" + paid.ref)
    await world.provider.refund(paid.ref, 600, "r3" + paid.ref)
    with pytest.raises(ProviderRefused, match="charge_already_refunded"):
        await world.provider.refund(paid.ref, 1, "r4" + paid.ref)
    assert paid.order_id is not None
    [found] = await world.provider.find(paid.order_id)
    assert (found.captured_minor, found.refunded_minor) == (1000, 1000)


@pytest.mark.parametrize(
    ("amount_minor", "code"), [(0, "parameter_invalid_integer"), (49, "amount_too_small"), (10**8, "amount_too_large")]
)
async def test_sums_out_of_bounds_are_refused(world: World, amount_minor: int, code: str) -> None:
    with pytest.raises(ProviderRefused, match=code):
        await world.provider.authorise(an_order(amount_minor))


async def test_other_refusals_have_their_codes(world: World) -> None:
    charge = await held(world)
    with pytest.raises(ProviderRefused, match="resource_missing"):
        await world.provider.authorise(an_order(method="pm_unknown"))
    with pytest.raises(ProviderRefused, match="amount_too_large"):
        await world.provider.capture(charge.ref, 1001, "c" + charge.ref)
    with pytest.raises(ProviderRefused, match="charge_not_refundable"):
        await world.provider.refund(charge.ref, 1, "r" + charge.ref)
    for unknown in (world.provider.capture("pi_none", 1, "k1"), world.provider.void("pi_none", "k2")):
        with pytest.raises(ProviderRefused, match="resource_missing"):
            await unknown


async def test_a_key_repeats_its_act_and_tells_how_it_stands_now(world: World) -> None:
    order = an_order()
    first = await world.provider.authorise(order)
    await world.provider.capture(first.ref, 1000, "c" + first.ref)
    await world.provider.capture(first.ref, 1000, "c" + first.ref)
    refund = await world.provider.refund(first.ref, 200, "r" + first.ref)
    assert await world.provider.refund(first.ref, 200, "r" + first.ref) == refund

    again = await world.provider.authorise(order)

    assert (again.ref, again.state, again.refunded_minor) == (first.ref, ChargeState.CAPTURED, 200)
    assert (await world.balance(order.order_id))["refunded"] == 200


async def test_a_key_does_not_change_its_mind(world: World) -> None:
    order = an_order()
    await world.provider.authorise(order)
    other = PaymentOrder(order.order_id, order.payment_id, 2000, "USD", "pm_card_visa", order.key)
    with pytest.raises(ProviderRefused, match="idempotency_error"):
        await world.provider.authorise(other)


async def test_all_payments_of_an_order_are_found_and_no_others(world: World) -> None:
    order = an_order(method="pm_card_chargeDeclined")
    await world.provider.authorise(order)
    await world.provider.authorise(an_order())
    second = PaymentOrder(order.order_id, uuid4(), 1000, "USD", "pm_card_visa", f"second-{order.key}")
    await world.provider.authorise(second)
    found = await world.provider.find(order.order_id)
    assert sorted(each.state.value for each in found) == ["AUTHORISED", "FAILED"]
    assert await world.provider.find(uuid4()) == []


@pytest.mark.parametrize(
    ("trouble", "error", "made"),
    [
        (Trouble.UNAVAILABLE, ProviderUnavailable, 0),
        (Trouble.UNKNOWN_BEFORE, OutcomeUnknown, 0),
        (Trouble.UNKNOWN_AFTER, OutcomeUnknown, 1),
    ],
)
async def test_trouble_with_the_hold_is_resolved_by_asking(
    world: World, trouble: Trouble, error: type[Exception], made: int
) -> None:
    order = an_order()
    await world.trouble("authorise", trouble)
    with pytest.raises(error):
        await world.provider.authorise(order)
    assert len(await world.provider.find(order.order_id)) == made

    charge = await world.provider.authorise(order)

    assert charge.state is ChargeState.AUTHORISED
    assert (await world.balance(order.order_id))["authorised"] == 1000


@pytest.mark.parametrize("operation", ["capture", "void", "refund"])
async def test_trouble_after_the_act_is_healed_by_the_same_key(world: World, operation: str) -> None:
    charge = await (captured(world) if operation == "refund" else held(world))
    await world.trouble(operation, Trouble.UNKNOWN_AFTER)

    async def act() -> object:
        if operation == "void":
            return await world.provider.void(charge.ref, "k" + charge.ref)
        call = world.provider.capture if operation == "capture" else world.provider.refund
        return await call(charge.ref, 1000, "k" + charge.ref)

    with pytest.raises(OutcomeUnknown):
        await act()
    await act()
    assert charge.order_id is not None
    balance = await world.balance(charge.order_id)
    assert (balance["captured"], balance["voided"], balance["refunded"], balance["held"]) == {
        "capture": (1000, 0, 0, 0),
        "void": (0, 1000, 0, 0),
        "refund": (1000, 0, 1000, 0),
    }[operation]


async def test_asking_in_vain_changes_nothing_and_may_be_repeated(world: World) -> None:
    charge = await held(world)
    assert charge.order_id is not None
    await world.trouble("find", Trouble.UNKNOWN_BEFORE)
    with pytest.raises(ProviderUnavailable):
        await world.provider.find(charge.order_id)
    assert len(await world.provider.find(charge.order_id)) == 1


async def test_another_amount_than_asked_for_is_told(world: World) -> None:
    await world.alter(777)
    assert (await world.provider.authorise(an_order())).amount_minor == 777


async def test_fifty_refunds_at_once_give_back_what_fits(world: World) -> None:
    paid = await captured(world)
    answers = await asyncio.gather(
        *(world.provider.refund(paid.ref, 300, f"r{n}{paid.ref}") for n in range(50)), return_exceptions=True
    )
    assert sum(not isinstance(answer, BaseException) for answer in answers) == 3
    assert {answer.code for answer in answers if isinstance(answer, ProviderRefused)} == {"invalid_amount"}


async def test_fifty_captures_at_once_take_the_money_once(world: World) -> None:
    charge = await held(world)
    answers = await asyncio.gather(*(world.provider.capture(charge.ref, 1000, f"c{n}{charge.ref}") for n in range(50)))
    assert {answer.captured_minor for answer in answers} == {1000}
    assert charge.order_id is not None
    assert (await world.balance(charge.order_id))["captured"] == 1000
