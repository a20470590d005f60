"""What has a caller missed, who speaks of an older version? The public changes since that the caller may see."""

from infra.ports import LogReader
from write_model.handling.authorise import PLATFORM, is_staff_with
from write_model.handling.coding import Decoder
from write_model.handling.request import Request
from write_model.handling.route import Route, Seen
from write_model.kernel.change import PUBLIC, Change

MOST = 50  # the newest ones


async def missed_changes(
    request: Request, route: Route, stream: str, since: int, reader: LogReader, decoder: Decoder
) -> list[dict[str, object]]:
    """The changes after version `since`, oldest first."""
    if route.publish is None:
        return []
    seen: Seen | None = None
    missed: list[dict[str, object]] = []
    for envelope in await decoder.envelopes(await reader.stream(stream)):
        seen, change = route.publish(seen, envelope)
        if change is not None and envelope.version > since and _may_see(request, change):
            missed.append(
                {"type": change.type, "version": envelope.version, "position": envelope.position, **change.payload}
            )
    return missed[-MOST:]


def _may_see(request: Request, change: Change) -> bool:
    if change.audience == PUBLIC or request.actor.type in PLATFORM or is_staff_with(request, "read:orders"):
        return True
    return request.actor.type == "customer" and change.audience == f"customer:{request.actor.id}"
