"""A client that asks the same things again and again while something is done to the stores behind them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx2

from tests.kit.client import ApiClient, Reply, eventually, graphql
from tests.kit.shop import Shop

EVERY = 0.05  # seconds
SETTLING = 20.0  # seconds, at most, until everything shows what is expected
AFTER = 0.5  # seconds of polling before and after what is done


@dataclass(slots=True)
class Polling:
    """Product, products, stock, cart, order and orders over REST, five of them over GraphQL."""

    shop: Shop
    customer: ApiClient
    reads: dict[str, str]  # path → what the answer must hold
    query: str
    wrong: list[str] = field(default_factory=list)
    count: int = 0
    events_behind: int = 0  # at most, by the positions that the answers tell
    seconds_behind: float = 0.0
    oldest: str = "none"  # the question that was answered with that
    _heads: list[tuple[int, float]] = field(default_factory=list)  # the log's, and when it was first seen there

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            begun = self._now()
            await asyncio.gather(*(self._rest(path, text) for path, text in self.reads.items()), self._graphql())
            await asyncio.sleep(max(0.0, begun + EVERY - self._now()))

    async def watch(self) -> None:
        """See how the log grows, until cancelled."""
        while True:
            head = await self.shop.write.reader.head()
            if not self._heads or head > self._heads[-1][0]:
                self._heads.append((head, self._now()))
            await asyncio.sleep(EVERY)

    async def settled(self) -> None:
        """Until every read shows what is expected, asked without a position: such a read may show an older copy."""

        async def look() -> bool | None:
            answers = [(await self.customer.get(path), text) for path, text in self.reads.items()]
            asked = await graphql(self.customer, self.shop.urls["graphql"], self.query)
            return (all(_holds(read, text) for read, text in answers) and _is_whole(asked)) or None

        await eventually(look, SETTLING)

    async def _rest(self, path: str, text: str) -> None:
        head, asked = self._heads[-1][0], self._now()
        try:
            answer = await self.customer.get(path)
        except httpx2.HTTPError as problem:
            self.wrong.append(f"{path}: {problem!r}")
            return
        self.count += 1
        if not _holds(answer, text):
            self.wrong.append(f"{path}: {answer.status} {answer.body}"[:300])
        else:
            self._saw(path, int(answer.headers["consistency-token"]), head, asked)

    async def _graphql(self) -> None:
        head, asked = self._heads[-1][0], self._now()
        answer = await graphql(self.customer, self.shop.urls["graphql"], self.query)
        self.count += 1
        if not _is_whole(answer):
            self.wrong.append(f"GraphQL: {answer.status} {answer.body}"[:300])
        else:
            self._saw("GraphQL", int(answer.body["extensions"]["position"]), head, asked)

    def _saw(self, question: str, position: int, head: int, asked: float) -> None:
        """An answer holds everything up to `position`; the log stood at `head` when it was asked for."""
        if position >= head:
            return
        missing = next((seen for at, seen in self._heads if at > position), asked)
        self.events_behind = max(self.events_behind, head - position)
        if asked - missing > self.seconds_behind:
            self.seconds_behind, self.oldest = asked - missing, question

    def told(self) -> str:
        """For people who read the test's output."""
        return (
            f"{self.count} answers, {len(self.wrong)} wrong;"
            f" at most {self.events_behind} events or {self.seconds_behind:.3f} s behind the log ({self.oldest})"
        )

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


@asynccontextmanager
async def polling(shop: Shop) -> AsyncIterator[Polling]:
    """While the block runs; what went wrong is in `wrong`."""
    variant = await shop.variant(stock=100)
    bought = await shop.buy(variant, wait=5)
    await bought.paid()
    cart = await shop.cart(bought.customer, [(variant, 1)])
    product, after = await shop.product_of(variant), await shop.write.reader.head()
    reads = {
        f"/products/{product}": variant,
        "/products?limit=5": "items",
        f"/stock-items/{variant}": variant,
        f"/carts/{cart}": variant,
        f"/orders/{bought.id}": bought.placed.body["number"],
        "/orders": bought.id,
    }
    for path in reads:
        read = await bought.customer.get(path, after, wait=5)
        assert (path, read.status) == (path, 200), read.body
    query = (
        f'{{ product(id: "{product}") {{ id }} cart(id: "{cart}") {{ id }} order(id: "{bought.id}") {{ id }}'
        " products { edges { node { id } } } orders { edges { node { id } } } }"
    )
    client = Polling(shop, bought.customer, reads, query)
    await client.settled()
    watching = asyncio.create_task(client.watch())
    while not client._heads:  # noqa: ASYNC110 it looks at once
        await asyncio.sleep(0.01)
    running = asyncio.create_task(client.run())
    try:
        await asyncio.sleep(AFTER)
        yield client
        await asyncio.sleep(AFTER)
        assert not running.done(), running
    finally:
        for task in (running, watching):
            task.cancel()
        await asyncio.gather(running, watching, return_exceptions=True)
        print(client.told())  # noqa: T201 it belongs to the test's output


def _holds(answer: Reply, text: str) -> bool:
    return answer.status == 200 and text in str(answer.body)


def _is_whole(answer: Reply) -> bool:
    return answer.status == 200 and "errors" not in answer.body and None not in answer.body["data"].values()
