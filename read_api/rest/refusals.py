"""How does the REST door turn somebody away before it has looked at the request? With problem details, made at once."""

import msgspec

from read_api.rest.answers import PROBLEM, TYPES
from write_model.handling.catalogue import entry, language


def told(code: str, seconds: float, path: str, spoken: str) -> tuple[int, str, bytes]:
    """Status, media type and body. `spoken`: the client's Accept-Language."""
    known = entry(code)
    body = {
        "type": TYPES + code,
        "title": known.title(language(spoken)),
        "status": known.status,
        "instance": path[:500],
        "code": code,
        "retryAfter": seconds,
    }
    return known.status, PROBLEM, msgspec.json.encode(body)
