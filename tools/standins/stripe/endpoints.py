"""Webhook endpoints: who wants which events, signed with which secret?"""

import secrets
from collections.abc import Sequence

from tools.standins.stripe import deliveries, params
from tools.standins.stripe.book import Book
from tools.standins.stripe.desk import API_VERSION, Desk, merged
from tools.standins.stripe.errors import Body, malformed, visible

CHANGE: params.Spec = {
    "url": params.text,
    "enabled_events": params.texts,
    "description": params.text,
    "metadata": params.metadata,
    "expand": params.texts,
}
UPDATE: params.Spec = CHANGE | {"disabled": params.boolean}
CREATE: params.Spec = CHANGE | {"api_version": params.text}
LIMIT = 16


def create(desk: Desk, given: Body) -> Body:
    """The only answer that tells the secret."""
    if len(desk.book.rows("webhook_endpoint", "1 = 1", (), LIMIT)) == LIMIT:
        raise malformed(f"You have reached the maximum of {LIMIT} test webhook endpoints.")
    return desk.make(
        "we",
        "webhook_endpoint",
        api_version=given.get("api_version", API_VERSION),
        description=given.get("description"),
        enabled_events=given["enabled_events"],
        metadata=merged({}, given.get("metadata", {})),
        status="enabled",
        url=_checked(given["url"]),
        secret=f"whsec_{secrets.token_hex(16)}",
    )


def update(desk: Desk, endpoint_id: str, given: Body) -> Body:
    endpoint = desk.need("webhook_endpoint", endpoint_id)
    if "url" in given:
        endpoint["url"] = _checked(given["url"])
    for name in ("enabled_events", "description"):
        endpoint[name] = given.get(name, endpoint[name])
    if "disabled" in given:
        endpoint["status"] = "disabled" if given["disabled"] else "enabled"
    endpoint["metadata"] = merged(endpoint["metadata"], given.get("metadata", {}))
    return without_secret(desk.put(endpoint))


def delete(desk: Desk, endpoint_id: str, given: Body) -> Body:
    desk.need("webhook_endpoint", endpoint_id)
    desk.book.delete(endpoint_id)
    return {"id": endpoint_id, "object": "webhook_endpoint", "deleted": True}


def without_secret(endpoint: Body) -> Body:
    shown: Body = visible(endpoint)
    shown.pop("secret", None)
    return shown


def configure(book: Book, now: int, url: str, secret: str, types: Sequence[str] = ("*",)) -> None:
    """The endpoint of the command line, as it is now."""
    endpoint: Body = {
        "id": deliveries.CONFIGURED,
        "object": "webhook_endpoint",
        "created": now,
        "livemode": False,
        "api_version": API_VERSION,
        "description": "given on the command line",
        "enabled_events": list(types),
        "metadata": {},
        "status": "enabled",
        "url": _checked(url),
        "secret": secret,
    }
    with book.transaction():
        if book.get("webhook_endpoint", deliveries.CONFIGURED) is None:
            book.add(endpoint)
        else:
            book.put(endpoint)


def _checked(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise malformed("Invalid URL: An explicit scheme (such as https) must be provided.", param="url")
    return url
