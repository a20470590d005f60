"""From a cart to money taken, or to money given back: every way that a purchase can go."""

import asyncio
from uuid import uuid4

import pytest

from tests.kit.client import eventually
from tests.kit.shop import Bought, Shop

pytestmark = [pytest.mark.integration, pytest.mark.timeout(150)]


async def test_an_order_is_confirmed_while_its_customer_waits_and_then_its_money_is_taken(shop: Shop) -> None:
    variant = await shop.variant(stock=3)

    bought = await shop.buy(variant, quantity=2, wait=5)

    assert bought.placed.body["status"] == "CONFIRMED"
    assert bought.placed.headers["preference-applied"] == "wait=5"
    await bought.paid()
    balance = await shop.provider.balance(bought.id)
    assert (balance["authorised"], balance["captured"], balance["held"]) == (bought.total, bought.total, 0)
    assert await shop.available(variant) == 1


async def test_a_declined_card_cancels_the_order_with_its_code_and_the_stock_is_back(shop: Shop) -> None:
    variant = await shop.variant(stock=3)

    bought = await shop.buy(variant, quantity=2, method="pm_card_visa_chargeDeclinedInsufficientFunds", wait=5)

    assert bought.placed.body["status"] == "CANCELLED"
    assert bought.placed.body["reason"] == {"code": "payment.declined", "declineCode": "insufficient_funds"}
    assert await shop.available(variant) == 3
    assert await shop.provider.ledger(bought.id) == []


@pytest.mark.parametrize(("succeed", "status"), [(True, "CONFIRMED"), (False, "CANCELLED")], ids=["passed", "failed"])
async def test_a_bank_that_wants_to_see_the_customer_decides_the_order(shop: Shop, succeed: bool, status: str) -> None:
    variant = await shop.variant(stock=2)
    bought = await shop.buy(variant, method="pm_card_threeDSecure2Required", wait=5)
    assert bought.placed.body["status"] == "AWAITING_PAYMENT"
    assert bought.placed.body["clientAction"].endswith(await bought.intent())

    await shop.provider.authenticate(await bought.intent(), succeed)

    await bought.becomes(lambda order: order["status"] == status)
    if succeed:
        await bought.paid()
    assert await shop.available(variant) == (1 if succeed else 2)
    balance = await shop.provider.balance(bought.id)
    assert balance.get("held", 0) == 0
    assert balance.get("kept", 0) == (bought.total if succeed else 0)


async def test_whatever_becomes_of_the_call_the_customer_is_charged_once(lonely_shop: Shop) -> None:
    shop = lonely_shop
    await shop.provider.webhooks(drop=True)  # nobody tells us: we have to ask
    variant = await shop.variant(stock=10)
    bought: dict[str, Bought] = {}

    for kind, seconds in (("drop_before", 0), ("fail_before", 0), ("drop_after", 0), ("delay_after", 4)):
        await shop.provider.fault(kind, "payment_intents.create", seconds=seconds)
        bought[kind] = await shop.buy(variant, wait=None)
        await eventually(lambda: _none_left(shop))

    await asyncio.gather(
        *(each.becomes(lambda order: order["paymentStatus"] == "PAID", 45) for each in bought.values())
    )
    for each in bought.values():
        moved = [(entry["kind"], entry["amount"]) for entry in await shop.provider.ledger(each.id)]
        assert moved == [("authorised", each.total), ("captured", each.total)]


async def test_a_cancelled_order_gives_stock_and_money_back_once(shop: Shop) -> None:
    variant = await shop.variant(stock=2)
    bought = await shop.buy(variant, wait=5)
    await bought.paid()

    answers = await asyncio.gather(
        *(
            bought.customer.ask("POST", f"/orders/{bought.id}/cancel", {"reason": "by mistake"}, key=uuid4().hex)
            for _ in range(5)
        )
    )

    assert {answer.status for answer in answers} <= {200, 409}
    await bought.becomes(lambda order: order["paymentStatus"] == "REFUNDED")
    assert (await shop.order_state(bought.id))["status"] == "CANCELLED"
    kinds = [entry["kind"] for entry in await shop.provider.ledger(bought.id)]
    assert kinds == ["authorised", "captured", "refunded"]
    assert (await shop.provider.balance(bought.id))["kept"] == 0
    assert await shop.available(variant) == 2


async def test_staff_refund_in_parts_and_never_more_than_was_taken(shop: Shop) -> None:
    bought = await shop.buy(await shop.variant(stock=2), wait=5)
    await bought.paid()
    admin, path = shop.admin(), f"/orders/{bought.id}/refunds"

    for amount in (500, 700):
        await admin.expect(202, "POST", path, {"reason": "damaged", "amountMinor": amount}, key=uuid4().hex)
    too_much = await admin.ask("POST", path, {"reason": "damaged", "amountMinor": bought.total - 1199}, key=uuid4().hex)
    by_customer = await bought.customer.ask("POST", path, {"reason": "please"}, key=uuid4().hex)

    assert (too_much.status, too_much.code) == (409, "payment.exceeds_captured")
    assert (by_customer.status, by_customer.code) == (403, "edge.forbidden")
    await eventually(lambda: _is_refunded(shop, bought, 1200))
    order = await bought.becomes(lambda order: order["status"] == "PARTIALLY_REFUNDED")
    assert order["lifecycle"] == "CONFIRMED"


async def test_an_order_given_up_before_the_bank_has_seen_its_customer_ends_without_money(shop: Shop) -> None:
    variant = await shop.variant(stock=2)
    bought = await shop.buy(variant, method="pm_card_threeDSecure2Required", wait=5)

    cancelled = await bought.customer.ask(
        "POST", f"/orders/{bought.id}/cancel", {"reason": "too slow"}, key=uuid4().hex
    )

    assert (cancelled.status, cancelled.body["status"]) == (200, "CANCELLED")

    async def ended() -> bool | None:
        payment = await shop.payment_state(bought.payment_id)
        return payment["status"] == "VOIDED" or None

    await eventually(ended)
    assert await shop.available(variant) == 2
    assert (await shop.provider.balance(bought.id)).get("kept", 0) == 0


async def _none_left(shop: Shop) -> bool | None:
    return None if await shop.provider.faults_left() else True


async def _is_refunded(shop: Shop, bought: Bought, amount: int) -> bool | None:
    return (await shop.provider.balance(bought.id))["refunded"] == amount or None
