"""What is told over the event socket, to whom, and what is refused?"""

import asyncio
import json
from uuid import uuid5

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from read_api.ws import rooms
from read_api.ws.rooms import MOST_WAITING, Mailbox
from read_api.ws.sources import Entry
from tests.kit.builders.ids import TESTS
from tests.read_api.sockets import ANA, EVA, Door

ORDER, OTHER = uuid5(TESTS, "an order"), uuid5(TESTS, "another order")
CAP, MUG = uuid5(TESTS, "a cap"), uuid5(TESTS, "a mug")


@pytest.mark.parametrize("wish", ["join:order", "track:order"])
async def test_who_joins_an_order_gets_its_state_and_then_every_change(door: Door, wish: str) -> None:
    door.story.order_moves(ORDER, "PLACED")
    async with door.client(door.token()) as client:
        ack = await client.ask(wish, orderId=str(ORDER))
        assert (ack["type"], ack["position"]) == ("ack", 1)
        assert ack["data"]["snapshot"] == {"orderId": str(ORDER), "status": "PLACED", "position": 1}
        door.story.order_moves(ORDER, "CONFIRMED")
        change = await client.hear()
        assert (change["type"], change["channel"]) == ("order:status_changed", f"order:{ORDER}")
        assert (change["position"], change["data"]["status"], change["v"]) == (2, "CONFIRMED", 1)
        assert change["occurredAt"].endswith("Z")
        assert change["seq"] == ack["seq"] + 1


async def test_an_order_that_was_just_placed_is_waited_for(door: Door) -> None:
    async with door.client(door.token()) as client:
        await client.say("join:order", orderId=str(ORDER))
        await client.silent(0.05)
        door.story.order_moves(ORDER, "PLACED")
        assert (await client.hear())["data"]["snapshot"]["status"] == "PLACED"


