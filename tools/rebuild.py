"""`telocompro rebuild NAME`: empty one read model and fold it again from the log."""

import asyncio
import json
import os
import socket
import time
from collections.abc import Callable
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from infra.clock import SystemClock
from infra.ports import Fenced, Unavailable
from infra.settings import Settings
from projections.main import ALL, NAMES, Opened, build
from projections.running.feed import Feed
from projections.running.projection import AnyProjection
from projections.running.rebuild import Rebuild
from projections.running.runner import lease_name
from tools.running import stores

LEASE_SECONDS = 30.0
LOOK_EVERY = 0.2  # seconds


def named(name: str) -> AnyProjection:
    """By its room's name, its view's, or its target's. Raises typer.BadParameter."""
    for projection in ALL:
        if name in (projection.name, projection.source.view, projection.target):
            return projection
    raise typer.BadParameter(f"there is no read model {name}: say {', '.join(each.name for each in ALL)}")


async def rebuild(settings: Settings, projection: AnyProjection, told: Callable[[int, int], None]) -> dict[str, Any]:
    """In all of its stores. Where the projections run, theirs does it; else it is done here."""
    report: dict[str, Any] = {"name": projection.name, "stores": {}}
    async with build(settings) as opened:
        for name in projection.source.stores:
            begun = time.monotonic()
            line = await _in_store(opened, projection, name, told)
            report["stores"][name] = {**line, "seconds": round(time.monotonic() - begun, 3)}
    return report


async def _in_store(
    opened: Opened, projection: AnyProjection, name: str, told: Callable[[int, int], None]
) -> dict[str, Any]:
    store, target = opened.stores[name], projection.target
    head = await opened.reader.head()
    lease = lease_name(target, name)
    fence = await opened.leases.take(lease, f"rebuild:{socket.gethostname()}:{os.getpid()}", LEASE_SECONDS)
    await store.drop(target)
    if fence is None:
        return await _by_others(opened, projection, name, head, told)
    renewing = asyncio.create_task(_renew(opened, lease, fence))
    try:
        feed = Feed(opened.reader, opened.decode, NAMES, SystemClock())
        done = await Rebuild(projection, store, feed, fence).run(lambda position: told(position, head))
    finally:
        renewing.cancel()
        await opened.leases.give(lease, fence)
    await _forget_copies(opened, projection, done.position)
    return {"by": "this", "events": done.events, "position": done.position, "parked": done.parked}


async def _by_others(
    opened: Opened, projection: AnyProjection, name: str, head: int, told: Callable[[int, int], None]
) -> dict[str, Any]:
    """The platform is up: its projection finds its store empty and fills it."""
    store = opened.stores[name]
    while (position := await store.position(projection.target)) < head:
        told(position, head)
        await asyncio.sleep(LOOK_EVERY)
    told(position, head)
    return {"by": "the running projections", "position": position, "parked": len(await store.parked(projection.target))}


async def _renew(opened: Opened, lease: str, fence: int) -> None:
    while True:
        await asyncio.sleep(LEASE_SECONDS / 3)
        if not await opened.leases.renew(lease, fence, LEASE_SECONDS):
            raise Fenced


async def _forget_copies(opened: Opened, projection: AnyProjection, position: int) -> None:
    if projection.copies is None:
        return
    try:
        await opened.copies.begin(projection.target, position)
    except Unavailable:
        return  # the projection begins a new epoch when it starts: `covered` is not where it stands


def command(
    name: Annotated[str, typer.Argument(help="Of the read model, as `verify --all` lists them.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Empty a read model in all of its stores and fold it again. Reads answer from its other stores meanwhile."""
    projection = named(name)
    with stores() as settings, Progress(console=Console(stderr=True, quiet=as_json)) as bar:
        task = bar.add_task(f"rebuilding {projection.name}")

        def told(position: int, head: int) -> None:
            bar.update(task, completed=position, total=head)

        report = asyncio.run(rebuild(settings, projection, told))
    if as_json:
        print(json.dumps(report))
        return
    for store, line in report["stores"].items():
        print(f"{projection.name} in {store}: at position {line['position']} after {line['seconds']} s")
