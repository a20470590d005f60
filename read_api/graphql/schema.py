"""The schema: every field is a function of its room."""

from collections.abc import AsyncGenerator

import strawberry
from graphql import GraphQLError
from strawberry.types import ExecutionContext, Info

from read_api.graphql import errors
from read_api.graphql.context import Context
from read_api.graphql.limits import extensions
from read_api.graphql.rooms import cart as cart_room
from read_api.graphql.rooms import notification as inbox_room
from read_api.graphql.rooms import order as order_room
from read_api.graphql.rooms import product as product_room
from read_api.graphql.types import Minor, Node, config

Asked = Info[Context, None]


@strawberry.type
class Query:
    product: product_room.Product | None = strawberry.field(resolver=product_room.product)
    products: product_room.ProductConnection = strawberry.field(resolver=product_room.products)
    cart: cart_room.Cart | None = strawberry.field(resolver=cart_room.cart)
    order: order_room.Order | None = strawberry.field(resolver=order_room.order)
    order_timeline: list[order_room.TimelineEntry] = strawberry.field(resolver=order_room.order_timeline)
    orders: order_room.OrderConnection = strawberry.field(resolver=order_room.orders)
    notifications: inbox_room.NotificationConnection = strawberry.field(resolver=inbox_room.notifications)

    @strawberry.field
    async def node(self, info: Asked, id: strawberry.ID) -> Node | None:
        """Anything by its id: a product, your cart, or your order."""
        return (
            await product_room.product(info, id=id)
            or await cart_room.cart(info, id=id)
            or await order_room.order(info, id=id)
        )


@strawberry.type
class Mutation:
    add_cart_item: cart_room.CartPayload = strawberry.mutation(resolver=cart_room.add_cart_item)
    change_cart_item: cart_room.CartPayload = strawberry.mutation(resolver=cart_room.change_cart_item)
    remove_cart_item: cart_room.CartPayload = strawberry.mutation(resolver=cart_room.remove_cart_item)
    create_order: order_room.OrderPayload = strawberry.mutation(resolver=order_room.create_order)
    cancel_order: order_room.OrderPayload = strawberry.mutation(resolver=order_room.cancel_order)


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def order_status_changed(
        self, info: Asked, order_id: strawberry.ID, after: Minor | None = None
    ) -> AsyncGenerator[order_room.OrderChange, None]:
        """A snapshot, then every change; with `after` only what came later than that position."""
        async for change in order_room.order_status_changed(info, order_id, after):
            yield change


class Schema(strawberry.Schema):
    """Errors that are no bugs are not logged with a traceback: they are answered."""

    def process_errors(self, errors_: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        bugs = [
            error
            for error in errors_
            if error.original_error is not None and errors.coded(error.original_error)[0] == errors.INTERNAL
        ]
        if bugs:
            super().process_errors(bugs, execution_context)


def build_schema() -> Schema:
    """Built once per process."""
    return Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[*errors.TYPES, product_room.Product, cart_room.Cart, order_room.Order],
        config=config(),
        extensions=extensions(),
    )
