"""What needs the facts of several aggregates: which streams a wish reads, and what happens to each of them at once."""

from collections.abc import Mapping, Sequence
from typing import assert_never

from write_model.checkout import ending, filling, loaded, placing
from write_model.checkout.commands import (
    AddToCart,
    AddVariant,
    CancelOrder,
    ChangeInCart,
    CheckoutCommand,
    ConfirmOrder,
    ExpireOrder,
    PlaceOrder,
    RepriceCart,
)
from write_model.kernel.message import Context, Event


def streams(command: CheckoutCommand, states: Mapping[str, object]) -> set[str]:
    """The streams to load, as far as what is loaded says. Asked again until it names nothing new."""
    match command:
        case AddVariant():
            return {
                loaded.product_stream(command.product_id),
                loaded.stock_stream(command.variant_id, command.warehouse),
            }
        case AddToCart():
            return _of_addition(command, states)
        case ChangeInCart():
            return _of_change(command, states)
        case RepriceCart():
            cart = loaded.cart_of(states, command.cart_id)
            lines = cart.lines if cart else ()
            return {loaded.cart_stream(command.cart_id), *(loaded.product_stream(line.product_id) for line in lines)}
        case PlaceOrder():
            return _of_placing(command, states)
        case ConfirmOrder() | CancelOrder() | ExpireOrder():
            order = loaded.order_of(states, command.order_id)
            held = order.reservations if order else ()
            items = {loaded.stock_stream(each.variant_id, each.warehouse) for each in held}
            return {loaded.order_stream(command.order_id), *items}
        case _:
            assert_never(command)


def _of_addition(command: AddToCart, states: Mapping[str, object]) -> set[str]:
    """A variant's stock item knows its product."""
    names = {loaded.cart_stream(command.cart_id), loaded.stock_stream(command.variant_id)}
    item = loaded.item_of(states, command.variant_id)
    if item is not None and item.product_id is not None:
        names.add(loaded.product_stream(item.product_id))
    return names


def _of_change(command: ChangeInCart, states: Mapping[str, object]) -> set[str]:
    cart = loaded.cart_of(states, command.cart_id)
    line = cart.line(command.line_id) if cart else None
    names = {loaded.cart_stream(command.cart_id)}
    if line is not None:
        names |= {loaded.product_stream(line.product_id), loaded.stock_stream(line.variant_id)}
    return names


def _of_placing(command: PlaceOrder, states: Mapping[str, object]) -> set[str]:
    names = {
        loaded.cart_stream(command.cart_id),
        loaded.order_stream(command.order_id),
        loaded.payment_stream(command.payment_id),
        loaded.customer_stream(command.customer_id),
    }
    cart = loaded.cart_of(states, command.cart_id)
    for line in cart.lines if cart else ():
        names |= {loaded.product_stream(line.product_id), loaded.stock_stream(line.variant_id)}
    return names


def decide(command: CheckoutCommand, states: Mapping[str, object], context: Context) -> Mapping[str, Sequence[Event]]:
    """What happens, by stream, in the order in which it is told. Raises Refused: then nothing happens anywhere."""
    match command:
        case AddVariant():
            return filling.variant(command, states, context)
        case AddToCart():
            return filling.add(command, states, context)
        case ChangeInCart():
            return filling.change(command, states, context)
        case RepriceCart():
            return filling.reprice(command, states, context)
        case PlaceOrder():
            return placing.place(command, states, context)
        case ConfirmOrder():
            return ending.confirm(command, states, context)
        case CancelOrder():
            return ending.cancel(command, states, context)
        case ExpireOrder():
            return ending.expire(command, states, context)
        case _:
            assert_never(command)
