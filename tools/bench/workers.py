"""What do callers in several processes get through? Each process is `python -m tools.bench.workers`, with its own bus.

A job comes as a JSON line on standard input, `ready` is said, a second line starts it, and what came of it is told.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from infra.ports import Unavailable
from tools.bench.append import Bench, Shelf, bench
from tools.bench.figures import quantile
from tools.programs import ROOT
from write_model.checkout.commands import PlaceOrder
from write_model.handling.failures import NotNow

_READY = b"ready\n"
_COME_BACK = 1.0  # seconds, as the door says while the log is away


@dataclass(frozen=True, slots=True)
class Told:
    """What one process got through, or several together."""

    rate: float  # commands a second
    p99: float  # milliseconds; of several: of the slowest
    not_now: int  # how often a command was to come again later, and did


async def together(jobs: Sequence[Mapping[str, object]]) -> Told:
    """A process for each job; they begin at once when all of them could."""
    made = [await _started(job) for job in jobs]
    try:
        for process in made:
            assert process.stdout is not None
            said = await process.stdout.readline()
            assert said == _READY, said
        lines = await asyncio.gather(*(process.communicate(b"go\n") for process in made))
    finally:
        for process in made:
            if process.returncode is None:
                process.kill()
                await process.wait()
    told = [Told(**json.loads(line)) for line, _ in lines]
    rate, not_now = sum(each.rate for each in told), sum(each.not_now for each in told)
    return Told(rate, max(each.p99 for each in told), not_now)


def receiving(urls: tuple[str, str], shelves: Sequence[Shelf], seconds: float) -> Mapping[str, object]:
    """A job: a caller for each shelf, who sends commands of one event."""
    variants = [[str(variant) for variant in shelf.variants] for shelf in shelves]
    return {"urls": urls, "callers": len(shelves), "seconds": seconds, "variants": variants}


def placing(urls: tuple[str, str], orders: Sequence[PlaceOrder], callers: int) -> Mapping[str, object]:
    """A job: these orders, by so many callers."""
    named = [
        {"cart_id": str(each.cart_id), "order_id": str(each.order_id), "payment_id": str(each.payment_id)}
        | {"customer_id": str(each.customer_id)}
        for each in orders
    ]
    return {"urls": urls, "callers": callers, "orders": named}


async def _started(job: Mapping[str, object]) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    line = (sys.executable, "-m", "tools.bench.workers")
    process = await asyncio.create_subprocess_exec(*line, cwd=ROOT, stdin=pipe, stdout=pipe, limit=2**24)
    assert process.stdin is not None
    process.stdin.write(json.dumps(job).encode() + b"\n")
    await process.stdin.drain()
    return process


async def _work(job: Mapping[str, Any]) -> Told:
    url, keys_url = job["urls"]
    async with bench(url, keys_url, shelves=0) as made:
        send: Callable[[int], Awaitable[object]]
        if "orders" in job:
            send, more = _ordering(made, job["orders"]), _as_often_as(len(job["orders"]))
        else:
            made.shelves = [Shelf(UUID(int=0), (UUID(a), UUID(b)), UUID(int=0)) for a, b in job["variants"]]
            for number in range(job["callers"]):
                await made.receive(number)
            send, more = made.receive, None
        print(_READY.decode(), end="", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        until = time.perf_counter() + job.get("seconds", 0.0)
        return await _callers(job["callers"], send, more or (lambda: time.perf_counter() < until))


def _ordering(made: Bench, named: Sequence[Mapping[str, str]]) -> Callable[[int], Awaitable[object]]:
    orders = iter([{name: UUID(text) for name, text in each.items()} for each in named])

    async def send(_: int) -> None:
        ids = next(orders)
        cart_id, order_id = ids["cart_id"], ids["order_id"]
        payment_id, customer_id = ids["payment_id"], ids["customer_id"]
        await made.send(PlaceOrder(cart_id=cart_id, order_id=order_id, payment_id=payment_id, customer_id=customer_id))

    return send


def _as_often_as(count: int) -> Callable[[], bool]:
    left = iter(range(count))
    return lambda: next(left, None) is not None


async def _callers(count: int, send: Callable[[int], Awaitable[object]], more: Callable[[], bool]) -> Told:
    """Each sends the next when it has the answer to the last."""
    times: list[float] = []
    not_now = 0

    async def caller(number: int) -> None:
        nonlocal not_now
        while more():
            begun = time.perf_counter()
            try:
                await send(number)
            except (NotNow, Unavailable) as later:  # as the door would tell a client to come back
                not_now += 1
                await asyncio.sleep(later.retry_after if isinstance(later, NotNow) else _COME_BACK)
                continue
            times.append((time.perf_counter() - begun) * 1000)

    begun = time.perf_counter()
    await asyncio.gather(*(caller(number) for number in range(count)))
    return Told(len(times) / (time.perf_counter() - begun), quantile(times, 0.99), not_now)


def main() -> None:
    """One job."""
    import uvloop

    job = json.loads(sys.stdin.readline())
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(asdict(runner.run(_work(job)))))


if __name__ == "__main__":
    main()
