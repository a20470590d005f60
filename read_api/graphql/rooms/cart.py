"""Carts as GraphQL shows and changes them. A changed cart comes from the command's answer, never from a view."""

from collections.abc import Mapping
from typing import Any

import msgspec
import strawberry
from strawberry.types import Info

from projections.cart_contents import view as contents
from read_api.graphql.context import Context
from read_api.graphql.errors import UserError
from read_api.graphql.relay import as_uuid
from read_api.graphql.sending import Intent, Sent, send
from read_api.graphql.types import Minor, Money, Node, money, text
from write_model.cart.commands import RemoveItem
from write_model.checkout.commands import AddToCart, ChangeInCart

Asked = Info[Context, None]


@strawberry.type
class TotalsEntry:
    """Which rule, in which version, gave how much; on which line, or on the whole."""

    rule: str
    version: int
    amount_minor: Minor
    line_id: strawberry.ID | None


@strawberry.type
class Totals:
    subtotal: Money
    discount: Money
    tax: Money
    shipping: Money
    total: Money
    trace: list[TotalsEntry]


@strawberry.type
class CartLine:
    id: strawberry.ID
    product_id: strawberry.ID
    variant_id: strawberry.ID
    sku: str
    title: str
    quantity: int
    unit_price: Money
    total: Money


@strawberry.type
class Cart(Node):
    id: strawberry.ID
    version: int
    status: str
    lines: list[CartLine]
    totals: Totals
    has_shipping_address: bool
    payment_method: str | None
    order_id: strawberry.ID | None
    position: Minor


@strawberry.type
class CartPayload:
    """The cart after the command; null with the reasons in `userErrors`."""

    cart: Cart | None
    user_errors: list[UserError]
    position: Minor | None
    replayed: bool


async def cart(info: Asked, id: strawberry.ID) -> Cart | None:
    """Your own cart. An anonymous one needs its session in the header Cart-Session."""
    context = info.context
    cart_id = str(as_uuid(id, "id"))
    at_least = await context.reach(contents.SOURCE)
    viewer = context.viewer
    found = await contents.cart(
        context.readers,
        cart_id,
        at_least,
        customer_id=None if viewer.customer_id is None else str(viewer.customer_id),
        session_id=None if viewer.session_id is None else str(viewer.session_id),
    )
    if found is None or not viewer.owns(found.document.customer_id, found.document.session_id):
        context.saw_none(contents.SOURCE)
        return None
    context.saw(found.position)
    return shown(msgspec.to_builtins(found.document), found.position, context.locale)


async def add_cart_item(
    info: Asked,
    cart_id: strawberry.ID,
    variant_id: strawberry.ID,
    quantity: int,
    key: str | None = None,
    expected_version: int | None = None,
) -> CartPayload:
    """Put units of a variant into the cart; a variant that is in it already gets more of them."""
    context = info.context
    command = AddToCart(
        cart_id=as_uuid(cart_id, "cartId"),
        line_id=context.platform.ids.new(),
        variant_id=as_uuid(variant_id, "variantId"),
        quantity=quantity,
    )
    intent = Intent(
        "POST", f"/carts/{command.cart_id}/items", {"variantId": str(command.variant_id), "quantity": quantity}
    )
    return payload(await send(context, command, intent, key, expected_version), context)


async def change_cart_item(
    info: Asked,
    cart_id: strawberry.ID,
    line: strawberry.ID,
    quantity: int,
    key: str | None = None,
    expected_version: int | None = None,
) -> CartPayload:
    """Set the quantity of a line."""
    command = ChangeInCart(cart_id=as_uuid(cart_id, "cartId"), line_id=as_uuid(line, "line"), quantity=quantity)
    intent = Intent("PATCH", f"/carts/{command.cart_id}/items/{command.line_id}", {"quantity": quantity})
    return payload(await send(info.context, command, intent, key, expected_version), info.context)


async def remove_cart_item(
    info: Asked,
    cart_id: strawberry.ID,
    line: strawberry.ID,
    key: str | None = None,
    expected_version: int | None = None,
) -> CartPayload:
    """Take a line out."""
    command = RemoveItem(cart_id=as_uuid(cart_id, "cartId"), line_id=as_uuid(line, "line"))
    intent = Intent("DELETE", f"/carts/{command.cart_id}/items/{command.line_id}")
    return payload(await send(info.context, command, intent, key, expected_version), info.context)


def payload(sent: Sent, context: Context) -> CartPayload:
    if sent.answer is None:
        return CartPayload(cart=None, user_errors=sent.errors, position=None, replayed=False)
    answer = sent.answer
    body = {**answer.body, "id": str(answer.id), "status": answer.status, "version": answer.version}
    return CartPayload(
        cart=shown(body, answer.position, context.locale),
        user_errors=[],
        position=Minor(answer.position),
        replayed=answer.replayed,
    )


def shown(body: Mapping[str, Any], position: int, locale: str) -> Cart:
    """From the JSON body that the view and the command's answer share."""
    currency = str(body["currency"])
    return Cart(
        id=strawberry.ID(body["id"]),
        version=body["version"],
        status=body["status"],
        lines=[_line(line, currency, locale) for line in body["lines"]],
        totals=totals(body["totals"], currency),
        has_shipping_address=body["hasShippingAddress"],
        payment_method=body["paymentMethod"],
        order_id=None if body["orderId"] is None else strawberry.ID(body["orderId"]),
        position=Minor(position),
    )


def totals(body: Mapping[str, Any], currency: str) -> Totals:
    return Totals(
        subtotal=money(body["subtotalMinor"], currency),
        discount=money(body["discountMinor"], currency),
        tax=money(body["taxMinor"], currency),
        shipping=money(body["shippingMinor"], currency),
        total=money(body["totalMinor"], currency),
        trace=[
            TotalsEntry(
                rule=entry["rule"],
                version=entry["version"],
                amount_minor=Minor(entry["amountMinor"]),
                line_id=None if entry["lineId"] is None else strawberry.ID(entry["lineId"]),
            )
            for entry in body.get("trace", ())
        ],
    )


def _line(line: Mapping[str, Any], currency: str, locale: str) -> CartLine:
    return CartLine(
        id=strawberry.ID(line["id"]),
        product_id=strawberry.ID(line["productId"]),
        variant_id=strawberry.ID(line["variantId"]),
        sku=line["sku"],
        title=text(line["titles"], locale),
        quantity=line["quantity"],
        unit_price=money(line["unitPriceMinor"], currency),
        total=money(line.get("totalMinor", 0), currency),
    )
