"""`telocompro bench`: does this machine reach the targets? Each figure stands beside a limit of the same run."""

import json
import os
import platform
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import psycopg
import typer

from infra.settings import Settings
from tools import running
from tools.bench.figures import Figure
from tools.bench.groups import APPEND, KEYS, Wanted, measure_doors, measure_history, measure_stores
from tools.bench.plan import QUICK, Plan

_OUT = Path("build") / "bench.json"
_LIBRARIES = ("uvicorn", "uvloop", "psycopg", "pymongo", "redis", "strawberry-graphql", "websockets", "msgspec")


def command(
    quick: Annotated[bool, typer.Option("--quick", help="The append alone, in short runs: under two minutes.")] = False,
    only: Annotated[str, typer.Option(help=f"Some of: {', '.join(KEYS)} (with commas between).")] = "",
    events: Annotated[int | None, typer.Option(min=1_000, help="Of the log that is rebuilt.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Measure on real servers with default durability, and write build/bench.json. Exit code 1: a target is missed."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what was started and made goes also then
    keys = wanted_keys(only, quick)
    plan = QUICK if quick else Plan()
    if events is not None:
        sizes = [size for size in plan.sizes if size < events]
        plan = replace(plan, events=events, projected=min(events, plan.projected), sizes=(*sizes, events))
    begun = time.monotonic()

    def told(text: str) -> None:
        if not as_json:
            print(f"[{time.monotonic() - begun:6.1f} s] {text}", file=sys.stderr)

    with running.stores(migrated=False) as settings:
        figures = list(_measured(settings, Wanted(keys, plan, told)))
        machine = _machine(settings.stores.postgres_url)
    report = {
        "figures": {figure.key: figure.as_json() for figure in figures},
        "machine": {**machine, "seconds": round(time.monotonic() - begun, 1)},
    }
    _OUT.parent.mkdir(exist_ok=True)
    _OUT.write_text(json.dumps(report, indent=1))
    print(json.dumps(report) if as_json else table(figures))
    if not all(figure.passes for figure in figures):
        sys.exit(1)


def wanted_keys(only: str, quick: bool) -> frozenset[str]:
    """Raises typer.BadParameter for a key that nobody measures."""
    named = [key.strip() for key in only.split(",") if key.strip()]
    for key in named:
        if key not in KEYS:
            raise typer.BadParameter(f"there is no figure {key}: say {', '.join(KEYS)}")
    return frozenset(named or (APPEND if quick else KEYS))


def table(figures: Sequence[Figure]) -> str:
    return "\n".join(figure.as_line() for figure in figures)


def _measured(settings: Settings, wanted: Wanted) -> Iterator[Figure]:
    for measured in (measure_stores(settings, wanted), measure_history(settings, wanted), measure_doors(wanted)):
        for figure in measured:
            wanted.told(figure.as_line())
            yield figure


def _machine(url: str) -> dict[str, object]:
    with psycopg.connect(url) as connection:
        server, durable = connection.info.server_version, connection.execute("show fsync").fetchone()
    return {
        "cpus": os.cpu_count(),
        "load": os.getloadavg(),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "postgresql": server,
        "fsync": None if durable is None else durable[0],
        "libraries": {name: version(name) for name in _LIBRARIES},
    }
