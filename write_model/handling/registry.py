"""What is there? Every event with its stored name, every command with its route, every kind of aggregate."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from infra.ports import Keys
from write_model.cart import commands as cart
from write_model.cart import public as cart_public
from write_model.cart.decider import CART
from write_model.checkout import commands as checkout
from write_model.checkout import decider as checkout_decider
from write_model.customer import commands as customer
from write_model.customer import public as customer_public
from write_model.customer.decider import CUSTOMER
from write_model.handling.coding import Decode, Decoder, EventCodec
from write_model.handling.names import EVENTS, UPCASTS
from write_model.handling.route import Access, Publish, Registry, Route, Settling, room_route
from write_model.kernel.decider import Decider
from write_model.kernel.ids import stock_item, stream
from write_model.kernel.message import Command
from write_model.notification import commands as notification
from write_model.notification import public as notification_public
from write_model.notification.decider import NOTIFICATION
from write_model.order import commands as order
from write_model.order import public as order_public
from write_model.order.decider import ORDER
from write_model.order.state import ACTION_REQUIRED, Order
from write_model.order.transitions import PENDING
from write_model.payment import commands as payment
from write_model.payment import public as payment_public
from write_model.payment.decider import PAYMENT
from write_model.product import commands as product
from write_model.product import public as product_public
from write_model.product.decider import PRODUCT
from write_model.provider_event import commands as provider_event
from write_model.provider_event import public as provider_event_public
from write_model.provider_event.decider import PROVIDER_EVENT
from write_model.provider_event.rules import identity as provider_event_id
from write_model.review import commands as review
from write_model.review import public as review_public
from write_model.review.decider import REVIEW
from write_model.stock import commands as stock
from write_model.stock import public as stock_public
from write_model.stock.decider import STOCK

__all__ = ["COMMANDS", "DECIDERS", "EVENTS", "REGISTRY", "UPCASTS", "decoder"]

ANYONE = Access(anyone=True)
OWNER = Access(owner=True)
SYSTEM = Access()
CATALOGUE = Access(permission="write:products")
WAREHOUSE = Access(permission="write:stock")
CASHIER = Access(permission="write:orders")
OWNER_OR_STAFF = Access(owner=True, permission="write:orders")

DECIDERS: Mapping[str, Decider[Any, Any, Any]] = {
    room.category: room
    for room in (PRODUCT, STOCK, CART, ORDER, PAYMENT, CUSTOMER, REVIEW, PROVIDER_EVENT, NOTIFICATION)
}


def _by(room: Decider[Any, Any, Any], field: str) -> Callable[[Any], str]:
    """The stream that the command names in this field."""

    def name(command: Any) -> str:
        identity: UUID = getattr(command, field)
        return stream(room.category, identity)

    return name


def _product() -> dict[type[Command], Route]:
    def route(access: Access = CATALOGUE, creates: bool = False) -> Route:
        name, answer, publish = _by(PRODUCT, "product_id"), product_public.answer, product_public.publish
        return room_route(PRODUCT, name, answer, access, publish=publish, creates=creates)

    return {
        product.CreateProduct: route(creates=True),
        product.ChangePrice: route(),
        product.UpdateProduct: route(),
        product.PublishProduct: route(),
        product.ArchiveProduct: route(),
        product.DeleteProduct: route(),
        product.AdoptProduct: route(SYSTEM, creates=True),
    }


def _stock() -> dict[type[Command], Route]:
    def name(command: Any) -> str:
        return stream(STOCK.category, stock_item(command.variant_id, command.warehouse))

    def route(access: Access = SYSTEM) -> Route:
        return room_route(STOCK, name, stock_public.answer, access, publish=stock_public.publish)

    return {
        stock.OpenStock: route(),
        stock.ReceiveStock: route(WAREHOUSE),
        stock.AdjustStock: route(WAREHOUSE),
        stock.ReserveStock: route(),
        stock.ExtendReservation: route(),
        stock.ReleaseReservation: route(),
        stock.ExpireReservation: route(),
        stock.AllocateReservation: route(),
        stock.CommitReservation: route(),
    }


def _cart() -> dict[type[Command], Route]:
    def route(access: Access = OWNER, creates: bool = False) -> Route:
        return room_route(CART, _by(CART, "cart_id"), cart_public.answer, access, creates=creates)

    return {
        cart.CreateCart: route(ANYONE, creates=True),
        cart.RemoveItem: route(),
        cart.AssignCustomer: route(),
        cart.SetShippingAddress: route(),
        cart.SelectDeliveryOption: route(),
        cart.SelectPaymentMethod: route(),
        cart.ExpireCart: route(SYSTEM),
    }


def _order() -> dict[type[Command], Route]:
    def route(creates: bool = False) -> Route:
        name, answer, publish = _by(ORDER, "order_id"), order_public.answer, order_public.publish
        return room_route(ORDER, name, answer, SYSTEM, publish=publish, creates=creates)

    return {
        order.RecordPaymentAuthorized: route(),
        order.RecordPaymentDeclined: route(),
        order.RecordPaymentActionRequired: route(),
        order.RecordPaymentOutcomeUnknown: route(),
        order.RecordPaymentCaptured: route(),
        order.RecordPaymentVoided: route(),
        order.RecordRefundCompleted: route(),
        order.RecordRefundFailed: route(),
        order.AdoptOrder: route(creates=True),
        order.AdoptItem: route(),
    }


def _payment() -> dict[type[Command], Route]:
    def route(access: Access = SYSTEM, creates: bool = False) -> Route:
        return room_route(PAYMENT, _by(PAYMENT, "payment_id"), payment_public.answer, access, creates=creates)

    return {
        payment.CreatePayment: route(creates=True),
        payment.AuthorizePayment: route(),
        payment.CapturePayment: route(CASHIER),
        payment.VoidPayment: route(CASHIER),
        payment.RefundPayment: route(CASHIER),
        payment.RetryRefund: route(CASHIER),
        payment.RecordAuthorized: route(),
        payment.RecordAuthorizationFailed: route(),
        payment.RecordActionRequired: route(),
        payment.RecordOutcomeUnknown: route(),
        payment.RecordCaptured: route(),
        payment.RecordCaptureFailed: route(),
        payment.RecordVoided: route(),
        payment.RecordVoidFailed: route(),
        payment.RecordRefundSucceeded: route(),
        payment.RecordRefundFailed: route(),
        payment.AdoptPayment: route(creates=True),
    }


def _people() -> dict[type[Command], Route]:
    """Customers, and what is told to them or by them."""

    def of_customer(access: Access, creates: bool = False) -> Route:
        return room_route(CUSTOMER, _by(CUSTOMER, "customer_id"), customer_public.answer, access, creates=creates)

    def of_notification(access: Access = SYSTEM, creates: bool = False) -> Route:
        name, answer = _by(NOTIFICATION, "notification_id"), notification_public.answer
        publish = notification_public.publish
        return room_route(NOTIFICATION, name, answer, access, publish=publish, creates=creates)

    review_name = _by(REVIEW, "review_id")
    return {
        customer.RegisterCustomer: of_customer(ANYONE, creates=True),
        customer.ChangeProfile: of_customer(OWNER),
        customer.AdoptCustomer: of_customer(SYSTEM, creates=True),
        review.AdoptReview: room_route(REVIEW, review_name, review_public.answer, SYSTEM, creates=True),
        notification.PostNotification: of_notification(creates=True),
        notification.ReadNotification: of_notification(OWNER),
        notification.RecordMailAccepted: of_notification(),
        notification.RecordMailFailed: of_notification(),
    }


def _provider_event() -> dict[type[Command], Route]:
    def name(command: provider_event.RecordProviderEvent) -> str:
        return stream(PROVIDER_EVENT.category, provider_event_id(command.provider, command.provider_event_id))

    answer = provider_event_public.answer
    return {provider_event.RecordProviderEvent: room_route(PROVIDER_EVENT, name, answer, SYSTEM, creates=True)}


def _checkout() -> dict[type[Command], Route]:
    """What several aggregates decide together."""
    catalogue, shelves = frozenset({PRODUCT.category}), frozenset({STOCK.category})
    in_cart, in_order = _by(CART, "cart_id"), _by(ORDER, "order_id")

    def route(
        room: Decider[Any, Any, Any],
        name: Callable[[Any], str],
        answer: Callable[[Any], Mapping[str, object]],
        access: Access,
        *,
        guard: Callable[[Any], str] | None = None,
        publish: Publish | None = None,
        creates: frozenset[str] = frozenset(),
        reads: frozenset[str] = frozenset(),
        loose: frozenset[str] = frozenset(),
    ) -> Route:
        return Route(
            category=room.category,
            stream=name,
            streams=checkout_decider.streams,
            decide=checkout_decider.decide,
            answer=answer,
            access=access,
            guard=guard or name,
            publish=publish,
            creates=creates,
            reads=reads,
            loose=loose,
        )

    def of_order(access: Access) -> Route:
        return route(ORDER, in_order, order_public.answer, access, publish=order_public.publish)

    filling = route(CART, in_cart, cart_public.answer, OWNER, reads=catalogue, loose=shelves)
    return {
        checkout.AddVariant: route(
            PRODUCT,
            _by(PRODUCT, "product_id"),
            product_public.answer,
            CATALOGUE,
            publish=product_public.publish,
            creates=shelves,
        ),
        checkout.AddToCart: filling,
        checkout.ChangeInCart: filling,
        checkout.RepriceCart: route(CART, in_cart, cart_public.answer, OWNER, reads=catalogue),
        checkout.PlaceOrder: route(
            ORDER,
            in_order,
            order_public.answer,
            OWNER,
            guard=in_cart,
            creates=frozenset({ORDER.category, PAYMENT.category}),
            reads=catalogue | {CUSTOMER.category},
        ),
        checkout.ConfirmOrder: of_order(SYSTEM),
        checkout.CancelOrder: of_order(OWNER_OR_STAFF),
        checkout.ExpireOrder: of_order(SYSTEM),
    }


def _is_open(state: Order) -> bool:
    """Payment is on its way, and nobody waits for the customer."""
    return state.lifecycle == PENDING and state.payment_status != ACTION_REQUIRED


COMMANDS: Mapping[type[Command], Route] = {
    **_product(),
    **_stock(),
    **_cart(),
    **_order(),
    **_payment(),
    **_people(),
    **_provider_event(),
    **_checkout(),
}
REGISTRY = Registry(DECIDERS, COMMANDS, Settling(category=ORDER.category, is_open=_is_open, answer=order_public.answer))


def decoder(codec: EventCodec, keys: Keys) -> Decode:
    """Rows of the log to envelopes, in batches: unknown types are left out, unknown versions stop it."""
    return Decoder(codec, keys).envelopes
