"""What the platform asks of the world: protocols, and the frozen records and errors that cross them.

Standard library only. Each port has a real adapter under `infra/` and a twin under `infra/memory/`, and both pass
one contract suite. Times are UTC and aware, amounts integer minor units, durations seconds. What is made for every
event is a named tuple: a frozen dataclass takes four times as long to make.
"""

import builtins
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, NamedTuple, Protocol
from uuid import UUID

# ---------------------------------------------------------------- the log


@dataclass(frozen=True, slots=True)
class Schema:
    """One stored version of one event: its name for ever, its class today, and whose data it holds."""

    type: str  # "<room>.<past_participle>"
    version: int
    cls: builtins.type[Any]  # the event class of today
    subject_field: str | None = None  # the field with the data subject's id
    personal_fields: tuple[str, ...] = ()  # sealed with the subject's key


class NewEvent(NamedTuple):
    """An encoded event, ready to be stored."""

    stream: str
    version: int  # the one it will have
    type: str
    schema: int
    event_id: UUID
    effective_at: datetime
    metadata: bytes
    payload: bytes
    digest: bytes  # infra.event_log.chain.event_digest of the above and the command id; b"": the appender makes it


class Append(NamedTuple):
    """One command's events. `expected` names every stream that was loaded, written or not (0: it does not exist)."""

    command_id: UUID
    fingerprint: bytes
    expected: Mapping[str, int]
    events: Sequence[NewEvent]
    answer: bytes  # stored with the events; the position is added by the reader


class Accepted(NamedTuple):
    position: int  # of the command's last event


@dataclass(frozen=True, slots=True)
class Replayed:
    """The command id was accepted before: nothing was appended."""

    position: int
    fingerprint: bytes
    answer: bytes


@dataclass(frozen=True, slots=True)
class Conflict:
    heads: Mapping[str, int]  # the true versions of the streams that differ


@dataclass(frozen=True, slots=True)
class Unknown:
    """The commit may or may not have happened: ask `LogReader.answer`."""

    reason: str


Verdict = Accepted | Replayed | Conflict | Unknown


class Stored(NamedTuple):
    """A row of the log."""

    position: int
    stream: str
    version: int
    type: str
    schema: int
    event_id: UUID
    command_id: UUID
    recorded_at: datetime
    effective_at: datetime
    metadata: bytes
    payload: bytes
    digest: bytes


class Busy(Exception):
    """A bounded queue is full. Nothing was done."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"try again in {retry_after} s")
        self.retry_after = retry_after


class Fenced(Exception):
    """The lease of the writer has passed to another: nothing was written."""


class Unavailable(Exception):
    """A store can't be reached now. Nothing is known to have been done."""


class Appender(Protocol):
    async def append(self, command: Append) -> Verdict:
        """Store all events of the command, or none.

        Raises Busy above the queue's bound, Unavailable when it was certainly not stored.
        """


class LogReader(Protocol):
    async def head(self) -> int: ...

    async def read(self, after: int, limit: int, types: Collection[str] = ()) -> Sequence[Stored]:
        """Rows in position order; no types: all of them."""

    async def stream(self, name: str, after_version: int = 0, up_to: int | None = None) -> Sequence[Stored]:
        """One stream in version order."""

    async def streams(self, after_versions: Mapping[str, int]) -> Sequence[Stored]:
        """Several streams at once, each past its version, in version order per stream."""

    async def wait(self, after: int, seconds: float) -> int:
        """Until the head is past `after`, at most so long; the head."""

    async def answer(self, command_id: UUID) -> Replayed | None: ...


@dataclass(frozen=True, slots=True)
class Snapshot:
    version: int
    state: bytes


class Snapshots(Protocol):
    async def load(self, stream: str, state_version: int) -> Snapshot | None: ...

    async def save(self, stream: str, state_version: int, snapshot: Snapshot) -> None: ...


# ---------------------------------------------------------------- keys of data subjects


@dataclass(frozen=True, slots=True)
class DataKey:
    key_id: UUID
    subject: UUID
    secret: bytes = field(repr=False)  # 32 bytes, AES-256


class KeyDestroyed(Exception):
    """The subject was erased: nothing more may be sealed for it."""


class Keys(Protocol):
    async def make(self, subject: UUID) -> DataKey:
        """The subject's newest key, made if there is none. Raises KeyDestroyed."""

    async def make_all(self, subjects: Collection[UUID]) -> None:
        """The same for many at once, so that `make` finds them at hand; who was erased is passed over."""

    async def find(self, key_ids: Collection[UUID]) -> Mapping[UUID, DataKey]:
        """The keys that still exist."""

    async def destroy(self, subject: UUID) -> None: ...


# ---------------------------------------------------------------- work of processes


class Leases(Protocol):
    async def take(self, name: str, worker: str, seconds: float) -> int | None:
        """A fencing number higher than all before, or None while another holds the lease."""

    async def renew(self, name: str, fence: int, seconds: float) -> bool: ...

    async def give(self, name: str, fence: int) -> None: ...


@dataclass(frozen=True, slots=True)
class ProcessRow:
    key: str
    version: int  # 0: not stored yet
    state: bytes  # JSON
    deadline: datetime | None = None
    last_error: str | None = None
    parked_at: int | None = None  # position of the event that could not be handled


@dataclass(frozen=True, slots=True)
class Timer:
    process: str
    key: str
    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class NewEffect:
    """A call on the outside world that is wished for. The payload names positions and ids, never personal data."""

    id: UUID
    process: str
    key: str
    kind: str
    idempotency_key: str
    payload: bytes  # JSON


