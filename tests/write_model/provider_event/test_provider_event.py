"""A provider's message is recorded once, whatever it is about."""

from dataclasses import replace

import pytest

from tests.kit.builders.ids import ORDER_ID, PAYMENT_ID
from tests.kit.given import NOW, given
from write_model.provider_event.commands import RecordProviderEvent
from write_model.provider_event.decider import PROVIDER_EVENT
from write_model.provider_event.events import ProviderEventRecorded
from write_model.provider_event.public import answer
from write_model.provider_event.rules import Malformed, identity

SAID = RecordProviderEvent(
    provider="stripe",
    provider_event_id="evt_1",
    type="payment_intent.succeeded",
    created_at=NOW,
    payment_ref="pi_1",
    order_id=ORDER_ID,
    payment_id=PAYMENT_ID,
    status="succeeded",
    amount_minor=2500,
    captured_minor=2500,
    currency="USD",
    decline_code=None,
    client_action=None,
)
RECORDED = ProviderEventRecorded(
    provider="stripe",
    provider_event_id="evt_1",
    type="payment_intent.succeeded",
    created_at=NOW,
    payment_ref="pi_1",
    order_id=ORDER_ID,
    payment_id=PAYMENT_ID,
    status="succeeded",
    amount_minor=2500,
    captured_minor=2500,
    currency="USD",
    decline_code=None,
    client_action=None,
)


def test_a_message_is_recorded_as_it_came() -> None:
    given(PROVIDER_EVENT).when(SAID).then(RECORDED)


def test_a_second_delivery_changes_nothing() -> None:
    given(PROVIDER_EVENT, RECORDED).when(SAID).nothing()


def test_a_message_of_an_unknown_type_is_recorded_too() -> None:
    given(PROVIDER_EVENT).when(replace(SAID, type="radar.warning")).then(replace(RECORDED, type="radar.warning"))


@pytest.mark.parametrize("word", ["", " ", "x" * 256, "a\x00b"])
def test_a_message_without_a_fit_id_is_refused(word: str) -> None:
    given(PROVIDER_EVENT).when(replace(SAID, provider_event_id=word)).refused(Malformed, longest=255)


def test_the_answer_names_the_recorded_event() -> None:
    state = given(PROVIDER_EVENT, RECORDED).state
    assert answer(state) == {
        "id": str(identity("stripe", "evt_1")),
        "status": "RECORDED",
        "type": "payment_intent.succeeded",
    }
