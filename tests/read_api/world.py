"""The read side over memory twins: what the shop's commands did, folded as the projections fold it."""

import json
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx2
from starlette.applications import Starlette

from infra.clock import SystemClock
from infra.memory.key_values import MemoryKeyValues
from infra.memory.views import MemoryViewStore
from infra.observability.requests import AccessLog
from infra.ports import Cached, Doc, Query
from infra.security import jwks
from infra.security.tokens import Verifier
from projections.main import ALL, build_document_at, touching
from projections.order_tracking.view import Found, OrderTracking
from projections.product_page.view import LISTED, Readers
from projections.product_page.view import SOURCE as PRODUCTS
from projections.running.folding import State, fold, grouped, numbered
from projections.running.freshness import Freshness
from projections.running.projection import MONGO, SQL, AnyProjection
from read_api.graphql.context import Platform
from read_api.kept.answers import Answers
from read_api.kept.changes import Changes
from read_api.kept.documents import Documents
from read_api.kept.front import Front, Questions
from read_api.main_http import GRAPHQL_KEPT, REST_KEPT, graphql
from read_api.rest import app as rest
from tests.write_model.api.shop import Shop, open_shop, signing_key
from write_model.handling.registry import decoder
from write_model.kernel.message import Envelope, Event

Answer = httpx2.Response


class CountingStore(MemoryViewStore):
    """Counts the questions for documents; checkpoints are not such."""

    asked = 0

    async def load(self, target: str, keys: Collection[str], whole: bool = False) -> Mapping[str, Doc]:
        self.asked += 1
        return await super().load(target, keys, whole)

    async def find(self, target: str, query: Query) -> Sequence[Doc]:
        self.asked += 1
        return await super().find(target, query)


class CountingCopies(MemoryKeyValues):
    asked = 0

    async def get(self, view: str, keys: Sequence[str]) -> Sequence[Cached]:
        self.asked += 1
        return await super().get(view, keys)


@dataclass
class World:
    """`shop` writes; `catch_up` folds all that was written into the stores, so that it can be read."""

    shop: Shop
    mongo: CountingStore = field(default_factory=CountingStore)
    sql: CountingStore = field(
        default_factory=lambda: CountingStore(by_columns=True, relations={LISTED: PRODUCTS.target})
    )
    copies: CountingCopies = field(default_factory=CountingCopies)

    def __post_init__(self) -> None:
        self.stores = {MONGO: self.mongo, SQL: self.sql}
        self.readers = Readers(self.stores, self.copies, Freshness(self.stores, SystemClock()))
        self.verifier = Verifier(jwks.document([signing_key().public]), lambda: self.clock._now.timestamp())
        self.decode = decoder(self.shop.world.codec, self.shop.world.keys)
        self.changes = Changes(touching(self.shop.world.log, self.decode), self.readers.freshness, SystemClock())
        self.answers = Answers(self.changes)
        documents = Documents(self.readers, self.changes)
        self.platform = Platform(self.readers, self.bus, self.clock, self.shop.world.ids, self.as_of, documents)
        self.app = graphql(self.platform, self.verifier)
        self.client = self.shop.client_of(self.front(self.app, GRAPHQL_KEPT))  # type: ignore[arg-type]  # any ASGI
        reads = rest.operations(self.readers, self.verifier, self.as_of)
        self.rest_app = Starlette(routes=[*rest.routes(reads), *rest.health(self.readers)])
        self.rest = self.shop.client_of(self.front(self.rest_app, REST_KEPT))  # type: ignore[arg-type]

    def front(self, app: Any, questions: Questions) -> Front:
        new_id, say = self.shop.world.ids.new, AccessLog()
        return Front(app, self.answers, questions, self.verifier, self.clock, new_id, say)

    @property
    def clock(self) -> Any:
        return self.shop.world.clock

    @property
    def bus(self) -> Any:
        return self.shop.world.bus

    @property
    def questions(self) -> int:
        """For documents, to all stores."""
        return self.mongo.asked + self.sql.asked + self.copies.asked

    async def as_of(self, order: OrderTracking, moment: int | datetime) -> Found[OrderTracking] | None:
        return await build_document_at(order.id, moment, self.shop.world.log, self.decode, order)

    async def head(self) -> int:
        return await self.shop.world.log.head()

    async def catch_up(self) -> int:
        """The position up to which all views hold everything."""
        rows = await self.shop.world.log.read(0, 100_000)
        envelopes = await self.decode(rows)
        head = rows[-1].position if rows else 0
        for projection in ALL:
            docs = _folded(projection, envelopes)
            for name in projection.source.stores:
                store, target = self.stores[name], projection.target
                after = await store.take(target, 1)
                await store.commit(target, 1, after, head, docs)
        await self.readers.freshness.refresh()
        await self.changes.look()
        return head

    async def ask(
        self,
        query: str,
        variables: Mapping[str, object] | None = None,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Over GraphQL."""
        body = {"query": query} if variables is None else {"query": query, "variables": variables}
        return await self.raw(json.dumps(body).encode(), token=token, headers=headers)

    async def raw(self, body: bytes, *, token: str | None = None, headers: Mapping[str, str] | None = None) -> Answer:
        sent = {"Content-Type": "application/json", **(headers or {})}
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        return await self.client.post("/graphql", content=body, headers=sent)

    async def get(self, path: str, *, token: str | None = None, headers: Mapping[str, str] | None = None) -> Answer:
        """Over REST."""
        sent = dict(headers or {})
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        return await self.rest.get(f"{rest.PREFIX}{path}", headers=sent)

    async def ready_to_order(self, email: str = "ana@example.com", units: int = 5) -> "Shopper":
        """A customer with a cart of one unit that can be ordered."""
        variant = await self.shop.variant_on_sale(units)
        customer_id, token = await self.shop.customer(email)
        cart = await self.shop.ready_cart(token, variant)
        return Shopper(customer_id, token, variant, cart)

    async def ordered(self, email: str = "ana@example.com") -> tuple["Shopper", str]:
        """The same with the order placed: its id."""
        shopper = await self.ready_to_order(email)
        placed = await self.shop.send("POST", "/orders", {"cartId": shopper.cart}, token=shopper.token, key="first")
        assert placed.status_code == 201, placed.text
        return shopper, str(placed.json()["id"])


@dataclass(frozen=True)
class Shopper:
    customer_id: UUID
    token: str
    variant: str
    cart: str


@asynccontextmanager
async def open_world() -> AsyncIterator[World]:
    async with open_shop() as shop:
        world = World(shop)
        try:
            yield world
        finally:
            await world.client.aclose()
            await world.rest.aclose()


def code_of(answer: Answer) -> str:
    """Of the first error, or of the problem."""
    body = answer.json()
    return str(body["code"] if "code" in body else body["errors"][0]["extensions"]["code"])


def _folded(projection: AnyProjection, envelopes: Sequence[Envelope[Event]]) -> list[Doc]:
    if projection.numbered:
        return list(numbered(projection, envelopes).values())
    docs: list[Doc] = []
    for key, ours in grouped(projection, envelopes).items():
        done = fold(projection, key, State(), ours)
        assert done.poison is None, done.poison
        docs += [projection.doc(key, done.state.position, done.state.document), *done.entries]
    return docs
