"""`telocompro parked`: which keys wait because something of theirs could not be handled, and how do they go on?"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from infra.ports import Parked, Unavailable
from infra.postgres.pool import open_pool
from infra.postgres.work_store import PostgresWorkStore
from infra.settings import Settings
from processes.main import PROCESSES
from projections.main import ALL
from projections.main import build as build_projections
from projections.running.runner import RETRY_PARKED_SECONDS
from tools.running import stores


class NotParked(Exception):
    """Nothing of this name waits under this key."""

    code = "process.not_parked"


async def read(settings: Settings) -> Mapping[str, Sequence[Parked]]:
    """Of processes, and of read models by the store that they wait in. Raises Unavailable."""
    async with open_pool(settings.stores.postgres_url, 1) as pool:
        found: dict[str, Sequence[Parked]] = {"processes": await PostgresWorkStore(pool).parked()}
    async with build_projections(settings) as opened:
        for projection in ALL:
            source = await opened.live(projection.source)
            for store in source.stores:
                parked = await opened.stores[store].parked(source.target)
                found[store] = [*found.get(store, ()), *parked]
    return found


async def release(settings: Settings, process: str, key: str) -> Parked:
    """Let a process go on with a key; its runner hears what has waited, in order. Raises NotParked, Unavailable."""
    async with open_pool(settings.stores.postgres_url, 1) as pool:
        work = PostgresWorkStore(pool)
        for parked in await work.parked():
            if (parked.name, parked.key) == (process, key):
                await work.release(process, key)
                return parked
    raise NotParked(f"{process} has not parked the key {key}")


def _chosen(wish: str) -> tuple[str, str]:
    """The process and its key. Raises typer.BadParameter."""
    process, _, key = wish.partition(":")
    names = [each.name for each in PROCESSES]
    if process not in names or not key:
        raise typer.BadParameter(f"say PROCESS:KEY, of one of {', '.join(names)}")
    return process, key


def command(
    go_on: Annotated[
        str | None, typer.Option("--release", metavar="PROCESS:KEY", help="Let this key of a process go on.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Keys that wait, with the position of the event or timer that could not be handled and what was said.

    Everything else flows. Mend the cause first (the program's log has the traceback). A read model tries its keys again
    by itself, at each start and every half minute. A process waits for --release: then it hears all that has waited.
    Exit code 1: a process has parked a key. 2 and a code: there is nothing to release, or no store.
    """
    wish = None if go_on is None else _chosen(go_on)
    try:
        with stores() as settings:
            if wish is not None:
                let_go = asyncio.run(release(settings, *wish))
                print(json.dumps({"released": _line(let_go)}) if as_json else f"released {go_on}")
                return
            found = asyncio.run(read(settings))
    except (NotParked, Unavailable) as refusal:
        _refuse(refusal, as_json)
        raise typer.Exit(2) from None
    print(
        json.dumps({where: [_line(each) for each in parked] for where, parked in found.items()})
        if as_json
        else _readable(found)
    )
    if found["processes"]:
        raise typer.Exit(1)


def _line(parked: Parked) -> Mapping[str, Any]:
    return {"name": parked.name, "key": parked.key, "position": parked.position, "error": parked.error}


def _refuse(refusal: Exception, as_json: bool) -> None:
    """With a code of the catalogue."""
    code = getattr(refusal, "code", "log.unavailable")
    if as_json:
        print(json.dumps({"error": {"code": code, "detail": str(refusal)}}))
    typer.secho(f"{code}: {refusal}", err=True, fg=typer.colors.RED)


def _readable(found: Mapping[str, Sequence[Parked]]) -> str:
    lines = [
        f"{where:>9}  {each.position:>9}  {each.name}:{each.key}  {each.error}"
        for where, parked in found.items()
        for each in parked
    ]
    if not lines:
        return "nothing is parked"
    views = sum(map(len, found.values())) - len(found["processes"])
    if views:
        lines.append(f"read models try again by themselves every {RETRY_PARKED_SECONDS:.0f} s")
    if found["processes"]:
        lines.append("processes wait: telocompro parked --release PROCESS:KEY")
    return "\n".join(lines)
