"""Amounts have guards: raced by fifty clients of two processes, exactly what is allowed succeeds, up and down."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from tests.kit.builders.ids import CUSTOMER_ID, PRODUCT_ID
from tests.write_model.handling.world import World
from write_model.handling.bus import Answer
from write_model.kernel.message import Command
from write_model.kernel.refused import Refused
from write_model.payment.commands import (
    AuthorizePayment,
    CapturePayment,
    CreatePayment,
    RecordAuthorized,
    RecordCaptured,
    RecordCaptureFailed,
    RecordRefundFailed,
    RefundPayment,
)
from write_model.stock.commands import AdjustStock, OpenStock, ReceiveStock, ReleaseReservation, ReserveStock

CLIENTS, ROUNDS = 50, 20
TOTAL = 1000


class Race:
    """Two processes over one log."""

    def __init__(self) -> None:
        self.world = World()
        self.buses = [self.world.bus, self.world.another_bus()]
        self.item, self.payment = uuid4(), uuid4()

    async def alone(self, *commands: Command) -> Answer:
        for command in commands:
            answer = await self.world.send(command, bus=self.buses[1])
        return answer

    async def run(self, commands: Sequence[Command]) -> int:
        """How many of these at once were granted; the others were refused, and none failed otherwise."""
        wishes = [self.world.send(command, bus=self.buses[n % 2]) for n, command in enumerate(commands)]
        outcomes = await asyncio.gather(*wishes, return_exceptions=True)
        assert not [each for each in outcomes if not isinstance(each, Answer | Refused)]
        return sum(isinstance(each, Answer) for each in outcomes)

    def reserve(self, reservation: UUID) -> Command:
        until = self.world.clock._now + timedelta(minutes=15)
        return ReserveStock(variant_id=self.item, reservation_id=reservation, quantity=1, expires_at=until)

    async def count(self) -> int:
        """What is available with one more unit."""
        moved = await self.alone(ReceiveStock(variant_id=self.item, quantity=1, reason="x"))
        return int(str(moved.body["available"]))


@pytest.fixture
async def race() -> Race:
    return Race()


async def test_stock_is_given_to_its_last_unit_and_never_below(race: Race) -> None:
    await race.alone(OpenStock(variant_id=race.item, product_id=PRODUCT_ID))
    for units in range(1, ROUNDS + 1):
        await race.alone(ReceiveStock(variant_id=race.item, quantity=units, reason="x"))
        wished = [uuid4() for _ in range(CLIENTS)]
        assert await race.run([race.reserve(each) for each in wished]) == units
        released = [ReleaseReservation(variant_id=race.item, reservation_id=each, reason="x") for each in wished]
        await race.run([*released, *released])  # each twice: given back once
        assert await race.count() == units + 1
        lost = AdjustStock(variant_id=race.item, quantity=-(units + 1), reason="x")
        assert await race.run([lost] * CLIENTS) == 1


async def test_of_captures_at_once_one_is_requested_and_after_its_failure_one_again(race: Race) -> None:
    await authorised(race)
    for _ in range(ROUNDS):
        before = await race.world.log.head()
        await race.run([CapturePayment(payment_id=race.payment)] * CLIENTS)
        assert [row.type for row in await race.world.log.read(before, 99)] == ["payment.capture_requested"]
        await race.alone(RecordCaptureFailed(payment_id=race.payment, reason_code="x"))


async def test_refunds_at_once_never_claim_more_than_was_captured(race: Race) -> None:
    await authorised(race)
    now = race.world.clock._now
    await race.alone(
        CapturePayment(payment_id=race.payment),
        RecordCaptured(
            payment_id=race.payment, provider_ref="pi_1", amount_minor=TOTAL, currency="USD", provider_at=now
        ),
    )
    for amount in range(60, 60 + ROUNDS):
        wished = [uuid4() for _ in range(CLIENTS)]
        refunds = [
            RefundPayment(payment_id=race.payment, refund_id=each, reason="x", amount_minor=amount) for each in wished
        ]
        assert await race.run(refunds) == TOTAL // amount
        failed = [RecordRefundFailed(payment_id=race.payment, refund_id=each, reason_code="x") for each in wished]
        assert await race.run([*failed, *failed]) == 2 * (TOTAL // amount)  # the rest was never wished for


async def authorised(race: Race) -> None:
    """A payment whose money is held."""
    await race.alone(
        CreatePayment(
            payment_id=race.payment,
            order_id=uuid4(),
            customer_id=CUSTOMER_ID,
            amount_minor=TOTAL,
            currency="USD",
            method="pm_card_visa",
            capture_policy="on_confirmation",
        ),
        AuthorizePayment(payment_id=race.payment),
        RecordAuthorized(
            payment_id=race.payment,
            provider_ref="pi_1",
            amount_minor=TOTAL,
            currency="USD",
            provider_at=race.world.clock._now,
        ),
    )
