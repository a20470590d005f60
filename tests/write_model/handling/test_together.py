"""Many commands of one past come in as they would one by one, and what can't go the straight way is left to the bus."""

from collections.abc import Sequence
from uuid import UUID

import pytest

from tests.write_model.handling import tally
from tests.write_model.handling.tally import Count, Name
from tests.write_model.handling.world import OPERATOR, World
from write_model.handling.bus import Bus, Request
from write_model.handling.together import Named, Together
from write_model.kernel.message import Command

ONE, TWO = UUID(int=1), UUID(int=2)
ANA, BEA = UUID(int=11), UUID(int=12)
CALLER = "operator:test"


@pytest.fixture
def world() -> World:
    return World(registry=tally.REGISTRY, events=tally.EVENTS)


def named(bus: Bus, *commands: Command) -> Sequence[Named]:
    """Each under its number as a key."""
    return [
        Named(
            Request(
                command=command,
                caller=CALLER,
                actor=OPERATOR,
                key=str(number),
                fingerprint=bus.fingerprint(repr(command).encode()),
            ),
            bus.command_id(CALLER, str(number)),
        )
        for number, command in enumerate(commands)
    ]


async def sent(bus: Bus, together: Together, *commands: Command) -> Sequence[bool | None]:
    return await (await together.send(named(bus, *commands)))


async def test_commands_on_one_stream_are_decided_one_after_the_other(world: World) -> None:
    told = await sent(
        world.bus, world.bus.together(), Count(tally_id=ONE, by=2), Count(tally_id=TWO), Count(tally_id=ONE)
    )
    assert told == [True, True, True]
    known = await world.bus.known(f"tally-{ONE}")
    assert (known.version, known.state) == (3, tally.Tally(3))


async def test_a_batch_is_decided_on_one_that_is_still_on_its_way(world: World) -> None:
    together = world.bus.together()
    first = await together.send(named(world.bus, Count(tally_id=ONE, by=2)))
    second = await together.send(named(world.bus, Count(tally_id=ONE, by=2), Count(tally_id=ONE, by=1))[1:])
    assert (await first, await second) == ([True], [True])
    assert (await world.bus.known(f"tally-{ONE}")).version == 3


async def test_a_second_time_everything_was_there_before(world: World) -> None:
    commands = (Count(tally_id=ONE), Name(tally_id=ONE, customer_id=ANA, name="Ana"), Count(tally_id=TWO))
    await sent(world.bus, world.bus.together(), *commands)
    head, restarted = await world.log.head(), world.another_bus()
    told = await sent(restarted, restarted.together(), *commands)
    assert set(told) <= {False, None}  # None: the bus finds the first answer
    for one in named(restarted, *commands):
        assert (await restarted.handle(one.request)).replayed
    assert await world.log.head() == head


async def test_what_is_refused_is_left_to_the_bus_and_the_others_go_in(world: World) -> None:
    too_much = Count(tally_id=ONE, by=tally.LIMIT + 1)
    told = await sent(world.bus, world.bus.together(), Count(tally_id=ONE), too_much, Count(tally_id=ONE))
    assert told == [True, None, True]
    assert (await world.bus.known(f"tally-{ONE}")).version == 2


async def test_a_key_that_was_used_for_other_words_is_left_to_the_bus(world: World) -> None:
    await sent(world.bus, world.bus.together(), Count(tally_id=ONE))
    assert await sent(world.bus, world.bus.together(), Count(tally_id=ONE, by=2)) == [None]


async def test_who_was_overtaken_leaves_it_to_the_bus_and_goes_on_from_what_is_there(world: World) -> None:
    together = world.bus.together()
    await sent(world.bus, together, Count(tally_id=ONE))
    await world.send(Count(tally_id=ONE), bus=world.another_bus())
    _, late, later = named(world.bus, Count(tally_id=ONE), Count(tally_id=ONE), Count(tally_id=ONE))
    assert await (await together.send([late])) == [None]
    assert await (await together.send([later])) == [True]
    assert (await world.bus.known(f"tally-{ONE}")).version == 3


async def test_personal_words_are_sealed_each_with_the_key_of_its_own_person(world: World) -> None:
    people = Name(tally_id=ONE, customer_id=ANA, name="Ana"), Name(tally_id=TWO, customer_id=BEA, name="Bea")
    assert await sent(world.bus, world.bus.together(), *people) == [True, True]
    rows = await world.rows()
    assert all(b"Ana" not in row.payload and b"Bea" not in row.payload for row in rows)
    for stream, name in ((ONE, "Ana"), (TWO, "Bea")):
        state = await world.another_bus().state(f"tally-{stream}")
        assert getattr(state, "name", None) == name


async def test_the_words_of_somebody_who_was_erased_are_left_to_the_bus(world: World) -> None:
    await world.keys.destroy(ANA)
    told = await sent(
        world.bus, world.bus.together(), Name(tally_id=ONE, customer_id=ANA, name="Ana"), Count(tally_id=TWO)
    )
    assert told == [None, True]
