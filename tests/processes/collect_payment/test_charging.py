"""What the provider's answers become: each a command, each unknown a question."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from infra.memory.clock import VirtualClock
from infra.memory.provider import MemoryProvider, Trouble
from infra.ports import Charge, ChargeState, Effect, OutcomeUnknown
from processes.collect_payment.charging import performers
from processes.running.outbox import Report
from tests.kit.builders.ids import ORDER_ID, PAYMENT_ID, an_id
from write_model.payment import commands

AMOUNT = 2500


class Till:
    """The provider, and the performers over it."""

    def __init__(self, provider: Callable[[VirtualClock], MemoryProvider] = MemoryProvider) -> None:
        self.clock = VirtualClock()
        self.provider = provider(self.clock)
        self.performers = performers(self.provider)

    async def perform(self, kind: str, key: str = "key", **payload: Any) -> Report:
        return await self.performers[kind].perform(effect(kind, key, **payload))

    async def held(self, method: str = "pm_card_visa") -> str:
        """The provider's id of an authorised payment."""
        await self.perform("authorise", method=method)
        (charge,) = await self.provider.find(ORDER_ID)
        return charge.ref


def effect(kind: str, key: str = "key", **payload: Any) -> Effect:
    facts = {
        "payment_id": str(PAYMENT_ID),
        "order_id": str(ORDER_ID),
        "amount_minor": AMOUNT,
        "currency": "USD",
        "method": "pm_card_visa",
        **payload,
    }
    return Effect(an_id("effect"), "collect_payment", str(ORDER_ID), kind, key, json.dumps(facts).encode(), 1, 1)


async def test_a_held_amount_is_recorded_with_the_providers_id_and_time() -> None:
    till = Till()
    report = await till.perform("authorise")
    (charge,) = await till.provider.find(ORDER_ID)
    assert report.state == "SUCCEEDED"
    assert report.command == commands.RecordAuthorized(
        payment_id=PAYMENT_ID, provider_ref=charge.ref, amount_minor=AMOUNT, currency="USD", provider_at=charge.at
    )


@pytest.mark.parametrize(
    ("method", "command"),
    [
        ("pm_card_chargeDeclinedInsufficientFunds", commands.RecordAuthorizationFailed),
        ("pm_card_authenticationRequired", commands.RecordActionRequired),
        ("pm_nobody_knows", commands.RecordAuthorizationFailed),
    ],
)
async def test_a_decline_a_question_and_a_refusal_are_recorded(method: str, command: type) -> None:
    assert isinstance((await Till().perform("authorise", method=method)).command, command)


async def test_the_same_authorisation_twice_holds_the_amount_once() -> None:
    till = Till()
    assert await till.perform("authorise") == await till.perform("authorise")
    assert [line.kind for line in till.provider.ledger] == ["authorised"]


async def test_a_capture_is_recorded_and_one_that_cannot_be_fails() -> None:
    till = Till()
    ref = await till.held()
    too_much = await till.perform("capture", "k1", ref=ref, amount_minor=AMOUNT + 1)
    assert too_much.command == commands.RecordCaptureFailed(payment_id=PAYMENT_ID, reason_code="amount_too_large")
    assert isinstance((await till.perform("capture", "k2", ref=ref)).command, commands.RecordCaptured)


async def test_a_capture_of_what_was_voided_is_recorded_as_voided() -> None:
    till = Till()
    ref = await till.held()
    await till.perform("void", "k1", ref=ref)
    assert isinstance((await till.perform("capture", "k2", ref=ref)).command, commands.RecordVoided)


async def test_a_void_is_recorded_and_of_captured_money_the_capture_is() -> None:
    till = Till()
    ref = await till.held()
    assert isinstance((await till.perform("void", "k1", ref=ref)).command, commands.RecordVoided)
    till = Till()
    ref = await till.held()
    await till.perform("capture", "k1", ref=ref)
    assert isinstance((await till.perform("void", "k2", ref=ref)).command, commands.RecordCaptured)


async def test_a_void_of_what_the_provider_does_not_know_fails() -> None:
    report = await Till().perform("void", ref="pi_unknown")
    assert report.command == commands.RecordVoidFailed(payment_id=PAYMENT_ID, reason_code="resource_missing")


