"""Whose is it? Customers and sessions touch their own, staff what they may, and nobody learns of another's things."""

from uuid import UUID

import pytest
from msgspec.structs import replace

from tests.kit.builders.cart import ADDRESS
from tests.kit.builders.ids import CART_ID, CUSTOMER_ID, LINE_ID, ORDER_ID, PAYMENT_ID, PRODUCT_ID, VARIANT_ID
from tests.write_model.handling.world import OPERATOR, World, customer
from write_model.cart.commands import AssignCustomer, CreateCart, ExpireCart, RemoveItem, SetShippingAddress
from write_model.checkout.commands import AddToCart, CancelOrder, ConfirmOrder, PlaceOrder
from write_model.customer.commands import ChangeProfile, RegisterCustomer
from write_model.handling.bus import Request
from write_model.handling.failures import Forbidden, SignInNeeded
from write_model.kernel.message import Actor, Command
from write_model.kernel.refused import Kind, Refused
from write_model.notification.commands import ReadNotification
from write_model.payment.commands import CapturePayment, RefundPayment
from write_model.product.commands import PublishProduct
from write_model.stock.commands import ReceiveStock, ReserveStock

SOMEBODY_ELSE, SESSION, OTHER_SESSION = UUID(int=77), UUID(int=88), UUID(int=89)
ADMIN = frozenset({"read:*", "write:products", "write:orders", "write:stock"})
OWN = frozenset({"read:products", "write:cart", "write:orders"})  # what a customer's token says


def anonymous(command: Command, session: UUID | None = SESSION) -> Request:
    return Request(command=command, caller=f"session:{session}", actor=Actor("anonymous", ""), session=session)


def staff(command: Command, permissions: frozenset[str] = ADMIN) -> Request:
    return Request(command=command, caller="admin:1", actor=Actor("admin", "1"), permissions=permissions)


async def a_cart(world: World, *, customer_id: UUID | None = CUSTOMER_ID, session: UUID | None = None) -> None:
    command = CreateCart(cart_id=CART_ID, market="EC", customer_id=customer_id, session_id=session)
    await world.bus.handle(Request(command=command, caller="t", actor=OPERATOR))


@pytest.mark.parametrize(
    "command",
    [
        AddToCart(cart_id=CART_ID, line_id=LINE_ID, variant_id=VARIANT_ID, quantity=1),
        RemoveItem(cart_id=CART_ID, line_id=LINE_ID),
        SetShippingAddress(cart_id=CART_ID, address=ADDRESS),
        PlaceOrder(cart_id=CART_ID, order_id=ORDER_ID, payment_id=PAYMENT_ID, customer_id=SOMEBODY_ELSE),
        AssignCustomer(cart_id=CART_ID, customer_id=SOMEBODY_ELSE),
    ],
    ids=lambda command: type(command).__name__,
)
async def test_anothers_cart_is_missing_by_the_same_word_as_one_that_never_was(command: Command) -> None:
    empty, full = World(), World()
    await a_cart(full)
    heads = []
    for world in (empty, full):
        with pytest.raises(Refused) as refusal:
            await world.bus.handle(customer(command, SOMEBODY_ELSE))
        assert (refusal.value.code, refusal.value.kind) == ("cart.unknown", Kind.MISSING)
        heads.append(await world.log.head())
    assert heads == [0, 1]


async def test_a_session_touches_its_own_anonymous_cart_only() -> None:
    world = World()
    await a_cart(world, customer_id=None, session=SESSION)
    command = SetShippingAddress(cart_id=CART_ID, address=ADDRESS)
    with pytest.raises(Refused, match=r"cart\.unknown"):
        await world.bus.handle(anonymous(command, OTHER_SESSION))
    with pytest.raises(SignInNeeded):
        await world.bus.handle(anonymous(command, None))
    assert (await world.bus.handle(anonymous(command))).version == 2


