"""Fifty clients at once, twenty times over: does every guard of an amount let through exactly what it may?

Half of them go through one process's bus and half through another's: the log alone decides between the two.
"""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from infra.embedded import run_json, secret_file
from infra.settings import settings_of
from tests.kit.shop import SHOPKEEPER, stock_stream
from tests.kit.stack import Stores
from write_model.handling.bus import NotNow
from write_model.handling.request import Request
from write_model.kernel.ids import stream
from write_model.kernel.message import Command
from write_model.kernel.refused import Refused
from write_model.main import WriteModel, build
from write_model.payment import commands as payment
from write_model.stock.commands import AdjustStock, OpenStock, ReceiveStock, ReleaseReservation, ReserveStock

pytestmark = [pytest.mark.integration, pytest.mark.timeout(150)]

CLIENTS, ROUNDS = 50, 20
ALLOWED, EACH = 7, 100
OK = "ok"


@dataclass(frozen=True, slots=True)
class Processes:
    """Two of them over one log."""

    parts: Sequence[WriteModel]

    def new(self) -> UUID:
        return self.parts[0].ids.new()

    async def send(self, command: Command, at: int = 0) -> str:
        """What became of it, in a word. A log that is busy is asked again, as it asks to be."""
        while True:
            try:
                request = Request(command=command, caller="tests", actor=SHOPKEEPER)
                await self.parts[at % len(self.parts)].bus.handle(request)
                return OK
            except Refused as refusal:
                return refusal.code
            except NotNow as busy:
                await asyncio.sleep(busy.retry_after / 10)

    async def race(self, command: Callable[[int], Command]) -> Counter[str]:
        return Counter(await asyncio.gather(*(self.send(command(number), number) for number in range(CLIENTS))))

    async def state(self, name: str) -> Any:
        return await self.parts[0].bus.state(name)

    async def stocked(self, units: int) -> UUID:
        variant_id = self.new()
        await self.send(OpenStock(variant_id=variant_id, product_id=self.new()))
        await self.send(ReceiveStock(variant_id=variant_id, quantity=units, reason="first delivery"))
        return variant_id

    async def authorised(self, amount: int) -> UUID:
        """A payment that the provider holds."""
        payment_id = self.new()
        created = payment.CreatePayment(
            payment_id=payment_id,
            order_id=self.new(),
            customer_id=self.new(),
            amount_minor=amount,
            currency="USD",
            method="pm_card_visa",
            capture_policy="on_confirmation",
        )
        held = payment.RecordAuthorized(
            payment_id=payment_id, provider_ref="pi_1", amount_minor=amount, currency="USD", provider_at=_now()
        )
        for command in (created, payment.AuthorizePayment(payment_id=payment_id), held):
            assert await self.send(command) == OK
        return payment_id

    async def captured(self, amount: int) -> UUID:
        """A payment whose money has been taken."""
        payment_id = await self.authorised(amount)
        taken = payment.RecordCaptured(
            payment_id=payment_id, provider_ref="pi_1", amount_minor=amount, currency="USD", provider_at=_now()
        )
        for command in (payment.CapturePayment(payment_id=payment_id), taken):
            assert await self.send(command) == OK
        return payment_id


@pytest.fixture
async def processes(stores: Stores, tmp_path: Path) -> AsyncIterator[Processes]:
    secret_file.read_or_make(tmp_path)
    urls = {
        "postgres": stores.postgres_url,
        "keys": stores.keys_url,
        "redis": stores.redis_url,
        "mongo": stores.mongo_url,
    }
    settings = settings_of(run_json.RunJson(pid=os.getpid(), data=str(tmp_path), urls=urls), tmp_path)
    async with AsyncExitStack() as stack:
        yield Processes([await stack.enter_async_context(build(settings)) for _ in range(2)])


async def test_units_are_reserved_while_there_are_any_and_come_back_once(processes: Processes) -> None:
    async def one_round() -> None:
        variant_id = await processes.stocked(ALLOWED)
        orders = [processes.new() for _ in range(CLIENTS)]

        rising = await processes.race(lambda number: _reserve(variant_id, orders[number]))

        assert rising == {OK: ALLOWED, "stock.not_available": CLIENTS - ALLOWED}
        state = await processes.state(stock_stream(str(variant_id)))
        held = [order for order in orders if state.reservations.find(order) is not None]
        assert (state.available, len(held)) == (0, ALLOWED)

        await processes.race(
            lambda number: ReleaseReservation(variant_id=variant_id, reservation_id=held[number % ALLOWED], reason="x")
        )

        assert (await processes.state(stock_stream(str(variant_id)))).available == ALLOWED

    for _ in range(ROUNDS):
        await one_round()


