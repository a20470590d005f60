"""Whole purchases over the twins: paid, declined, authenticated, timed out, cancelled; no money is lost or kept."""

import asyncio

import pytest

from infra.memory.provider import Trouble
from tests.processes.world import EMAIL, PaidWorld, later
from write_model.payment.commands import RefundPayment
from write_model.stock.commands import ReleaseReservation


async def test_a_good_card_pays_for_the_order_and_its_stock_stays_held() -> None:
    async with PaidWorld().going() as world:
        bought = await world.order(quantity=2)
        order = await bought.until("CONFIRMED", "PAID")

        await bought.calm()
        assert order.captured_minor == order.total_minor
        assert await bought.available() == 8
        assert world.provider.balance(bought.order_id)["captured"] == order.total_minor
        (letter,) = world.mailer.to(EMAIL)
        assert order.number in letter.subject
        assert (await world.types()).count("notification.posted") == 2
    assert await world.work.parked() == []


async def test_an_order_that_was_confirmed_an_hour_ago_still_holds_its_stock() -> None:
    async with PaidWorld().going() as world:
        bought = await world.order(quantity=2)
        await bought.until("CONFIRMED", "PAID")
        await later(world, hours=1)
        assert await bought.available() == 8


async def test_a_declined_card_ends_the_order_and_gives_its_stock_back() -> None:
    async with PaidWorld().going() as world:
        bought = await world.order("pm_card_chargeDeclinedInsufficientFunds", quantity=2)
        order = await bought.until("CANCELLED", "FAILED")
        assert (order.reason, order.decline_code) == ("payment.declined", "insufficient_funds")
        assert await bought.available() == 10
        assert world.provider.balance(bought.order_id)["held"] == 0


@pytest.mark.parametrize("in_time", [True, False])
async def test_three_d_secure_waits_for_the_customer_half_an_hour(in_time: bool) -> None:
    async with PaidWorld().going() as world:
        bought = await world.order("pm_card_authenticationRequired")
        order = await bought.until("PENDING", "ACTION_REQUIRED")
        assert order.client_action is not None
        ref = (await bought.payment()).provider_ref
        assert ref is not None
        if in_time:
            await later(world, minutes=25)  # longer than the first reservation
            await world.provider.authenticate(ref)
            await bought.until("CONFIRMED", "PAID")
            assert await bought.available() == 9
        else:
            await later(world, minutes=31)
            await bought.until("EXPIRED", "VOIDED")
            assert await bought.available() == 10
            assert world.provider.balance(bought.order_id)["held"] == 0


async def test_a_customer_who_fails_three_d_secure_has_no_order() -> None:
    async with PaidWorld().going() as world:
        bought = await world.order("pm_card_authenticationRequired")
        await bought.until("PENDING", "ACTION_REQUIRED")
        await world.provider.authenticate((await bought.payment()).provider_ref or "", succeed=False)
        await bought.until("CANCELLED", "FAILED")


@pytest.mark.parametrize("trouble", [Trouble.UNKNOWN_BEFORE, Trouble.UNKNOWN_AFTER])
@pytest.mark.parametrize("webhooks", [True, False])
async def test_an_authorisation_that_times_out_is_found_out_and_charged_once(trouble: Trouble, webhooks: bool) -> None:
    async with PaidWorld(webhooks=webhooks).going() as world:
        world.provider.fail("authorise", trouble)
        bought = await world.order()
        order = await bought.until("CONFIRMED", "PAID")
        assert [line.kind for line in world.provider.ledger] == ["authorised", "captured"]
        assert world.provider.balance(bought.order_id)["captured"] == order.total_minor


@pytest.mark.parametrize("trouble", [Trouble.UNKNOWN_BEFORE, Trouble.UNKNOWN_AFTER])
async def test_a_capture_that_times_out_is_found_out_and_made_once(trouble: Trouble) -> None:
    async with PaidWorld(webhooks=False).going() as world:
        world.provider.fail("capture", trouble)
        bought = await world.order()
        await later(world, seconds=30)
        await bought.until("CONFIRMED", "PAID")
        assert [line.kind for line in world.provider.ledger] == ["authorised", "captured"]


