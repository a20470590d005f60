"""A variant comes into being; and a cart is filled, changed and priced again by what the catalogue says."""

from collections.abc import Sequence

from write_model.cart import decider as carts
from write_model.cart.decider import Cart
from write_model.cart.events import CartEvent, CartItemAdded, CartItemQuantityChanged
from write_model.checkout import loaded
from write_model.checkout.catalogue import offer, offers
from write_model.checkout.commands import AddToCart, AddVariant, ChangeInCart, RepriceCart
from write_model.checkout.loaded import States
from write_model.kernel.message import Context, Event
from write_model.product.decider import Product, add_variant
from write_model.stock.commands import OpenStock
from write_model.stock.decider import STOCK, NotAvailable, StockItem


def variant(command: AddVariant, states: States, context: Context) -> dict[str, Sequence[Event]]:
    product_name = loaded.product_stream(command.product_id)
    stock_name = loaded.stock_stream(command.variant_id, command.warehouse)
    product = loaded.get(states, product_name, Product)
    added = add_variant(product, command.variant_id, command.sku, command.attributes, command.price_minor)
    opening = OpenStock(variant_id=command.variant_id, warehouse=command.warehouse, product_id=command.product_id)
    opened = STOCK.decide(opening, loaded.get(states, stock_name, StockItem), context)
    return {product_name: added, stock_name: opened}


def add(command: AddToCart, states: States, context: Context) -> dict[str, Sequence[Event]]:
    name = loaded.cart_stream(command.cart_id)
    cart = carts.open_cart(loaded.get(states, name, Cart))
    item = loaded.get(states, loaded.stock_stream(command.variant_id), StockItem)
    if item.product_id is None:
        raise carts.OfferUnknown(variant=str(command.variant_id))
    offered = offer(states, item.product_id, command.variant_id, context)
    events = carts.add(cart, command.line_id, command.quantity, offered, context)
    _check_stock(events, item)
    return {name: events}


def change(command: ChangeInCart, states: States, context: Context) -> dict[str, Sequence[Event]]:
    """Fewer is always possible, also when the shelf holds less than that."""
    name = loaded.cart_stream(command.cart_id)
    cart = carts.open_cart(loaded.get(states, name, Cart))
    line = carts.known_line(cart, command.line_id)
    offered = offer(states, line.product_id, line.variant_id, context)
    events = carts.change(cart, command.line_id, command.quantity, offered, context)
    if command.quantity > line.quantity:
        _check_stock(events, loaded.get(states, loaded.stock_stream(line.variant_id), StockItem))
    return {name: events}


def reprice(command: RepriceCart, states: States, context: Context) -> dict[str, Sequence[Event]]:
    name = loaded.cart_stream(command.cart_id)
    cart = carts.open_cart(loaded.get(states, name, Cart))
    offered = offers(states, cart.lines, context)
    prices = {line.line_id: each.unit_price_minor for line, each in zip(cart.lines, offered, strict=True)}
    return {name: carts.reprice(cart, prices, context)}


def _check_stock(events: Sequence[CartEvent], item: StockItem) -> None:
    """Nothing is held for a cart: this only spares a customer the surprise when the order is placed."""
    for event in events:
        if isinstance(event, CartItemAdded | CartItemQuantityChanged) and event.quantity > item.available:
            raise NotAvailable(variant=str(event.variant_id), available=item.available)
