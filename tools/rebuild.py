"""`telocompro rebuild NAME`: fold a read model again beside the live one, compare the two, and switch."""

import asyncio
import json
import os
import socket
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Annotated, Any
from uuid import uuid4

import typer
from rich.console import Console
from rich.progress import Progress

from infra.clock import SystemClock
from infra.ports import Fenced, Unavailable
from infra.settings import Settings
from projections.main import ALL, NAMES, Opened, build
from projections.running.beside import Around, Beside, RebuildRuns, RebuildStuck, Told, hold
from projections.running.comparing import Compared
from projections.running.ending import end
from projections.running.feed import Feed, Stuck
from projections.running.generations import NoPrevious
from projections.running.projection import AnyProjection
from tools.running import stores

WATCH_SECONDS = 0.2  # between two looks how far the live one is behind


class Wish(Enum):
    """What is asked for."""

    SWITCH = "rebuilt and switched"
    COMPARE = "rebuilt and compared"
    BACK = "switched back"
    DROP = "dropped"


@dataclass(slots=True)
class Staleness:
    """How far the live generation was behind the log while all this was done."""

    events: int = 0


def named(name: str) -> AnyProjection:
    """By its room's name, its view's, or its target's. Raises typer.BadParameter."""
    for projection in ALL:
        if name in (projection.name, projection.source.view, projection.source.family):
            return projection
    raise typer.BadParameter(f"there is no read model {name}: say {', '.join(each.name for each in ALL)}")


async def rebuild(
    settings: Settings, projection: AnyProjection, told: Told, wish: Wish = Wish.SWITCH
) -> dict[str, Any]:
    """What was done, as a report. Raises RebuildRuns, RebuildStuck, NoPrevious, Stuck, Fenced, Unavailable."""
    started = time.monotonic()
    async with build(settings) as opened, hold(projection, _around(opened), told) as beside, _watched(beside) as stale:
        done = await _done(beside, wish)
        generations = beside.now
        head = await opened.reader.head()
    return {
        "name": projection.name,
        "view": projection.source.family,
        "done": wish.value,
        "live": generations.live,
        "previous": generations.previous,
        "building": generations.building,
        **done,
        "head": head,
        "mostEventsBehind": stale.events,
        "seconds": round(time.monotonic() - started, 3),
    }


async def _done(beside: Beside, wish: Wish) -> Mapping[str, object]:
    if wish is Wish.DROP:
        return {"dropped": list(await beside.drop())}
    if wish is Wish.BACK:
        await beside.back()
        return {}
    await beside.build()
    compared = await beside.compare()
    if wish is Wish.SWITCH:
        await beside.switch()
    return {"compared": {store: _line(each) for store, each in compared.items()}}


def _line(compared: Compared) -> Mapping[str, object]:
    first = [asdict(difference) for difference in compared.first]
    return {"documents": compared.documents, "differing": compared.differing, "first": first}


def _around(opened: Opened) -> Around:
    clock = SystemClock()
    feed = Feed(opened.reader, opened.decode, NAMES, clock)
    worker = f"rebuild:{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"
    return Around(opened.stores, opened.generations, opened.leases, opened.reader, feed, clock, worker)


@asynccontextmanager
async def _watched(beside: Beside) -> AsyncIterator[Staleness]:
    """While the block runs the live generation is looked at."""
    seen = Staleness()

    async def watch() -> None:
        while True:
            with suppress(Unavailable):
                seen.events = max(seen.events, *(await beside.behind()).values())
            await asyncio.sleep(WATCH_SECONDS)

    watching = asyncio.create_task(watch())
    try:
        yield seen
    finally:
        await end([watching])


def command(
    name: Annotated[str, typer.Argument(help="Of the read model, as `verify --all` lists them.")],
    compare_only: Annotated[
        bool, typer.Option("--compare-only", help="Build and compare, and stay with the live one.")
    ] = False,
    back: Annotated[bool, typer.Option("--back", help="Go back to the generation before, at once.")] = False,
    drop: Annotated[bool, typer.Option("--drop", help="Drop every generation but the live one.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Fold a read model again beside the live one, compare the two document by document, and switch.

    The live one goes on serving and following. Killed at any moment, the same command goes on where it was. The
    generation before is kept, and kept up to date, until --drop or the next rebuild: --back changes to it and again.
    Exit code 2 and a code: another rebuild of it is under way, or there is nothing to go back to.
    """
    wishes = [wish for wish, said in ((Wish.COMPARE, compare_only), (Wish.BACK, back), (Wish.DROP, drop)) if said]
    if len(wishes) > 1:
        raise typer.BadParameter("say one of --compare-only, --back and --drop")
    projection = named(name)
    try:
        with stores() as settings, _progress(projection, as_json) as told:
            report = asyncio.run(rebuild(settings, projection, told, wishes[0] if wishes else Wish.SWITCH))
    except (RebuildRuns, RebuildStuck, NoPrevious, Fenced, Stuck, Unavailable) as refusal:
        _refuse(refusal, as_json)
        raise typer.Exit(2) from None
    print(json.dumps(report) if as_json else _readable(report))


@contextmanager
def _progress(projection: AnyProjection, quiet: bool) -> Iterator[Told]:
    """A line that says what is done and how far it is; nothing for machines."""
    with Progress(console=Console(stderr=True, quiet=quiet)) as bar:
        task = bar.add_task(projection.name)
        yield lambda doing, at, head: bar.update(
            task, description=f"{projection.name}: {doing}", completed=at, total=max(head, 1)
        )


def _refuse(refusal: Exception, as_json: bool) -> None:
    """With a code of the catalogue."""
    code = getattr(refusal, "code", "view.rebuild_running" if isinstance(refusal, Fenced) else "view.rebuild_stuck")
    detail = str(refusal) or "there is no generation before the live one"
    if as_json:
        print(json.dumps({"error": {"code": code, "detail": detail}}))
    typer.secho(f"{code}: {detail}", err=True, fg=typer.colors.RED)


def _readable(report: Mapping[str, Any]) -> str:
    lines = []
    for store, each in report.get("compared", {}).items():
        lines.append(f"{report['name']} in {store}: {each['documents']} documents compared, {each['differing']} differ")
        lines += [f"    {difference['key']}: {difference['what']}" for difference in each["first"]]
    kept = ", ".join(f"{name} {report[name]}" for name in ("previous", "building") if report[name] is not None)
    lines.append(
        f"{report['name']}: {report['done']} in {report['seconds']} s at position {report['head']};"
        f" generation {report['live']} is live{f', kept: {kept}' if kept else ''}"
    )
    lines.append(f"the live one was at most {report['mostEventsBehind']} events behind meanwhile")
    return "\n".join(lines)
