"""Who is turned away at the door, with what answer, and what does being let in cost?"""

import asyncio
import time
from typing import Any

import pytest

from infra.ports import Busy
from infra.resilience.buckets import Buckets
from infra.resilience.load import LATE, STANDING, Load
from infra.resilience.shedding import Scope, Send, Shedding

ORIGIN = "https://telocompro.com"
MOST_MICROSECONDS = 5.0


class Moment:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def told(code: str, seconds: float, path: str, spoken: str) -> tuple[int, str, bytes]:
    return (429 if code == "edge.too_many_requests" else 503), "text/plain", f"{code} {path} {spoken}".encode()


def scope(path: str = "/", kind: str = "http", host: str = "10.0.0.1", **headers: str) -> Scope:
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": kind, "path": path, "client": (host, 1234), "headers": pairs}


async def answered(request: Scope, receive: Any, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})


async def nothing() -> Any:
    return {"type": "http.request"}


async def asked(door: Shedding, request: Scope) -> tuple[int, dict[str, str], bytes]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await door(request, nothing, send)
    headers = {name.decode(): value.decode() for name, value in sent[0].get("headers", ())}
    return sent[0].get("status", sent[0].get("code")), headers, sent[-1].get("body", b"")


def door(load: Load, people: Buckets | None = None, addresses: Buckets | None = None, app: Any = answered) -> Shedding:
    people, addresses = people or Buckets(1e6, 1e6), addresses or Buckets(1e6, 1e6)
    return Shedding(app, load, people, addresses, told, origins=[ORIGIN])


async def test_what_is_too_much_at_once_is_refused_with_a_time_to_come_back_and_the_rest_is_served() -> None:
    going_on, gate = Load(2), asyncio.Event()

    async def slow(request: Scope, receive: Any, send: Send) -> None:
        await gate.wait()
        await answered(request, receive, send)

    open_door = door(going_on, app=slow)
    waiting = [asyncio.create_task(asked(open_door, scope())) for _ in range(5)]
    await asyncio.sleep(0)
    health = asyncio.create_task(asked(open_door, scope("/health/live")))
    await asyncio.sleep(0)
    gate.set()
    found = await asyncio.gather(*waiting)

    assert [status for status, _, _ in found] == [200, 200, 503, 503, 503]
    waits = [int(headers["retry-after"]) for status, headers, _ in found if status == 503]
    assert waits == [1, 2, 3]  # they don't all come back at once
    assert (await health)[0] == 200
    assert going_on.inside == 0
    assert (await asked(open_door, scope()))[0] == 200


async def test_an_answer_that_fails_gives_its_place_back() -> None:
    load = Load(1)

    async def failing(request: Scope, receive: Any, send: Send) -> None:
        raise LookupError("a bug")

    with pytest.raises(LookupError):
        await asked(door(load, app=failing), scope())

    assert load.inside == 0


async def test_a_client_who_asks_too_often_is_told_when_it_may_again_and_others_are_not() -> None:
    moment = Moment()
    limited = door(Load(10), people=Buckets(2, 3, now=moment))
    ana, bea = {"authorization": "Bearer ana"}, {"authorization": "Bearer bea"}

    first = [(await asked(limited, scope(**ana)))[0] for _ in range(4)]
    status, headers, body = await asked(limited, scope("/x", accept_language="es", **ana))
    other = await asked(limited, scope(**bea))
    moment.now += 0.5
    later = [(await asked(limited, scope(**ana)))[0] for _ in range(2)]

    assert first == [200, 200, 200, 429]
    assert (status, headers["retry-after"], body) == (429, "1", b"edge.too_many_requests /x es")
    assert headers["x-content-type-options"] == "nosniff"
    assert other[0] == 200
    assert later == [200, 429]


async def test_invented_tokens_do_not_get_an_address_more_than_its_share() -> None:
    limited = door(Load(10), addresses=Buckets(1, 3, now=Moment()))

    statuses = [(await asked(limited, scope(authorization=f"Bearer {number}")))[0] for number in range(5)]

    assert statuses == [200, 200, 200, 429, 429]
    assert (await asked(limited, scope(host="10.0.0.2")))[0] == 200


async def test_behind_our_own_proxy_an_address_is_what_the_proxy_says_and_nobody_elses_word_is_taken() -> None:
    limited = door(Load(10), addresses=Buckets(1, 1, now=Moment()))

    async def status(host: str, forwarded: str) -> int:
        return (await asked(limited, scope(host=host, x_forwarded_for=forwarded)))[0]

    assert [await status("127.0.0.1", f"1.1.1.1, 2.2.2.{number}") for number in (1, 1, 2)] == [200, 429, 200]
    assert [await status("10.0.0.9", f"3.3.3.{number}") for number in (1, 2)] == [200, 429]


async def test_a_browser_on_our_pages_may_read_the_refusal() -> None:
    full = door(Load(0))

    _, headers, _ = await asked(full, scope(origin=ORIGIN))
    _, others, _ = await asked(full, scope(origin="https://example.com"))

    assert headers["access-control-allow-origin"] == ORIGIN
    assert "access-control-allow-origin" not in others


async def test_a_socket_is_refused_before_it_is_open() -> None:
    full = door(Load(0))
    plain = scope(kind="websocket")
    with_answers = {**plain, "extensions": {"websocket.http.response": {}}}

    assert (await asked(full, plain))[0] == 1013
    assert (await asked(full, with_answers))[0] == 503


def test_a_loop_that_is_late_for_long_takes_nothing_on_until_it_is_in_time_again() -> None:
    load = Load(10)
    load.noticed(LATE * 2, 100.0)
    burst = load.is_full
    load.noticed(LATE * 2, 100.0 + STANDING)
    standing = load.is_full
    load.noticed(0.01, 102.0)

    assert (burst, standing, load.is_full) == (False, True, False)


async def test_lateness_is_noticed_by_itself_and_refusals_are_told() -> None:
    heard: asyncio.Queue[int] = asyncio.Queue()
    load = Load(1, heard.put_nowait)
    watching = asyncio.create_task(load.watch())
    with load.one(), pytest.raises(Busy), load.one():
        pass
    async with asyncio.timeout(10):
        assert await heard.get() == 1
    watching.cancel()


def test_the_memory_of_clients_is_bounded() -> None:
    moment = Moment()
    buckets = Buckets(1, 2, most=10, now=moment)
    for number in range(10):
        buckets.take(number)
    moment.now += 5
    buckets.take(10)
    after_a_while = buckets.clients
    for number in range(100):
        buckets.take(number)

    assert after_a_while == 1
    assert buckets.clients <= 10


def test_being_let_in_costs_less_than_five_microseconds() -> None:
    async def free(request: Scope, receive: Any, send: Send) -> None:
        return None

    limited = door(Load(10), app=free)
    names = ("host", "accept", "user_agent", "accept_encoding", "content_type", "content_length", "idempotency_key")
    request = scope("/api/v1/rest/products", **dict.fromkeys(names, "x"), authorization="Bearer " + "x" * 600)

    def cost(app: Any, count: int = 5_000) -> float:
        async def turns() -> float:
            begun = time.process_time()
            for _ in range(count):
                await app(request, nothing, None)
            return (time.process_time() - begun) / count * 1e6

        return min(asyncio.run(turns()) for _ in range(7))

    added = cost(limited) - cost(free)
    assert added < MOST_MICROSECONDS, f"{added:.2f} microseconds"
