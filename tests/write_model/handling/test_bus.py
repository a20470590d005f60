"""One way in for every command: answered once, decided on the newest states, refused only when that is sure."""

import asyncio
from dataclasses import replace
from uuid import UUID

import pytest
from msgspec import structs

from tests.write_model.handling import tally
from tests.write_model.handling.tally import Count, Full, Move, Name, name_of
from tests.write_model.handling.world import OPERATOR, World, customer
from write_model.handling.bus import KeyReused, NewerThanCode, Request
from write_model.handling.failures import Erased, EventTooLarge, TooManyEvents, VersionDiffers
from write_model.handling.route import room_route

ONE, TWO = UUID(int=1), UUID(int=2)
ANA, BEA = UUID(int=11), UUID(int=12)


@pytest.fixture
def world() -> World:
    return World(registry=tally.REGISTRY, events=tally.EVENTS)


async def test_a_command_is_answered_with_version_position_and_body(world: World) -> None:
    answer = await world.send(Count(tally_id=ONE, by=2))
    assert (answer.id, answer.version, answer.position, answer.status) == (ONE, 2, 2, "OPEN")
    assert (answer.body["count"], answer.replayed) == (2, False)


async def test_the_same_key_fifty_times_at_once_is_one_append(world: World) -> None:
    answers = await asyncio.gather(*(world.send(Count(tally_id=ONE), key="k") for _ in range(50)))
    assert await world.log.head() == 1
    assert [answer.replayed for answer in answers].count(False) == 1
    assert len({(a.id, a.version, a.position, a.status) for a in answers}) == 1


async def test_a_repeat_after_a_restart_gets_the_first_answer_also_when_things_have_changed(world: World) -> None:
    first = await world.send(Count(tally_id=ONE, by=3), key="k")
    await world.send(Count(tally_id=ONE, by=2))
    restarted = world.another_bus()
    again = await world.send(Count(tally_id=ONE, by=3), key="k", bus=restarted)  # decided anew it would be refused
    assert again == structs.replace(first, replayed=True)
    assert await world.log.head() == 5


async def test_the_same_key_with_another_command_is_refused(world: World) -> None:
    await world.send(Count(tally_id=ONE), key="k")
    for bus in (world.bus, world.another_bus()):
        with pytest.raises(KeyReused):
            await world.send(Count(tally_id=ONE, by=2), key="k", bus=bus)
    assert await world.log.head() == 1


async def test_another_caller_has_keys_of_its_own(world: World) -> None:
    first = await world.bus.handle(customer(Count(tally_id=ONE), ANA, key="k"))
    second = await world.bus.handle(customer(Count(tally_id=ONE), BEA, key="k"))
    assert (first.version, second.version, second.replayed) == (1, 2, False)


async def test_a_refusal_is_not_stored_so_the_same_key_decides_again(world: World) -> None:
    await world.send(Count(tally_id=ONE, by=5))
    with pytest.raises(Full):
        await world.send(Count(tally_id=ONE), key="k")
    await world.send(Count(tally_id=TWO))
    await world.send(Move(source=ONE, target=TWO))
    assert (await world.send(Count(tally_id=ONE), key="k")).replayed is False


async def test_a_refusal_is_only_said_of_the_newest_state(world: World) -> None:
    await world.send(Count(tally_id=ONE, by=5))
    await world.send(Count(tally_id=TWO, by=1))
    await world.send(Move(source=ONE, target=TWO), bus=world.another_bus())  # the first bus does not hear of it
    assert (await world.send(Count(tally_id=ONE))).body["count"] == 5


async def test_what_others_stored_in_between_is_decided_again(world: World) -> None:
    other = world.another_bus()
    for _ in range(2):
        await world.send(Count(tally_id=ONE))
        await world.send(Count(tally_id=ONE), bus=other)
    assert (await world.bus.known(name_of(ONE))).version == 4


async def test_two_processes_race_for_the_last_units_and_exactly_those_are_given(world: World) -> None:
    buses = [world.another_bus(), world.another_bus()]
    wishes = [world.send(Count(tally_id=ONE), bus=buses[n % 2]) for n in range(40)]
    outcomes = await asyncio.gather(*wishes, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes].count(Full) == 35
    assert (await world.bus.known(name_of(ONE))).state == tally.Tally(count=5)


async def test_a_command_over_two_streams_changes_both_or_none(world: World) -> None:
    await world.send(Count(tally_id=ONE, by=1))
    await world.send(Count(tally_id=TWO, by=5))
    with pytest.raises(Full):
        await world.send(Move(source=ONE, target=TWO))
    assert await world.log.head() == 6
    moved = await world.send(Move(source=TWO, target=ONE))
    assert (moved.id, moved.position, await world.log.head()) == (ONE, 8, 8)


async def test_opposite_moves_never_wait_for_each_other_for_ever(world: World) -> None:
    await world.send(Count(tally_id=ONE, by=2))
    await world.send(Count(tally_id=TWO, by=2))
    moves = [Move(source=ONE, target=TWO), Move(source=TWO, target=ONE)]
    async with asyncio.timeout(5):
        await asyncio.gather(*(world.send(moves[n % 2]) for n in range(60)))
    counts = [(await world.bus.known(name_of(each))).state.count for each in (ONE, TWO)]  # type: ignore[attr-defined]
    assert sum(counts) == 4


