"""Which commands may enter the log at all? Limits and shapes that the server-side function leaves to its callers."""

from infra.event_log.chain import digest
from infra.ports import Append, NewEvent

MOST_EVENTS = 256  # of a command
MOST_BYTES = 65_536  # payload and metadata of an event
_LONGEST_NAME = 200  # letters of a stream or type
_INT = 2**31 - 1
_SHORT = 2**15 - 1


class NotAppendable(ValueError):
    """The command can never be stored as it is: a bug of the caller. Nothing was done."""


class TooManyEvents(NotAppendable):
    """More events than one command may have."""


class EventTooLarge(NotAppendable):
    """Larger things go to object storage, by their hash."""


class VersionsNotContiguous(NotAppendable):
    """A stream's events must follow its expected version one by one."""


def admitted(command: Append) -> Append:
    """The command, with the digests that its maker left empty. Raises NotAppendable."""
    events = command.events
    if len(events) > MOST_EVENTS:
        raise TooManyEvents(f"{len(events)} events, at most {MOST_EVENTS}")
    heads = dict(command.expected)
    for stream, version in heads.items():
        if not 0 <= version <= _INT or not _nameable(stream):
            raise NotAppendable(f"expected version {version} of stream {stream[:_LONGEST_NAME]!r}")
    complete = True
    for event in events:
        if heads.get(event.stream) != event.version - 1:
            raise VersionsNotContiguous(
                f"version {event.version} of {event.stream[:_LONGEST_NAME]!r} after {heads.get(event.stream)}"
            )
        heads[event.stream] = event.version
        if len(event.payload) + len(event.metadata) > MOST_BYTES:
            raise EventTooLarge(f"{len(event.payload) + len(event.metadata)} bytes, at most {MOST_BYTES}")
        if not _nameable(event.type) or not 0 < event.schema <= _SHORT or event.effective_at.tzinfo is None:
            raise NotAppendable(f"type {event.type[:_LONGEST_NAME]!r}, schema {event.schema}, or a time without a zone")
        complete = complete and len(event.digest) == 32
    return command if complete else command._replace(events=[_sealed(event, command) for event in events])


def _sealed(event: NewEvent, command: Append) -> NewEvent:
    if event.digest:
        raise NotAppendable(f"a digest of {len(event.digest)} bytes")
    return event._replace(digest=digest(event, command.command_id))


def _nameable(name: str) -> bool:
    return 0 < len(name) <= _LONGEST_NAME and name.isprintable()  # no NUL, no half of a surrogate pair
