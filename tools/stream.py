"""`telocompro stream NAME`: what has happened to one aggregate, event by event?"""

import asyncio
import json
from collections.abc import Collection, Mapping
from typing import Annotated, Any
from uuid import UUID

import msgspec
import typer

from infra.ports import DataKey
from infra.settings import Settings
from projections.main import build
from tools.running import stores
from write_model.handling.registry import EVENTS, UPCASTS, decoder

SEALED = "[sealed]"
_PERSONAL = {schema.cls: schema.personal_fields for schema in EVENTS}
_TYPES = {schema.cls: schema.type for schema in EVENTS}


class NoKeys:
    """Opens nothing: personal data stays sealed on an operator's screen."""

    async def make(self, subject: UUID) -> DataKey:
        raise PermissionError("nothing is sealed here")

    async def make_all(self, subjects: Collection[UUID]) -> None:
        raise PermissionError("nothing is sealed here")

    async def find(self, key_ids: Collection[UUID]) -> Mapping[UUID, DataKey]:
        return {}

    async def destroy(self, subject: UUID) -> None:
        raise PermissionError("nothing is destroyed here")


async def read(settings: Settings, name: str, after: int) -> list[dict[str, Any]]:
    """The events of a stream past a version, without personal data."""
    from infra.codec.json_codec import Codec

    async with build(settings) as opened:
        rows = await opened.reader.stream(name, after)
        envelopes = await decoder(Codec(EVENTS, UPCASTS), NoKeys())(rows)
    return [
        {
            "version": envelope.version,
            "position": envelope.position,
            "type": _TYPES[type(envelope.event)],
            "recordedAt": envelope.recorded_at.isoformat(),
            "effectiveAt": envelope.effective_at.isoformat(),
            "actor": f"{envelope.actor.type}:{envelope.actor.id}",
            "reason": envelope.reason,
            "origin": envelope.origin,
            "data": msgspec.to_builtins(envelope.event) | dict.fromkeys(_PERSONAL[type(envelope.event)], SEALED),
        }
        for envelope in envelopes
    ]


def command(
    name: Annotated[str, typer.Argument(help="Of the stream: order-<uuid>, cart-<uuid>, …")],
    after: Annotated[int, typer.Option(help="Only versions past this one.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """The events of one stream, in order. Personal data stays sealed. Exit code 1: there is no such stream."""
    with stores() as settings:
        events = asyncio.run(read(settings, name, after))
    if as_json:
        print(json.dumps({"stream": name, "events": events}))
    for event in events if not as_json else ():
        print(
            f"{event['version']:>4}  {event['position']:>9}  {event['recordedAt']}  {event['type']}  {event['actor']}"
        )
        print(f"      {json.dumps(event['data'], ensure_ascii=False)}")
    if not events and after == 0:
        typer.secho(f"there is no stream {name}", err=True)
        raise typer.Exit(1)
