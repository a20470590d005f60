"""What is recorded of an order's money, in which state, and what another system knew of it."""

from dataclasses import replace

import pytest

from tests.kit.builders import order as an
from tests.kit.builders.ids import CUSTOMER_ID, ORDER_ID, PAYMENT_ID, PRODUCT_ID, an_id
from tests.kit.given import given
from write_model.kernel.message import Event
from write_model.order import commands, decider, transitions
from write_model.order.decider import ORDER
from write_model.order.events import ItemAdopted, OrderEvent, RefundFailed, Seller
from write_model.order.numbers import order_number
from write_model.order.state import ORIGIN_STATUSES

REFUND = an_id("refund")
AUTHORIZED = commands.RecordPaymentAuthorized(order_id=ORDER_ID, payment_id=PAYMENT_ID, amount_minor=an.TOTAL)
DECLINED = commands.RecordPaymentDeclined(order_id=ORDER_ID, payment_id=PAYMENT_ID, decline_code="card_declined")
ACTION = commands.RecordPaymentActionRequired(order_id=ORDER_ID, payment_id=PAYMENT_ID, client_action="https://3ds")
UNKNOWN = commands.RecordPaymentOutcomeUnknown(order_id=ORDER_ID, payment_id=PAYMENT_ID)
CAPTURED = commands.RecordPaymentCaptured(order_id=ORDER_ID, payment_id=PAYMENT_ID, amount_minor=an.TOTAL)
VOIDED = commands.RecordPaymentVoided(order_id=ORDER_ID, payment_id=PAYMENT_ID)
REFUNDED = commands.RecordRefundCompleted(order_id=ORDER_ID, payment_id=PAYMENT_ID, refund_id=REFUND, amount_minor=1000)
REFUND_FAILED = commands.RecordRefundFailed(
    order_id=ORDER_ID, payment_id=PAYMENT_ID, refund_id=REFUND, amount_minor=1000, reason_code="x"
)
SELLER = Seller(origin_id="s1", zip_code_prefix=None, city=None, state=None)


def adopt(status: str = "delivered") -> commands.AdoptOrder:
    return commands.AdoptOrder(
        order_id=ORDER_ID,
        customer_id=CUSTOMER_ID,
        origin_order_id="e481f51cbdc54678b7cc49136f2d6af7",
        origin_customer_id="9ef432eb6251297304e76186b10a928d",
        origin_status=status,
        currency="BRL",
        purchased_at="2017-10-02 10:56:33",
        approved_at=None,
        handed_to_carrier_at=None,
        delivered_at=None,
        estimated_delivery_on=None,
    )


def adopt_item(line: int = 1, price: int = 2999) -> commands.AdoptItem:
    return commands.AdoptItem(
        order_id=ORDER_ID,
        line=line,
        product_id=PRODUCT_ID,
        seller=SELLER,
        price_minor=price,
        freight_minor=872,
        shipping_limit="2017-10-06 11:07:15",
    )


MONEY: list[tuple[commands.OrderCommand, tuple[OrderEvent, ...], OrderEvent]] = [
    (AUTHORIZED, (an.PLACED,), an.AUTHORIZED),
    (DECLINED, (an.PLACED,), an.DECLINED),
    (ACTION, (an.PLACED,), an.ACTION),
    (UNKNOWN, (an.PLACED,), an.UNKNOWN),
    (CAPTURED, (an.PLACED, an.AUTHORIZED, an.CONFIRMED), an.CAPTURED),
    (VOIDED, (an.PLACED, an.AUTHORIZED, an.CANCELLED), an.VOIDED),
    (REFUNDED, an.PAID, an.refunded(1000, REFUND)),
    (REFUND_FAILED, an.PAID, RefundFailed(**an.WHOSE, refund_id=REFUND, amount_minor=1000, reason_code="x")),
]


@pytest.mark.parametrize(("wish", "facts", "fact"), MONEY)
def test_what_happens_to_the_money_is_recorded_once(
    wish: commands.OrderCommand, facts: tuple[OrderEvent, ...], fact: OrderEvent
) -> None:
    given(ORDER, *facts).when(wish).then(fact)
    given(ORDER, *facts, fact).when(wish).nothing()


