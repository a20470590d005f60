"""How fast does the log take commands, beside bare inserts of the same rows? The keys `append_*` of the bench."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

from infra.clock import SystemClock
from infra.codec.json_codec import Codec
from infra.collector import settle
from infra.event_log.appender import GroupAppender
from infra.event_log.chain import event_digest
from infra.event_log.reader import PostgresLogReader
from infra.event_log.snapshots import PostgresSnapshots
from infra.ids import Uuid7Ids
from infra.ports import Accepted, Append, NewEvent, Stored
from infra.postgres.keys import PostgresKeys
from infra.postgres.pool import open_pool
from tools.bench import pgbench
from tools.bench.figures import Figure, Limit
from tools.bench.load import Load, load, load_of
from tools.bench.plan import QUICK, Plan
from write_model.cart.commands import CreateCart, SelectPaymentMethod, SetShippingAddress
from write_model.checkout.commands import AddToCart, AddVariant, PlaceOrder
from write_model.customer.commands import RegisterCustomer
from write_model.handling.bus import Bus, Request, build_bus
from write_model.handling.registry import EVENTS, REGISTRY, UPCASTS
from write_model.kernel.address import Address
from write_model.kernel.ids import stream
from write_model.kernel.message import Actor, Command
from write_model.product.commands import CreateProduct, PublishProduct
from write_model.stock.commands import ReceiveStock

MANY, FEW = 64, 16  # callers
ORDERS = 1200  # per run: their carts are filled beforehand
_UNITS = 1_000_000
_BODY = b'{"quantity":1,"reason":"delivery"}'
_OPERATOR = Actor("operator", "bench")
_TEXT = {"es": "Cámara instantánea", "en": "Instant camera"}
ADDRESS = Address(recipient="A. Person", line1="Av. Amazonas N24-03", city="Quito", country="EC")


@dataclass(frozen=True, slots=True)
class Shelf:
    """What one caller sells, so that callers never wait for each other's streams."""

    product_id: UUID
    variants: tuple[UUID, UUID]
    customer_id: UUID


class Bench:
    """A bus over a real log, with something on its shelves."""

    def __init__(self, url: str, bus: Bus, appender: GroupAppender, reader: PostgresLogReader) -> None:
        self.url = url
        self.bus = bus
        self.appender = appender
        self.reader = reader
        self.shelves: list[Shelf] = []

    async def send(self, command: Command) -> None:
        """Under a key of its own, with the fingerprint of a body, as from the edges."""
        fingerprint = self.bus.fingerprint(_BODY)
        await self.bus.handle(
            Request(
                command=command, caller="operator:bench", actor=_OPERATOR, key=str(uuid4()), fingerprint=fingerprint
            )
        )

    async def stock_up(self, callers: int) -> None:
        async with asyncio.TaskGroup() as tasks:
            made = [tasks.create_task(self._shelf()) for _ in range(callers)]
        self.shelves = [task.result() for task in made]

    async def receive(self, caller: int) -> None:
        """A command of one event on an aggregate that is known."""
        variant = self.shelves[caller].variants[0]
        await self.send(ReceiveStock(variant_id=variant, quantity=1, reason="delivery"))

    async def filled_cart(self, number: int, variants: Sequence[UUID] = ()) -> PlaceOrder:
        """A cart of these variants, or of the two on the shelf, that may be ordered, and the command that does it."""
        shelf, cart_id = self.shelves[number % len(self.shelves)], uuid4()
        await self.send(CreateCart(cart_id=cart_id, market="EC", customer_id=shelf.customer_id))
        for variant in variants or shelf.variants:
            await self.send(AddToCart(cart_id=cart_id, line_id=uuid4(), variant_id=variant, quantity=1))
        await self.send(SetShippingAddress(cart_id=cart_id, address=ADDRESS))
        await self.send(SelectPaymentMethod(cart_id=cart_id, method="pm_card_visa"))
        return PlaceOrder(cart_id=cart_id, order_id=uuid4(), payment_id=uuid4(), customer_id=shelf.customer_id)

    async def _shelf(self) -> Shelf:
        shelf = Shelf(uuid4(), (uuid4(), uuid4()), uuid4())
        product = shelf.product_id
        await self.send(
            CreateProduct(
                product_id=product,
                titles=_TEXT,
                descriptions=_TEXT,
                category="cameras",
                tax_category="standard",
                currency="USD",
            )
        )
        for variant in shelf.variants:
            sku = f"SKU-{variant}"
            await self.send(
                AddVariant(product_id=product, variant_id=variant, sku=sku, attributes={}, price_minor=4999)
            )
            await self.send(ReceiveStock(variant_id=variant, quantity=_UNITS, reason="first delivery"))
        await self.send(PublishProduct(product_id=product))
        await self.send(
            RegisterCustomer(
                customer_id=shelf.customer_id, email="a@example.com", name="A", email_hmac=str(uuid4()), locale="es"
            )
        )
        return shelf


