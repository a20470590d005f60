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


def _stock(command: Any) -> str:
    return stream(STOCK.category, stock_item(command.variant_id, command.warehouse))


def _provider_event(command: provider_event.RecordProviderEvent) -> str:
    return stream(PROVIDER_EVENT.category, provider_event_id(command.provider, command.provider_event_id))


def _rooms() -> dict[type[Command], Route]:
    """What one aggregate decides alone."""
    product_name, cart_name = _by(PRODUCT, "product_id"), _by(CART, "cart_id")
    order_name, payment_name = _by(ORDER, "order_id"), _by(PAYMENT, "payment_id")
    customer_name, review_name = _by(CUSTOMER, "customer_id"), _by(REVIEW, "review_id")
    notification_name = _by(NOTIFICATION, "notification_id")

    def of_product(access: Access = CATALOGUE, creates: bool = False) -> Route:
        answer, publish = product_public.answer, product_public.publish
        return room_route(PRODUCT, product_name, answer, access, publish=publish, creates=creates)

    def of_stock(access: Access = SYSTEM) -> Route:
        return room_route(STOCK, _stock, stock_public.answer, access, publish=stock_public.publish)

    def of_cart(access: Access = OWNER, creates: bool = False) -> Route:
        return room_route(CART, cart_name, cart_public.answer, access, creates=creates)

    def of_order(creates: bool = False) -> Route:
        answer, publish = order_public.answer, order_public.publish
        return room_route(ORDER, order_name, answer, SYSTEM, publish=publish, creates=creates)

    def of_payment(access: Access = SYSTEM, creates: bool = False) -> Route:
        return room_route(PAYMENT, payment_name, payment_public.answer, access, creates=creates)

    def of_customer(access: Access, creates: bool = False) -> Route:
        return room_route(CUSTOMER, customer_name, customer_public.answer, access, creates=creates)

    def of_notification(access: Access = SYSTEM, creates: bool = False) -> Route:
        answer, publish = notification_public.answer, notification_public.publish
        return room_route(NOTIFICATION, notification_name, answer, access, publish=publish, creates=creates)

    return {
        product.CreateProduct: of_product(creates=True),
        product.ChangePrice: of_product(),
        product.UpdateProduct: of_product(),
        product.PublishProduct: of_product(),
        product.ArchiveProduct: of_product(),
        product.DeleteProduct: of_product(),
        product.AdoptProduct: of_product(SYSTEM, creates=True),
        stock.OpenStock: of_stock(),
        stock.ReceiveStock: of_stock(WAREHOUSE),
        stock.AdjustStock: of_stock(WAREHOUSE),
        stock.ReserveStock: of_stock(),
        stock.ExtendReservation: of_stock(),
        stock.ReleaseReservation: of_stock(),
        stock.ExpireReservation: of_stock(),
        stock.AllocateReservation: of_stock(),
        stock.CommitReservation: of_stock(),
        cart.CreateCart: of_cart(ANYONE, creates=True),
        cart.RemoveItem: of_cart(),
        cart.AssignCustomer: of_cart(),
        cart.SetShippingAddress: of_cart(),
        cart.SelectDeliveryOption: of_cart(),
        cart.SelectPaymentMethod: of_cart(),
        cart.ExpireCart: of_cart(SYSTEM),
        order.RecordPaymentAuthorized: of_order(),
        order.RecordPaymentDeclined: of_order(),
        order.RecordPaymentActionRequired: of_order(),
        order.RecordPaymentOutcomeUnknown: of_order(),
        order.RecordPaymentCaptured: of_order(),
        order.RecordPaymentVoided: of_order(),
        order.RecordRefundCompleted: of_order(),
        order.RecordRefundFailed: of_order(),
        order.AdoptOrder: of_order(creates=True),
        order.AdoptItem: of_order(),
        payment.CreatePayment: of_payment(creates=True),
        payment.AuthorizePayment: of_payment(),
        payment.CapturePayment: of_payment(CASHIER),
        payment.VoidPayment: of_payment(CASHIER),
        payment.RefundPayment: of_payment(CASHIER),
        payment.RetryRefund: of_payment(CASHIER),
        payment.RecordAuthorized: of_payment(),
        payment.RecordAuthorizationFailed: of_payment(),
        payment.RecordActionRequired: of_payment(),
        payment.RecordOutcomeUnknown: of_payment(),
        payment.RecordCaptured: of_payment(),
        payment.RecordCaptureFailed: of_payment(),
        payment.RecordVoided: of_payment(),
        payment.RecordVoidFailed: of_payment(),
        payment.RecordRefundSucceeded: of_payment(),
        payment.RecordRefundFailed: of_payment(),
        payment.AdoptPayment: of_payment(creates=True),
        customer.RegisterCustomer: of_customer(ANYONE, creates=True),
        customer.ChangeProfile: of_customer(OWNER),
        customer.AdoptCustomer: of_customer(SYSTEM, creates=True),
        review.AdoptReview: room_route(REVIEW, review_name, review_public.answer, SYSTEM, creates=True),
        provider_event.RecordProviderEvent: room_route(
            PROVIDER_EVENT, _provider_event, provider_event_public.answer, SYSTEM, creates=True
        ),
        notification.PostNotification: of_notification(creates=True),
        notification.ReadNotification: of_notification(OWNER),
        notification.RecordMailAccepted: of_notification(),
        notification.RecordMailFailed: of_notification(),
    }


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


COMMANDS: Mapping[type[Command], Route] = {**_rooms(), **_checkout()}
REGISTRY = Registry(DECIDERS, COMMANDS, Settling(category=ORDER.category, is_open=_is_open, answer=order_public.answer))


def decoder(codec: EventCodec, keys: Keys) -> Decode:
    """Rows of the log to envelopes, in batches: unknown types are left out, unknown versions stop it."""
    return Decoder(codec, keys).envelopes
