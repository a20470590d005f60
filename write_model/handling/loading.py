"""In which states are the aggregates that a command needs? Remembered ones first, then what the log adds to them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any

from infra.ports import LogReader, Snapshots
from write_model.handling.beginnings import Beginnings
from write_model.handling.cache import Known, StateCache
from write_model.handling.coding import Decoder
from write_model.handling.route import Registry, Route
from write_model.kernel.ids import category

NONE: Mapping[str, Known] = {}


@dataclass(slots=True)
class Loaded:
    """The states of one decision. `read`: each of them was compared with the log after the command came."""

    known: dict[str, Known]
    states: dict[str, object]
    read: bool

    def add(self, stream: str, known: Known) -> None:
        self.known[stream] = known
        self.states[stream] = known.state


class Loader:
    """Folds streams, and remembers what it has folded."""

    def __init__(
        self,
        registry: Registry,
        reader: LogReader,
        decoder: Decoder,
        cache: StateCache,
        snapshots: Snapshots | None = None,
    ) -> None:
        self._deciders = registry.deciders
        self._beginnings = None if snapshots is None else Beginnings(registry.deciders, snapshots)
        self._reader = reader
        self._decoder = decoder
        self._cache = cache

    async def load(
        self,
        route: Route,
        command: Any,
        answered: str,
        *,
        fresh: bool,
        sure: Mapping[str, Known] = NONE,
    ) -> Loaded:
        """All states that the command needs. Fresh: nothing is believed that the log was not asked for.

        `sure` are states that the log has just confirmed.
        """
        loaded = Loaded(dict(sure), {stream: known.state for stream, known in sure.items()}, read=fresh)
        missing = {answered}
        while True:
            if route.room is None:
                missing.update(route.streams(command, loaded.states))
            missing.difference_update(loaded.known)
            if not missing:
                return loaded
            unknown: dict[str, Known] = {}
            for stream in sorted(missing):
                known = None if fresh else self._believed(route, stream)
                if known is None:
                    unknown[stream] = self._start(stream)
                else:
                    loaded.add(stream, known)
            if unknown:
                for stream, known in (await self.catch_up(unknown)).items():
                    loaded.add(stream, known)

    async def catch_up(self, known: Mapping[str, Known]) -> Mapping[str, Known]:
        """These states with what the log has added to them, in one read. Raises NewerThanCode, Unavailable."""
        if self._beginnings is not None and (unread := [stream for stream, each in known.items() if not each.version]):
            known = {**known, **await self._beginnings.of(unread)}
        rows = await self._reader.streams({stream: each.version for stream, each in known.items()})
        events = await self._decoder.events(rows)
        caught_up = dict(known)
        for stream, group in groupby(zip(rows, events, strict=True), key=lambda pair: pair[0].stream):
            pairs = list(group)
            before, last = caught_up[stream], pairs[-1][0]
            state = self._deciders[category(stream)].fold(before.state, (event for _, event in pairs))
            caught_up[stream] = Known(last.version, last.position, state)
            if self._beginnings is not None:
                await self._beginnings.keep(stream, len(pairs), caught_up[stream])
        for stream, each in caught_up.items():
            if each.version:
                self._cache.put(stream, each)
        return caught_up

    async def newest(self, streams: Iterable[str]) -> Mapping[str, Known]:
        """The states of these streams now."""
        return await self.catch_up({stream: self._start(stream) for stream in sorted(streams)})

    async def current(self, stream: str) -> Known:
        """The state of one stream now."""
        return (await self.newest([stream]))[stream]

    async def at_version(self, stream: str, version: int) -> Known:
        """The state of one stream as it was at that version."""
        cached = self._cache.get(stream)
        if cached is not None and cached.version == version:
            return cached
        rows = sorted(await self._reader.stream(stream, 0, version), key=attrgetter("version"))
        decider = self._deciders[category(stream)]
        state = decider.fold(decider.initial, await self._decoder.events(rows))
        return Known(rows[-1].version, rows[-1].position, state) if rows else Known(0, 0, decider.initial)

    def remember(self, stream: str, known: Known) -> None:
        self._cache.put(stream, known)

    def drop(self, stream: str) -> None:
        self._cache.drop(stream)

    def _start(self, stream: str) -> Known:
        """From where to read: what is remembered, else the beginning."""
        return self._cache.get(stream) or Known(0, 0, self._deciders[category(stream)].initial)

    def _believed(self, route: Route, stream: str) -> Known | None:
        known = self._cache.get(stream)
        kind = category(stream)
        if known is None and kind in route.creates:
            return Known(0, 0, self._deciders[kind].initial)
        return known
