"""Does verification name the first position that somebody touched, whatever was done to it?"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from infra.event_log.appender import GroupAppender
from infra.event_log.chain import GENESIS, link
from infra.event_log.heads import HeadKeyInvalid, HeadSigner, head_key
from infra.event_log.verification import verify_log
from infra.event_log.verify import Finding, Verified
from infra.postgres.pool import open_pool
from tests.infra.event_log.commands import command, event
from tests.kit.stack import Stores

pytestmark = pytest.mark.integration

_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
_LAST = 12

_FLIPS = {
    "stream": "overlay(stream placing 'X' from 1)",
    "version": "version # 1",
    "type": "overlay(type placing 'X' from 1)",
    "schema": "(schema # 1)::smallint",
    "event_id": "translate(event_id::text, '0123456789abcdef', '123456789abcdef0')::uuid",
    "command_id": "translate(command_id::text, '0123456789abcdef', '123456789abcdef0')::uuid",
    "recorded_at": "recorded_at + interval '1 microsecond'",
    "effective_at": "effective_at - interval '1 microsecond'",
    "metadata": "set_byte(metadata, 0, get_byte(metadata, 0) # 1)",
    "payload": "set_byte(payload, 3, get_byte(payload, 3) # 128)",
    "digest": "set_byte(digest, 31, get_byte(digest, 31) # 1)",
}

_BESIDE = {
    "delete from log.links where first_position = 4": 4,
    "update log.links set link = set_byte(link, 0, get_byte(link, 0) # 1) where first_position = 7": 7,
    "update log.links set count = 2 where first_position = 7": 7,
    "update log.links set recorded_at = recorded_at + interval '1 second' where first_position = 3": 3,
    "update log.log_head set position = 13": 13,
    "update log.log_head set link = set_byte(link, 0, get_byte(link, 0) # 1)": _LAST,
    "update log.stream_heads set version = 7 where stream = 'order-1'": _LAST,
    "delete from log.stream_heads where stream = 'cart-3'": 3,
    "delete from log.answers where position = 9": 7,
    "update log.answers set position = 8 where position = 9": 7,
}


@pytest.fixture
async def written(stores: Stores) -> Stores:
    """Twelve events: positions 1 to 6 by one command each, then 7 to 9 by one command, then 10 to 12 by one each."""
    async with GroupAppender(stores.postgres_url) as appender:
        for number in range(1, 7):
            await appender.append(command({f"cart-{number}": 0}, event(f"cart-{number}", 1)))
        streams = {"order-1": 0, "stock-1": 0, "payment-1": 0}
        await appender.append(command(streams, *(event(name, 1) for name in streams)))
        for number in (2, 3, 4):
            await appender.append(command({"order-1": number - 1}, event("order-1", number)))
    await sign(stores)
    return stores


async def test_an_untouched_log_is_clean(written: Stores) -> None:
    assert await verified(written) == Verified(_LAST, 10, 1, None)


async def test_an_empty_log_is_clean(stores: Stores) -> None:
    assert await verified(stores) == Verified(0, 0, 0, None)


async def test_a_change_in_any_column_is_found_at_its_position(written: Stores) -> None:
    found = {}
    for position in (1, 5, 8, _LAST):
        for column, changed in _FLIPS.items():
            with tampered(written, f"update log.events set {column} = {changed} where position = {position}"):
                found[position, column] = await first_bad(written)

    assert found == {(position, column): position for position in (1, 5, 8, _LAST) for column in _FLIPS}
    assert await first_bad(written) is None


async def test_a_moved_event_leaves_a_hole(written: Stores) -> None:
    tamper(written, "update log.events set position = 100 where position = 4")

    assert await first_bad(written) == 4


async def test_a_deleted_event_is_named_by_the_position_that_is_missing(written: Stores) -> None:
    for position in (1, 4, 8, _LAST):
        with tampered(written, f"delete from log.events where position = {position}"):
            finding = (await verified(written)).finding

        assert finding is not None
        assert (finding.position, "missing" in finding.reason) == (position, True)


async def test_swapped_events_are_found_at_the_first_of_them(written: Stores) -> None:
    for one, other in ((2, 5), (3, 4), (7, 8), (8, 9), (6, 7), (10, 11), (9, 12)):
        with tampered(
            written,
            f"update log.events set position = 4999999 where position = {one}",
            f"update log.events set position = {one} where position = {other}",
            f"update log.events set position = {other} where position = 4999999",
        ):
            assert await first_bad(written) == one


async def test_of_several_changes_the_first_is_named(written: Stores) -> None:
    tamper(written, "update log.events set payload = '\\x00' where position in (4, 9)")

    assert await first_bad(written) == 4


async def test_a_cut_off_end_is_found_against_the_head(written: Stores) -> None:
    tamper(written, "delete from log.events where position > 9")

    assert await first_bad(written) == 10


async def test_an_end_that_was_cut_off_everywhere_is_found_against_the_signed_head(written: Stores) -> None:
    cut_off_everywhere(written, last=9)

    assert (await verified(written, signatures=False)).finding is None
    assert await first_bad(written) == 10


async def test_an_inserted_event_is_found_where_it_stands(written: Stores) -> None:
    for place, sql in {
        13: _INSERT.format(position=13, like=3),
        5: "update log.events set position = position + 1000 where position >= 5;"
        "update log.events set position = position - 999 where position >= 1005;" + _INSERT.format(position=5, like=3),
    }.items():
        tamper(written, *sql.split(";"))

        assert await first_bad(written) == place


async def test_a_change_with_a_fitting_digest_is_found_by_its_link(written: Stores) -> None:
    """Somebody knows how digests are made, and changes the payload of position 5 with all that follows from it."""
    tamper(
        written,
        "update log.events a set payload = b.payload, digest = b.digest, stream = b.stream, event_id = b.event_id,"
        " command_id = b.command_id, type = b.type from log.events b where a.position = 5 and b.position = 6",
        "update log.answers set position = 5 where command_id = (select command_id from log.events where position = 6)",
    )

    assert await first_bad(written) == 5


async def test_a_history_that_was_rewritten_whole_is_found_by_the_signed_heads(written: Stores) -> None:
    rewrite(written, from_position=10)

    assert (await verified(written, signatures=False)).finding is None
    finding = (await verified(written)).finding
    assert finding is not None
    assert "rewritten" in finding.reason


async def test_a_forged_signature_is_found(written: Stores) -> None:
    with psycopg.connect(written.keys_url, autocommit=True) as connection:
        connection.execute("update signed_heads set signature = set_byte(signature, 0, get_byte(signature, 0) # 1)")

    assert await first_bad(written) == _LAST


async def test_a_change_beside_the_events_is_found_too(written: Stores) -> None:
    for change, position in _BESIDE.items():
        with tampered(written, change):
            assert (change, await first_bad(written)) == (change, position)


async def test_heads_are_signed_once_per_position(written: Stores) -> None:
    async with open_pool(written.postgres_url, 2) as log, open_pool(written.keys_url, 2) as keys:
        signer = HeadSigner(log, keys, _KEY)

        assert await signer.links_since() == 0
        assert await signer.sign() is None
    assert signed_positions(written) == [_LAST]


async def test_a_clean_stop_signs_the_end(written: Stores) -> None:
    async with GroupAppender(written.postgres_url) as appender:
        await appender.append(command({"cart-9": 0}, event("cart-9", 1)))
    async with open_pool(written.postgres_url, 2) as log, open_pool(written.keys_url, 2) as keys:
        signing = asyncio.create_task(HeadSigner(log, keys, _KEY).run())
        await asyncio.sleep(0.05)
        signing.cancel()
        await asyncio.gather(signing, return_exceptions=True)

    assert signed_positions(written) == [_LAST, _LAST + 1]
    assert (await verified(written)).signed_heads == 2


async def test_a_signer_signs_when_enough_has_happened_and_while_the_log_moves(written: Stores) -> None:
    async with open_pool(written.postgres_url, 2) as log, open_pool(written.keys_url, 2) as keys:
        signer = HeadSigner(log, keys, _KEY, look_every=0.02, links=2, seconds=3600)
        signing = asyncio.create_task(signer.run())
        async with GroupAppender(written.postgres_url) as appender, asyncio.timeout(5):
            for number in range(2):
                await appender.append(command({f"cart-2{number}": 0}, event(f"cart-2{number}", 1)))
            while _LAST + 2 not in signed_positions(written):  # noqa: ASYNC110 it tells nobody
                await asyncio.sleep(0.02)
        signing.cancel()
        await asyncio.gather(signing, return_exceptions=True)


@pytest.mark.parametrize("pem", ["", "no key", "-----BEGIN PRIVATE KEY-----"])
def test_a_key_that_is_none_is_refused_without_being_shown(pem: str) -> None:
    with pytest.raises(HeadKeyInvalid) as refusal:
        head_key(pem)
    assert not pem or pem not in str(refusal.value)


_INSERT = (
    "insert into log.events select {position}, 'cart-x', 1, type, schema, gen_random_uuid(), gen_random_uuid(),"
    " recorded_at, effective_at, metadata, payload, digest from log.events where position = {like}"
)


async def sign(stores: Stores) -> None:
    async with open_pool(stores.postgres_url, 2) as log, open_pool(stores.keys_url, 2) as keys:
        await HeadSigner(log, keys, _KEY).sign()


async def verified(stores: Stores, *, signatures: bool = True) -> Verified:
    keys_url = stores.keys_url if signatures else None
    return await verify_log(stores.postgres_url, keys_url, _KEY.public_key())


async def first_bad(stores: Stores) -> int | None:
    finding: Finding | None = (await verified(stores)).finding
    return None if finding is None else finding.position


def tamper(stores: Stores, *statements: str) -> None:
    with psycopg.connect(stores.postgres_url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


_TABLES = ("events", "links", "log_head", "stream_heads", "answers")


@contextmanager
def tampered(stores: Stores, *statements: str) -> Iterator[None]:
    """Touched inside the block, and as it was afterwards."""
    tamper(stores, *(f"create table whole_{name} as select * from log.{name}" for name in _TABLES), *statements)
    yield
    for name in _TABLES:
        back = f"insert into log.{name} select * from whole_{name}"
        tamper(stores, f"delete from log.{name}", back, f"drop table whole_{name}")


def cut_off_everywhere(stores: Stores, last: int) -> None:
    tamper(
        stores,
        f"delete from log.events where position > {last}",
        f"delete from log.links where first_position > {last}",
        f"delete from log.answers where position > {last}",
        f"update log.stream_heads set version = 1, position = 7 where position > {last}",
        "update log.log_head set (position, recorded_at, link) ="
        f" (select {last}, recorded_at, link from log.links order by first_position desc limit 1)",
    )


def rewrite(stores: Stores, from_position: int) -> None:
    """The links from there on, made again by the rules over other moments: the chain itself has no secret."""
    with psycopg.connect(stores.postgres_url, autocommit=True) as connection:
        connection.execute(
            "update log.events set recorded_at = recorded_at + interval '1 hour' where position >= %s", (from_position,)
        )
        connection.execute(
            "update log.links set recorded_at = recorded_at + interval '1 hour' where first_position >= %s",
            (from_position,),
        )
        previous = GENESIS
        rows = connection.execute("select first_position, count, recorded_at from log.links order by 1").fetchall()
        for first, count, recorded_at in rows:
            digests = connection.execute(
                "select digest from log.events where position >= %s and position < %s order by position",
                (first, first + count),
            ).fetchall()
            previous = link(previous, first, recorded_at, [bytes(digest) for (digest,) in digests])
            connection.execute("update log.links set link = %s where first_position = %s", (previous, first))
        connection.execute("update log.log_head set link = %s, recorded_at = %s", (previous, rows[-1][2]))


def signed_positions(stores: Stores) -> Sequence[int]:
    with psycopg.connect(stores.keys_url) as connection:
        return [position for (position,) in connection.execute("select position from signed_heads order by 1")]
