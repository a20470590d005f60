"""Facts of one order of 25.00 USD, valid by default."""

from datetime import timedelta
from typing import TypedDict
from uuid import UUID

from tests.kit.builders.ids import CART_ID, CUSTOMER_ID, LINE_ID, ORDER_ID, PAYMENT_ID, PRODUCT_ID, VARIANT_ID
from tests.kit.given import NOW
from write_model.kernel.address import Address
from write_model.kernel.totals import LineTotals, Totals
from write_model.order import events

TOTAL = 2500
NUMBER = "ABCDEFGHIJ"
RESERVED_UNTIL = NOW + timedelta(minutes=15)
RESERVATION = events.Reservation(product_id=PRODUCT_ID, variant_id=VARIANT_ID, warehouse="main", quantity=1)


class Whose(TypedDict):
    order_id: UUID
    customer_id: UUID
    payment_id: UUID


WHOSE = Whose(order_id=ORDER_ID, customer_id=CUSTOMER_ID, payment_id=PAYMENT_ID)


def placed(
    total: int = TOTAL, policy: str = "on_confirmation", email: str | None = "ada@example.com"
) -> events.OrderPlaced:
    return events.OrderPlaced(
        **WHOSE,
        number=NUMBER,
        cart_id=CART_ID,
        market="EC",
        locale="es",
        lines=(
            events.OrderLine(
                line_id=LINE_ID,
                product_id=PRODUCT_ID,
                variant_id=VARIANT_ID,
                sku="SKU-1",
                titles={"es": "Cámara", "en": "Camera"},
                quantity=1,
                unit_price_minor=total,
            ),
        ),
        delivery_option="standard",
        totals=_totals(total),
        address=Address(recipient="Ada", line1="Calle 1", city="Guayaquil", country="EC"),
        contact_email=email,
        contact_name=None if email is None else "Ada",
        reservations=(RESERVATION,),
        reserved_until=RESERVED_UNTIL,
        payment_method="pm_card_visa",
        capture_policy=policy,
    )


def _totals(total: int) -> Totals:
    return Totals(
        currency="USD",
        subtotal_minor=total,
        discount_minor=0,
        tax_minor=0,
        shipping_minor=0,
        total_minor=total,
        lines=(
            LineTotals(
                line_id=str(LINE_ID),
                subtotal_minor=total,
                discount_minor=0,
                tax_minor=0,
                tax_included=False,
                tax_rule="tax.EC.standard",
                total_minor=total,
            ),
        ),
        trace=(),
    )


PLACED = placed()
AUTHORIZED = events.OrderPaymentAuthorized(**WHOSE, amount_minor=TOTAL)
DECLINED = events.OrderPaymentDeclined(**WHOSE, decline_code="card_declined")
ACTION = events.OrderPaymentActionRequired(**WHOSE, client_action="https://3ds")
UNKNOWN = events.OrderPaymentOutcomeUnknown(**WHOSE)
CONFIRMED = events.OrderConfirmed(**WHOSE)
CAPTURED = events.OrderPaymentCaptured(**WHOSE, amount_minor=TOTAL)
VOIDED = events.OrderPaymentVoided(**WHOSE)
CANCELLED = events.OrderCancelled(**WHOSE, reason="no longer needed", decline_code=None)
CANCELLED_DECLINED = events.OrderCancelled(**WHOSE, reason="payment.declined", decline_code="card_declined")
EXPIRED = events.OrderExpired(**WHOSE, reason="time")
PAID = (PLACED, AUTHORIZED, CONFIRMED, CAPTURED)


def refunded(amount: int, refund_id: UUID) -> events.RefundCompleted:
    return events.RefundCompleted(**WHOSE, refund_id=refund_id, amount_minor=amount)


def adopted(status: str = "delivered") -> events.OrderAdopted:
    return events.OrderAdopted(
        order_id=ORDER_ID,
        number=NUMBER,
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
