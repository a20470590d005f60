"""Do two generations of a view hold the same? Document by document, while both follow the log.

Names of fields are told, never what stands in them. Memory is bounded: a page of documents of each.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from infra.ports import Checkpoint, Doc, ViewStore
from projections.running.comparing import MOST, PAGE, Compared, differences
from projections.running.projection import AnyProjection
from write_model.kernel.clock import Clock

TURNS = 5  # looks at documents that seem to differ
LOOK_SECONDS = 0.05
CATCH_UP_SECONDS = 3.0  # for both to have passed a position


async def agree(projection: AnyProjection, live: int, other: int, store: ViewStore, clock: Clock) -> Compared:
    """What the other generation holds otherwise than the live one. Raises Unavailable."""
    return await _Pair(projection, live, other, store, clock).compared()


class _Pair:
    def __init__(self, projection: AnyProjection, live: int, other: int, store: ViewStore, clock: Clock) -> None:
        self._projection, self._store, self._clock = projection, store, clock
        self._live, self._other = projection.at(live).target, projection.at(other).target
        self._found = Compared()

    async def compared(self) -> Compared:
        now = await self._clock.now()
        for target in (self._other, self._live):
            after = ""
            while keys := await self._store.keys(target, after, PAGE):
                after = keys[-1]
                other, live = await self._both(keys)
                if target == self._other:
                    self._found.documents += len(keys)
                else:  # those that the other has were looked at
                    keys = [key for key in keys if not _is_there(other.get(key))]
                doubtful = [key for key in keys if _differing(live.get(key), other.get(key))]
                await self._settle([key for key in doubtful if not self._has_expired(key, live, other, now)])
        return self._found

    async def _settle(self, keys: Sequence[str]) -> None:
        """What seems to differ may be on its way to one of them: look again when both have passed it."""
        for _ in range(TURNS):
            if not keys:
                return
            passed = await self._passed()
            other, live = await self._both(keys)
            keys = [key for key in keys if _differing(live.get(key), other.get(key))]
            still = {key: max((docs[key].position for docs in (live, other) if key in docs), default=0) for key in keys}
            for key in [key for key in keys if still[key] <= passed]:
                told = _differing(live.get(key), other.get(key))
                self._found.differs(key, ", ".join(told[:MOST]))
            keys = [key for key in keys if still[key] > passed]
        for key in keys:
            self._found.differs(key, "one of them has not come so far")

    async def _passed(self) -> int:
        """A position that both have passed by now."""
        front = max(await self._positions())
        waited = 0.0
        while (reached := await self._least()) < front and waited < CATCH_UP_SECONDS:
            await self._clock.sleep(LOOK_SECONDS)
            waited += LOOK_SECONDS
        return min(reached, front)

    async def _least(self) -> int:
        return min(await self._positions())

    async def _positions(self) -> tuple[int, int]:
        found = await self._store.checkpoints()
        live, other = (found.get(target, Checkpoint(0, 0)) for target in (self._live, self._other))
        return live.position, other.position

    async def _both(self, keys: Collection[str]) -> tuple[Mapping[str, Doc], Mapping[str, Doc]]:
        """In the other one, and in the live one."""
        return (
            await self._store.load(self._other, keys, whole=True),
            await self._store.load(self._live, keys, whole=True),
        )

    def _has_expired(self, key: str, live: Mapping[str, Doc], other: Mapping[str, Doc], now: datetime) -> bool:
        """Whether the store lets go of it: it is gone in one of them, and not yet in the other."""
        days = self._projection.keep_days
        doc = other.get(key) or live.get(key)
        if days is None or doc is None or doc.body is None:
            return False
        return datetime.fromisoformat(str(doc.body["recordedAt"])) + timedelta(days=days) <= now


def _is_there(doc: Doc | None) -> bool:
    return doc is not None and doc.body is not None


def _differing(live: Doc | None, other: Doc | None) -> list[str]:
    """Names of what differs; empty: equal."""
    if live is None or live.body is None:
        return ["the live one has no such document"] if _is_there(other) else []
    told = differences(live, other)
    return [name for name in told if name != "stale"] if other is not None and live.stale == other.stale else told
