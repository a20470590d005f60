"""What do callers hear when connections break, freeze or warn, and when the appender stops?"""

import asyncio
import time
from contextlib import suppress

import psycopg
import pytest

from infra.event_log.admission import NotAppendable
from infra.event_log.appender import GroupAppender
from infra.ports import Accepted, Conflict, Unavailable, Unknown
from tests.infra.event_log.commands import command, event
from tests.kit.frozen import Frozen
from tests.kit.stack import Stores

integration = pytest.mark.integration


# ---------------------------------------------------------------- faults


@integration
async def test_a_connection_that_ends_after_sending_leaves_the_outcome_unknown_and_the_next_call_works(
    stores: Stores,
) -> None:
    async with GroupAppender(stores.postgres_url) as appender, await locked(stores) as other:
        pending = asyncio.ensure_future(appender.append(command({"a": 0}, event("a", 1))))
        await blocked(stores)
        await terminate(stores)
        outcome = await pending
        await other.rollback()

        assert isinstance(outcome, Unknown)
        assert await appender.append(command({"a": 0}, event("a", 1))) == Accepted(1)


@integration
async def test_a_frozen_connection_ends_what_waits_within_three_seconds_and_a_fresh_one_goes_on(
    stores: Stores,
) -> None:
    async with Frozen(stores.postgres_url) as proxy, GroupAppender(proxy.url, batch=3) as appender:
        assert await appender.append(command({"a": 0}, event("a", 1))) == Accepted(1)
        proxy.flowing.clear()
        began = time.monotonic()

        outcomes = await asyncio.gather(
            *(appender.append(command({f"b{n}": 0}, event(f"b{n}", 1))) for n in range(9)), return_exceptions=True
        )
        took = time.monotonic() - began
        proxy.flowing.set()

        assert [type(outcome) for outcome in outcomes] == [Unknown] * 6 + [Unavailable] * 3  # sent; still waiting
        assert took < 3
        assert isinstance(await appender.append(command({"c": 0}, event("c", 1))), Accepted)


@integration
async def test_a_lock_that_is_held_too_long_is_told_as_unavailable_and_nothing_was_done(stores: Stores) -> None:
    sent = command({"a": 0}, event("a", 1))
    async with GroupAppender(stores.postgres_url) as appender:
        async with await locked(stores) as other:
            with pytest.raises(Unavailable):
                await appender.append(sent)
            await other.rollback()

        assert await appender.append(sent) == Accepted(1)


@integration
async def test_without_a_server_a_command_is_unavailable_within_three_seconds() -> None:
    async with GroupAppender("postgresql://nobody@/none?host=/nonexistent") as appender:
        began = time.monotonic()
        with pytest.raises(Unavailable):
            await appender.append(command({"a": 0}, event("a", 1)))

        assert time.monotonic() - began < 3


@integration
async def test_a_commit_that_comes_with_a_warning_is_unknown(stores: Stores) -> None:
    """As when the wait for a synchronous standby is cancelled: the client sees success, and a warning before it."""
    body = "begin raise warning 'not confirmed'; return null; end"
    warn = f"create function warn() returns trigger language plpgsql as $${body}$$"
    with psycopg.connect(stores.postgres_url, autocommit=True) as connection:
        connection.execute(warn.encode())
        connection.execute("create trigger warn after insert on log.links execute function warn()")
    async with GroupAppender(stores.postgres_url) as appender:
        outcome = await appender.append(command({"a": 0}, event("a", 1)))

        assert isinstance(outcome, Unknown)
        with psycopg.connect(stores.postgres_url, autocommit=True) as connection:
            connection.execute("drop trigger warn on log.links")
        assert await appender.append(command({"a": 0}, event("a", 1))) == Conflict({"a": 1})


@integration
async def test_data_that_the_database_refuses_fails_alone(stores: Stores) -> None:
    with psycopg.connect(stores.postgres_url, autocommit=True) as connection:
        connection.execute("alter table log.events add constraint no_bad check (type <> 'bad')")
    async with GroupAppender(stores.postgres_url) as appender:
        outcomes = await asyncio.gather(
            appender.append(command({"a": 0}, event("a", 1))),
            appender.append(command({"b": 0}, event("b", 1, type="bad"))),
            appender.append(command({"c": 0}, event("c", 1))),
            return_exceptions=True,
        )

    assert [type(outcome) for outcome in outcomes] == [Accepted, Unavailable, Accepted]