PATHS: dict[str, tuple[OrderEvent, ...]] = {
    "PENDING": (an.PLACED,),
    "CONFIRMED": (an.PLACED, an.AUTHORIZED, an.CONFIRMED),
    "CANCELLED": (an.PLACED, an.CANCELLED),
    "EXPIRED": (an.PLACED, an.EXPIRED),
}
# The same step with another amount or word than what stands: never taken for a repeat.
OTHER: dict[str, commands.OrderCommand] = {
    "RecordPaymentAuthorized": replace(AUTHORIZED, amount_minor=an.TOTAL - 1),
    "RecordPaymentDeclined": replace(DECLINED, decline_code="expired_card"),
    "RecordPaymentActionRequired": replace(ACTION, client_action="https://other"),
    "RecordPaymentOutcomeUnknown": UNKNOWN,
    "RecordPaymentCaptured": CAPTURED,
    "RecordPaymentVoided": VOIDED,
    "RecordRefundCompleted": REFUNDED,
    "RecordRefundFailed": REFUND_FAILED,
}


@pytest.mark.parametrize("step", OTHER)
@pytest.mark.parametrize("state", PATHS)
def test_every_step_is_allowed_in_the_states_of_the_table_and_in_no_other(step: str, state: str) -> None:
    allowed = transitions.TABLE[step].allowed
    outcome = given(ORDER, *PATHS[state]).when(OTHER[step])
    if state in allowed:
        assert len(outcome.facts()) == 1
    else:
        outcome.refused(transitions.WrongState, state=state, allowed=list(allowed))


def test_only_its_own_payment_is_recorded() -> None:
    other = replace(AUTHORIZED, payment_id=an_id("payment", 2))
    given(ORDER, an.PLACED).when(other).refused(decider.PaymentDiffers)


def test_an_order_that_does_not_exist_has_no_money() -> None:
    given(ORDER).when(AUTHORIZED).refused(decider.Unknown)
    given(ORDER).when(adopt_item()).refused(decider.Unknown)


@pytest.mark.parametrize("wish", [AUTHORIZED, CAPTURED, REFUNDED, REFUND_FAILED])
def test_an_amount_is_positive(wish: commands.RecordPaymentAuthorized) -> None:
    given(ORDER, *an.PAID).when(replace(wish, amount_minor=0)).refused(decider.AmountInvalid, min=1)


def test_less_captured_than_is_known_is_older_news() -> None:
    given(ORDER, *an.PAID).when(replace(CAPTURED, amount_minor=1)).nothing()


def test_a_refund_that_is_complete_has_not_failed() -> None:
    given(ORDER, *an.PAID, an.refunded(1000, REFUND)).when(REFUND_FAILED).nothing()


@pytest.mark.parametrize("status", ORIGIN_STATUSES)
def test_an_order_of_another_system_is_taken_over_verbatim_once(status: str) -> None:
    adopted = replace(an.adopted(status), number=order_number(ORDER_ID))
    given(ORDER).when(adopt(status)).then(adopted)
    given(ORDER, adopted).when(adopt(status)).nothing()
    other = "created" if status != "created" else "shipped"
    given(ORDER, adopted).when(adopt(other)).refused(decider.AdoptedDifferently, status=status)


def test_a_status_that_the_other_system_does_not_have_is_refused() -> None:
    given(ORDER).when(adopt("lost")).refused(decider.OriginStatusUnknown, allowed=list(ORIGIN_STATUSES))


def test_its_items_are_taken_over_line_by_line() -> None:
    item = ItemAdopted(
        order_id=ORDER_ID,
        customer_id=CUSTOMER_ID,
        line=1,
        product_id=PRODUCT_ID,
        seller=SELLER,
        price_minor=2999,
        freight_minor=872,
        shipping_limit="2017-10-06 11:07:15",
    )
    given(ORDER, an.adopted()).when(adopt_item()).then(item)
    given(ORDER, an.adopted(), item).when(adopt_item()).nothing()
    given(ORDER, an.adopted(), item).when(adopt_item(price=1)).refused(decider.AdoptedDifferently, line=1)
    assert given(ORDER, an.adopted(), item, replace(item, line=2)).state.total_minor == 2 * (2999 + 872)
    given(ORDER, an.adopted()).when(adopt_item(price=-1)).refused(decider.AmountInvalid, min=0)


def test_an_order_of_ours_takes_no_foreign_items() -> None:
    given(ORDER, an.PLACED).when(adopt_item()).refused(decider.AdoptedDifferently, status=None)


def test_a_number_is_ten_letters_and_always_the_same() -> None:
    assert order_number(ORDER_ID) == order_number(ORDER_ID)
    assert len(order_number(ORDER_ID)) == 10
    assert order_number(ORDER_ID) != order_number(an_id("order", 2))


def test_every_event_of_an_order_can_be_folded_from_nothing() -> None:
    for event in (an.AUTHORIZED, an.CONFIRMED, an.CANCELLED, an.EXPIRED, an.VOIDED, an.CAPTURED):
        assert isinstance(event, Event)
        ORDER.fold(ORDER.initial, [event])