@dataclass(frozen=True, slots=True)
class Effect:
    """A leased outbox row."""

    id: UUID
    process: str
    key: str
    kind: str
    idempotency_key: str
    payload: bytes
    attempts: int  # with this one
    fence: int


@dataclass(frozen=True, slots=True)
class Parked:
    """A key that waits for an operator, with the first event that could not be handled."""

    name: str  # of the process or view
    key: str
    position: int
    error: str


class WorkStore(Protocol):
    async def position(self, process: str) -> int: ...

    async def load(self, process: str, keys: Collection[str]) -> Mapping[str, ProcessRow]: ...

    async def save(
        self,
        process: str,
        fence: int,
        position: int,
        rows: Sequence[ProcessRow],
        timers: Sequence[Timer],
        effects: Sequence[NewEffect],
        rung: Sequence[Timer] = (),
    ) -> None:
        """One transaction: states, position, timers (a later one of the same name replaces it), outbox; `rung` go.

        Raises Fenced.
        """

    async def due_timers(self, process: str, now: datetime, limit: int) -> Sequence[Timer]: ...

    async def parked(self) -> Sequence[Parked]: ...

    async def release(self, process: str, key: str) -> None:
        """Let a parked key go on: its runner handles the events that have waited, in order."""

    async def released(self, process: str) -> Sequence[Parked]:
        """Keys that were let go and have not been taken up yet."""

    async def due_effects(self, limit: int) -> Sequence[UUID]:
        """Ids of effects whose next attempt is due and that nobody has leased."""

    async def take_effect(self, effect_id: UUID, worker: str, seconds: float) -> Effect | None:
        """Lease one (database clock). None: closed, not due, or somebody else's."""

    async def finish_effect(self, effect_id: UUID, fence: int, state: str, outcome: bytes) -> None:
        """Close it as SUCCEEDED, FAILED or UNKNOWN. Raises Fenced."""

    async def retry_effect(self, effect_id: UUID, fence: int, after_seconds: float, error: str) -> None:
        """Give it back for a later attempt. Raises Fenced."""

    async def end_leases(self, worker: str) -> int:
        """Of a worker that was started again and has nothing under way: others may take its effects. How many."""


class Broker(Protocol):
    async def wake(self, effect_id: UUID) -> None:
        """Tell some worker that this effect may be due. May be lost: the sweeper says it again."""


# ---------------------------------------------------------------- read models


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

    async def positions(self) -> Mapping[str, int]:
        """All checkpoints of this store."""

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


# ---------------------------------------------------------------- the outside world


class ChargeState(Enum):
    PROCESSING = "PROCESSING"
    REQUIRES_ACTION = "REQUIRES_ACTION"
    AUTHORISED = "AUTHORISED"
    CAPTURED = "CAPTURED"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class PaymentOrder:
    """What to authorise. `key` is the idempotency key, stored before the call."""

    order_id: UUID
    payment_id: UUID
    amount_minor: int
    currency: str
    method: str  # the provider's id of the payment method
    key: str


@dataclass(frozen=True, slots=True)
class Charge:
    """What the provider says of one payment."""

    ref: str  # the provider's id
    order_id: UUID | None
    state: ChargeState
    amount_minor: int
    captured_minor: int
    refunded_minor: int
    currency: str
    at: datetime  # the provider's time
    decline_code: str | None = None
    client_action: str | None = None  # what the customer's browser needs to go on


@dataclass(frozen=True, slots=True)
class RefundResult:
    ref: str
    succeeded: bool
    amount_minor: int
    at: datetime
    code: str | None = None


class OutcomeUnknown(Exception):
    """The provider may or may not have acted: ask it before anything else."""


class ProviderUnavailable(Exception):
    """The provider has not acted (refused connection, open breaker, 429): try again later."""

    def __init__(self, reason: str, retry_after: float) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class ProviderRefused(Exception):
    """The provider says no, for good."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class PaymentProvider(Protocol):
    """Every method may raise OutcomeUnknown, ProviderUnavailable, ProviderRefused. A decline is an answer."""

    async def authorise(self, order: PaymentOrder) -> Charge: ...

    async def capture(self, ref: str, amount_minor: int, key: str) -> Charge: ...

    async def void(self, ref: str, key: str) -> Charge: ...

    async def refund(self, ref: str, amount_minor: int, key: str) -> RefundResult: ...

    async def find(self, order_id: UUID) -> Sequence[Charge]:
        """All charges made for an order."""


@dataclass(frozen=True, slots=True)
class Mail:
    to: str = field(repr=False)
    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)


class Mailer(Protocol):
    async def send(self, mail: Mail, key: str) -> None:
        """`key` makes the Message-ID, so that a repeat is recognised.

        Raises ProviderUnavailable, OutcomeUnknown, or ProviderRefused (an address that will never take it).
        """


# ---------------------------------------------------------------- who may sign in


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One account. The address is there only as an HMAC; what a begun registration still needs is sealed."""

    customer_id: UUID
    email_hmac: bytes
    password_hash: str = field(repr=False)
    role: str
    pending: bytes | None = field(default=None, repr=False)  # None: the registration is complete


class AccountStore(Protocol):
    async def find(self, email_hmac: bytes) -> AccountRow | None: ...

    async def add(self, row: AccountRow) -> AccountRow:
        """The row that stands there for this address: this one, or the one that was first."""

    async def complete(self, customer_id: UUID) -> None:
        """Nothing is pending any more."""
