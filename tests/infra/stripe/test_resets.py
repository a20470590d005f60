"""A connection that is reset while it is being opened: is that an error of the network, over uvloop, too?"""

import asyncio
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import uvloop

from infra.ports import OutcomeUnknown, PaymentOrder, ProviderUnavailable
from infra.stripe.provider import StripeProvider

CALLS = 150
BUSY = 0.004  # seconds that the loop has something else to do, so that opening and reset are seen together


@contextmanager
def resetting() -> Iterator[str]:
    """The URL of a server that accepts, and resets at once."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:

        def serve() -> None:
            while True:
                try:
                    accepted, _ = listening.accept()
                except OSError:
                    return
                accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                accepted.close()

        serving = threading.Thread(target=serve, daemon=True)
        serving.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)
        serving.join(5)


async def calls(url: str) -> Counter[type[Exception]]:
    raised: Counter[type[Exception]] = Counter()
    async with StripeProvider("sk_test_adapter", url) as provider:
        for number in range(CALLS):
            asyncio.get_running_loop().call_later(0.0003 * (number % 8), time.sleep, BUSY)
            try:
                await provider.authorise(PaymentOrder(uuid4(), uuid4(), 1000, "USD", "pm_card_visa", f"k-{number}"))
            except Exception as error:
                raised[type(error)] += 1
    return raised


def test_a_connection_that_is_reset_while_it_is_opened_is_a_provider_that_is_away_or_in_doubt() -> None:
    with resetting() as url:
        raised = uvloop.run(calls(url))
    assert raised.total() == CALLS
    assert set(raised) <= {ProviderUnavailable, OutcomeUnknown}
