"""Keeps what is in a cart. The totals are what the events say: nobody prices again."""

from collections.abc import Callable, Mapping, Sequence
from typing import assert_never

from msgspec.structs import replace

from infra.ports import Copy
from projections.cart_contents.view import (
    ACTIVE,
    SOURCE,
    CartContents,
    CartLine,
    CartTotals,
    TraceEntry,
    copy_names,
)
from projections.running.copying import document_copy
from projections.running.projection import WEEK, Projection, rfc3339
from write_model.cart.events import (
    CartConverted,
    CartCreated,
    CartCustomerAssigned,
    CartEvent,
    CartExpired,
    CartItemAdded,
    CartItemQuantityChanged,
    CartItemRemoved,
    CartMerged,
    CartRepriced,
    DeliveryOptionSelected,
    PaymentMethodSelected,
    ShippingAddressSet,
)
from write_model.kernel.message import Envelope
from write_model.kernel.totals import LineTotals, Totals

HANDLES = (
    CartCreated,
    CartItemAdded,
    CartItemQuantityChanged,
    CartItemRemoved,
    CartRepriced,
    CartCustomerAssigned,
    ShippingAddressSet,
    DeliveryOptionSelected,
    PaymentMethodSelected,
    CartConverted,
    CartMerged,
    CartExpired,
)


def key(envelope: Envelope[CartEvent]) -> Sequence[str]:
    return (str(envelope.event.cart_id),)


def project(cart: CartContents | None, envelope: Envelope[CartEvent], key: str) -> CartContents | None:
    event = envelope.event
    if isinstance(event, CartCreated):
        return _created(envelope, event)
    if cart is None:
        return None
    return replace(_changed(cart, event), version=envelope.version, updated_at=rfc3339(envelope.effective_at))


def _changed(cart: CartContents, event: CartEvent) -> CartContents:
    match event:
        case CartItemAdded():
            return _with_totals(cart, (*cart.lines, _line(event)), event.totals)
        case CartItemQuantityChanged():
            return _with_totals(
                cart, _each(cart, str(event.line_id), lambda line: _requantified(line, event)), event.totals
            )
        case CartItemRemoved():
            gone = str(event.line_id)
            return _with_totals(cart, tuple(line for line in cart.lines if line.id != gone), event.totals)
        case CartRepriced():
            prices = {str(price.line_id): price.after_minor for price in event.prices}
            lines = tuple(
                replace(line, unit_price_minor=prices.get(line.id, line.unit_price_minor)) for line in cart.lines
            )
            return _with_totals(cart, lines, event.totals)
        case CartCustomerAssigned():
            return replace(cart, customer_id=str(event.customer_id))
        case ShippingAddressSet():
            return replace(_with_totals(cart, cart.lines, event.totals), has_shipping_address=event.address is not None)
        case DeliveryOptionSelected():
            return replace(_with_totals(cart, cart.lines, event.totals), delivery_option=event.option)
        case PaymentMethodSelected():
            return replace(cart, payment_method=event.method)
        case CartConverted():
            return replace(cart, status="ORDERED", order_id=str(event.order_id))
        case CartMerged():
            return replace(cart, status="MERGED", merged_into=str(event.into))
        case CartExpired():
            return replace(cart, status="EXPIRED")
        case CartCreated():
            return cart
        case _:
            assert_never(event)


def _created(envelope: Envelope[CartEvent], event: CartCreated) -> CartContents:
    at = rfc3339(envelope.effective_at)
    return CartContents(
        id=str(event.cart_id),
        version=envelope.version,
        status=ACTIVE,
        market=event.market,
        currency=event.currency,
        customer_id=None if event.customer_id is None else str(event.customer_id),
        session_id=None if event.session_id is None else str(event.session_id),
        totals=CartTotals(currency=event.currency),
        created_at=at,
        updated_at=at,
    )


def _line(event: CartItemAdded) -> CartLine:
    return CartLine(
        id=str(event.line_id),
        product_id=str(event.product_id),
        variant_id=str(event.variant_id),
        sku=event.sku,
        titles=event.titles,
        quantity=event.quantity,
        unit_price_minor=event.unit_price_minor,
        product_version=event.product_version,
    )


def _requantified(line: CartLine, event: CartItemQuantityChanged) -> CartLine:
    return replace(
        line,
        quantity=event.quantity,
        unit_price_minor=event.unit_price_minor,
        product_version=event.product_version,
    )


def _each(cart: CartContents, line_id: str, change: Callable[[CartLine], CartLine]) -> tuple[CartLine, ...]:
    return tuple(change(line) if line.id == line_id else line for line in cart.lines)


def _with_totals(cart: CartContents, lines: tuple[CartLine, ...], totals: Totals) -> CartContents:
    by_line = {line.line_id: line for line in totals.lines}
    return replace(
        cart,
        lines=tuple(_priced(line, by_line.get(line.id)) for line in lines),
        totals=CartTotals(
            currency=totals.currency,
            subtotal_minor=totals.subtotal_minor,
            discount_minor=totals.discount_minor,
            tax_minor=totals.tax_minor,
            shipping_minor=totals.shipping_minor,
            total_minor=totals.total_minor,
            trace=tuple(
                TraceEntry(rule=why.rule, version=why.version, amount_minor=why.amount_minor, line_id=why.line_id)
                for why in totals.trace
            ),
        ),
    )


def _priced(line: CartLine, amounts: LineTotals | None) -> CartLine:
    if amounts is None:
        return line
    return replace(
        line,
        subtotal_minor=amounts.subtotal_minor,
        discount_minor=amounts.discount_minor,
        tax_minor=amounts.tax_minor,
        tax_included=amounts.tax_included,
        total_minor=amounts.total_minor,
    )


def columns(cart: CartContents) -> Mapping[str, object]:
    return {"customer_id": cart.customer_id, "status": cart.status}


def rows(cart: CartContents) -> Mapping[str, Sequence[Mapping[str, object]]]:
    items = [
        {
            "cart_id": cart.id,
            "line": line.id,
            "variant_id": line.variant_id,
            "quantity": line.quantity,
            "unit_price_minor": line.unit_price_minor,
        }
        for line in cart.lines
    ]
    return {"cart_items": items}


def copies(cart: CartContents | None, key: str, position: int) -> Sequence[Copy]:
    """An open cart stands under its holder; once it is ordered, merged or expired, the key goes."""
    if cart is None:
        return ()
    is_open = cart.status == ACTIVE
    made = [
        document_copy(name, position, cart if is_open else None, WEEK)
        for name in copy_names(cart.customer_id, cart.session_id)
    ]
    if cart.customer_id is not None and cart.session_id is not None:  # it was anonymous before
        made += [document_copy(name, position, None, WEEK) for name in copy_names(None, cart.session_id)]
    return made


CART_CONTENTS: Projection[CartContents] = Projection(
    name="cart_contents",
    source=SOURCE,
    handles=HANDLES,
    key=key,
    project=project,
    columns=columns,
    rows=rows,
    children=("cart_items",),
    copies=copies,
    nudge="moved:carts",
    indexes=((("customerId", 1), ("updatedAt", -1)),),
)
