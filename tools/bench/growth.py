"""How does cost grow with the log? The keys `growth_*`: the same work over 10⁴, 10⁵ and 10⁶ events.

Each size in a process of its own (`python -m tools.bench.growth SECONDS`) on a copy of its history, so that what is
kept never grows. A key's value is the cost at the longest log over the cost at the shortest; the costs themselves stand
beside it, and in `build/growth.svg`.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from starlette.types import ASGIApp, Message

from infra.clock import SystemClock
from infra.collector import settle
from infra.settings import Settings, read_settings
from projections.main import NAMES, Opened, build, build_document_at
from projections.order_tracking.projector import ORDER_TRACKING
from projections.product_page.projector import PRODUCT_PAGE
from projections.product_reviews.projector import PRODUCT_REVIEWS
from projections.running.feed import Feed
from projections.running.projection import MONGO, AnyProjection
from projections.running.rebuild import Rebuild
from projections.stock_levels.projector import STOCK_LEVELS
from read_api.main_http import GRAPHQL, applications
from tools.bench.doors import LIST_QUERY
from tools.bench.figures import Figure, quantile
from tools.bench.history import at_database
from tools.bench.plots import drawing
from tools.bench.processes import MIB, peak_bytes
from tools.bench.projecting import count, followed
from tools.bench.rebuilding import environment
from tools.demo_catalogue import products
from tools.programs import ROOT
from write_model.handling.bus import Bus, Request
from write_model.kernel.message import Actor
from write_model.main import build as build_write
from write_model.stock.commands import ReceiveStock

MOST = 3.0  # times as dear at the longest log as at the shortest
MOST_MIB = 400.0
OUT = Path("build") / "growth.svg"
UNITS: Mapping[str, str] = {
    "append": "µs per command",
    "load": "ms per order",
    "project": "µs per event",
    "rebuild": "µs per event",
    "graphql": "ms per cold page",
    "as_of": "ms per order",
}
_ORDERS, _PAGES, _CALLERS = 200, 60, 16
_FAST = 0.1  # of the samples
_ROUNDS = 8
_NAME = "bench_growth"
_OPERATOR = Actor("operator", "bench")


@dataclass(frozen=True, slots=True)
class Point:
    """What things cost over a log of so many events, and how much memory all of it took."""

    events: int
    costs: Mapping[str, float]
    peak_mib: float


def measure(settings: Settings, seconds: float) -> Point:
    """Over this history."""
    with copied(settings) as copy:
        line = [sys.executable, "-m", "tools.bench.growth", str(seconds)]
        told = {**os.environ, **environment(copy)}
        done = subprocess.run(line, cwd=ROOT, env=told, capture_output=True, text=True, check=True)
    return Point(**json.loads(done.stdout.splitlines()[-1]))


def figures(points: Sequence[Point]) -> Sequence[Figure]:
    """One for each kind of cost."""
    made = []
    for name in UNITS:
        costs = [point.costs[name] for point in points]
        beside = {f"at_{point.events}": cost for point, cost in zip(points, costs, strict=True)}
        beside["peak_mib"] = max(point.peak_mib for point in points)
        made.append(
            Figure(f"growth_{name}", "times", [costs[-1] / costs[0]], None, MOST, beside, {"peak_mib": MOST_MIB})
        )
    return made


def draw(points: Sequence[Point], out: Path = OUT) -> None:
    """The plot beside the figures."""
    out.parent.mkdir(exist_ok=True)
    panels = {
        f"{name}: {unit}": [(point.events, point.costs[name]) for point in points] for name, unit in UNITS.items()
    }
    out.write_text(drawing("Cost over the length of the log (events)", panels), encoding="utf-8")


@contextmanager
def copied(settings: Settings) -> Iterator[Settings]:
    """The same log in databases of its own, gone afterwards."""
    copy, stores = at_database(settings, _NAME), settings.stores
    olds = [str(conninfo_to_dict(url)["dbname"]) for url in (stores.postgres_url, stores.keys_url)]
    news = [_NAME, f"{_NAME}_keys"]
    with psycopg.connect(at_database(settings, "postgres").stores.postgres_url, autocommit=True) as connection:

        def drop() -> None:
            for new in news:
                connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(new)))

        drop()
        for old, new in zip(olds, news, strict=True):
            statement = sql.SQL("create database {} template {} strategy file_copy")
            connection.execute(statement.format(sql.Identifier(new), sql.Identifier(old)))
        try:
            yield copy
        finally:
            drop()


async def _point(settings: Settings, seconds: float) -> Point:
    costs: dict[str, float] = {}
    async with build(settings) as opened, build_write(settings) as write:
        settle()
        events, folded = await opened.reader.head(), await count(opened)
        await opened.stores[MONGO].drop(ORDER_TRACKING.target)
        costs["project"] = await followed(opened, opened.stores[MONGO], MONGO) * 1e6 / folded
        costs["rebuild"] = await _filled(opened, ORDER_TRACKING) * 1e6 / folded
        for projection in (PRODUCT_PAGE, STOCK_LEVELS, PRODUCT_REVIEWS):
            await _filled(opened, projection)
        costs["graphql"] = await _pages(settings)
        orders = await asyncio.to_thread(_orders, settings.stores.postgres_url)
        costs["load"] = await _each(write.bus.known, [f"order-{key}" for key in orders])
        costs["as_of"] = await _each(lambda key: build_document_at(key, events, opened.reader, opened.decode), orders)
        costs["append"] = await _appended(write.bus, seconds)
        await opened.stores[MONGO].drop(ORDER_TRACKING.target)
    return Point(events, costs, peak_bytes() / MIB)


async def _filled(opened: Opened, projection: AnyProjection) -> float:
    """Seconds of filling the view from the beginning, in each of its stores in turn; of the first."""
    seconds: list[float] = []
    for name in projection.source.stores:
        store = opened.stores[name]
        await store.drop(projection.target)
        feed = Feed(opened.reader, opened.decode, NAMES, SystemClock())
        begun = time.perf_counter()
        await Rebuild(projection, store, feed, int(time.time())).run()
        seconds.append(time.perf_counter() - begun)
    return seconds[0]


def _orders(url: str) -> Sequence[str]:
    """Some of all times."""
    with psycopg.connect(url) as connection:
        connection.execute("select setseed(0.5)")
        found = connection.execute(
            "select substr(stream, 7) from log.stream_heads where stream like 'order-%%' order by random() limit %s",
            (_ORDERS,),
        ).fetchall()
    return [str(key) for (key,) in found]


async def _each(do: Callable[[str], Awaitable[object]], keys: Sequence[str]) -> float:
    """Milliseconds of one: of the fastest tenth, the slowest, so that what else the machine does hardly counts."""
    times = []
    for key in keys:
        begun = time.perf_counter()
        await do(key)
        times.append((time.perf_counter() - begun) * 1000)
    return quantile(times, _FAST)


async def _appended(bus: Bus, seconds: float) -> float:
    """Microseconds per command of one event, by callers that never wait for each other's streams: the best round."""
    return min([await _round(bus, seconds / _ROUNDS) for _ in range(_ROUNDS)])


