"""Something is wrong on purpose: in PostgreSQL within a transaction that is taken back, elsewhere for a moment."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg
from pymongo import MongoClient
from pymongo.database import Database

from tests.checker.checking import examine
from tests.checker.findings import Findings
from tests.checker.history import Histories
from tests.checker.outside import Outside
from tests.proof.sold import Sold


def examined(
    sold: Sold, *statements: str, outside: Outside | None = None, histories: Histories | None = None
) -> Findings:
    """What the checker finds in PostgreSQL after these statements, which nobody else ever sees."""
    findings = Findings()
    with psycopg.connect(sold.places.postgres, autocommit=True) as connection:
        connection.execute("set timezone to 'UTC'")
        connection.execute("begin")
        for statement in statements:
            done = connection.execute(statement.format(**named(sold)))
            assert done.rowcount > 0, f"nothing was planted: {statement}"
        examine(connection, sold.places, outside or sold.outside, histories or sold.histories(), findings)
        connection.execute("rollback")
    return findings


def named(sold: Sold) -> dict[str, str]:
    """What a statement may name in braces."""
    return {**sold.orders, "variant": sold.variant}


@contextmanager
def documents(sold: Sold) -> Iterator[Database[dict[str, Any]]]:
    with MongoClient[dict[str, Any]](sold.places.mongo) as client:
        yield client.get_default_database("telocompro")


def elsewhere(outside: Outside, entries: Sequence[dict[str, Any]], intents: Sequence[dict[str, Any]]) -> Outside:
    """Another provider's word."""
    assert outside.provider is not None
    return replace(outside, provider=replace(outside.provider, entries=list(entries), intents=list(intents)))
