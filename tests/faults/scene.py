"""How is a round played? Shoppers shop, faults are injected, all is healed, and it is looked at what came of it."""

import asyncio
import random
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.faults.ground import open_ground
from tests.faults.harm import Harm
from tests.faults.history import History
from tests.faults.probes import Probes
from tests.faults.rounds import Round
from tests.faults.shoppers import Shop, Shopper
from tests.faults.tally import Tally
from tests.faults.verdict import verdict
from tests.kit.client import open_http
from tools.token import OPERATOR

VARIANTS, UNITS = 6, 100_000
IMPATIENCE = 0.05  # seconds at most between two tries of who measures


@dataclass(frozen=True, slots=True)
class Scene:
    """A platform of its own with people in it."""

    harm: Harm
    people: Sequence[Shopper]

    async def play(self, played: Round) -> None:
        """The acts one after the other, then the verdict."""
        harm, begun = self.harm, time.monotonic()
        known = len(harm.tally.violations)
        harm.shop.sign_in(harm.probes.party)
        harm.probes.carts.clear()
        acted = 0.0
        try:
            async with _load(self.people if played.load else ()):
                await self._acts(played)
                await harm.ground.calm()
            acted = time.monotonic() - begun
            await verdict(harm, played.name, compared=played.compared)
        except Exception as problem:  # so that the other rounds are played, too, and all is told at the end
            harm.tally.violated(f"{played.name}: no verdict: {type(problem).__name__}: {problem}"[:2000])
        say(f"{played.name}: {acted:.0f} s, checked after {time.monotonic() - begun - acted:.0f} s")
        for violation in harm.tally.violations[known:]:
            say(f"VIOLATED {violation}")

    async def _acts(self, played: Round) -> None:
        harm = self.harm
        for number, act in enumerate(played.acts):
            if harm.deadline is not None and time.monotonic() > harm.deadline:
                left = len(played.acts) - number
                harm.tally.facts["left out"] = left
                say(f"{left} kinds of faults are left out: there was no time for them")
                return
            try:
                await act(harm)
            except Exception as problem:  # what could not be finished is told, and the next round begins
                harm.tally.violated(f"{played.name}: {type(problem).__name__}: {problem}"[:2000])
                return


@asynccontextmanager
async def open_scene(
    folder: Path, tally: Tally, chance: random.Random, shoppers: int, deadline: float | None = None
) -> AsyncIterator[Scene]:
    """Started in `folder`, with goods, shoppers, and somebody who measures."""
    begun = time.monotonic()
    async with open_ground(folder) as ground, open_http(12.0) as http:
        say(f"platform up after {time.monotonic() - begun:.0f} s")
        with History(folder / "history.jsonl") as history:
            shop = Shop(ground.door, http, history, ground.signing_key())
            await shop.stock(VARIANTS, UNITS)
            prober = await shop.customer("prober")
            prober.api.http, prober.api.url, prober.longest_pause = ground.http, ground.urls["rest"], IMPATIENCE
            harm = Harm(ground, shop, Probes(ground, shop, prober), tally, chance, deadline)
            people = []
            for number in range(shoppers):
                customer = await shop.customer(f"shopper-{number}")
                cashier = shop.party(f"cashier-{number}", OPERATOR, "admin")
                people.append(Shopper(shop, customer, cashier, random.Random(chance.random())))
            yield Scene(harm, people)


@asynccontextmanager
async def _load(people: Sequence[Shopper]) -> AsyncIterator[None]:
    """They shop while the block runs; what they have begun they finish."""
    ended = asyncio.Event()
    shopping = [asyncio.create_task(each.run(ended)) for each in people]
    try:
        yield
    finally:
        ended.set()
        await asyncio.gather(*shopping)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
