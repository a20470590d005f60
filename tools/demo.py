"""`telocompro demo`: one real purchase through the public API, told hop by hop; build/demo.json holds the figures.

Where no platform is up it starts everything for itself, and ends it after.
"""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from infra.embedded import run_json
from infra.settings import data_folder, read_settings
from tools import up
from tools.demo_purchase import Hop, purchase
from tools.programs import Program
from tools.screen import Screen

RESULT = Path("build") / "demo.json"


def command(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object: the hops.")] = False,
) -> None:
    """Buy something and show every hop with its time. Exit code 1: a hop is missing."""
    run = run_json.read(run_json.path(data_folder()))
    if run is None or "rest" not in run.urls:
        code = up.run(_own_platform(as_json), Screen(quiet=as_json))
    else:
        code = buy(run, Path(__file__).parents[1] / RESULT, as_json)
    raise typer.Exit(code)


def _own_platform(as_json: bool) -> up.Plan:
    """Everything, ended after one purchase: this command again, which then finds a platform."""
    plan = up.the_plan(demo=True, stay=False)
    if not as_json:
        return plan
    seed = Program("seed", "tools.cli", ("seed", "--json"))  # to its log: our output is the purchase's alone
    return replace(plan, before=[*plan.before, seed], after=[Program("demo", "tools.cli", ("demo", "--json"))])


def buy(run: run_json.RunJson, file: Path, as_json: bool) -> int:
    """On the platform of this run. The exit code."""
    begun = time.monotonic()
    settings = read_settings(run_json.path(Path(run.data)))
    hops = asyncio.run(purchase(settings, run.urls))
    is_complete = all(hop.ok for hop in hops)
    result: dict[str, Any] = {
        "ok": is_complete,
        "seconds": round(time.monotonic() - begun, 2),
        "hops": [asdict(hop) for hop in hops],
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(result, indent=2, ensure_ascii=False)
    file.write_text(f"{text}\n", encoding="utf-8")
    if as_json:
        print(text)
    else:
        show(hops, Console(highlight=False))
    return 0 if is_complete else 1


def show(hops: Sequence[Hop], console: Console) -> None:
    """A table in a terminal, plain lines elsewhere."""
    if not console.is_terminal:
        for hop in hops:
            print("  ".join(("✓" if hop.ok else "✗", f"{_ms(hop):>9}", f"{_position(hop):>7}", hop.name, hop.detail)))
        return
    table = Table(title="One purchase: milliseconds since the order was sent", title_justify="left")
    for title in ("", "ms", "position", "hop", ""):
        table.add_column(title, justify="right" if title in ("ms", "position") else "left", overflow="fold")
    for hop in hops:
        style = None if hop.ok else "bold red"
        table.add_row("✓" if hop.ok else "✗", _ms(hop), _position(hop), hop.name, hop.detail, style=style)
    console.print(table)


def _ms(hop: Hop) -> str:
    return "missing" if hop.milliseconds is None else f"{hop.milliseconds:.1f}"


def _position(hop: Hop) -> str:
    return "" if hop.position is None else str(hop.position)
