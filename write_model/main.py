"""How are the parts of the write model joined? On real stores, for every process of ours and for the tools.

It is no process: who builds it runs it. Its command API is built on demand, because only one process serves it.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from infra.chance import evenly, secret_id
from infra.clock import DatabaseClock, SystemClock
from infra.codec.json_codec import Codec
from infra.event_log.appender import GroupAppender
from infra.event_log.chain import event_digest
from infra.event_log.reader import PostgresLogReader
from infra.event_log.snapshots import PostgresSnapshots
from infra.ids import Uuid7Ids
from infra.ports import Appender, Keys, LogReader
from infra.postgres.keys import PostgresKeys
from infra.postgres.pool import Pool, open_pool, planned_once
from infra.settings import Settings
from write_model.handling.bus import Bus, build_bus
from write_model.handling.coding import Decode
from write_model.handling.registry import EVENTS, REGISTRY, UPCASTS, decoder
from write_model.kernel.clock import Clock
from write_model.kernel.ids import PLATFORM, Ids

if TYPE_CHECKING:
    from fastapi import FastAPI

    from write_model.api.door import Believed

CONNECTIONS = 8  # to the log's database, besides the appender's own
KEY_CONNECTIONS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteModel:
    """The parts, as others need them."""

    bus: Bus
    appender: Appender
    reader: LogReader
    keys: Keys
    codec: Codec
    decode: Decode
    clock: Clock
    ids: Ids
    pool: Pool  # of the database with log, work, identity and read
    pepper: bytes


@asynccontextmanager
async def build(settings: Settings, *, connections: int = CONNECTIONS) -> AsyncIterator[WriteModel]:
    """Raises SettingsMissing and SettingsInvalid; Unavailable when a store can't be reached."""
    kek = settings.secrets.kek_bytes()
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(open_pool(planned_once(settings.stores.postgres_url), connections))
        keys_pool = await stack.enter_async_context(open_pool(settings.stores.keys_url, KEY_CONNECTIONS))
        reader = await stack.enter_async_context(PostgresLogReader(pool))
        appender = await stack.enter_async_context(GroupAppender(settings.stores.postgres_url))
        keys = PostgresKeys(keys_pool, kek)
        codec = Codec(EVENTS, UPCASTS)
        clock: Clock = SystemClock() if settings.runtime.clock == "system" else DatabaseClock(pool)
        ids = Uuid7Ids()
        pepper = await platform_pepper(keys)
        bus = build_bus(
            appender=appender,
            reader=reader,
            codec=codec,
            keys=keys,
            clock=clock,
            ids=ids,
            digest=event_digest,
            registry=REGISTRY,
            chance=evenly,
            pepper=pepper,
            snapshots=PostgresSnapshots(pool),
        )
        yield WriteModel(
            bus=bus,
            appender=appender,
            reader=reader,
            keys=keys,
            codec=codec,
            decode=decoder(codec, keys),
            clock=clock,
            ids=ids,
            pool=pool,
            pepper=pepper,
        )


async def platform_pepper(keys: Keys) -> bytes:
    """The platform's own secret for HMACs. It lies with the data keys: a new key-encryption key leaves it as it is."""
    return sha256(b"pepper/" + (await keys.make(PLATFORM)).secret).digest()


@asynccontextmanager
async def build_api(settings: Settings, parts: WriteModel, *, origins: Sequence[str] = ()) -> AsyncIterator["FastAPI"]:
    """The command API. Raises SettingsMissing without a webhook secret or a signing key: it does not start."""
    from infra.postgres.accounts import PostgresAccounts
    from infra.security import jwks
    from infra.security.passwords import Passwords
    from infra.security.tokens import SigningKey, Verifier
    from write_model.account.identity import Identity
    from write_model.api.app import build_app
    from write_model.api.door import Door

    believed = webhook(settings.stripe.webhook_secrets())
    signing_key = SigningKey.from_pem(settings.secrets.signing_key_pem())
    passwords = Passwords()
    try:
        identity = Identity(PostgresAccounts(parts.pool), parts.keys, passwords, parts.ids, parts.pepper)
        door = Door(
            bus=parts.bus,
            identity=identity,
            verifier=Verifier(jwks.document([signing_key.public])),
            signing_key=signing_key,
            webhook=believed,
            clock=parts.clock,
            ids=parts.ids,
            new_secret=secret_id,
        )
        yield build_app(door, origins=origins)
    finally:
        passwords.close()


def webhook(secrets: Sequence[str]) -> "Believed":
    """Believes what is signed with one of these secrets. Raises SecretMissing for none or an empty one."""
    from infra.stripe.reading import ProviderFacts, UnreadableEvent, facts
    from infra.stripe.webhook import WebhookRefused, WebhookVerifier
    from write_model.api.door import NotBelieved

    verifier = WebhookVerifier(secrets)

    def believed(raw: bytes, header: str | None, now: datetime) -> ProviderFacts:
        try:
            return facts(verifier.verified(raw, header, now))
        except WebhookRefused as refused:
            raise NotBelieved(refused.code) from None
        except UnreadableEvent:
            raise NotBelieved("webhook.event_unreadable") from None

    return believed
