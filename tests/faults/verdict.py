"""After everything was healed: has it all come to its end, and does it add up?"""

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any

import psycopg

from infra.embedded import run_json
from tests.faults.ground import Ground
from tests.faults.harm import Harm

FINAL_SECONDS = 150.0
OPEN = """
select (select count(*) from work.outbox where state in ('REQUESTED', 'LEASED')) as effects,
       (select count(*) from work.process_state where parked_at is not null) as parked,
       (select count(*) from read.orders_v1 where document->>'status' in ('PLACED', 'AWAITING_PAYMENT')) as waiting
"""


async def verdict(harm: Harm, name: str, *, compared: bool = True) -> None:
    """Heal, wait, check: whatever is wrong becomes a violation."""
    await harm.ground.calm()
    begun = time.monotonic()
    left = await _final(harm.ground)
    waited = time.monotonic() - begun
    if left:
        harm.tally.violated(f"{name}: not final after {FINAL_SECONDS:.0f} s: {left}")
    harm.shop.history.flush()
    checked = await _checked(harm, compared)
    charged = await _charges(harm)
    harm.tally.checks.append({"after": name, "final after": round(waited, 1), "orders": charged, **checked})
    for problem in harm.shop.problems:
        harm.tally.violated(f"{name}: {problem}")
    harm.shop.problems.clear()


async def _final(ground: Ground) -> Mapping[str, int]:
    """What is still open; nothing, as soon as nothing is, twice in a row."""
    until, calm = time.monotonic() + FINAL_SECONDS, 0
    left: dict[str, int] = {}
    while time.monotonic() < until:
        try:
            left = await asyncio.to_thread(_open, ground.stores.urls["postgres"])
        except psycopg.OperationalError as problem:
            left = {type(problem).__name__: 1}
        calm = 0 if left else calm + 1
        if calm == 2:
            return {}
        await asyncio.sleep(0.5)
    return left


def _open(url: str) -> dict[str, int]:
    with psycopg.connect(url) as connection:
        cursor = connection.execute(OPEN)
        row, columns = cursor.fetchone(), cursor.description
    assert row is not None
    assert columns is not None
    return {column.name: count for column, count in zip(columns, row, strict=True) if count}


async def _checked(harm: Harm, compared: bool) -> Mapping[str, Any]:
    """By the checker that shares no code with the platform; `compared`: by the platform's own comparison, too."""
    found: dict[str, Any] = {}
    run, history = str(run_json.path(harm.ground.data)), str(harm.shop.history.file)
    lines: dict[str, tuple[str, ...]] = {
        "checker": ("-m", "tests.checker", "--run", run, "--history", history, "--json")
    }
    if compared:
        lines["verify"] = ("-m", "tools.cli", "verify", "--all", "--json")
    for name, line in lines.items():
        begun = time.monotonic()
        code, said = await harm.ground.command(*line)
        found[f"{name} took"] = round(time.monotonic() - begun, 1)
        found[name] = code
        if code != 0:
            harm.tally.violated(f"{name}: {said[-2000:]}")
            continue
        report = json.loads(said)
        found[f"{name} looked at"] = report.get("rows") or report.get("views", {}).get("documents")
    return found


async def _charges(harm: Harm) -> int:
    """By the provider's ledger: at most one charge of an order stands. How many orders there are."""
    balances = (await harm.ground.provider.control("GET", "/balances"))["balances"]
    known = set(harm.shop.orders)
    for balance in balances:
        charged = [intent for intent in balance["intents"] if balance["captured"]]
        if balance["order_id"] in known and balance["held"] != 0:
            harm.tally.violated(f"order {balance['order_id']}: {balance['held']} are still held")
        if len(charged) > 1 and balance["kept"] > balance["authorised"] / len(charged):
            harm.tally.violated(f"order {balance['order_id']}: charged {len(charged)} times")
    return len(known)
