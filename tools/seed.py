"""`telocompro seed`: load the demo catalogue.

Every command has a key of its own, so that a second run changes nothing.
"""

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from infra.settings import Settings
from tools.demo_catalogue import DemoProduct, picture, products
from tools.running import stores
from write_model.checkout.commands import AddVariant
from write_model.handling.bus import Bus, Request
from write_model.kernel.message import Actor, Command
from write_model.product.commands import CreateProduct, PublishProduct
from write_model.product.events import Image
from write_model.stock.commands import ReceiveStock

AT_ONCE = 32  # products
IMAGES = "images"  # folder under TELOCOMPRO_DATA, served under this path
CURRENCY = "USD"


def draw(folder: Path, items: Sequence[DemoProduct]) -> None:
    """Each product's picture as a file."""
    folder.mkdir(parents=True, exist_ok=True)
    for item in items:
        file = folder / f"{item.name}.svg"
        if not file.exists():
            file.write_text(picture(item), encoding="utf-8")


def commands(item: DemoProduct) -> Iterator[tuple[str, Command]]:
    """What makes this product, in order, each under its key."""
    yield (
        f"create/{item.product_id}",
        CreateProduct(
            product_id=item.product_id,
            titles=item.titles,
            descriptions=item.descriptions,
            category=item.category,
            tax_category=item.tax_category,
            currency=CURRENCY,
            images=(Image(url=f"/{IMAGES}/{item.name}.svg", alt=item.titles),),
        ),
    )
    for variant in item.variants:
        yield (
            f"variant/{variant.variant_id}",
            AddVariant(
                product_id=item.product_id,
                variant_id=variant.variant_id,
                sku=variant.sku,
                attributes=variant.attributes,
                price_minor=variant.price_minor,
            ),
        )
        yield (
            f"receive/{variant.variant_id}",
            ReceiveStock(variant_id=variant.variant_id, quantity=variant.quantity, reason="first delivery"),
        )
    yield f"publish/{item.product_id}", PublishProduct(product_id=item.product_id)


async def load(bus: Bus, items: Sequence[DemoProduct], told: Callable[[int], None] = lambda done: None) -> int:
    """Send them all; how many commands did something that was not done before."""
    gate, done, fresh = asyncio.Semaphore(AT_ONCE), 0, 0

    async def one(item: DemoProduct) -> None:
        nonlocal done, fresh
        async with gate:
            for key, command in commands(item):
                actor = Actor("operator", "seed")
                answer = await bus.handle(Request(command=command, caller="operator:seed", actor=actor, key=key))
                fresh += not answer.replayed
            done += 1
            told(done)

    async with asyncio.TaskGroup() as tasks:
        for item in items:
            tasks.create_task(one(item))
    return fresh


async def seed(settings: Settings, told: Callable[[int], None] = lambda done: None) -> dict[str, int]:
    """Catalogue and pictures. What it came to."""
    from write_model.main import build

    items = list(products())
    draw(settings.runtime.data / IMAGES, items)
    async with build(settings) as write:
        fresh = await load(write.bus, items, told)
    return {"products": len(items), "variants": sum(len(item.variants) for item in items), "commands": fresh}


def command(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Load the demo catalogue: 200 products in Spanish and English. Safe to run again."""
    with stores() as settings:
        found = asyncio.run(seed(settings))
    if as_json:
        print(json.dumps(found))
    else:
        print(f"{found['products']} products, {found['variants']} variants; {found['commands']} new commands")
