"""What does a document look like as a Redis copy?"""

import msgspec

from infra.ports import Copy


def document_copy(name: str, position: int, document: msgspec.Struct | None, ttl: int) -> Copy:
    """Whole, as it is served. No document: the key goes."""
    return Copy(name, position, None if document is None else msgspec.json.encode(document), ttl)
