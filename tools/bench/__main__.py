"""`telocompro bench`: does this machine reach the targets? Each figure stands beside a limit of the same run."""

import asyncio
import json
import os
import platform
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import psycopg
import typer
from psycopg import sql

from infra.embedded import postgres
from infra.postgres.migrate import migrate
from tools import running
from tools.bench.append import QUICK, Plan, measure
from tools.bench.figures import Figure

_OUT = Path("build") / "bench.json"


def command(
    quick: Annotated[bool, typer.Option("--quick", help="Short runs: under two minutes.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Measure the append on real servers with default durability, and write build/bench.json."""
    import uvloop

    with running.stores(migrated=False) as settings, own_databases(settings.stores.postgres_url) as (url, keys_url):
        migrate(url, keys_url)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            figures = runner.run(measure(url, keys_url, QUICK if quick else Plan()))
        machine = _machine(url)
    report = {"figures": {figure.key: figure.as_json() for figure in figures}, "machine": machine}
    _OUT.parent.mkdir(exist_ok=True)
    _OUT.write_text(json.dumps(report, indent=1))
    print(json.dumps(report) if as_json else table(figures))
    if not all(figure.passes for figure in figures):
        sys.exit(1)


def table(figures: Sequence[Figure]) -> str:
    return "\n".join(figure.as_line() for figure in figures)


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


def _machine(url: str) -> dict[str, object]:
    with psycopg.connect(url) as connection:
        version, durable = connection.info.server_version, connection.execute("show fsync").fetchone()
    return {
        "cpus": os.cpu_count(),
        "load": os.getloadavg(),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "postgresql": version,
        "fsync": None if durable is None else durable[0],
    }
