"""What is the caller's own: cart, orders, notifications. Another's thing is not there."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from infra.security.tokens import Verifier
from projections.cart_contents import view as carts
from projections.inbox import view as inbox
from projections.order_history import view as history
from projections.order_tracking import view as tracking
from projections.product_page.view import Readers
from read_api.rest import examples
from read_api.rest.answers import Endpoint, NotThere, found, found_page
from read_api.rest.asking import Reading, identity, known_only, limit, moment, reading
from read_api.rest.operation import AsOf, Operation, Parameter

AS_OF = (Parameter("asOf", "string", "A position of the log, or a moment (RFC 3339): as it was known then."),)


class Timeline(msgspec.Struct, frozen=True):
    entries: tuple[tracking.TimelineEntry, ...]


def operations(readers: Readers, verifier: Verifier, as_of: AsOf) -> list[Operation]:
    async def cart(request: Request) -> Response:
        known_only(request)
        asked = reading(request, readers, verifier)
        viewer = asked.viewer
        at_least = await asked.at_least(carts.SOURCE)
        contents = await carts.cart(
            readers,
            identity(request, "id"),
            at_least,
            customer_id=None if viewer.customer_id is None else str(viewer.customer_id),
            session_id=None if viewer.session_id is None else str(viewer.session_id),
        )
        if contents is None or not viewer.owns(contents.document.customer_id, contents.document.session_id):
            raise NotThere
        return found(request, contents.document, contents.position, contents.document.version)

    async def order(request: Request) -> Response:
        known_only(request, "asOf")
        asked = reading(request, readers, verifier)
        then = moment(request, "asOf")
        seen = await _own_order(asked, request)
        if then is not None:
            past = await as_of(seen.document, then)
            if past is None:
                raise NotThere
            seen = past
        return found(request, seen.document, seen.position)

    async def timeline(request: Request) -> Response:
        known_only(request)
        asked = reading(request, readers, verifier)
        seen = await _own_order(asked, request)
        return found(request, Timeline(entries=seen.document.timeline), seen.position)

    async def _own_order(asked: Reading, request: Request) -> tracking.Found[tracking.OrderTracking]:
        at_least = await asked.at_least(tracking.SOURCE)
        seen = await tracking.order(readers, identity(request, "id"), at_least)
        if seen is None or not asked.viewer.owns(seen.document.customer_id):
            raise NotThere
        return seen

    async def orders(request: Request) -> Response:
        known_only(request, "after", "limit")
        asked = reading(request, readers, verifier)
        customer_id = str(asked.customer_id)
        at_least = await asked.at_least(history.ROWS)
        after = request.query_params.get("after")
        page = await history.orders(readers, customer_id, limit(request), after, at_least)
        return found_page(request, page)

    async def notifications(request: Request) -> Response:
        known_only(request, "after", "limit")
        asked = reading(request, readers, verifier)
        customer_id = str(asked.customer_id)
        at_least = await asked.at_least(inbox.SOURCE)
        after = request.query_params.get("after")
        page = await inbox.inbox(readers, customer_id, limit(request), after, at_least)
        return found_page(request, page)

    past = Operation(
        "/orders/{id}/timeline",
        "getTimeline",
        "What happened to it",
        timeline,
        Timeline,
        {"entries": [examples.ENTRY]},
        signed_in=True,
    )
    return [*_table(cart, orders, order, notifications), past]


def _table(cart: Endpoint, orders: Endpoint, order: Endpoint, notifications: Endpoint) -> list[Operation]:
    return [
        Operation("/carts/{id}", "getCart", "One's own cart", cart, carts.CartContents, examples.CART, session=True),
        Operation(
            "/orders",
            "listOrders",
            "One's own orders",
            orders,
            history.OrderEntry,
            examples.ORDER_ENTRY,
            is_list=True,
            signed_in=True,
        ),
        Operation(
            "/orders/{id}",
            "getOrder",
            "One's own order",
            order,
            tracking.OrderTracking,
            examples.ORDER,
            parameters=AS_OF,
            signed_in=True,
        ),
        Operation(
            "/notifications",
            "listNotifications",
            "One's own inbox",
            notifications,
            inbox.InboxEntry,
            examples.NOTIFICATION,
            is_list=True,
            signed_in=True,
        ),
    ]