async def test_a_cart_taken_over_by_a_customer_is_no_longer_the_sessions() -> None:
    world = World()
    await a_cart(world, customer_id=None, session=SESSION)
    taking = customer(AssignCustomer(cart_id=CART_ID, customer_id=CUSTOMER_ID), CUSTOMER_ID)
    await world.bus.handle(replace(taking, session=SESSION))
    with pytest.raises(Refused, match=r"cart\.unknown"):
        await world.bus.handle(anonymous(SetShippingAddress(cart_id=CART_ID, address=ADDRESS)))


async def test_nobody_acts_in_anothers_name() -> None:
    world = World()
    registering = RegisterCustomer(
        customer_id=CUSTOMER_ID, email="ana@example.com", name="Ana", email_hmac="00", locale="es"
    )
    with pytest.raises(Forbidden):
        await world.bus.handle(customer(registering, SOMEBODY_ELSE))
    with pytest.raises(Forbidden):
        await world.bus.handle(
            customer(CreateCart(cart_id=CART_ID, market="EC", customer_id=CUSTOMER_ID), SOMEBODY_ELSE)
        )
    with pytest.raises(SignInNeeded):
        await world.bus.handle(anonymous(CreateCart(cart_id=CART_ID, market="EC", customer_id=CUSTOMER_ID)))
    await world.bus.handle(customer(registering, CUSTOMER_ID))
    with pytest.raises(Forbidden):
        await world.bus.handle(replace(customer(registering, CUSTOMER_ID), actor=Actor("customer", str(SOMEBODY_ELSE))))
    with pytest.raises(Refused, match=r"customer\.unknown"):
        await world.bus.handle(customer(ChangeProfile(customer_id=CUSTOMER_ID, name="Eva"), SOMEBODY_ELSE))
    assert await world.log.head() == 1


@pytest.mark.parametrize(
    "command",
    [
        PublishProduct(product_id=PRODUCT_ID),
        ReceiveStock(variant_id=VARIANT_ID, quantity=1, reason="x"),
        CapturePayment(payment_id=PAYMENT_ID),
        RefundPayment(payment_id=PAYMENT_ID, refund_id=UUID(int=5), reason="x"),
    ],
    ids=lambda command: type(command).__name__,
)
async def test_what_staff_may_do_needs_the_permission_and_no_customers_permission_counts(command: Command) -> None:
    world = World()
    with pytest.raises(SignInNeeded):
        await world.bus.handle(anonymous(command))
    with pytest.raises(Forbidden):
        await world.bus.handle(replace(customer(command, CUSTOMER_ID), permissions=OWN))
    with pytest.raises(Forbidden):
        await world.bus.handle(staff(command, frozenset({"read:*"})))
    for permissions in (ADMIN, frozenset({"write:*"}), frozenset({"*"})):
        with pytest.raises(Refused, match="unknown"):  # allowed, but there is no such thing
            await world.bus.handle(staff(command, permissions))


@pytest.mark.parametrize(
    "command",
    [
        ConfirmOrder(order_id=ORDER_ID),
        ExpireCart(cart_id=CART_ID),
        ReserveStock(variant_id=VARIANT_ID, reservation_id=ORDER_ID, quantity=1, expires_at=World().clock._now),
    ],
    ids=lambda command: type(command).__name__,
)
async def test_what_only_the_platform_does_is_forbidden_to_everybody(command: Command) -> None:
    world = World()
    for request in (customer(command, CUSTOMER_ID), staff(command, frozenset({"*"}))):
        with pytest.raises(Forbidden):
            await world.bus.handle(request)


async def test_anothers_order_and_notification_are_missing() -> None:
    world = World()
    for command, code in (
        (CancelOrder(order_id=ORDER_ID, reason="x"), "order.unknown"),
        (ReadNotification(notification_id=UUID(int=4)), "notification.unknown"),
    ):
        with pytest.raises(Refused) as refusal:
            await world.bus.handle(customer(command, SOMEBODY_ELSE))
        assert refusal.value.code == code