async def test_a_provider_that_is_down_for_a_minute_is_asked_until_it_is_back() -> None:
    async with PaidWorld().going() as world:
        world.provider.fail("*", Trouble.UNAVAILABLE, times=12)
        bought = await world.order()
        await later(world, step=15, minutes=8)
        await bought.until("CONFIRMED", "PAID")
        assert [line.kind for line in world.provider.ledger] == ["authorised", "captured"]


@pytest.mark.parametrize("trouble", [Trouble.UNAVAILABLE, Trouble.UNKNOWN_BEFORE])
async def test_an_order_is_final_a_minute_after_a_long_outage_of_the_provider(trouble: Trouble) -> None:
    async with PaidWorld().going() as world:
        world.provider.fail("*", trouble, times=1000)
        bought = await world.order()
        await later(world, step=30, minutes=9)
        assert (await bought.state()).lifecycle == "PENDING"
        world.provider._troubles.clear()
        await later(world, step=15, seconds=75)
        await bought.until("CONFIRMED", "PAID")
        assert [line.kind for line in world.provider.ledger] == ["authorised", "captured"]


async def test_a_provider_that_stays_down_ends_the_order_in_time_and_keeps_no_money() -> None:
    async with PaidWorld().going() as world:
        world.provider.fail("*", Trouble.UNAVAILABLE, times=1000)
        bought = await world.order()
        await later(world, minutes=16)
        order = await bought.until("EXPIRED", "UNKNOWN")
        assert order.reason == "time"
        assert await bought.available() == 10
        world.provider._troubles.clear()
        await later(world, minutes=10)
        await bought.until("EXPIRED", "VOIDED")
        await bought.until_money_is(held=0, captured=0)


async def test_webhooks_that_are_doubled_and_turned_around_change_nothing() -> None:
    async with PaidWorld(webhooks=False).going() as world:
        bought = await world.order()
        await bought.until("CONFIRMED", "PAID")
        before = list(await bought.events())
        await world.deliver(*reversed(world.held_webhooks), *world.held_webhooks)
        await bought.calm()
        assert await bought.events() == before


async def test_a_webhook_before_the_answer_of_our_own_call_is_enough() -> None:
    async with PaidWorld(webhooks=True).going() as world:
        world.provider.fail("authorise", Trouble.UNKNOWN_AFTER)
        world.provider.fail("find", Trouble.UNAVAILABLE, times=1000)  # only the webhook tells
        bought = await world.order()
        await bought.until("CONFIRMED", "PAID")


async def test_an_order_that_is_cancelled_while_it_is_authorised_gives_the_money_back() -> None:
    world = PaidWorld(webhooks=False)
    async with world.going(workers=0):
        bought = await world.order()
        await asyncio.sleep(0.05)
        await bought.cancel()
    async with world.going():
        await later(world, minutes=1)
        await bought.until("CANCELLED", "VOIDED")
        await bought.until_money_is(held=0, captured=0)
        assert [line.kind for line in world.provider.ledger] == ["authorised", "voided"]
        assert await bought.available() == 10


async def test_money_that_appears_after_the_end_of_the_order_is_returned_once() -> None:
    async with PaidWorld(webhooks=False).going() as world:
        world.provider.fail("authorise", Trouble.UNKNOWN_AFTER)
        world.provider.fail("find", Trouble.UNAVAILABLE, times=1000)
        bought = await world.order()
        await bought.until("PENDING", "UNKNOWN")
        await bought.cancel()
        await bought.calm()
        await world.deliver(*world.held_webhooks, *world.held_webhooks)  # "authorised", after the cancellation
        await bought.until_money_is(held=0)
        await world.deliver(*world.held_webhooks)
        await later(world, minutes=10)
        await bought.until("CANCELLED", "VOIDED")
        assert [line.kind for line in world.provider.ledger] == ["authorised", "voided"]


