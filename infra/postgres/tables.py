"""Which tables are declared for Alembic? None as classes: migrations are explicit SQL, and partitions stay out."""

import re
from typing import Any

from sqlalchemy import MetaData

METADATA = MetaData()

_PARTITION = re.compile(r"^(events_\d+|answers_\d+)$")


def ours(found: Any, name: str | None, kind: str, reflected: bool, compared: Any) -> bool:
    """Alembic's include_object: partitions are made as the log grows, never by a migration."""
    return not (kind == "table" and name is not None and _PARTITION.match(name))
