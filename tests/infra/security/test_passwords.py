"""Passwords are hashed by bcrypt, beside the loop, and a wrong one takes as long as a right one."""

import asyncio
import time
from collections.abc import Iterator

import pytest

from infra.ports import Busy
from infra.security.passwords import COST, Passwords, PasswordTooLong


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    made = Passwords(cost=4)
    yield made
    made.close()


async def test_a_password_matches_its_own_hash_only(passwords: Passwords) -> None:
    known = await passwords.hash("contraseña")
    assert known.startswith("$2b$04$")
    assert await passwords.matches("contraseña", known)
    assert not await passwords.matches("contrasena", known)
    assert not await passwords.matches("contraseña", None)
    assert await passwords.hash("contraseña") != known


async def test_more_than_72_bytes_are_refused_and_never_cut(passwords: Passwords) -> None:
    longest = "ñ" * 36
    known = await passwords.hash(longest)
    assert await passwords.matches(longest, known)
    assert not await passwords.matches(longest + "x", known)
    with pytest.raises(PasswordTooLong) as told:
        await passwords.hash(longest + "x")
    assert str(told.value) == ""


async def test_the_loop_goes_on_and_nobody_is_as_slow_as_somebody() -> None:
    passwords = Passwords(cost=10)
    known = await passwords.hash("right")
    await passwords.matches("x", None)  # makes nobody's hash
    took = []
    for hash_ in (known, None):
        turns, checking = 0, asyncio.create_task(passwords.matches("wrong", hash_))
        began = time.perf_counter()
        while not checking.done():
            turns += 1
            await asyncio.sleep(0.001)
        took.append(time.perf_counter() - began)
        assert turns > 5
    passwords.close()
    assert 0.3 < took[0] / took[1] < 3.5


async def test_too_many_who_wait_are_told_to_come_back(passwords: Passwords) -> None:
    calls = [passwords.matches("x", None) for _ in range(80)]
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    busy = [outcome for outcome in outcomes if isinstance(outcome, Busy)]
    assert len(busy) == 80 - 64
    assert await passwords.matches("x", None) is False


def test_the_cost_of_the_platform_is_twelve() -> None:
    assert COST == 12