@integration
@pytest.mark.parametrize("type", ["\ud800", "a\0b", 7])
async def test_a_name_that_is_no_text_is_refused_alone(stores: Stores, type: object) -> None:
    async with GroupAppender(stores.postgres_url) as appender:
        outcomes = await asyncio.gather(
            appender.append(command({"a": 0}, event("a", 1, digest=bytes(32)))),
            appender.append(command({"b": 0}, event("b", 1, type=type, digest=bytes(32)))),
            return_exceptions=True,
        )

    assert outcomes[0] == Accepted(1)
    assert isinstance(outcomes[1], NotAppendable | TypeError)


@integration
async def test_a_value_that_does_not_fit_its_column_is_refused_alone(stores: Stores) -> None:
    async with GroupAppender(stores.postgres_url) as appender:
        outcomes = await asyncio.gather(
            appender.append(command({"a": 0}, event("a", 1))),
            appender.append(command({"b": 0}, event("b", 1), answer="text")),  # type: ignore[arg-type]
            appender.append(command({"c": 0}, event("c", 1))),
            return_exceptions=True,
        )

    assert [type(outcome) for outcome in outcomes] == [Accepted, NotAppendable, Accepted]


@integration
async def test_an_answer_that_is_not_understood_leaves_the_outcome_unknown_and_others_are_served(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with GroupAppender(stores.postgres_url) as appender:
        with monkeypatch.context() as broken:
            broken.setattr("infra.event_log.appender.verdicts", lambda commands, rows: 1 / 0)
            assert isinstance(await appender.append(command({"a": 0}, event("a", 1))), Unknown)

        assert await appender.append(command({"a": 0}, event("a", 1))) == Conflict({"a": 1})


@integration
async def test_a_clean_stop_appends_what_waits_and_then_refuses(stores: Stores) -> None:
    async with GroupAppender(stores.postgres_url) as appender:
        pending = [asyncio.ensure_future(appender.append(command({f"a{n}": 0}, event(f"a{n}", 1)))) for n in range(9)]
        await asyncio.sleep(0)

    assert sorted(map(repr, await asyncio.gather(*pending))) == [repr(Accepted(n)) for n in range(1, 10)]
    with pytest.raises(Unavailable):
        await appender.append(command({"b": 0}, event("b", 1)))


@integration
async def test_when_it_is_cancelled_what_was_sent_is_unknown_and_what_was_not_is_unavailable(stores: Stores) -> None:
    appender = GroupAppender(stores.postgres_url, batch=1)
    running = asyncio.create_task(appender.run())
    async with await locked(stores) as other:
        pending = [asyncio.ensure_future(appender.append(command({f"a{n}": 0}, event(f"a{n}", 1)))) for n in range(3)]
        await blocked(stores)

        running.cancel()
        outcomes = await asyncio.gather(*pending, return_exceptions=True)
        with suppress(asyncio.CancelledError):
            await running
        await other.rollback()

    assert [type(outcome) for outcome in outcomes] == [Unknown, Unknown, Unavailable]


@integration
async def test_two_appenders_side_by_side_leave_no_gap(stores: Stores) -> None:
    async with GroupAppender(stores.postgres_url) as one, GroupAppender(stores.postgres_url) as other:
        outcomes = await asyncio.gather(
            *(
                appender.append(command({f"{name}{n}": 0}, event(f"{name}{n}", 1)))
                for n in range(100)
                for name, appender in (("a", one), ("b", other))
            )
        )

    assert sorted(o.position for o in outcomes if isinstance(o, Accepted)) == list(range(1, 201))


# ---------------------------------------------------------------- how it is done


async def locked(stores: Stores) -> psycopg.AsyncConnection[tuple[object, ...]]:
    """Another transaction that holds the ordering lock."""
    connection = await psycopg.AsyncConnection.connect(stores.postgres_url)
    await connection.execute("select 1 from log.log_head for update")
    return connection


_BLOCKED = "select pid from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"


async def blocked(stores: Stores) -> None:
    """Until an append waits for that lock."""
    async with await psycopg.AsyncConnection.connect(stores.postgres_url, autocommit=True) as connection:
        async with asyncio.timeout(2):
            while not await (await connection.execute(_BLOCKED)).fetchall():  # noqa: ASYNC110 it tells nobody
                await asyncio.sleep(0.01)


async def terminate(stores: Stores) -> None:
    async with await psycopg.AsyncConnection.connect(stores.postgres_url, autocommit=True) as connection:
        await connection.execute(f"select pg_terminate_backend(pid) from ({_BLOCKED}) b".encode())
