"""Where do new ids come from? UUIDv7: rising within a process, so that neighbours in time are neighbours on disk."""

from uuid import UUID

from uuid_utils.compat import uuid7


class Uuid7Ids:
    """Fresh ids."""

    def new(self) -> UUID:
        return uuid7()
