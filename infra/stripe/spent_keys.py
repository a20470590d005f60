"""What if Stripe keeps its own failure under our key? Then that key tells of the failure for a day, and acts no more.

Stripe stores the first answer of a key once the act has begun, a 500 as well, and repeats it whatever happens since.
A repeated failure says that the first request is over; whether it acted is looked up, and if it did not, the act is
asked for under the next key in the row: `key`, `key:2`, `key:3` … Each is known before it is used and used for the
same act only, so that a repeat, also one of another process, finds what an earlier one did.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import TypeVar

from infra.ports import OutcomeUnknown

T = TypeVar("T")
AT_ONCE = 5  # keys tried in one call
REMEMBERED = 1000  # keys: a shortcut only, they are found spent again after a restart


class KeySpent(Exception):
    """Stripe repeated a failure that it has stored under the key."""


class SpentKeys:
    """How far the row of each key has been used up, as far as this process knows."""

    def __init__(self) -> None:
        self._spent: OrderedDict[str, int] = OrderedDict()

    async def act(self, key: str, act: Callable[[str], Awaitable[T]], made: Callable[[], Awaitable[T | None]]) -> T:
        """What `act` came to under the first key that is good; `made` tells what an earlier one came to, if it did.

        Raises what these raise, and OutcomeUnknown when too many keys are spent for one call: the next goes on there.
        """
        first = self._spent.get(key, 0)
        for spent in range(first, first + AT_ONCE):
            if spent and (before := await made()) is not None:
                return before
            try:
                return await act(f"{key}:{spent + 1}" if spent else key)
            except KeySpent:
                self._remember(key, spent + 1)
        raise OutcomeUnknown("failures are repeated under each key")

    def _remember(self, key: str, spent: int) -> None:
        self._spent[key] = max(spent, self._spent.get(key, 0))
        self._spent.move_to_end(key)
        while len(self._spent) > REMEMBERED:
            self._spent.popitem(last=False)
