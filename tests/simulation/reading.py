"""Clients read while everything goes wrong: what each answer said of itself must be true of the log."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from projections.order_tracking import view as tracking
from projections.order_tracking.projector import ORDER_TRACKING
from projections.running.folding import State, fold
from projections.running.projection import AnyProjection
from projections.running.reading import Behind, Found, Readers, Rebuilding
from projections.stock_levels import view as levels
from projections.stock_levels.projector import STOCK_LEVELS
from tests.simulation.chances import Chance
from tests.simulation.shoppers import Shop
from tests.simulation.wires import ConnectionLost
from tests.simulation.world import World
from write_model.kernel.message import Envelope

PATIENCE = 1.0  # seconds that a reader waits for a position
FOLLOWED = 6  # times
BETWEEN = (0.0, 0.0003, 0.001, 0.003, 0.05)  # seconds between two of them: an order is through in some milliseconds


@dataclass(frozen=True, slots=True)
class Read:
    """One answer: of which document, for which token, at which position."""

    projection: AnyProjection
    key: str
    at_least: int
    position: int
    document: Any  # None: there was no such document


class Reader:
    """One client that polls orders and stock, with the newest position that it has been told."""

    def __init__(self, world: World, shop: Shop, number: int) -> None:
        self._world = world
        self._shop = shop
        self._chance: Chance = world.chance(f"reader {number}")

    async def live(self) -> None:
        chance = self._chance
        placed: asyncio.Queue[UUID] = asyncio.Queue()
        self._shop.watching.append(placed)
        while not self._world.record.healed:
            try:
                async with asyncio.timeout(chance.between(0.05, 4.0)):
                    order_id = await placed.get()
            except TimeoutError:
                await self.look()
            else:
                async with asyncio.TaskGroup() as pages:
                    for _ in range(chance.whole(1, 3)):
                        pages.create_task(self.follow(order_id))

    async def follow(self, order_id: UUID) -> None:
        """As the pages after the checkout do: ask for the order again and again, while it moves."""
        for _ in range(FOLLOWED):
            if self._world.record.healed:
                return
            await self._ask(ORDER_TRACKING, str(order_id), 0, _order)
            await asyncio.sleep(self._chance.pick(BETWEEN))

    async def look(self) -> None:
        chance, shop = self._chance, self._shop
        answered = [said for said in shop.said if said.answer is not None]
        placed = [said for said in answered if said.answer is not None and said.answer.stream.startswith("order-")]
        projection: AnyProjection
        if not placed or chance.one() < 0.3:
            key, projection, ask = str(chance.pick(shop.variants)), STOCK_LEVELS, _stock
        else:
            said = chance.pick(placed)
            assert said.answer is not None
            key, projection, ask = str(said.answer.id), ORDER_TRACKING, _order
        newest = max(said.answer.position for said in answered if said.answer is not None)
        at_least = newest if chance.one() < 0.6 else 0
        await self._ask(projection, key, at_least, ask)

    async def _ask(
        self,
        projection: AnyProjection,
        key: str,
        at_least: int,
        ask: Callable[[Readers, str, int], Coroutine[Any, Any, Found[Any] | None]],
    ) -> None:
        record = self._world.record
        try:
            found, position = await self._world.read(lambda readers: _answer(readers, projection, key, at_least, ask))
        except (Behind, Rebuilding, ConnectionLost) as problem:
            record.seen[f"read answered {type(problem).__name__}"] += 1
            return
        except Exception as error:
            record.violation(f"a read ended by {type(error).__name__}: {error}")
            return
        record.seen["read answered"] += 1
        if found is not None and found.stale:
            record.seen["read flagged stale"] += 1
            return
        document = None if found is None else found.document
        position = position if found is None else found.position
        self._world.reads.append(Read(projection, key, at_least, position, document))


async def _answer(
    readers: Readers, projection: AnyProjection, key: str, at_least: int, ask: Any
) -> tuple[Found[Any] | None, int]:
    if at_least:
        await readers.freshness.wait(projection.source, at_least, PATIENCE)
    found = await ask(readers, key, at_least)
    return found, at_least


async def _order(readers: Readers, key: str, at_least: int) -> Found[Any] | None:
    return await tracking.order(readers, key, at_least)


async def _stock(readers: Readers, key: str, at_least: int) -> Found[Any] | None:
    return (await levels.stock(readers, [key], at_least)).get(key)


def check_reads(world: World, events: list[Envelope[Any]]) -> None:
    """Each document is what the log makes of its events up to the position that the answer named, and not older."""
    for read in world.reads:
        mine = [
            each
            for each in events
            if each.position <= read.position
            and type(each.event) in read.projection.types
            and read.key in read.projection.key(each)
        ]
        wanted = fold(read.projection, read.key, State(), mine).state.document
        name = f"{read.projection.target} {read.key} for {read.at_least} at {read.position}"
        if read.position < read.at_least:
            world.record.violation(f"{name}: older than was asked for")
        if _plain(wanted) != _plain(read.document):
            differing = _differing(wanted, read.document)
            world.record.violation(f"{name}: differs from the log in {differing}; {_matching(read, events)}")


def _matching(read: Read, events: list[Envelope[Any]]) -> str:
    """At which position it would have been right."""
    state = State()
    for each in events:
        if type(each.event) in read.projection.types and read.key in read.projection.key(each):
            state = fold(read.projection, read.key, state, [each]).state
            if _plain(state.document) == _plain(read.document):
                return f"it is the document of {each.position}"
    return "it is the document of no position"


def _plain(document: Any) -> Any:
    return None if document is None else msgspec.json.decode(msgspec.json.encode(document))


def _differing(wanted: Any, found: Any) -> str:
    ours, theirs = _plain(wanted) or {}, _plain(found) or {}
    return ", ".join(sorted(name for name in {**ours, **theirs} if ours.get(name) != theirs.get(name)))