async def test_another_customers_order_is_not_there(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("read_api.ws.resume.CATCH_UP_SECONDS", 0.05)
    door.story.order_moves(ORDER, "PLACED")
    for token in (door.token(EVA), None):
        async with door.client(token) as client:
            assert await client.refused("join:order", orderId=str(ORDER)) == "edge.not_found"
            assert await client.refused("resume", position=0, channels=[f"order:{ORDER}"]) == "edge.not_found"
            door.story.order_moves(ORDER, "CONFIRMED")
            await client.silent()
    async with door.client(door.token(EVA, "admin")) as client:
        assert (await client.ask("join:order", orderId=str(ORDER)))["type"] == "ack"


async def test_stock_is_for_everybody_and_many_at_once(door: Door) -> None:
    door.story.stock_moves(CAP, 5)
    async with door.client() as client:
        ack = await client.ask("join:stock", variantIds=[str(CAP), str(MUG), str(CAP)])
        assert ack["data"]["snapshot"]["stock"] == {str(CAP): {"variantId": str(CAP), "available": 5, "position": 1}}
        door.story.stock_moves(MUG, 2)
        door.story.stock_moves(CAP, 4)
        heard = [await client.hear(), await client.hear()]
        assert [frame["data"]["available"] for frame in heard] == [2, 4]
        assert (await client.ask("leave:stock", variantIds=[str(CAP)]))["type"] == "ack"
        door.story.stock_moves(CAP, 3)
        door.story.stock_moves(MUG, 1)
        assert (await client.hear())["data"]["variantId"] == str(MUG)


async def test_notifications_come_to_their_customer_without_a_join(door: Door) -> None:
    async with door.client(door.token(ANA)) as ana, door.client(door.token(EVA)) as eva, door.client() as nobody:
        door.story.notified(ANA, 7)
        frame = await ana.hear()
        assert (frame["type"], frame["data"]) == ("notification:new", {"notificationId": "7"})
        await eva.silent()
        await nobody.silent()


async def test_what_was_left_is_no_longer_told(door: Door) -> None:
    door.story.order_moves(ORDER, "PLACED")
    async with door.client(door.token()) as client:
        await client.ask("join:order", orderId=str(ORDER))
        await client.ask("leave:order", orderId=str(ORDER))
        door.story.order_moves(ORDER, "CONFIRMED")
        await client.silent()
        again = await client.ask("join:order", orderId=str(ORDER))
        assert (again["position"], again["data"]["snapshot"]["status"]) == (2, "CONFIRMED")


async def test_a_failed_join_leaves_an_earlier_one_as_it_was(door: Door) -> None:
    door.story.order_moves(ORDER, "PLACED")
    door.story.unread = 10**9  # the log has them
    async with door.client(door.token()) as client:
        await client.ask("join:order", orderId=str(ORDER))
        late = await client.ask("join:order", orderId=str(ORDER), position=99)
        assert (late["data"]["code"], late["data"]["position"], late["data"]["lagMs"]) == ("read.behind", 1, 7)
        door.story.order_moves(ORDER, "CONFIRMED")
        assert (await client.hear())["data"]["status"] == "CONFIRMED"


async def test_who_comes_back_hears_what_was_missed_in_order_and_once(door: Door) -> None:
    door.story.order_moves(ORDER, "PLACED")
    door.story.notified(ANA, 1)
    door.story.notified(EVA, 2)
    door.story.order_moves(ORDER, "CONFIRMED")
    async with door.client(door.token()) as client:
        await client.say("resume", position=1, channels=[f"order:{ORDER}"])
        heard = [await client.hear() for _ in range(3)]
        assert [frame["type"] for frame in heard] == ["notification:new", "order:status_changed", "ack"]
        assert [frame["position"] for frame in heard] == [2, 4, 4]
        door.story.order_moves(ORDER, "SHIPPED")
        assert (await client.hear())["position"] == 5
        await client.silent()


async def test_a_longer_absence_than_is_replayed_says_so(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("read_api.ws.resume.MOST_REPLAYED", 3)
    for number in range(5):
        door.story.stock_moves(CAP, number)
    async with door.client() as client:
        assert await client.refused("resume", position=0, channels=[f"stock:{CAP}"]) == "socket.too_far_behind"
        door.story.stock_moves(CAP, 9)
        await client.silent()
        assert (await client.ask("join:stock", variantIds=[str(CAP)]))["position"] == 6


async def test_a_position_beyond_the_end_of_the_log_is_told_as_lost_and_the_connection_goes_on(door: Door) -> None:
    order_id = ORDER
    door.story.order_moves(order_id, "PLACED")
    stock = [str(CAP)]
    async with door.client(door.token()) as client:
        for wish, data in (
            ("resume", {"position": 2, "channels": [f"order:{order_id}"]}),
            ("join:order", {"orderId": str(order_id), "position": 2}),
            ("join:stock", {"variantIds": stock, "position": 2}),
        ):
            frame = await client.ask(wish, **data)
            assert (frame["data"]["code"], frame["data"]["head"]) == ("read.lost_future", 1), wish
        assert (await client.ask("join:order", orderId=str(order_id)))["type"] == "ack"


async def test_a_position_that_is_not_reached_is_behind(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("read_api.ws.resume.CATCH_UP_SECONDS", 0.05)
    door.story.unread = 10  # the log has them
    async with door.client() as client:
        assert await client.refused("resume", position=5, channels=[f"stock:{CAP}"]) == "read.behind"


async def test_a_client_that_could_not_resume_hears_nothing_until_it_has_heard_what_it_missed(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("read_api.ws.resume.CATCH_UP_SECONDS", 0.05)
    story = door.story
    story.unread = 3
    async with door.client(door.token()) as client:
        assert await client.refused("resume", position=1, channels=[f"stock:{CAP}"]) == "read.behind"
        story.stock_moves(MUG, 1)
        story.stock_moves(CAP, 2)
        story.notified(ANA)  # its own channel is joined already: told now, it would hide what came before
        await client.silent()
        await client.say("resume", position=1, channels=[f"stock:{CAP}"])
        told = [await client.hear() for _ in range(3)]
        assert [(frame["type"], frame["position"]) for frame in told] == [
            ("stock:updated", 2),
            ("notification:new", 3),
            ("ack", 3),
        ]


async def test_a_node_that_is_behind_repeats_nothing_to_a_client_that_has_been_further(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("read_api.ws.resume.CATCH_UP_SECONDS", 0.05)
    story = door.story
    story.unread = 3  # the log is further than this node
    async with door.client(door.token()) as client:
        assert await client.refused("resume", position=2, channels=[]) == "read.behind"
        for number in range(3):
            story.notified(ANA, number)
        await client.say("join:stock", variantIds=[str(MUG)])
        told = [await client.hear() for _ in range(2)]
        assert {frame["type"] for frame in told} == {"notification:new", "ack"}
        assert [frame["position"] for frame in told if frame["type"] == "notification:new"] == [3]


async def test_a_store_that_is_away_is_behind_and_loses_nothing(door: Door) -> None:
    door.story.stock_moves(CAP, 5)
    async with door.client() as client:
        await client.ask("join:stock", variantIds=[str(CAP)])
        door.story.away = True
        assert await client.refused("join:stock", variantIds=[str(MUG)]) == "read.behind"
        door.story.stock_moves(CAP, 4)
        await client.silent()
        door.story.away = False
        assert (await client.hear())["data"]["available"] == 4


async def test_a_token_that_runs_out_shows_nothing_more(door: Door) -> None:
    door.story.order_moves(ORDER, "PLACED")
    async with door.client(door.token()) as client:
        await client.ask("join:order", orderId=str(ORDER))
        door.time[0] += 901
        assert await client.refused("join:order", orderId=str(ORDER)) == "edge.token_expired"
        door.story.order_moves(ORDER, "CONFIRMED")
        assert (await client.hear())["data"]["code"] == "edge.token_expired"
        with pytest.raises(ConnectionClosed) as closed:
            await client.hear()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4401


async def test_another_token_of_the_same_person_goes_on(door: Door) -> None:
    door.story.order_moves(ORDER, "PLACED")
    async with door.client(door.token()) as client:
        await client.ask("join:order", orderId=str(ORDER))
        assert (await client.ask("auth", token=door.token(seconds=9_000)))["type"] == "ack"
        door.time[0] += 901
        door.story.order_moves(ORDER, "CONFIRMED")
        assert (await client.hear())["data"]["status"] == "CONFIRMED"
        assert await client.refused("auth", token=door.token(EVA, seconds=9_000)) == "edge.token_invalid"
        assert await client.refused("auth", token="nonsense") == "edge.token_invalid"
        assert await client.refused("auth", token=door.token(seconds=10)) == "edge.token_expired"


async def test_who_was_nobody_can_say_who_it_is(door: Door) -> None:
    async with door.client() as client:
        ack = await client.ask("auth", token=door.token())
        assert ack["data"]["channels"] == [f"customer:{ANA}"]
        door.story.notified(ANA)
        assert (await client.hear())["type"] == "notification:new"


async def test_a_ping_is_answered(door: Door) -> None:
    async with door.client() as client:
        assert (await client.ask("ping"))["type"] == "pong"


async def test_a_token_in_the_address_will_do_for_browsers(door: Door) -> None:
    async with connect(f"{door.url}?access_token={door.token()}", proxy=None) as socket:
        door.story.notified(ANA)
        async with asyncio.timeout(3):
            assert json.loads(await socket.recv())["type"] == "notification:new"


async def test_a_client_that_does_not_keep_up_is_sent_away(door: Door) -> None:
    async with door.client(door.token()) as client:
        client.socket.transport.pause_reading()
        for number in range(40_000):
            door.story.notified(ANA, number)
        await door.hub.reach(40_000, 20)
        client.socket.transport.resume_reading()
        with pytest.raises(ConnectionClosed) as closed:
            await client.to_the_end()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4409


def an_entry(position: int, type_: str, channel: str) -> Entry:
    return Entry(position, type_, channel, "public", "", {})


def test_of_stock_only_the_newest_waits_where_much_waits() -> None:
    woken: list[None] = []
    mailbox = Mailbox(lambda: woken.append(None))
    mailbox.put(an_entry(1, "order:status_changed", "order:x"))
    for position in range(2, 5_000):
        mailbox.put(an_entry(position, "stock:updated", f"stock:{position % 3}"))
    assert not mailbox.lost
    assert len(mailbox.waiting) <= MOST_WAITING
    waiting = list(mailbox.waiting)
    assert waiting[0].channel == "order:x"
    assert [entry.position for entry in waiting[-3:]] == [4_997, 4_998, 4_999]
    assert [entry.position for entry in waiting] == sorted(entry.position for entry in waiting)


def test_what_may_not_be_merged_is_lost_whole() -> None:
    mailbox = Mailbox(lambda: None)
    for position in range(1, rooms.MOST_WAITING + 2):
        mailbox.put(an_entry(position, "notification:new", "customer:x"))
    assert (mailbox.lost, len(mailbox.waiting)) == (True, 0)
