"""What is asked of the stores of read models."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from infra.ports.work import Parked


@dataclass(frozen=True, slots=True)
class Doc:
    """One document of a view. `columns` are queried by, `rows` are child rows by table; both derived from the body."""

    key: str
    position: int  # of the newest event folded into it
    body: Mapping[str, object] | None  # JSON types only; None: there is no such document (any more)
    columns: Mapping[str, object] = field(default_factory=dict)
    rows: Mapping[str, Sequence[Mapping[str, object]]] = field(default_factory=dict)
    stale: bool = False  # its key is parked: later events wait


@dataclass(frozen=True, slots=True)
class Query:
    """Which documents, in which order. Names are the store's own: fields of the body, or SQL columns."""

    order: Sequence[tuple[str, bool]]  # name and whether it falls; the last is unique, others without it are left out
    limit: int
    equal: Mapping[str, object] = field(default_factory=dict)
    any_of: Mapping[str, Collection[object]] = field(default_factory=dict)
    at_least: Mapping[str, object] = field(default_factory=dict)
    at_most: Mapping[str, object] = field(default_factory=dict)
    contains: Mapping[str, str] = field(default_factory=dict)  # the text in any case
    after: Sequence[object] = ()  # values of `order` in the last document that was seen


class Checkpoint(NamedTuple):
    """Up to where a target holds everything, and the fence of whoever writes it."""

    position: int
    fence: int


class ViewStore(Protocol):
    """Documents of a view's build (`target`: "<view>_v<version>[_g<generation>]") and its checkpoint, in one store."""

    async def load(self, target: str, keys: Collection[str], whole: bool = False) -> Mapping[str, Doc]:
        """Whole: with the columns and child rows as they stand there, where the store has such."""

    async def write(self, target: str, docs: Sequence[Doc]) -> None:
        """Documents older than what stands there change nothing."""

    async def take(self, target: str, fence: int) -> int:
        """Shut out every worker with an older fence; the checkpoint. Raises Fenced when a newer one was here."""

    async def commit(self, target: str, fence: int, after: int, position: int, docs: Sequence[Doc]) -> None:
        """Documents and checkpoint, so that the checkpoint is never ahead.

        Raises Fenced when the checkpoint does not stand at `after` or further under this fence: another has taken
        over, or the store was dropped or went back in time.
        """

    async def advance(self, moves: Mapping[str, tuple[int, int, int]]) -> None:
        """Checkpoints alone, many at once: target to (fence, after, position). They only move on; others stay."""

    async def position(self, target: str) -> int: ...

    async def checkpoints(self) -> Mapping[str, Checkpoint]:
        """All of this store, by target."""

    async def find(self, target: str, query: Query) -> Sequence[Doc]: ...

    async def park(self, target: str, key: str, position: int, error: str) -> None: ...

    async def parked(self, target: str) -> Sequence[Parked]: ...

    async def release(self, target: str, key: str) -> None: ...

    async def keys(self, target: str, after: str, limit: int) -> Sequence[str]:
        """Keys of stored documents, in order: to compare and to count them."""

    async def drop(self, target: str) -> None:
        """No documents, no checkpoint any more. A later generation's table goes, too: `take` makes it again."""


@dataclass(frozen=True, slots=True)
class Generations:
    """Which builds of a view stand side by side. Their numbers only rise; 0 is the first."""

    live: int = 0  # readers read it
    previous: int | None = None  # the one before: kept up to date, to be switched back to
    building: int | None = None  # being folded from the beginning
    is_filled: bool = False  # it has been at the front: kept up to date
    retired: tuple[int, ...] = ()  # to be emptied, by whoever comes next
    newest: int = 0  # the highest number that was given
    revision: int = 0  # of this record; 0: it is not stored yet


class GenerationStore(Protocol):
    """What readers and runners follow. A view is named without its generation."""

    async def read(self) -> Mapping[str, Generations]:
        """By view; one that is not there has its first generation alone. Raises Unavailable."""

    async def put(self, view: str, new: Generations) -> Generations:
        """In the place of the revision that `new` names, in one step; as it is stored.

        Raises Fenced when another was put there meanwhile, Unavailable.
        """


@dataclass(frozen=True, slots=True)
class Copy:
    """A document as it stands in the key-value store."""

    key: str
    position: int
    body: bytes | None  # None: there is no such document
    ttl: int  # seconds


@dataclass(frozen=True, slots=True)
class Cached:
    """What the key-value store says of one key. `covered`: every copy of this epoch holds all events up to there."""

    epoch: str | None
    covered: int
    copy: Copy | None


class KeyValueStore(Protocol):
    """Copies of documents. It may forget everything, or go back in time, at any moment."""

    async def get(self, view: str, keys: Sequence[str]) -> Sequence[Cached]:
        """What stands under each key, in this order."""

    async def put_newer(
        self, view: str, epoch: str, copies: Sequence[Copy], covered: int | None, seen: int | None = None
    ) -> bool:
        """Write what is newer than what stands there (no body: the key goes), and move `covered`.

        False, and nothing is done: the epoch has passed, or `covered` no longer stands at `seen` (the store forgot,
        went back in time, or a reader's document may be older than it looks).
        """

    async def begin(self, view: str, covered: int) -> str:
        """A new epoch: every copy made before is void from now on."""

    async def nudge(self, channel: str, position: int) -> None: ...

    def nudges(self, channel: str) -> AsyncIterator[int]:
        """Positions as they are told. Some may be lost."""
