"""The twin of the document stores, for unit tests and the simulation."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from infra.ports import Checkpoint, Doc, Fenced, Parked, Query


@dataclass(slots=True)
class _Target:
    docs: dict[str, Doc] = field(default_factory=dict)
    parked: dict[str, Parked] = field(default_factory=dict)


@dataclass(slots=True)
class _Checkpoint:
    position: int
    fence: int


class MemoryViewStore:
    """Implements ViewStore. With `by_columns` queries name columns, as in SQL; else fields of the body."""

    def __init__(self, *, by_columns: bool = False, relations: Mapping[str, str] | None = None) -> None:
        self._by_columns = by_columns
        self._relations = relations or {}  # other names under which a target is asked
        self._targets: dict[str, _Target] = {}
        self._checkpoints: dict[str, _Checkpoint] = {}

    async def load(self, target: str, keys: Collection[str], whole: bool = False) -> Mapping[str, Doc]:
        docs = self._target(target).docs
        return {key: docs[key] for key in keys if key in docs}

    async def write(self, target: str, docs: Sequence[Doc]) -> None:
        here = self._target(target).docs
        for doc in docs:
            if doc.key not in here or here[doc.key].position < doc.position:
                body = None if doc.body is None else orjson.loads(orjson.dumps(doc.body))  # as after a way to a server
                here[doc.key] = replace(doc, body=body)

    async def take(self, target: str, fence: int) -> int:
        checkpoint = self._checkpoints.setdefault(target, _Checkpoint(0, fence))
        if checkpoint.fence > fence:
            raise Fenced
        checkpoint.fence = fence
        return checkpoint.position

    async def commit(self, target: str, fence: int, after: int, position: int, docs: Sequence[Doc]) -> None:
        checkpoint = self._checkpoints.get(target)
        if checkpoint is None or checkpoint.fence != fence or checkpoint.position < after:
            raise Fenced
        await self.write(target, docs)
        checkpoint.position = max(position, checkpoint.position)

    async def advance(self, moves: Mapping[str, tuple[int, int, int]]) -> None:
        for target, (fence, after, position) in moves.items():
            checkpoint = self._checkpoints.get(target)
            if checkpoint is not None and checkpoint.fence == fence and after <= checkpoint.position < position:
                checkpoint.position = position

    async def position(self, target: str) -> int:
        checkpoint = self._checkpoints.get(target)
        return 0 if checkpoint is None else checkpoint.position

    async def checkpoints(self) -> Mapping[str, Checkpoint]:
        return {target: Checkpoint(each.position, each.fence) for target, each in self._checkpoints.items()}

    async def find(self, target: str, query: Query) -> Sequence[Doc]:
        found = []
        for doc in self._target(self._relations.get(target, target)).docs.values():
            values = self._values(doc)
            if doc.body is not None and _matches(values, query):
                found.append(replace(doc, columns={name: values[name] for name, _ in query.order}, rows={}))
        for name, falls in reversed(query.order):
            found.sort(key=lambda doc, name=name: doc.columns[name], reverse=falls)  # type: ignore[misc]
        return [doc for doc in found if _is_after(doc.columns, query)][: query.limit]

    async def park(self, target: str, key: str, position: int, error: str) -> None:
        here = self._target(target)
        here.parked.setdefault(key, Parked(target, key, position, error))
        if key in here.docs:
            here.docs[key] = replace(here.docs[key], stale=True)

    async def parked(self, target: str) -> Sequence[Parked]:
        return list(self._target(target).parked.values())

    async def release(self, target: str, key: str) -> None:
        here = self._target(target)
        here.parked.pop(key, None)
        if key in here.docs:
            here.docs[key] = replace(here.docs[key], stale=False)

    async def keys(self, target: str, after: str, limit: int) -> Sequence[str]:
        docs = self._target(target).docs
        there = sorted((key for key, doc in docs.items() if doc.body is not None), key=_order)
        return [key for key in there if not after or _order(key) > _order(after)][:limit]

    async def drop(self, target: str) -> None:
        self._targets.pop(target, None)
        self._checkpoints.pop(target, None)

    def _target(self, target: str) -> _Target:
        return self._targets.setdefault(target, _Target())

    def _values(self, doc: Doc) -> Mapping[str, Any]:
        if self._by_columns:
            return {"id": doc.key, **doc.columns}
        return {**(doc.body or {}), "_id": _order(doc.key)[1] if doc.key.isdigit() else doc.key}


def _order(key: str) -> tuple[bool, Any]:
    """Numbers first, by their value."""
    return (False, int(key)) if key.isdigit() else (True, key)


def _matches(values: Mapping[str, Any], query: Query) -> bool:
    return (
        all(values.get(name) is not None for name, _ in query.order)
        and all(_equals(values.get(name), wanted) for name, wanted in query.equal.items())
        and all(values.get(name) in wanted for name, wanted in query.any_of.items())
        and all(_comparable(values.get(name), low) and values[name] >= low for name, low in query.at_least.items())
        and all(_comparable(values.get(name), high) and values[name] <= high for name, high in query.at_most.items())
        and all(text.lower() in str(values.get(name, "")).lower() for name, text in query.contains.items())
    )


def _equals(value: Any, wanted: object) -> bool:
    return wanted in value if isinstance(value, list | tuple) else bool(value == wanted)


def _comparable(value: Any, bound: object) -> bool:
    return isinstance(value, str) == isinstance(bound, str) and value is not None


def _is_after(columns: Mapping[str, Any], query: Query) -> bool:
    for (name, falls), seen in zip(query.order, query.after, strict=False):
        value = columns[name]
        if isinstance(value, str) != isinstance(seen, str):
            raise ValueError(name)
        if value != seen:
            return bool(value < seen) if falls else bool(value > seen)
    return not query.after