async def test_a_command_that_changes_nothing_stores_nothing(world: World) -> None:
    await world.send(Count(tally_id=ONE))
    answer = await world.send(Count(tally_id=ONE, by=0), key="k")
    assert (answer.version, answer.position, answer.replayed, await world.log.head()) == (1, 1, False, 1)


async def test_an_older_version_is_told_the_present_one_and_what_was_missed(world: World) -> None:
    await world.bus.handle(customer(Count(tally_id=ONE, by=2), ANA))
    await world.bus.handle(customer(Name(tally_id=ONE, customer_id=ANA, name="Ana"), ANA))
    with pytest.raises(VersionDiffers) as refusal:
        await world.bus.handle(customer(Count(tally_id=ONE), ANA, expected=1))
    assert refusal.value.details["currentVersion"] == 3
    assert refusal.value.details["missed"] == [
        {"type": "tally:changed", "version": 2, "position": 2, "what": "Counted"}  # the name is for staff
    ]
    assert (await world.bus.handle(customer(Count(tally_id=ONE), ANA, expected=3))).version == 4


async def test_a_repeat_with_an_outdated_version_is_still_a_repeat(world: World) -> None:
    first = await world.bus.handle(customer(Count(tally_id=ONE), ANA, key="k", expected=0))
    again = await world.bus.handle(customer(Count(tally_id=ONE), ANA, key="k", expected=0))
    assert again == structs.replace(first, replayed=True)


async def test_personal_data_is_sealed_and_gone_once_the_key_is_destroyed(world: World) -> None:
    await world.bus.handle(customer(Name(tally_id=ONE, customer_id=ANA, name="canary-7731"), ANA))
    assert not any(b"canary-7731" in row.payload + row.metadata for row in await world.rows())
    assert (await world.another_bus().state(name_of(ONE))) == tally.Tally(0, "canary-7731", ANA)
    await world.keys.destroy(ANA)
    assert (await world.another_bus().state(name_of(ONE))) == tally.Tally(0, None, ANA)
    with pytest.raises(Erased):
        await world.bus.handle(customer(Name(tally_id=ONE, customer_id=ANA, name="again"), ANA))


async def test_too_much_for_one_command_is_refused_and_nothing_is_stored(world: World) -> None:
    with pytest.raises(EventTooLarge):
        await world.send(Count(tally_id=ONE, word="x" * 70_000))
    many = replace(tally.TALLY, decide=lambda command, state, context: [_counted() for _ in range(257)])
    route = room_route(many, lambda command: name_of(ONE), tally.answer, tally.ANYONE)
    crowded = World(
        registry=replace(tally.REGISTRY, commands={Count: route}, deciders={"tally": many}), events=tally.EVENTS
    )
    with pytest.raises(TooManyEvents):
        await crowded.send(Count(tally_id=ONE))
    assert (await world.log.head(), await crowded.log.head()) == (0, 0)


async def test_a_state_of_the_past_is_folded_up_to_its_version(world: World) -> None:
    for _ in range(3):
        await world.send(Count(tally_id=ONE))
    assert await world.bus.state(name_of(ONE), 2) == tally.Tally(count=2)
    assert await world.another_bus().state(name_of(ONE), 1) == tally.Tally(count=1)
    assert await world.bus.state(name_of(TWO)) == tally.Tally()


async def test_an_event_that_this_code_does_not_know_stops_the_decision(world: World) -> None:
    await world.send(Count(tally_id=ONE))
    older = World(registry=tally.REGISTRY, events=tally.EVENTS[1:])
    older.log = world.log
    with pytest.raises(NewerThanCode):
        await older.send(Count(tally_id=ONE), bus=older.another_bus())


async def test_settling_is_waited_for_and_ends_when_the_fate_is_known(world: World) -> None:
    await world.send(Count(tally_id=ONE, by=4))

    async def fill() -> None:
        await asyncio.sleep(0.02)
        await world.send(Count(tally_id=ONE))

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(fill())
        settled = await world.bus.settled(ONE, 4, 5)
    assert (settled.status, settled.version, settled.position) == ("FULL", 5, 5)


async def test_settling_that_takes_too_long_answers_what_there_is(world: World) -> None:
    await world.send(Count(tally_id=ONE, by=2))
    assert (await world.bus.settled(ONE, 2, 0.02)).status == "OPEN"


async def test_metadata_say_who_why_and_because_of_what(world: World) -> None:
    causation = UUID(int=99)
    await world.bus.handle(
        Request(
            command=Count(tally_id=ONE),
            caller="process:p",
            actor=OPERATOR,
            key="k",
            causation=causation,
            reason="because",
            trace="t-1",
            origin="import",
        )
    )
    (row,) = await world.rows()
    about = world.codec.decode_metadata(row.metadata)
    assert (about.actor.type, about.actor.id, about.reason, about.trace) == ("operator", "test", "because", "t-1")
    assert (about.causation, about.origin) == (causation, "import")
    assert about.correlation == row.command_id == world.bus.command_id("process:p", "k")


def _counted() -> tally.Counted:
    return tally.Counted(tally_id=ONE, by=0, word="")
