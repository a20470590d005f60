"""What has changed, as far as this process has heard? One follower of the log for everything that is kept here.

A thing that was made as of position P holds as of a later position, too, when no event in between touched what it rests
on. The follower hears of every event, and calls on those who keep things; nobody asks anything for a single request.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from infra.ports import Unavailable
from projections.product_page import view as pages
from projections.product_page.view import Rebuilding
from projections.product_reviews import view as reviews
from projections.stock_levels import view as levels
from read_api.kept.uses import ANY, LISTED, Mark
from write_model.kernel.clock import Clock

PAUSE = 0.02  # seconds between two looks while much happens
IDLE_SECONDS = 1.0  # for one look
RETRY_SECONDS = 0.5
BLIND_SECONDS = 3.0  # without a look: nothing is known any more
MARKS = 50_000  # that are remembered with the position that touched them last
STANDS_SECONDS = 0.02  # for which it is not asked again how far the views are

WATCHED = (pages.SOURCE, levels.SOURCE, reviews.SOURCE)

Listener = Callable[[Sequence[Mark], int], None]  # the position; no marks: everything


class Touch(Protocol):
    @property
    def position(self) -> int: ...
    @property
    def view(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def amount(self) -> int | None: ...


class Touched(Protocol):
    @property
    def position(self) -> int: ...
    @property
    def touches(self) -> Sequence[Touch]: ...
    @property
    def unknown(self) -> bool: ...


class Log(Protocol):
    """Which documents the log's newest events touched."""

    async def head(self) -> int: ...

    async def after(self, position: int, seconds: float) -> Touched: ...


class Freshness(Protocol):
    """How far the views are, as this process knows it."""

    def live(self, source: Any) -> Any: ...

    def usable(self, source: Any, store: str, at_least: int) -> int | None: ...


class Changes:
    """`run` has to run; until it has looked for the first time, and when it can't look, nothing counts as known."""

    def __init__(self, log: Log, freshness: Freshness, clock: Clock, views: Sequence[Any] = WATCHED) -> None:
        self.position = 0  # everything up to there was heard of, since the first look
        self._switches = 0
        self._views = views
        self._log = log
        self._freshness = freshness
        self._clock = clock
        self._listeners: list[Listener] = []
        self._touched: OrderedDict[Mark, int] = OrderedDict()
        self._floor = 0  # what was touched before it may have been forgotten
        self._amounts: dict[str, int] = {}
        self._looked = float("-inf")  # loop time
        self._standing: dict[int, int | None] = {}  # by the source's id: they live as long as their modules
        self._stood = float("-inf")  # loop time
        self._generations: dict[str, Any] = {}

    @property
    def switches(self) -> int:
        """Of views from one generation to another: what was begun before one is not kept after it."""
        self._stand(_now())
        return self._switches

    def tell(self, listener: Listener) -> None:
        """From now on, of everything that is touched."""
        self._listeners.append(listener)

    async def run(self) -> None:
        """Follow the log until cancelled."""
        while True:
            try:
                moved = await self.look(IDLE_SECONDS)
                await self._clock.sleep(PAUSE if moved else 0)
            except Unavailable:
                await self._clock.sleep(RETRY_SECONDS)

    async def look(self, seconds: float = 0.0) -> bool:
        """Hear of what is new, at most so much later. Raises Unavailable."""
        if self._looked == float("-inf"):
            self.position = self._floor = await self._log.head()
            self._looked = _now()
            return True
        touched = await self._log.after(self.position, seconds)
        self._looked = _now()
        if touched.unknown:
            self._forget(touched.position)
        elif touched.touches:
            self._heard(touched.touches)
        moved = touched.position > self.position
        self.position = max(self.position, touched.position)
        if moved:
            self._stood = float("-inf")  # so may the views have
        return moved

    def holds(self, marks: Iterable[Mark], position: int) -> bool:
        """Whether none of them was touched after the position, as far as was heard."""
        if position < self._floor:
            return False
        return all(self._touched.get(mark, 0) <= position for mark in marks)

    def stands(self, source: Any) -> int | None:
        """How far the view may be read by what is kept; None: not now, the stores have to be asked."""
        now = _now()
        self._stand(now)
        key = id(source)
        if key not in self._standing:
            self._standing[key] = self._reached(source)
        position = self._standing[key]
        if position is None or position > self.position or now - self._looked > BLIND_SECONDS:
            return None
        return position

    def _stand(self, now: float) -> None:
        """Look at the views once more, if it is time."""
        if now - self._stood < STANDS_SECONDS:
            return
        self._stood = now
        self._standing.clear()
        for source in self._views:
            self._standing[id(source)] = self._reached(source)

    def _reached(self, source: Any) -> int | None:
        try:
            live = self._freshness.live(source)
        except Rebuilding:
            return None  # the reader is told so by the stores
        known = self._generations.setdefault(source.view, live.generation)
        if known != live.generation:
            self._generations[source.view] = live.generation
            self._switches += 1
            self._call((), self.position)
        found = [self._freshness.usable(live, store, 0) for store in source.stores]
        return max((position for position in found if position is not None), default=None)

    def _heard(self, touches: Sequence[Touch]) -> None:
        marks: dict[Mark, int] = {}
        for touch in touches:
            marks[touch.view, touch.key] = touch.position
            marks[touch.view, ANY] = touch.position
            if touch.amount is not None:
                before = self._amounts.get(touch.key)
                if before is None or (before > 0) != (touch.amount > 0):
                    marks[touch.view, LISTED] = touch.position
                self._amounts[touch.key] = touch.amount
        for mark, position in marks.items():
            self._touched[mark] = position
            self._touched.move_to_end(mark)
            self._call((mark,), position)
        if len(self._amounts) > MARKS:
            self._amounts.clear()
        while len(self._touched) > MARKS:
            _, position = self._touched.popitem(last=False)
            self._floor = max(self._floor, position)

    def _forget(self, position: int) -> None:
        self._floor = position
        self._touched.clear()
        self._amounts.clear()
        self._call((), position)

    def _call(self, marks: Sequence[Mark], position: int) -> None:
        for listener in self._listeners:
            listener(marks, position)


def _now() -> float:
    return asyncio.get_running_loop().time()
