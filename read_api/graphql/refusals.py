"""How does the GraphQL door turn somebody away before it has looked at the document? With one error, made at once."""

import msgspec

from write_model.handling.catalogue import entry, language

JSON = "application/json"


def told(code: str, seconds: float, path: str, spoken: str) -> tuple[int, str, bytes]:
    """Status, media type and body. `spoken`: the client's Accept-Language."""
    known = entry(code)
    error = {"message": known.title(language(spoken)), "extensions": {"code": code, "retryAfter": seconds}}
    return known.status, JSON, msgspec.json.encode({"errors": [error]})
