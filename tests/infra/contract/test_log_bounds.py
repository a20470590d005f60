"""What does neither the log nor its twin ever store?"""

import pytest

from infra.event_log.admission import EventTooLarge, NotAppendable, TooManyEvents, VersionsNotContiguous
from infra.ports import Accepted, Append
from tests.infra.contract.log_worlds import Log, log
from tests.infra.event_log.commands import MOMENT, command, event

__all__ = ["log"]


@pytest.mark.parametrize(
    ("refused", "why"),
    [
        (command({"cart-a": 0}, event("cart-a", 2)), VersionsNotContiguous),
        (command({"cart-a": 0}, event("cart-a", 1), event("cart-a", 3)), VersionsNotContiguous),
        (command({"cart-a": 0}, event("cart-a", 1), event("cart-a", 1)), VersionsNotContiguous),
        (command({}, event("cart-a", 1)), VersionsNotContiguous),
        (command({"cart-a": 0}, *(event("cart-a", n) for n in range(1, 258))), TooManyEvents),
        (command({"cart-a": 0}, event("cart-a", 1, payload=bytes(65_536))), EventTooLarge),
        (command({"cart-a": -1}, event("cart-a", 0)), NotAppendable),
        (command({"cart-\0": 0}, event("cart-\0", 1)), NotAppendable),
        (command({"cart-a": 0}, event("cart-a", 1, schema=0)), NotAppendable),
        (command({"cart-a": 0}, event("cart-a", 1, effective_at=MOMENT.replace(tzinfo=None))), NotAppendable),
    ],
)
async def test_what_can_never_be_stored_is_refused_by_name(log: Log, refused: Append, why: type[Exception]) -> None:
    with pytest.raises(why):
        await log.appender.append(refused)

    assert await log.reader.head() == 0
    assert await log.reader.answer(refused.command_id) is None


async def test_the_largest_command_that_is_allowed_is_stored(log: Log) -> None:
    largest = [event("cart-a", n, payload=bytes(65_000)) for n in range(1, 257)]

    assert await log.appender.append(command({"cart-a": 0}, *largest)) == Accepted(256)
    assert len(await log.reader.stream("cart-a")) == 256
