"""The states that a decision over several aggregates has been handed, each under its stream's name."""

from collections.abc import Mapping
from functools import lru_cache
from typing import TypeVar
from uuid import UUID

from write_model.cart.decider import CART, Cart
from write_model.customer.decider import CUSTOMER
from write_model.kernel.ids import stock_item, stream
from write_model.order.decider import ORDER
from write_model.order.state import Order
from write_model.payment.decider import PAYMENT
from write_model.product.decider import PRODUCT
from write_model.stock.decider import STOCK, StockItem

S = TypeVar("S")
States = Mapping[str, object]  # a stream that does not exist has its decider's initial state
MAIN = "main"  # the warehouse that orders are served from


def cart_stream(cart_id: UUID) -> str:
    return stream(CART.category, cart_id)


def product_stream(product_id: UUID) -> str:
    return stream(PRODUCT.category, product_id)


@lru_cache(maxsize=65_536)  # the name is a hash, and a hot item is named in every decision
def stock_stream(variant_id: UUID, warehouse: str = MAIN) -> str:
    return stream(STOCK.category, stock_item(variant_id, warehouse))


def order_stream(order_id: UUID) -> str:
    return stream(ORDER.category, order_id)


def payment_stream(payment_id: UUID) -> str:
    return stream(PAYMENT.category, payment_id)


def customer_stream(customer_id: UUID) -> str:
    return stream(CUSTOMER.category, customer_id)


def find(states: States, name: str, kind: type[S]) -> S | None:
    """The state of that stream, if it has been loaded."""
    state = states.get(name)
    return state if isinstance(state, kind) else None


def get(states: States, name: str, kind: type[S]) -> S:
    """The state of that stream. Raises LookupError when `streams` has not named it: a bug, not a refusal."""
    state = find(states, name, kind)
    if state is None:
        raise LookupError(f"{kind.__name__} was not loaded for {name}")
    return state


def cart_of(states: States, cart_id: UUID) -> Cart | None:
    return find(states, cart_stream(cart_id), Cart)


def item_of(states: States, variant_id: UUID, warehouse: str = MAIN) -> StockItem | None:
    return find(states, stock_stream(variant_id, warehouse), StockItem)


def order_of(states: States, order_id: UUID) -> Order | None:
    return find(states, order_stream(order_id), Order)
