"""Readers as the doors open them, on stores that a test names."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from infra import settings as known
from infra.clock import SystemClock
from projections.main import open_readers
from projections.running.reading import Readers
from tests.kit.stack import Stores


@asynccontextmanager
async def reading(stores: Stores) -> AsyncIterator[Readers]:
    """With connections and patience of their own."""
    settings = known.Settings(
        stores=known.Stores(
            postgres_url=stores.postgres_url,
            keys_url=stores.keys_url,
            redis_url=stores.redis_url,
            mongo_url=stores.mongo_url,
        ),
        ports=known.Ports(),
        stripe=known.Stripe(),
        mail=known.Mail(),
        secrets=known.Secrets(),
        runtime=known.Runtime(data=Path(), environment="test"),
    )
    async with open_readers(settings, SystemClock()) as readers:
        yield readers