async def test_units_are_written_off_while_they_are_free(processes: Processes) -> None:
    async def one_round() -> None:
        variant_id = await processes.stocked(ALLOWED + 2)
        for _ in range(2):
            assert await processes.send(_reserve(variant_id, processes.new())) == OK

        falling = await processes.race(lambda number: AdjustStock(variant_id=variant_id, quantity=-1, reason="broken"))

        assert falling == {OK: ALLOWED, "stock.not_available": CLIENTS - ALLOWED}
        state = await processes.state(stock_stream(str(variant_id)))
        assert (state.on_hand, state.available) == (2, 0)

    for _ in range(ROUNDS):
        await one_round()


async def test_money_is_given_back_while_there_is_any_and_a_failure_frees_it_once(processes: Processes) -> None:
    async def one_round() -> None:
        payment_id = await processes.captured(ALLOWED * EACH)
        refunds = [processes.new() for _ in range(CLIENTS)]

        rising = await processes.race(lambda number: _refund(payment_id, refunds[number]))

        assert rising == {OK: ALLOWED, "payment.exceeds_captured": CLIENTS - ALLOWED}
        claimed = list((await processes.state(stream("payment", payment_id))).refunds)

        await processes.race(
            lambda number: payment.RecordRefundFailed(
                payment_id=payment_id,
                refund_id=claimed[number % 3],
                reason_code="expired_card",
            )
        )
        again = [processes.new() for _ in range(CLIENTS)]
        after = await processes.race(lambda number: _refund(payment_id, again[number]))

        assert after == {OK: 3, "payment.exceeds_captured": CLIENTS - 3}
        assert (await processes.state(stream("payment", payment_id))).refundable_minor == 0

    for _ in range(ROUNDS):
        await one_round()


async def test_held_money_is_taken_once_and_again_only_after_it_failed(processes: Processes) -> None:
    async def one_round() -> None:
        payment_id = await processes.authorised(ALLOWED * EACH)

        rising = await processes.race(
            lambda number: payment.CapturePayment(payment_id=payment_id, amount_minor=EACH + number)
        )
        await processes.race(
            lambda number: payment.RecordCaptureFailed(payment_id=payment_id, reason_code="processing_error")
        )
        falling = await processes.race(lambda number: payment.CapturePayment(payment_id=payment_id))

        assert rising == falling == {OK: 1, "payment.exceeds_authorized": CLIENTS - 1}

    for _ in range(ROUNDS):
        await one_round()


async def test_held_money_is_either_taken_or_let_go(processes: Processes) -> None:
    async def one_round() -> None:
        payment_id = await processes.authorised(ALLOWED * EACH)

        outcomes = await processes.race(
            lambda number: (
                payment.CapturePayment(payment_id=payment_id)
                if number % 3
                else payment.VoidPayment(payment_id=payment_id, reason="staff")
            )
        )

        asked = [type(event).__name__ for event in await _events(processes, payment_id)][3:]
        assert asked in (["CaptureRequested"], ["VoidRequested"])
        assert outcomes[OK] == (1 if asked == ["CaptureRequested"] else len(range(0, CLIENTS, 3)))

    for _ in range(ROUNDS):
        await one_round()


async def _events(processes: Processes, payment_id: UUID) -> list[Any]:
    part = processes.parts[0]
    return [envelope.event for envelope in await part.decode(await part.reader.stream(stream("payment", payment_id)))]


def _reserve(variant_id: UUID, order_id: UUID) -> ReserveStock:
    later = _now() + timedelta(minutes=15)
    return ReserveStock(variant_id=variant_id, reservation_id=order_id, quantity=1, expires_at=later)


def _refund(payment_id: UUID, refund_id: UUID) -> payment.RefundPayment:
    return payment.RefundPayment(payment_id=payment_id, refund_id=refund_id, reason="damaged", amount_minor=EACH)


def _now() -> datetime:
    return datetime.now(UTC)
