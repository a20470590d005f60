"""The schema: every field is a function of its room."""

from collections.abc import AsyncGenerator, Callable, Iterator
from typing import Any

import strawberry
import structlog
from graphql import GraphQLError
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema import StreamResult
from strawberry.types import ExecutionContext, ExecutionResult, Info, StreamExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from read_api.graphql.context import Context
from read_api.graphql.errors import INTERNAL, TYPES, as_told, told
from read_api.graphql.limits import extensions
from read_api.graphql.rooms import cart as cart_room
from read_api.graphql.rooms import notification as inbox_room
from read_api.graphql.rooms import order as order_room
from read_api.graphql.rooms import order_changes, order_commands
from read_api.graphql.rooms import product as product_room
from read_api.graphql.types import Node, config

Asked = Info[Context, None]
log = structlog.get_logger("graphql")


def answered_by(resolver: Callable[..., Any]) -> Any:
    """A field with what the resolver says of itself."""
    return strawberry.field(resolver=resolver, description=resolver.__doc__)


async def node_of(info: Asked, id: strawberry.ID) -> Node | None:
    """Anything by its id: a product, your cart, or your order."""
    return (
        await product_room.product(info, id=id)
        or await cart_room.cart(info, id=id)
        or await order_room.order(info, id=id)
    )


@strawberry.type
class Query:
    product: product_room.Product | None = answered_by(product_room.product)
    products: product_room.ProductConnection = answered_by(product_room.products)
    cart: cart_room.Cart | None = answered_by(cart_room.cart)
    order: order_room.Order | None = answered_by(order_room.order)
    order_timeline: list[order_room.TimelineEntry] = answered_by(order_room.order_timeline)
    orders: order_room.OrderConnection = answered_by(order_room.orders)
    notifications: inbox_room.NotificationConnection = answered_by(inbox_room.notifications)

    node: Node | None = answered_by(node_of)


@strawberry.type
class Mutation:
    add_cart_item: cart_room.CartPayload = answered_by(cart_room.add_cart_item)
    change_cart_item: cart_room.CartPayload = answered_by(cart_room.change_cart_item)
    remove_cart_item: cart_room.CartPayload = answered_by(cart_room.remove_cart_item)
    create_order: order_commands.OrderPayload = answered_by(order_commands.create_order)
    cancel_order: order_commands.OrderPayload = answered_by(order_commands.cancel_order)


@strawberry.type
class Subscription:
    order_status_changed: AsyncGenerator[order_changes.OrderChange, None] = strawberry.subscription(
        resolver=order_changes.order_status_changed, description=order_changes.order_status_changed.__doc__
    )


class ToldErrors(SchemaExtension):
    """What goes out over a socket tells errors as HTTP does."""

    def on_stream_result(self, result: StreamExecutionResult) -> Iterator[None]:
        """Before each result is sent."""
        if isinstance(result, ExecutionResult | PreExecutionError) and result.errors:
            locale = self.execution_context.context.locale
            result.errors = [as_told(error, locale) for error in result.errors]
        yield


class Validated(SchemaExtension):
    """Hands out the document that is about to be executed: whoever compiles it need not validate it again."""

    def on_execute(self) -> Iterator[None]:
        """Only what is valid comes here."""
        self.execution_context.context.validated = self.execution_context.graphql_document
        yield


class Schema(strawberry.Schema):
    """Answers errors instead of logging them; only bugs are logged, without the client's values."""

    def process_errors(
        self,
        errors: list[GraphQLError],  # the library's name
        execution_context: ExecutionContext | None = None,
    ) -> None:
        for error in errors:
            if told(error)[0] == INTERNAL:
                log.error("not handled", path=error.path, exc_info=error.original_error)

    async def stream(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Context | None = None,
        *args: Any,
        **settings: Any,
    ) -> StreamResult:
        """Subscriptions alone, each with a context of its own: the others belong to HTTP, with its statuses."""
        settings["allowed_operation_types"] = (OperationType.SUBSCRIPTION,)
        context = None if context_value is None else context_value.fresh()
        return await super().stream(query, variable_values, context, *args, **settings)


def build_schema() -> Schema:
    """Built once per process."""
    return Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[*TYPES, product_room.Product, cart_room.Cart, order_room.Order],
        config=config(),
        extensions=[*extensions(), Validated, ToldErrors],
    )
