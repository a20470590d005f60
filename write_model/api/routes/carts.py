"""Carts, of a customer or of an anonymous session. Every answer is the whole priced cart."""

from starlette.requests import Request
from starlette.responses import Response

from write_model.api import bodies
from write_model.api.auth import SESSION, Caller
from write_model.api.door import PREFIX, Door, answered
from write_model.api.operation import Endpoint, Operation
from write_model.api.reading import path_uuid, read
from write_model.api.routes import examples
from write_model.cart import commands
from write_model.checkout.commands import AddToCart, ChangeInCart, RepriceCart
from write_model.kernel.address import Address
from write_model.kernel.ids import session
from write_model.kernel.message import Command

TAG = "carts"
OPEN = ("cart.unknown", "cart.closed")
ITEM = (*OPEN, "cart.quantity_out_of_range", "checkout.not_for_sale", "stock.not_available")


def operations(door: Door) -> list[Operation]:
    return [*_new(door), *_own(door), *_additions(door), *_lines(door), *_choices(door)]


def _new(door: Door) -> list[Operation]:
    async def create(request: Request) -> Response:
        caller = door.caller(request)
        body = await read(request, bodies.NewCart)
        headers: dict[str, str] = {}
        customer_id = None if caller.principal is None else caller.principal.subject
        held = None if customer_id is not None else caller.session
        if customer_id is None and held is None:
            secret = str(door.new_secret())  # the cart's holder shows it from now on; it is stored nowhere
            held, headers[SESSION] = session(secret), secret
        command = commands.CreateCart(
            cart_id=door.ids.new(), market=body.market, customer_id=customer_id, session_id=held
        )
        answer = await door.send(request, caller, command, body)
        return answered(answer, 201, {"Location": f"{PREFIX}/carts/{answer.id}", **headers})

    return [
        Operation(
            method="POST",
            path="/carts",
            name="createCart",
            summary="Create a cart; without a token it belongs to the Cart-Session, which is made where none is sent",
            tag=TAG,
            endpoint=create,
            body=bodies.NewCart,
            status=201,
            example={**examples.CART, "lines": [], "version": 1},
            errors=("cart.market_unknown",),
            signed_in=False,
            session=True,
            versioned=False,
        ),
    ]


def _own(door: Door) -> list[Operation]:
    async def take_over(request: Request) -> Response:
        caller = door.caller(request)
        await read(request, bodies.Nothing)
        command = commands.AssignCustomer(cart_id=path_uuid(request, "id"), customer_id=caller.customer_id)
        return answered(await door.send(request, caller, command))

    async def reprice(request: Request) -> Response:
        caller = door.caller(request)
        await read(request, bodies.Nothing)
        return answered(await door.send(request, caller, RepriceCart(cart_id=path_uuid(request, "id"))))

    return [
        Operation(
            method="PUT",
            path="/carts/{id}/customer",
            name="takeOverCart",
            summary="Make the session's cart the caller's own",
            tag=TAG,
            endpoint=take_over,
            body=bodies.Nothing,
            example=examples.CART,
            errors=(*OPEN, "cart.of_another_customer"),
            session=True,
        ),
        Operation(
            method="POST",
            path="/carts/{id}/reprice",
            name="repriceCart",
            summary="Take over the catalogue's prices after checkout.price_changed",
            tag=TAG,
            endpoint=reprice,
            body=bodies.Nothing,
            example=examples.CART,
            errors=(*OPEN, "checkout.not_for_sale"),
            signed_in=False,
            session=True,
        ),
    ]


def _additions(door: Door) -> list[Operation]:
    async def add(request: Request) -> Response:
        caller = door.caller(request)
        body = await read(request, bodies.NewItem)
        command = AddToCart(
            cart_id=path_uuid(request, "id"),
            line_id=door.ids.new(),
            variant_id=body.variant_id,
            quantity=body.quantity,
        )
        return answered(await door.send(request, caller, command, body))

    return [
        Operation(
            method="POST",
            path="/carts/{id}/items",
            name="addCartItem",
            summary="Add units of a variant at the catalogue's price",
            tag=TAG,
            endpoint=add,
            body=bodies.NewItem,
            example=examples.CART,
            errors=(*ITEM, "cart.unknown_variant", "cart.too_many_lines", "cart.currency_differs"),
            signed_in=False,
            session=True,
        ),
    ]


def _lines(door: Door) -> list[Operation]:
    async def change(request: Request) -> Response:
        caller = door.caller(request)
        body = await read(request, bodies.Quantity)
        command = ChangeInCart(
            cart_id=path_uuid(request, "id"), line_id=path_uuid(request, "line"), quantity=body.quantity
        )
        return answered(await door.send(request, caller, command, body))

    async def remove(request: Request) -> Response:
        caller = door.caller(request)
        await read(request, bodies.Nothing)
        command = commands.RemoveItem(cart_id=path_uuid(request, "id"), line_id=path_uuid(request, "line"))
        return answered(await door.send(request, caller, command))

    return [
        Operation(
            method="PATCH",
            path="/carts/{id}/items/{line}",
            name="changeCartItem",
            summary="Change the quantity of a line",
            tag=TAG,
            endpoint=change,
            body=bodies.Quantity,
            example=examples.CART,
            errors=(*ITEM, "cart.line_unknown"),
            signed_in=False,
            session=True,
        ),
        Operation(
            method="DELETE",
            path="/carts/{id}/items/{line}",
            name="removeCartItem",
            summary="Remove a line",
            tag=TAG,
            endpoint=remove,
            example={**examples.CART, "lines": []},
            errors=(*OPEN, "cart.line_unknown"),
            signed_in=False,
            session=True,
        ),
    ]


def _choices(door: Door) -> list[Operation]:
    async def send(request: Request, caller: Caller, command: Command, body: bodies.Body) -> Response:
        return answered(await door.send(request, caller, command, body))

    async def set_address(request: Request) -> Response:
        caller = door.caller(request)
        body = await read(request, bodies.ShippingAddress)
        command = commands.SetShippingAddress(cart_id=path_uuid(request, "id"), address=Address(**body.model_dump()))
        return await send(request, caller, command, body)

    async def select_delivery(request: Request) -> Response:
        caller = door.caller(request)
        body = await read(request, bodies.DeliveryOption)
        command = commands.SelectDeliveryOption(cart_id=path_uuid(request, "id"), option=body.option)
        return await send(request, caller, command, body)

    async def select_payment_method(request: Request) -> Response:
        caller = door.caller(request)
        body = await read(request, bodies.PaymentMethod)
        command = commands.SelectPaymentMethod(cart_id=path_uuid(request, "id"), method=body.payment_method)
        return await send(request, caller, command, body)

    rows: list[tuple[str, str, str, Endpoint, type[bodies.Body]]] = [
        ("address", "setShippingAddress", "Say where to send it", set_address, bodies.ShippingAddress),
        ("delivery", "selectDelivery", "Choose how to send it", select_delivery, bodies.DeliveryOption),
        ("payment-method", "selectPaymentMethod", "Choose how to pay", select_payment_method, bodies.PaymentMethod),
    ]
    errors = {
        "address": "cart.address_invalid",
        "delivery": "cart.delivery_unknown",
        "payment-method": "cart.payment_method_invalid",
    }
    return [
        Operation(
            method="PUT",
            path=f"/carts/{{id}}/{noun}",
            name=name,
            summary=summary,
            tag=TAG,
            endpoint=endpoint,
            body=body,
            example=examples.CART,
            errors=(*OPEN, errors[noun]),
            signed_in=False,
            session=True,
        )
        for noun, name, summary, endpoint, body in rows
    ]