async def test_asking_finds_what_an_earlier_call_did() -> None:
    till = Till()
    till.provider.fail("authorise", Trouble.UNKNOWN_AFTER)
    with pytest.raises(OutcomeUnknown):
        await till.perform("authorise")
    assert isinstance((await till.perform("find")).command, commands.RecordAuthorized)
    assert len(till.provider.ledger) == 1


async def test_where_nothing_is_found_an_order_that_lives_is_authorised_under_the_same_key() -> None:
    till = Till()
    assert isinstance((await till.perform("find", "first key")).command, commands.RecordAuthorized)
    assert [line.key for line in till.provider.ledger] == ["first key"]


async def test_where_nothing_is_found_an_order_that_has_ended_has_nothing_to_void() -> None:
    till = Till()
    report = await till.perform("find", ended=True)
    assert report.command == commands.RecordVoided(payment_id=PAYMENT_ID, provider_ref=None, provider_at=None)
    assert till.provider.ledger == []


async def test_a_hold_that_stands_says_that_the_capture_did_not_happen() -> None:
    till = Till()
    await till.held()
    report = await till.perform("find", operation="capture")
    assert report.command == commands.RecordCaptureFailed(payment_id=PAYMENT_ID, reason_code="not_captured")


async def test_where_a_capture_is_asked_about_and_nothing_is_there_nothing_is_done() -> None:
    till = Till()
    report = await till.perform("find", operation="capture")
    assert (report.state, report.command) == ("UNKNOWN", None)
    assert till.provider.ledger == []


async def test_of_several_charges_the_one_with_money_in_it_counts() -> None:
    till = Till()
    await till.perform("authorise", "k1", method="pm_card_chargeDeclinedLostCard")
    await till.perform("authorise", "k2")
    till.clock.advance(5)
    await till.perform("authorise", "k3", method="pm_card_chargeDeclinedLostCard")
    assert isinstance((await till.perform("find")).command, commands.RecordAuthorized)


@pytest.mark.parametrize("kind", ["authorise", "capture"])
def test_an_outcome_that_is_not_known_is_recorded_as_such(kind: str) -> None:
    performer = Till().performers[kind]
    report = performer.unresolved(effect(kind), "unknown")
    assert report.command == commands.RecordOutcomeUnknown(payment_id=PAYMENT_ID, reason="unknown")
    assert not performer.repeats_unknown, "it is asked about, not repeated"


def test_a_void_is_repeated_and_at_last_recorded_as_failed() -> None:
    performer = Till().performers["void"]
    assert performer.repeats_unknown
    assert performer.unresolved(effect("void"), "unavailable").command == commands.RecordVoidFailed(
        payment_id=PAYMENT_ID, reason_code="unavailable"
    )


def test_a_question_without_an_answer_is_asked_again_by_the_process() -> None:
    report = Till().performers["find"].unresolved(effect("find"), "unavailable")
    assert (report.state, report.command) == ("UNKNOWN", None)


async def test_a_charge_that_is_being_processed_is_unknown() -> None:
    class Processing(MemoryProvider):
        async def authorise(self, order: Any) -> Charge:
            return replace(await super().authorise(order), state=ChargeState.PROCESSING)

    provider = Processing(VirtualClock())
    report = await performers(provider)["authorise"].perform(effect("authorise"))
    assert report.command == commands.RecordOutcomeUnknown(payment_id=PAYMENT_ID, reason="processing")


class TooMany(MemoryProvider):
    """It can't look through all that is new."""

    async def find(self, order_id: UUID) -> Sequence[Charge]:
        raise OutcomeUnknown("too many")


async def test_where_the_provider_cannot_look_the_key_of_the_first_time_tells() -> None:
    till = Till(TooMany)
    await till.perform("authorise", "first key")
    assert isinstance((await till.perform("find", "first key")).command, commands.RecordAuthorized)
    assert [line.kind for line in till.provider.ledger] == ["authorised"]


@pytest.mark.parametrize("payload", [{"ended": True}, {"operation": "capture"}])
async def test_an_order_that_has_ended_or_was_held_is_asked_about_until_the_provider_can_look(
    payload: dict[str, Any],
) -> None:
    with pytest.raises(OutcomeUnknown):
        await Till(TooMany).perform("find", **payload)