async def _round(bus: Bus, seconds: float) -> float:
    variants = [variant.variant_id for product in products() for variant in product.variants][:_CALLERS]
    begun, done = time.perf_counter(), 0

    async def caller(number: int) -> None:
        nonlocal done
        command = ReceiveStock(variant_id=variants[number], quantity=1, reason="delivery")
        while time.perf_counter() < begun + seconds:
            await bus.handle(
                Request(command=command, caller="operator:bench", actor=_OPERATOR, key=str(uuid4()), fingerprint=b"-")
            )
            done += 1

    await asyncio.gather(*map(caller, range(len(variants))))
    return (time.perf_counter() - begun) * 1e6 / done


async def _pages(settings: Settings) -> float:
    """Milliseconds of a list of products that nobody has asked for before, in the HTTP process's own application."""
    async with applications(settings) as doors:
        asks = [
            json.dumps({"query": LIST_QUERY, "variables": {"most": 90_000_000 + number}}) for number in range(_PAGES)
        ]
        return await _each(lambda body: _asked(doors[GRAPHQL], body.encode()), asks)


async def _asked(door: ASGIApp, body: bytes) -> None:
    """Raises AssertionError for an answer without data."""
    headers = [(b"content-type", b"application/json"), (b"host", b"localhost"), (b"accept", b"application/json")]
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "root_path": "",
        "path": "/graphql",
        "raw_path": b"/graphql",
        "query_string": b"",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 1),
        "state": {},
    }
    came: list[bytes] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        came.append(message.get("body", b""))

    await door(scope, receive, send)
    answer = json.loads(b"".join(came))
    assert answer.get("data"), answer
    assert not answer.get("errors"), answer


def main() -> None:
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(asdict(runner.run(_point(read_settings(), float(sys.argv[1]))))))


if __name__ == "__main__":
    main()
