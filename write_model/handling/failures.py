"""Why a command could not be answered now, or not in this form. None of these is a rule of the domain."""

from write_model.kernel.refused import Kind, Refused


class NotNow(Exception):
    """The same command may be sent again, under the same key, after `retry_after` seconds."""

    code: str

    def __init__(self, retry_after: float) -> None:
        super().__init__(self.code)
        self.retry_after = retry_after


class LogBusy(NotNow):
    """The queue is full, or others changed the same aggregates for too long. Nothing was done."""

    code = "log.busy"


class OutcomeUnknown(NotNow):
    """It may or may not have been done: the same key tells the truth later."""

    code = "log.unknown"


class InFlight(NotNow):
    """The first command under this key is still being handled."""

    code = "edge.in_flight"


class NewerThanCode(Exception):
    """The log holds an event that this code does not know. It stops: it never guesses."""

    code = "log.newer_than_code"

    def __init__(self, type: str, schema: int, position: int) -> None:
        super().__init__(f"{type} version {schema} at position {position}")
        self.type = type
        self.schema = schema
        self.position = position


class KeyReused(Refused):
    """This key was used for another command."""

    code = "edge.key_reused"


class VersionDiffers(Refused):
    """Not the version that the caller has seen: `currentVersion`, and in `missed` the public changes since."""

    code = "edge.version_differs"


class Forbidden(Refused):
    """The caller may not do this to anybody's things."""

    code = "edge.forbidden"
    kind = Kind.FORBIDDEN


class SignInNeeded(Refused):
    """Nobody has signed in."""

    code = "edge.sign_in_needed"
    kind = Kind.FORBIDDEN


class Erased(Refused):
    """The person was erased: nothing personal is stored for them any more."""

    code = "customer.erased"


class TooManyEvents(Refused):
    """One command changes at most 256 things."""

    code = "log.too_many_events"
    kind = Kind.INVALID


class EventTooLarge(Refused):
    """One event holds at most 64 KiB."""

    code = "log.event_too_large"
    kind = Kind.INVALID
