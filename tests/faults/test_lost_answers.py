"""The answer to a commit is lost on its way. What is a client told who asks again under the same key? What was done."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

import httpx2
import pytest

from infra.embedded import postgres
from tests.faults.beside import beside
from tests.faults.lines import DROPPED, FROZEN, HOST, Line, open_line
from tests.faults.replies import Appends, HttpCommands
from tests.kit.client import ApiClient, Reply
from tests.kit.platform import base_of_free_ports
from tests.kit.shop import Bought, Shop

pytestmark = [pytest.mark.integration, pytest.mark.timeout(150)]


@dataclass(frozen=True, slots=True)
class Behind:
    """A REST door of its own between two lines: to the log, and to its clients."""

    shop: Shop
    log: Line
    door: Line

    async def customer(self) -> ApiClient:
        return await self.shop.customer(f"http://{HOST}:{self.door.port}")


@asynccontextmanager
async def door_between_lines(shop: Shop) -> AsyncIterator[Behind]:
    socket = postgres.socket_of(shop.urls["postgres"]) / ".s.PGSQL.5432"
    base = base_of_free_ports()
    async with AsyncExitStack() as stack:
        log = await stack.enter_async_context(open_line("log", str(socket), Appends))
        door = await stack.enter_async_context(open_line("door", (HOST, base + 1), HttpCommands))
        url = f"postgresql://{postgres.USER}@{HOST}:{log.port}/{{}}?sslmode=disable&gssencmode=disable"
        environment = {
            "TELOCOMPRO_POSTGRES_URL": url.format(postgres.DATABASE),
            "KEYS_DATABASE_URL": url.format(postgres.KEYS_DATABASE),
            "TELOCOMPRO_PORT_BASE": str(base),
        }
        program = ("read_api.main_http", "--only", "rest")
        await stack.enter_async_context(beside(shop.platform, *program, name="door", environment=environment))
        yield Behind(shop, log, door)


async def test_a_key_whose_first_answer_was_lost_is_one_order_one_charge_and_the_stored_answer(shop: Shop) -> None:
    variant = await shop.variant(stock=10)
    async with door_between_lines(shop) as between:
        for line, by in ((between.log, DROPPED), (between.log, FROZEN), (between.door, DROPPED)):
            customer = await between.customer()
            cart, key = await shop.cart(customer, [(variant, 1)]), uuid4().hex
            eaten = line.eaten
            line.eat(1, by)

            first = await _asked(customer, cart, key)
            line.calm()
            again = await _told(customer, cart, key)
            once_more = await _told(customer, cart, key)

            case = (line.name, by)
            assert line.eaten == eaten + 1, case
            assert first is None or first.status == 201 or first.code == "log.unknown", case
            assert again.body == once_more.body, case
            assert again.headers["idempotent-replayed"] == "true", case
            if first is not None and first.status == 201:
                assert first.body == again.body, case
            bought = Bought(shop, customer, again)
            await bought.paid()
            entries = await shop.provider.ledger(bought.id)
            assert [entry["kind"] for entry in entries] == ["authorised", "captured"], case
            assert {entry["amount"] for entry in entries} == {bought.total}, case
            listed = await customer.get("/orders", at_least=await shop.write.reader.head(), wait=5)
            assert [order["id"] for order in listed.body["items"]] == [bought.id], case

    assert await shop.available(variant) == 10 - 3


async def _asked(customer: ApiClient, cart: str, key: str) -> Reply | None:
    """None: no answer came."""
    try:
        return await customer.place(cart, key)
    except httpx2.HTTPError:
        return None


async def _told(customer: ApiClient, cart: str, key: str) -> Reply:
    """Asked until there is an answer."""
    while True:
        reply = await _asked(customer, cart, key)
        if reply is not None and reply.status < 500 and reply.code != "edge.in_flight":
            assert reply.status == 201, reply.body
            return reply
