"""One wish is done once: in parallel, over two processes and after a restart, on the real log."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from uuid import UUID, uuid4

import psycopg
import pytest

from infra.settings import Mail, Ports, Runtime, Secrets, Settings, Stores, Stripe
from tests.kit.stack import Stores as FreshStores
from write_model.cart.commands import CreateCart, SelectPaymentMethod, SetShippingAddress
from write_model.checkout.commands import AddToCart, AddVariant, PlaceOrder
from write_model.customer.commands import RegisterCustomer
from write_model.handling.bus import Answer, Bus, KeyReused, Request
from write_model.kernel.address import Address
from write_model.kernel.message import Actor, Command
from write_model.kernel.refused import Refused
from write_model.main import WriteModel, build
from write_model.product.commands import CreateProduct, PublishProduct
from write_model.stock.commands import ReceiveStock

pytestmark = pytest.mark.integration

CANARIES = ("canary@example.com", "Canary Quishpe", "Canary Street 5")
ADDRESS = Address(recipient=CANARIES[1], line1=CANARIES[2], city="Quito", country="EC")
TEXTS = {"es": "Gorra", "en": "Cap"}
OPERATOR = Actor("operator", "test")


@pytest.fixture
def settings(stores: FreshStores, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    kek = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="
    return Settings(
        stores=Stores(
            postgres_url=stores.postgres_url,
            keys_url=stores.keys_url,
            redis_url=stores.redis_url,
            mongo_url=stores.mongo_url,
        ),
        ports=Ports(),
        stripe=Stripe(),
        mail=Mail(),
        secrets=Secrets(kek=kek),  # type: ignore[arg-type]  # read as every setting is
        runtime=Runtime(data=tmp_path_factory.mktemp("data"), environment="test"),
    )


@pytest.fixture
async def processes(settings: Settings) -> AsyncIterator[tuple[WriteModel, WriteModel]]:
    """The write model of two processes over one log."""
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(build(settings))
        yield first, await stack.enter_async_context(build(settings))


async def send(bus: Bus, command: Command, key: str | None = None) -> Answer:
    return await bus.handle(Request(command=command, caller="operator:test", actor=OPERATOR, key=key))


async def on_sale(bus: Bus, units: int) -> UUID:
    """A variant with so many units."""
    product, variant = uuid4(), uuid4()
    for command in (
        CreateProduct(
            product_id=product,
            titles=TEXTS,
            descriptions=TEXTS,
            category="caps",
            tax_category="standard",
            currency="USD",
        ),
        AddVariant(product_id=product, variant_id=variant, sku="CAP", attributes={}, price_minor=2499),
        PublishProduct(product_id=product),
        ReceiveStock(variant_id=variant, quantity=units, reason="delivery"),
    ):
        await send(bus, command)
    return variant


async def shoppers(bus: Bus, variant: UUID, count: int) -> list[PlaceOrder]:
    """So many carts that can be ordered, each with the wish to do it."""
    customer_id = uuid4()
    await send(
        bus,
        RegisterCustomer(customer_id=customer_id, email=CANARIES[0], name=CANARIES[1], email_hmac="0", locale="es"),
    )

    async def fill() -> PlaceOrder:
        cart = uuid4()
        for command in (
            CreateCart(cart_id=cart, market="EC", customer_id=customer_id),
            AddToCart(cart_id=cart, line_id=uuid4(), variant_id=variant, quantity=1),
            SetShippingAddress(cart_id=cart, address=ADDRESS),
            SelectPaymentMethod(cart_id=cart, method="pm_card_visa"),
        ):
            await send(bus, command)
        return PlaceOrder(cart_id=cart, order_id=uuid4(), payment_id=uuid4(), customer_id=customer_id)

    return list(await asyncio.gather(*(fill() for _ in range(count))))


async def types(parts: WriteModel) -> Sequence[str]:
    return [row.type for row in await parts.reader.read(0, 100_000)]


async def test_the_same_key_fifty_times_over_two_processes_is_one_order(
    processes: tuple[WriteModel, WriteModel],
) -> None:
    first, second = processes
    (wish,) = await shoppers(first.bus, await on_sale(first.bus, 5), 1)
    answers = await asyncio.gather(*(send(each.bus, wish, "k") for each in processes * 25))
    assert len({(answer.id, answer.version, answer.position, answer.status) for answer in answers}) == 1
    assert [answer.replayed for answer in answers].count(False) == 1
    stored = await types(first)
    assert [stored.count(each) for each in ("order.placed", "payment.created", "stock.reserved")] == [1, 1, 1]
    with pytest.raises(KeyReused):
        await send(second.bus, ReceiveStock(variant_id=uuid4(), quantity=1, reason="x"), "k")


async def test_the_same_key_after_a_restart_is_the_same_answer(settings: Settings) -> None:
    async with build(settings) as before:
        (wish,) = await shoppers(before.bus, await on_sale(before.bus, 5), 1)
        first = await send(before.bus, wish, "k")
        head = await before.reader.head()
    async with build(settings) as after:
        again = await send(after.bus, wish, "k")
        assert (again.id, again.version, again.position, again.body) == (first.id, 1, first.position, first.body)
        assert (again.replayed, await after.reader.head()) == (True, head)


@pytest.mark.parametrize(("units", "wanted", "placed"), [(5, 200, 5), (200, 200, 200)])
async def test_concurrent_checkouts_over_two_processes_give_exactly_what_there_is(
    processes: tuple[WriteModel, WriteModel], units: int, wanted: int, placed: int
) -> None:
    first, second = processes
    variant = await on_sale(first.bus, units)
    wishes = await shoppers(first.bus, variant, wanted)
    buses = [first.bus, second.bus]
    outcomes = await asyncio.gather(
        *(send(buses[number % 2], wish, f"k-{number}") for number, wish in enumerate(wishes)), return_exceptions=True
    )
    refused = [outcome.code for outcome in outcomes if isinstance(outcome, Refused)]
    assert [isinstance(outcome, Answer) for outcome in outcomes].count(True) == placed
    assert refused == ["stock.not_available"] * (wanted - placed)  # and nothing else: no busy, no conflict
    stored = await types(first)
    assert stored.count("order.placed") == stored.count("stock.reserved") == placed
    available = await send(first.bus, ReceiveStock(variant_id=variant, quantity=1, reason="delivery"))
    assert available.body["available"] == units - placed + 1


async def test_no_canary_of_personal_data_stands_in_a_dump_of_the_log(
    processes: tuple[WriteModel, WriteModel], stores: FreshStores
) -> None:
    parts, _ = processes
    (wish,) = await shoppers(parts.bus, await on_sale(parts.bus, 5), 1)
    await send(parts.bus, wish, "k")
    with psycopg.connect(stores.postgres_url) as connection:
        names = connection.execute(
            "select quote_ident(table_schema) || '.' || quote_ident(table_name) from information_schema.tables"
            " where table_schema in ('log', 'work', 'identity') and table_type = 'BASE TABLE'"
        ).fetchall()
        dump = b""
        for (name,) in names:
            with connection.cursor().copy(f"copy (select * from {name}) to stdout with (format binary)") as copied:
                dump += b"".join(bytes(part) for part in copied)
    assert b"order.placed" in dump
    assert not [canary for canary in CANARIES if canary.encode() in dump]
    assert (await parts.bus.known(f"order-{wish.order_id}")).version == 1
