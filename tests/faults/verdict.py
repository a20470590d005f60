"""After everything was healed: has it all come to its end, and does it add up?"""

import asyncio
import json
import math
import time
from collections.abc import Mapping
from typing import Any, LiteralString

import psycopg

from infra.embedded import run_json
from tests.checker.settling import UNDER_WAY
from tests.faults.ground import Ground
from tests.faults.harm import Harm

FINAL_SECONDS = 120.0  # in which fewer must be open than ever before, or it is taken for stuck
LONGEST = 900.0  # seconds, however slowly it gets fewer
AT_REST = 60.0  # seconds that the checker waits for the views
CHECK_SECONDS = 600.0  # of a look at everything: it grows with the log
LATE = 5.0  # seconds after its time in which a timer rings
STAGES = [*UNDER_WAY, "WAITING"]
OPEN: LiteralString = """
select (select count(*) from work.outbox where state in ('REQUESTED', 'LEASED')) as effects,
       (select count(*) from work.process_state where parked_at is not null) as parked,
       (select count(*) from work.process_state where state->'state'->>'stage' = any(%s)) as waiting,
       (select count(*) from work.timers t cross join work.virtual_clock c
           where t.at < clock_timestamp() + c.ahead - make_interval(secs => %s)) as timers,
       (select coalesce(sum(h.position - c.position), 0)
           from log.log_head h cross join work.checkpoints c) as messages
"""


class Backlog:
    """What is left after much was asked for may take its time as long as it gets less. Times are monotonic seconds."""

    def __init__(self, begun: float) -> None:
        self._end, self._until, self._fewest = begun + LONGEST, begun + FINAL_SECONDS, math.inf

    def may_wait(self, left: int | None, now: float) -> bool:
        """`left`: so many are open; None: nobody could say."""
        if left is not None and left < self._fewest:
            self._fewest, self._until = left, now + FINAL_SECONDS
        return now < min(self._until, self._end)


async def verdict(harm: Harm, name: str, *, compared: bool = True) -> None:
    """Heal, wait, check: whatever is wrong becomes a violation."""
    await harm.ground.calm()
    begun = time.monotonic()
    left = await _final(harm.ground)
    waited = time.monotonic() - begun
    if left:
        harm.tally.violated(f"{name}: not final after {waited:.0f} s: {left}")
    harm.shop.history.flush()
    checked = await _checked(harm, compared)
    charged = await _charges(harm)
    harm.tally.checks.append({"after": name, "final after": round(waited, 1), "orders": charged, **checked})
    for problem in harm.shop.problems:
        harm.tally.violated(f"{name}: {problem}")
    harm.shop.problems.clear()


async def _final(ground: Ground) -> Mapping[str, int]:
    """What is still open; nothing, as soon as nothing is, twice in a row."""
    backlog, calm = Backlog(time.monotonic()), 0
    while True:
        try:
            left = await asyncio.to_thread(_open, ground.stores.urls["postgres"])
        except psycopg.OperationalError as problem:
            left, count = {type(problem).__name__: 1}, None
        else:
            count = sum(left.values())
        calm = 0 if left else calm + 1
        if calm == 2 or not backlog.may_wait(count, time.monotonic()):
            return left
        await asyncio.sleep(0.5)


def _open(url: str) -> dict[str, int]:
    with psycopg.connect(url) as connection:
        cursor = connection.execute(OPEN, [STAGES, LATE])
        row, columns = cursor.fetchone(), cursor.description
    assert row is not None
    assert columns is not None
    return {column.name: int(count) for column, count in zip(columns, row, strict=True) if count}


async def _checked(harm: Harm, compared: bool) -> Mapping[str, Any]:
    """By the checker that shares no code with the platform; `compared`: by the platform's own comparison, too."""
    found: dict[str, Any] = {}
    run, history = str(run_json.path(harm.ground.data)), str(harm.shop.history.file)
    lines: dict[str, tuple[str, ...]] = {
        "checker": ("-m", "tests.checker", "--run", run, "--history", history, "--json", "--settle", f"{AT_REST:.0f}")
    }
    if compared:
        lines["verify"] = ("-m", "tools.cli", "verify", "--all", "--json")
    for name, line in lines.items():
        begun = time.monotonic()
        code, said = await harm.ground.command(*line, seconds=CHECK_SECONDS)
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
