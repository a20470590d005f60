"""What is each event called in the log, for ever? Names and schema versions, and whose key seals what is personal.

A changed class gets a new line with the next version, and a step in `UPCASTS` from the version before.
"""

from collections.abc import Callable, Mapping

from infra.ports import Schema
from write_model.cart import events as cart
from write_model.customer import events as customer
from write_model.notification import events as notification
from write_model.order import events as order
from write_model.payment import events as payment
from write_model.product import events as product
from write_model.provider_event import events as provider_event
from write_model.review import events as review
from write_model.stock import events as stock

PRODUCT = (
    Schema("product.created", 1, product.ProductCreated),
    Schema("product.variant_added", 1, product.VariantAdded),
    Schema("product.price_changed", 1, product.PriceChanged),
    Schema("product.updated", 1, product.ProductUpdated),
    Schema("product.published", 1, product.ProductPublished),
    Schema("product.archived", 1, product.ProductArchived),
    Schema("product.deleted", 1, product.ProductDeleted),
    Schema("product.adopted", 1, product.ProductAdopted),
)
STOCK = (
    Schema("stock.opened", 1, stock.StockOpened),
    Schema("stock.received", 1, stock.StockReceived),
    Schema("stock.adjusted", 1, stock.StockAdjusted),
    Schema("stock.reserved", 1, stock.StockReserved),
    Schema("stock.reservation_extended", 1, stock.ReservationExtended),
    Schema("stock.reservation_released", 1, stock.ReservationReleased),
    Schema("stock.reservation_expired", 1, stock.ReservationExpired),
    Schema("stock.reservation_allocated", 1, stock.ReservationAllocated),
    Schema("stock.reservation_committed", 1, stock.ReservationCommitted),
    Schema("stock.ran_low", 1, stock.StockRanLow),
    Schema("stock.came_back", 1, stock.StockCameBack),
)
CART = (
    Schema("cart.created", 1, cart.CartCreated),
    Schema("cart.item_added", 1, cart.CartItemAdded),
    Schema("cart.item_quantity_changed", 1, cart.CartItemQuantityChanged),
    Schema("cart.item_removed", 1, cart.CartItemRemoved),
    Schema("cart.repriced", 1, cart.CartRepriced),
    Schema("cart.customer_assigned", 1, cart.CartCustomerAssigned),
    Schema("cart.shipping_address_set", 1, cart.ShippingAddressSet, "subject", ("address",)),
    Schema("cart.delivery_option_selected", 1, cart.DeliveryOptionSelected),
    Schema("cart.payment_method_selected", 1, cart.PaymentMethodSelected),
    Schema("cart.converted", 1, cart.CartConverted),
    Schema("cart.merged", 1, cart.CartMerged),
    Schema("cart.expired", 1, cart.CartExpired),
)
ORDER = (
    Schema("order.placed", 1, order.OrderPlaced, "customer_id", ("address", "contact_email", "contact_name")),
    Schema("order.payment_authorized", 1, order.OrderPaymentAuthorized),
    Schema("order.payment_declined", 1, order.OrderPaymentDeclined),
    Schema("order.payment_action_required", 1, order.OrderPaymentActionRequired),
    Schema("order.payment_outcome_unknown", 1, order.OrderPaymentOutcomeUnknown),
    Schema("order.confirmed", 1, order.OrderConfirmed),
    Schema("order.payment_captured", 1, order.OrderPaymentCaptured),
    Schema("order.payment_voided", 1, order.OrderPaymentVoided),
    Schema("order.refund_completed", 1, order.RefundCompleted),
    Schema("order.refund_failed", 1, order.RefundFailed),
    Schema("order.cancelled", 1, order.OrderCancelled, "customer_id", ("note",)),
    Schema("order.expired", 1, order.OrderExpired),
    Schema("order.adopted", 1, order.OrderAdopted),
    Schema("order.item_adopted", 1, order.ItemAdopted),
)
PAYMENT = (
    Schema("payment.created", 1, payment.PaymentCreated),
    Schema("payment.authorization_requested", 1, payment.AuthorizationRequested),
    Schema("payment.authorization_succeeded", 1, payment.AuthorizationSucceeded),
    Schema("payment.authorization_failed", 1, payment.AuthorizationFailed),
    Schema("payment.authorization_action_required", 1, payment.AuthorizationActionRequired),
    Schema("payment.authorization_unknown", 1, payment.AuthorizationUnknown),
    Schema("payment.capture_requested", 1, payment.CaptureRequested),
    Schema("payment.capture_succeeded", 1, payment.CaptureSucceeded),
    Schema("payment.capture_failed", 1, payment.CaptureFailed),
    Schema("payment.capture_unknown", 1, payment.CaptureUnknown),
    Schema("payment.void_requested", 1, payment.VoidRequested),
    Schema("payment.voided", 1, payment.PaymentVoided),
    Schema("payment.void_failed", 1, payment.VoidFailed),
    Schema("payment.refund_requested", 1, payment.RefundRequested, "customer_id", ("note",)),
    Schema("payment.refund_succeeded", 1, payment.RefundSucceeded),
    Schema("payment.refund_failed", 1, payment.RefundFailed),
    Schema("payment.refund_unknown", 1, payment.RefundUnknown),
    Schema("payment.amount_mismatch_found", 1, payment.AmountMismatchFound),
    Schema("payment.adopted", 1, payment.PaymentAdopted),
)
CUSTOMER = (
    Schema("customer.registered", 1, customer.CustomerRegistered, "customer_id", ("email", "name")),
    Schema("customer.profile_changed", 1, customer.ProfileChanged, "customer_id", ("name",)),
    Schema("customer.adopted", 1, customer.CustomerAdopted, "customer_id", ("zip_code_prefix", "city")),
)
REVIEW = (Schema("review.adopted", 1, review.ReviewAdopted, "customer_id", ("title", "comment")),)
PROVIDER_EVENT = (Schema("provider_event.recorded", 1, provider_event.ProviderEventRecorded),)
NOTIFICATION = (
    Schema("notification.posted", 1, notification.NotificationPosted),
    Schema("notification.read", 1, notification.NotificationRead),
    Schema("notification.mail_accepted", 1, notification.MailAccepted),
    Schema("notification.mail_failed", 1, notification.MailFailed),
)

EVENTS: tuple[Schema, ...] = (
    *PRODUCT,
    *STOCK,
    *CART,
    *ORDER,
    *PAYMENT,
    *CUSTOMER,
    *REVIEW,
    *PROVIDER_EVENT,
    *NOTIFICATION,
)
UPCASTS: Mapping[tuple[str, int], Callable[[dict[str, object]], dict[str, object]]] = {}
