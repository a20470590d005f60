"""What did the client send? The raw body within its bound, read strictly; and the headers that steer a command."""

import re
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from starlette.requests import Request

from infra.security.bodies import BodyTooLarge, within
from write_model.api.bodies import B
from write_model.api.problems import EdgeError

LARGEST_BODY = 65_536  # bytes
LONGEST_KEY = 255  # characters
LONGEST_WAIT = 5  # seconds
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_VERSION = re.compile(r'"(\d{1,9})"')
_WAIT = re.compile(r"(?:^|,)\s*wait\s*=\s*(\d{1,4})\s*(?:[;,]|$)", re.IGNORECASE)
_CLOSE = {"Connection": "close"}  # there may be more of it than we have read


async def raw_body(request: Request, largest: int = LARGEST_BODY) -> bytes:
    """Keeps no more than `largest` bytes. Raises EdgeError."""
    try:
        return await within(request.stream(), request.headers.get("content-length"), largest)
    except BodyTooLarge:
        raise EdgeError("edge.body_too_large", f"at most {largest} bytes", headers=_CLOSE) from None


async def read(request: Request, form: type[B]) -> B:
    """The body as this form. An empty body counts as an empty object. Raises EdgeError."""
    raw = await raw_body(request)
    if raw:
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != "application/json":
            raise EdgeError("edge.media_type")
    try:
        return form.model_validate_json(raw or b"{}")
    except ValidationError as wrong:
        found = wrong.errors(include_url=False, include_input=False, include_context=False)
        if any(each["type"] == "json_invalid" for each in found):
            raise EdgeError("edge.body_malformed") from None
        raise EdgeError("edge.body_invalid", errors=[_told(each) for each in found]) from None


def _told(error: ErrorDetails) -> dict[str, object]:
    """Where it is wrong (a JSON pointer) and how; never what was sent."""
    pointer = "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in error["loc"])
    return {"pointer": pointer[:200], "code": error["type"], "message": error["msg"]}


def idempotency_key(request: Request, *, required: bool) -> str | None:
    """Raises EdgeError when it is missing where it is required, or not fit."""
    key = request.headers.get("idempotency-key")
    if key is None:
        if required:
            raise EdgeError("edge.key_missing")
        return None
    if not _KEY.fullmatch(key):
        raise EdgeError("edge.key_invalid", f"1 to {LONGEST_KEY} visible ASCII characters")
    return key


def expected_version(request: Request) -> int | None:
    """Of If-Match: one version in quotes. Raises EdgeError."""
    given = request.headers.get("if-match")
    if given is None or given.strip() == "*":
        return None
    found = _VERSION.fullmatch(given.strip())
    if found is None:
        raise EdgeError("edge.if_match_invalid", 'a version in quotes, as the ETag has it: "7"')
    return int(found.group(1))


def preferred_wait(request: Request) -> int | None:
    """Seconds of `Prefer: wait=N`, at most 5. What is not understood is no preference (RFC 7240)."""
    found = _WAIT.search(request.headers.get("prefer", ""))
    return None if found is None else min(int(found.group(1)), LONGEST_WAIT)


def path_uuid(request: Request, name: str) -> UUID:
    """An id in the path; one that is no UUID names nothing. Raises EdgeError."""
    given: Any = request.path_params[name]
    try:
        return UUID(given)
    except ValueError:
        raise EdgeError("edge.not_found") from None
