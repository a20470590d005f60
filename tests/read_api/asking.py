"""Asks, and tells whether the stores were asked as well."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.read_api.world import Answer, World

LIST = """query List($most: Minor) { products(where: {price: {max: $most}}) {
  nodes { id title variants { id price { amountMinor } stock { available } } } } }"""
PLAIN = "{ products { nodes { id variants { price { amountMinor } } } } }"


@dataclass
class Asking:
    """Asks, and tells whether the stores were asked."""

    world: World

    async def __call__(self, query: str, *, token: str | None = None, **headers: str) -> tuple[Answer, bool]:
        before = self.world.questions
        sent = {name.replace("_", "-"): text for name, text in headers.items()}
        answer = await self.world.ask(query, token=token, headers=sent)
        return answer, self.world.questions > before

    async def get(self, path: str, *, token: str | None = None, **headers: str) -> tuple[Answer, bool]:
        before = self.world.questions
        sent = {name.replace("_", "-"): text for name, text in headers.items()}
        answer = await self.world.get(path, token=token, headers=sent)
        return answer, self.world.questions > before


@pytest.fixture
async def ask(world: World) -> Asking:
    for number in range(3):
        await world.shop.variant_on_sale(units=number + 1, price_minor=1000 + number)
    await world.catch_up()
    return Asking(world)


async def variants(world: World) -> list[dict[str, Any]]:
    page = (await world.ask("{ products { nodes { id variants { id } } } }")).json()["data"]["products"]
    return [{"product": node["id"], "variant": node["variants"][0]["id"]} for node in page["nodes"]]
