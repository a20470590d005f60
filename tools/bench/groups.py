"""Which figures are measured together, and on what? In the order in which the bench goes through them."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql

from infra.embedded import postgres
from infra.postgres.migrate import migrate
from infra.settings import Settings
from tools.bench.figures import Figure
from tools.bench.plan import Plan

Measured = Coroutine[Any, Any, Sequence[Figure]]
APPEND = ("append_1", "append_64", "append_order", "append_latency")  # what a quick run measures
PROJECT = ("project_mongo", "project_redis", "project_sql")
STORES: Sequence[tuple[tuple[str, ...], str, str]] = (  # keys, module, function over an empty log of its own
    (APPEND, "append", "measure"),
    (("append_procs",), "racing", "measure_processes"),
    (("hot_sku",), "racing", "measure_hot"),
    (("load_aggregate",), "loading", "measure"),
    (("import",), "importing", "measure"),
)
GROWTH = tuple(f"growth_{name}" for name in ("append", "load", "project", "rebuild", "graphql", "as_of"))
HISTORY: Mapping[str, tuple[str, ...]] = {"project": PROJECT, "rebuild": ("rebuild",), "growth": GROWTH}
DOORS: Sequence[tuple[tuple[str, ...], str, str]] = (  # keys, module, function over a whole platform
    (("idle",), "resting", "measure"),
    (("rest_command",), "doors", "measure_command"),
    (("graphql_product",), "doors", "measure_product"),
    (("graphql_list",), "doors", "measure_list"),
    (("rest_list",), "doors", "measure_rest_list"),
    (("purchase",), "buying", "measure"),
    (("visible",), "reacting", "measure_visible"),
    (("push",), "reacting", "measure_push"),
    (("sockets",), "sockets", "measure"),
)
KEYS: Sequence[str] = (
    *(key for keys, _, _ in STORES for key in keys),
    *(key for keys in HISTORY.values() for key in keys),
    *(key for keys, _, _ in DOORS for key in keys),
)

Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which keys, how long, and who is told how far it is."""

    keys: frozenset[str]
    plan: Plan
    told: Told

    def any_of(self, keys: Sequence[str]) -> bool:
        if self.keys.isdisjoint(keys):
            return False
        self.told(", ".join(keys))
        return True


def measure_stores(settings: Settings, wanted: Wanted) -> Iterator[Figure]:
    """What needs a log alone."""
    for keys, module, function in STORES:
        if wanted.any_of(keys):
            with own_databases(settings.stores.postgres_url) as (url, keys_url):
                migrate(url, keys_url)
                yield from run(_named(module, function)(url, keys_url, wanted.plan))


def measure_history(settings: Settings, wanted: Wanted) -> Iterator[Figure]:
    """What needs a long log and the stores of the read side."""
    from tools.bench.history import history

    plan = wanted.plan
    if wanted.any_of(HISTORY["project"]):
        with history(settings, plan.projected, lambda done: wanted.told(f"making history: {done}")) as found:
            yield from run(_named("projecting", "measure")(found, plan))
    if wanted.any_of(HISTORY["rebuild"]):
        with history(settings, plan.events, lambda done: wanted.told(f"making history: {done}")) as found:
            yield from _named("rebuilding", "measure")(found, plan)
    if wanted.any_of(HISTORY["growth"]):
        points = []
        for events in plan.sizes:
            wanted.told(f"over {events} events")
            with history(settings, events, lambda done: wanted.told(f"making history: {done}")) as found:
                points.append(_named("growth", "measure")(found, float(plan.seconds)))
        _named("growth", "draw")(points)
        yield from _named("growth", "figures")(points)


def measure_doors(wanted: Wanted) -> Iterator[Figure]:
    """What needs a whole platform."""
    if wanted.keys.isdisjoint(key for keys, _, _ in DOORS for key in keys):
        return
    from tools.bench.shop import open_shop

    wanted.told("starting a platform, twice")
    with ExitStack() as stack:
        shop = stack.enter_context(open_shop())
        for keys, module, function in DOORS:
            if wanted.any_of(keys):
                yield from run(_named(module, function)(shop, wanted.plan))


def run(measured: Measured) -> Sequence[Figure]:
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(measured)


def _named(module: str, function: str) -> Callable[..., Any]:
    import importlib

    found: Callable[..., Any] = getattr(importlib.import_module(f"tools.bench.{module}"), function)
    return found


@contextmanager
def own_databases(url: str) -> Iterator[tuple[str, str]]:
    """Two empty databases on that server, gone afterwards: nothing of a running platform is touched."""
    name = f"bench_{uuid4().hex}"
    names = (name, f"{name}_keys")
    with psycopg.connect(url, autocommit=True) as connection:
        for each in names:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(each)))
    try:
        yield postgres.named(url, names[0]), postgres.named(url, names[1])
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            for each in names:
                connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(each)))
