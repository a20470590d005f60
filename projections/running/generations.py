"""Which generation of a view does this process read? The live one, as soon as it is as far as what was read so far."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from infra.ports import Generations, GenerationStore, Unavailable
from infra.view_names import in_generation

LOOK_SECONDS = 0.5  # between two looks at the record
PATIENCE = 5.0  # seconds for a new live generation to be as far; then it is read all the same
FIRST = Generations()

Positions = Mapping[str, Mapping[str, int]]


class NoPrevious(Exception):
    """There is no generation before the live one."""

    code = "view.no_previous"


def begun(now: Generations) -> Generations:
    """One is being built: the same as before an interruption, or a new one, for which the previous one goes."""
    if now.building is not None:
        return now
    number = now.newest + 1
    retired = now.retired if now.previous is None else (*now.retired, now.previous)
    return replace(now, building=number, newest=number, is_filled=False, previous=None, retired=retired)


def filled(now: Generations) -> Generations:
    """The one that is being built has reached the front: runners keep it there."""
    return replace(now, is_filled=True)


def switched(now: Generations) -> Generations:
    """The one that was built is live; the one before is kept."""
    assert now.building is not None
    return replace(now, live=now.building, previous=now.live, building=None, is_filled=False)


def switched_back(now: Generations) -> Generations:
    """Live and previous one change places. Raises NoPrevious."""
    if now.previous is None:
        raise NoPrevious
    return replace(now, live=now.previous, previous=now.live)


def dropped(now: Generations) -> Generations:
    """The live one alone stays."""
    gone = tuple(number for number in (now.previous, now.building) if number is not None)
    return replace(now, previous=None, building=None, is_filled=False, retired=(*now.retired, *gone))


def emptied(now: Generations, number: int) -> Generations:
    """Nothing is left of this one."""
    return replace(now, retired=tuple(each for each in now.retired if each != number))


def followed(now: Generations) -> Sequence[int]:
    """Those that runners keep up to date."""
    built = now.building if now.is_filled else None
    return [number for number in (now.live, now.previous, built) if number is not None]


class Reading:
    """What a process that reads knows of the generations. No store: everything is in its first, for ever."""

    def __init__(self, store: GenerationStore | None = None) -> None:
        self._store = store
        self._live: dict[str, int] = {}
        self._coming: dict[str, tuple[int, float]] = {}  # by view: the live one, and since when it is known
        self._looked = float("-inf")  # loop time
        self.is_known = store is None

    def of(self, view: str) -> int:
        return self._live.get(view, 0)

    async def learn(self, now: float) -> None:
        """Ask; where nobody answers, what was known holds. `now`: loop time."""
        if self._store is None or (self.is_known and now - self._looked < LOOK_SECONDS):
            return
        self._looked = now
        try:
            views = await self._store.read()
        except Unavailable:
            return
        for view, generations in views.items():
            if not self.is_known:
                self._live[view] = generations.live
            elif generations.live == self.of(view):
                self._coming.pop(view, None)
            elif self._coming.get(view, (None, 0.0))[0] != generations.live:
                self._coming[view] = generations.live, now
        self.is_known = True

    def settle(self, positions: Positions, down: Collection[str], now: float) -> None:
        """Go over to those that are as far, in each store that answers, as the ones that were read so far."""
        for view, (number, since) in list(self._coming.items()):
            old, new = in_generation(view, self.of(view)), in_generation(view, number)
            answering = [there for store, there in positions.items() if store not in down and old in there]
            if now - since >= PATIENCE or all(there.get(new, 0) >= there[old] for there in answering):
                self._live[view] = number
                del self._coming[view]
