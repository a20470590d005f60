"""Accounts: an address belongs to the first who took it. The same of the database and its twin."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from uuid import uuid4

import pytest

from infra.memory.accounts import MemoryAccounts
from infra.ports import AccountRow, AccountStore, Unavailable
from infra.postgres.accounts import PostgresAccounts
from infra.postgres.pool import open_pool
from tests.kit.stack import Stores

HMAC = b"h" * 32


def row(email_hmac: bytes = HMAC) -> AccountRow:
    return AccountRow(uuid4(), email_hmac, "$2b$12$" + "x" * 53, "user", b"sealed")


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.integration)])
async def accounts(request: pytest.FixtureRequest) -> AsyncIterator[AccountStore]:
    async with AsyncExitStack() as stack:
        if request.param == "memory":
            yield MemoryAccounts()
        else:
            stores: Stores = request.getfixturevalue("stores")
            yield PostgresAccounts(await stack.enter_async_context(open_pool(stores.postgres_url, 4)))


async def test_an_account_is_found_by_its_address(accounts: AccountStore) -> None:
    made = row()
    assert await accounts.add(made) == made
    assert await accounts.find(HMAC) == made
    assert await accounts.find(b"o" * 32) is None


async def test_an_address_stays_with_the_first_who_took_it(accounts: AccountStore) -> None:
    rows = [row() for _ in range(10)]
    stood = await asyncio.gather(*(accounts.add(each) for each in rows))
    assert len({each.customer_id for each in stood}) == 1
    assert await accounts.find(HMAC) == stood[0]


async def test_a_complete_registration_keeps_nothing_of_it(accounts: AccountStore) -> None:
    made = await accounts.add(row())
    for _ in range(2):
        await accounts.complete(made.customer_id)
    assert await accounts.find(HMAC) == replace(made, pending=None)


def test_what_is_secret_is_not_shown() -> None:
    assert "$2b$" not in repr(row())
    assert "sealed" not in repr(row())


@pytest.mark.integration
async def test_a_database_that_is_away_is_told(stores: Stores) -> None:
    async with open_pool(stores.postgres_url, 1) as pool:
        accounts = PostgresAccounts(pool)
    with pytest.raises(Unavailable):
        await accounts.find(HMAC)
