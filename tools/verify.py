"""`telocompro verify`: is the log as it was written, and do the read models say what it says?"""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from infra.clock import SystemClock
from infra.event_log.heads import head_key
from infra.event_log.verification import verify_log
from infra.settings import Settings
from projections.main import ALL, NAMES, Opened, build
from projections.running.comparing import Compared, compare
from projections.running.feed import Feed
from projections.running.projection import AnyProjection
from tools.running import stores

CATCH_UP_SECONDS = 10.0  # for projections that run, to reach the head


async def log(settings: Settings) -> dict[str, Any]:
    """The chain, the digests, the versions and the signed heads."""
    pem = settings.secrets.head_key.get_secret_value()
    key: Ed25519PublicKey | None = head_key(pem).public_key() if pem else None
    verified = await verify_log(settings.stores.postgres_url, settings.stores.keys_url, key)
    return {
        "ok": verified.finding is None,
        "events": verified.events,
        "links": verified.links,
        "signedHeads": verified.signed_heads,
        "finding": None if verified.finding is None else asdict(verified.finding),
    }


async def views(settings: Settings, told: Callable[[str], None]) -> dict[str, Any]:
    """Every document of every projection's live generation, in each of its stores, against a refold from the log."""
    found: dict[str, Any] = {}
    documents = differing = 0
    async with build(settings) as opened:
        feed = Feed(opened.reader, opened.decode, NAMES, SystemClock())
        head = await opened.reader.head()
        live = [projection.at((await opened.live(projection.source)).generation or 0) for projection in ALL]
        await _caught_up(opened, live, head)
        for projection in live:
            told(projection.name)
            compared = await _compared(projection, opened, feed)
            found[projection.name] = {store: _line(each) for store, each in compared.items()}
            documents += sum(each.documents for each in compared.values())
            differing += sum(each.differing for each in compared.values())
            for line in found[projection.name].values():
                line["generation"] = projection.source.generation
            for store in projection.source.stores:
                found[projection.name][store]["position"] = await opened.stores[store].position(projection.target)
    return {
        "ok": differing == 0 and documents > 0,
        "head": head,
        "documents": documents,
        "differing": differing,
        "views": found,
    }


async def _compared(projection: AnyProjection, opened: Opened, feed: Feed) -> Mapping[str, Compared]:
    kept = {name: opened.stores[name] for name in projection.source.stores}
    return await compare(projection, kept, opened.copies, feed)


async def _caught_up(opened: Opened, projections: Sequence[AnyProjection], head: int) -> None:
    """Until all checkpoints are there, at most so long: one that is behind is compared as far as it is."""
    try:
        async with asyncio.timeout(CATCH_UP_SECONDS):
            while not await _is_at(opened, projections, head):  # noqa: ASYNC110 checkpoints tell nobody
                await asyncio.sleep(0.1)
    except TimeoutError:
        return


async def _is_at(opened: Opened, projections: Sequence[AnyProjection], head: int) -> bool:
    for projection in projections:
        for store in projection.source.stores:
            if await opened.stores[store].position(projection.target) < head:
                return False
    return True


def _line(compared: Compared) -> dict[str, Any]:
    return {
        "documents": compared.documents,
        "differing": compared.differing,
        "away": compared.away,
        "first": [asdict(difference) for difference in compared.first],
    }


def command(
    everything: Annotated[
        bool, typer.Option("--all", help="Compare every read model's live generation with a refold, too.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Check the log's chain from its first event on. Exit code 1, and the first bad position, when it is not whole."""
    with stores() as settings:
        report: dict[str, Any] = {"log": asyncio.run(log(settings))}
        if everything:
            said = (lambda _: None) if as_json else (lambda name: print(f"comparing {name} …"))
            report["views"] = asyncio.run(views(settings, said))
    report["ok"] = all(part["ok"] for part in report.values())
    if as_json:
        print(json.dumps(report))
    else:
        _show(report)
    if not report["ok"]:
        raise typer.Exit(1)


def _show(report: Mapping[str, Any]) -> None:
    chain = report["log"]
    if chain["ok"]:
        heads = f", {chain['signedHeads']} signed heads" if chain["signedHeads"] else ""
        print(f"the log is whole: {chain['events']} events in {chain['links']} links{heads}")
    else:
        print(f"the log is NOT whole: first bad position {chain['finding']['position']}: {chain['finding']['reason']}")
    compared = report.get("views")
    if compared is None:
        return
    for name, by_store in compared["views"].items():
        for store, line in by_store.items():
            differing = f", {line['differing']} differ" if line["differing"] else ""
            away = ", then it stopped answering" if line["away"] else ""
            generation = f" (generation {line['generation']})" if line["generation"] else ""
            print(f"{name:<18} {store:<6} {line['documents']:>9} documents{generation}{differing}{away}")
            for difference in line["first"]:
                print(f"    {difference['key']}: {difference['what']}")
    if not compared["documents"]:
        print("no document was compared: that is a failure")
    else:
        print(f"{compared['documents']} documents compared at head {compared['head']}, {compared['differing']} differ")
