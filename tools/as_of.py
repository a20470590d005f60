"""`telocompro as-of ORDER`: how did an order stand at a position or a time?"""

import asyncio
import json
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
import typer

from infra.codec.json_codec import Codec
from infra.settings import Settings
from projections.main import build, build_document_at
from projections.order_tracking.view import SOURCE, OrderTracking
from projections.running.reading import Found
from tools.running import stores
from tools.stream import NoKeys
from write_model.handling.registry import EVENTS, UPCASTS, decoder


async def read(settings: Settings, order_id: UUID, at: int | datetime) -> Found[OrderTracking] | None:
    """The order as it stood, without personal data."""
    key = str(order_id)
    async with build(settings) as opened:
        source = await opened.live(SOURCE)
        live = (await opened.stores[source.stores[-1]].load(source.target, [key])).get(key)
        document = None if live is None or live.body is None else msgspec.convert(live.body, OrderTracking)
        decode = decoder(Codec(EVENTS, UPCASTS), NoKeys())
        return await build_document_at(key, at, opened.reader, decode, document)


def moment(text: str) -> datetime:
    """ISO 8601; without a zone it is UTC. Raises typer.BadParameter."""
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text} is no time: write it as 2026-03-02T15:30:00Z") from None
    return given if given.tzinfo is not None else given.replace(tzinfo=UTC)


def command(
    order_id: Annotated[UUID, typer.Argument(help="The order's id.")],
    position: Annotated[int | None, typer.Option(min=0, help="Of the log.")] = None,
    time: Annotated[str | None, typer.Option(help="ISO 8601, UTC without a zone: what was known then.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """An order as it stood. Personal data stays sealed. Exit code 1: it did not exist then."""
    if (position is None) == (time is None):
        raise typer.BadParameter("say --position or --time")
    at: int | datetime = position if position is not None else moment(str(time))
    with stores() as settings:
        found = asyncio.run(read(settings, order_id, at))
    if found is None:
        typer.secho("it did not exist then", err=True)
        raise typer.Exit(1)
    body: dict[str, Any] = msgspec.to_builtins(found.document)
    shown = {"position": found.position, "order": body}
    print(json.dumps(shown) if as_json else json.dumps(shown, indent=2, ensure_ascii=False))