async def test_a_paid_order_that_is_cancelled_is_refunded_once() -> None:
    async with PaidWorld().going() as world:
        bought = await world.order()
        order = await bought.until("CONFIRMED", "PAID")
        await bought.cancel()
        await bought.until("CANCELLED", "REFUNDED")
        await bought.calm()
        assert world.provider.balance(bought.order_id)["refunded"] == order.total_minor
        assert [line.kind for line in world.provider.ledger].count("refunded") == 1
        assert await bought.available() == 10


async def test_another_amount_than_ours_is_given_back_and_ends_the_order() -> None:
    async with PaidWorld().going() as world:
        world.provider.altered_minor = 99_00
        bought = await world.order()
        await bought.until_money_is(held=0, captured=0, voided=99_00)
        order = await bought.until("CANCELLED", "VOIDED")
        assert order.reason == "payment.amount_mismatch"
        assert "payment.amount_mismatch_found" in await world.types()


@pytest.mark.parametrize("trouble", [Trouble.UNKNOWN_BEFORE, Trouble.UNKNOWN_AFTER, Trouble.UNAVAILABLE])
async def test_a_refund_whose_outcome_is_unknown_is_made_once(trouble: Trouble) -> None:
    async with PaidWorld(webhooks=False).going() as world:
        bought = await world.order()
        await bought.until("CONFIRMED", "PAID")
        world.provider.fail("refund", trouble, times=2)
        refund = RefundPayment(
            payment_id=bought.payment_id, refund_id=world.ids.new(), reason="broken", amount_minor=900
        )
        await world.send(refund)
        await later(world, minutes=1)
        await bought.until("CONFIRMED", "PARTIALLY_REFUNDED")
        assert world.provider.balance(bought.order_id)["refunded"] == 900


async def test_the_reservation_of_an_order_that_nobody_pays_ends_in_time() -> None:
    world = PaidWorld(processes=[each for each in PaidWorld().processes if each.name == "release_reservations"])
    async with world.going():
        bought = await world.order()
        assert await bought.available() == 9
        await later(world, minutes=16)
        for _ in range(100):
            if await bought.available() == 10:
                break
            await asyncio.sleep(0.01)
        assert await bought.available() == 10


async def test_stock_that_was_lost_meanwhile_gives_the_money_back() -> None:
    async with PaidWorld(webhooks=False).going() as world:
        bought = await world.order("pm_card_authenticationRequired")
        await bought.until("PENDING", "ACTION_REQUIRED")
        await bought.calm()
        ref = (await bought.payment()).provider_ref or ""
        await world.send(
            ReleaseReservation(variant_id=bought.variant_id, reservation_id=bought.order_id, reason="a mistake")
        )
        await world.provider.authenticate(ref)
        await world.deliver(*world.held_webhooks)
        await bought.until_money_is(held=0, captured=0)
        await bought.until("EXPIRED", "VOIDED")
        assert await bought.available() == 10


async def test_an_authentication_as_everything_runs_out_pays_for_the_whole_order_or_for_nothing() -> None:
    async with PaidWorld(webhooks=False).going() as world:
        bought = await world.order("pm_card_authenticationRequired")
        await bought.until("PENDING", "ACTION_REQUIRED")
        await bought.calm()
        ref = (await bought.payment()).provider_ref or ""
        world.clock.advance(46 * 60)  # everything is due at once, and whichever comes first counts
        await world.provider.authenticate(ref)
        await world.deliver(*world.held_webhooks)
        order = await bought.until_final()
        if order.lifecycle == "CONFIRMED":
            await bought.until("CONFIRMED", "PAID")
            assert await bought.available() == 9
        else:
            await bought.until_money_is(held=0, captured=0)
            assert await bought.available() == 10


async def test_processes_that_start_again_from_nothing_kept_repeat_nothing() -> None:
    world = PaidWorld()
    async with world.going():
        bought = await world.order()
        await bought.until("CONFIRMED", "PAID")
        await bought.calm()
    before = await world.rows()
    world.work.__init__(world.clock)  # type: ignore[misc]  # states, positions and outbox are gone
    async with world.going():
        await bought.calm()
        await asyncio.sleep(0.2)
        await bought.calm()
    assert await world.rows() == before
    assert [line.kind for line in world.provider.ledger] == ["authorised", "captured"]