@asynccontextmanager
async def bench(url: str, keys_url: str, shelves: int = MANY) -> AsyncIterator[Bench]:
    """Over a migrated database, with new goods on so many shelves."""
    async with (
        open_pool(url, 8) as pool,
        open_pool(keys_url, 2) as keys_pool,
        PostgresLogReader(pool) as reader,
        GroupAppender(url) as appender,
    ):
        bus = build_bus(
            appender=appender,
            reader=reader,
            codec=Codec(EVENTS, UPCASTS),
            keys=PostgresKeys(keys_pool, bytes(32)),
            clock=SystemClock(),
            ids=Uuid7Ids(),
            digest=event_digest,
            registry=REGISTRY,
            chance=random.random,
            pepper=b"bench",
            snapshots=PostgresSnapshots(pool),
        )
        made = Bench(url, bus, appender, reader)
        await made.stock_up(shelves)
        settle()  # as the processes do that have a bus
        yield made


async def measure(url: str, keys_url: str, plan: Plan = QUICK) -> list[Figure]:
    """All figures of the append. The database must be empty, migrated, and nobody else's."""
    await asyncio.to_thread(pgbench.prepare, url)
    async with bench(url, keys_url) as made:
        return [
            *await _single(made, plan, FEW, "append_1", 0.45, 0.55),
            *await _single(made, plan, MANY, "append_64", 0.65, 0.85),
            await _orders(made, plan),
            await _latency(made, plan),
        ]


async def measure_appender(
    url: str, appender: GroupAppender, like: Stored, callers: int, plan: Plan = QUICK
) -> Sequence[Load]:
    """The appender alone, on commands that are encoded already: one event each, with the bytes of the given row."""

    async def send(_: int) -> None:
        verdict = await appender.append(encoded(like))
        assert isinstance(verdict, Accepted), verdict

    return [await load(url, send, callers, plan.seconds) for _ in range(plan.runs)]


def encoded(like: Stored) -> Append:
    """A command of one event on a new stream; its digest is made on the way in."""
    name = stream("stock", uuid4())
    event = NewEvent(name, 1, like.type, like.schema, uuid4(), datetime.now(UTC), like.metadata, like.payload, b"")
    return Append(uuid4(), bytes(32), {name: 0}, [event], b'{"id":"","version":1,"status":"OPEN"}')


async def _single(
    made: Bench, plan: Plan, callers: int, key: str, target: float, target_alone: float
) -> Sequence[Figure]:
    await made.receive(0)
    row = await last_row(made)
    script = pgbench.one_row(row)
    limits = [(await _limit(made, script, callers, plan)).rate]
    alone = await measure_appender(made.url, made.appender, row, callers, plan)
    limits.append((await _limit(made, script, callers, plan)).rate)
    through_bus = [await load(made.url, made.receive, callers, plan.seconds) for _ in range(plan.runs)]
    limits.append((await _limit(made, script, callers, plan)).rate)
    return [
        _rates(key, through_bus, Limit(limits), target),
        _rates(f"{key}_appender_alone", alone, Limit(limits), target_alone),
    ]


async def _orders(made: Bench, plan: Plan) -> Figure:
    first = await made.filled_cart(0)
    await made.send(first)
    rows = await _command_of(made)
    answer = await made.reader.answer(rows[0].command_id)
    assert answer is not None
    script = pgbench.one_command(rows, answer.answer)
    limits = [(await _limit(made, script, FEW, plan)).rate]
    loads = []
    for _ in range(plan.runs):
        orders = iter([order for at in range(0, ORDERS + 2, MANY) for order in await _carts(made, at)])
        loads.append(await load_of(made.url, lambda _: made.send(next(orders)), FEW, ORDERS))  # noqa: B023
    limits.append((await _limit(made, script, FEW, plan)).rate)
    figure = _rates("append_order", loads, Limit(limits), 0.50)
    return replace(figure, beside={**figure.beside, "events": float(len(rows))})


async def _carts(made: Bench, start: int) -> Sequence[PlaceOrder]:
    return await asyncio.gather(*(made.filled_cart(number) for number in range(start, start + MANY)))


async def _latency(made: Bench, plan: Plan) -> Figure:
    await made.receive(0)
    script = pgbench.one_row(await last_row(made))
    limits = [(await _limit(made, script, 1, plan)).p99]
    loads = [await load(made.url, made.receive, 1, plan.seconds) for _ in range(plan.runs)]
    limits.append((await _limit(made, script, 1, plan)).p99)
    limit = Limit(limits, lower_is_better=True)
    return Figure("append_latency", "ms", [each.p99 for each in loads], limit, 3.0, {"p50": loads[0].p50})


def _rates(key: str, loads: Sequence[Load], limit: Limit, target: float) -> Figure:
    middle = sorted(loads, key=lambda each: each.rate)[len(loads) // 2]
    beside = {"p99_ms": middle.p99, "commits_per_100": middle.commits}
    return Figure(key, "/s", [each.rate for each in loads], limit, target, beside)


async def _limit(made: Bench, script: str, clients: int, plan: Plan) -> pgbench.Speed:
    return await asyncio.to_thread(pgbench.run, made.url, script, clients, plan.seconds)


async def last_row(made: Bench) -> Stored:
    """The newest row of the log."""
    return (await made.reader.read(await made.reader.head() - 1, 1))[0]


async def _command_of(made: Bench) -> Sequence[Stored]:
    """All rows of the newest command."""
    last = await last_row(made)
    return [
        row for row in await made.reader.read(max(last.position - 256, 0), 256) if row.command_id == last.command_id
    ]
