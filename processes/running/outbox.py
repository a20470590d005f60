"""How is an effect performed? Leased, tried once, reported by a command, closed. The outbox is the truth.

A kill between any two of these repeats the rest: the provider knows the call by its key, the log knows the command by
its id. An attempt that may have been made is never followed by another one under another key.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from infra.observability.logs import logger
from infra.ports import (
    Broker,
    Effect,
    Fenced,
    OutcomeUnknown,
    ProviderRefused,
    ProviderUnavailable,
    Unavailable,
    WorkStore,
)
from infra.resilience.retry import RETRIES, next_attempt
from processes.running.sending import FOR_A_MOMENT, Patience, check_cancelled, pause, send
from processes.running.states import because, payload
from write_model.handling.bus import Bus
from write_model.kernel.message import Command
from write_model.kernel.refused import Refused

SUCCEEDED, FAILED, UNKNOWN = "SUCCEEDED", "FAILED", "UNKNOWN"
LEASE = 30.0  # seconds: longer than an attempt with its report
SWEEP_EVERY = 2.0
TELL_AGAIN = 10.0  # seconds before the same id is told once more
SWEPT = 200  # ids at once
REPORTS = 6  # tries to report, before the attempt is given back
LAST_RESORT = 8  # attempts of what fails for a reason that nobody has thought of


@dataclass(frozen=True, slots=True)
class Report:
    """What came of an effect. The command tells the log; its id is derived from the effect and `outcome`."""

    state: str  # SUCCEEDED, FAILED or UNKNOWN
    outcome: str
    command: Command | None = None
    facts: Mapping[str, object] = field(default_factory=dict)  # for people: nothing personal


@dataclass(frozen=True, slots=True, kw_only=True)
class Performer:
    """How one kind of effect is done, and what is reported when it can't be said what came of it.

    `perform` raises what the provider's port raises. The provider is tried again while it says that it has not acted;
    after an unknown outcome only where the same key makes that harmless (`repeats_unknown`).
    """

    perform: Callable[[Effect], Awaitable[Report]]
    unresolved: Callable[[Effect, str], Report]
    retries: int = RETRIES
    repeats_unknown: bool = False


async def work_one(
    effect_id: UUID, performers: Mapping[str, Performer], work: WorkStore, bus: Bus, *, worker: str
) -> bool:
    """One attempt, if the effect is due and free. Whether there was one."""
    effect = await work.take_effect(effect_id, worker, LEASE)
    if effect is None:
        return False
    performer = performers.get(effect.kind)
    try:
        if performer is None:
            await work.retry_effect(effect.id, effect.fence, 60.0, "no performer of this kind")
            return True
        await _attempt(effect, performer, work, bus)
    except Fenced:
        logger().warning("effect taken over", kind=effect.kind, effect=str(effect.id))
    return True


async def _attempt(effect: Effect, performer: Performer, work: WorkStore, bus: Bus) -> None:
    try:
        report = await performer.perform(effect)
    except ProviderUnavailable as error:
        await _again(effect, performer, work, bus, "unavailable", error.retry_after)
        return
    except OutcomeUnknown:
        if performer.repeats_unknown:
            await _again(effect, performer, work, bus, "unknown", 0.0)
            return
        report = performer.unresolved(effect, "unknown")
    except Unavailable as error:
        await work.retry_effect(effect.id, effect.fence, next_attempt(1, str(effect.id)), type(error).__name__)
        return
    except ProviderRefused as error:
        logger().error("effect refused", kind=effect.kind, effect=str(effect.id), code=error.code)
        report = Report(FAILED, "refused", None, {"code": error.code})
    except Exception as error:
        await _unforeseen(effect, work, error)
        return
    await _close(effect, report, work, bus)


async def _again(effect: Effect, performer: Performer, work: WorkStore, bus: Bus, reason: str, at_least: float) -> None:
    if effect.attempts <= performer.retries:
        wait = max(at_least, next_attempt(effect.attempts, str(effect.id)))
        await work.retry_effect(effect.id, effect.fence, wait, reason)
    else:
        await _close(effect, performer.unresolved(effect, reason), work, bus)


async def _unforeseen(effect: Effect, work: WorkStore, error: Exception) -> None:
    """A fault of ours: tried again for a while, then left for people to look at."""
    name = type(error).__name__
    logger().exception("effect failed", kind=effect.kind, effect=str(effect.id), attempt=effect.attempts)
    if effect.attempts < LAST_RESORT:
        await work.retry_effect(effect.id, effect.fence, 5.0 * 2.0**effect.attempts, name)
    else:
        await work.finish_effect(effect.id, effect.fence, FAILED, payload({"outcome": "unforeseen", "error": name}))


async def _close(effect: Effect, report: Report, work: WorkStore, bus: Bus) -> None:
    """The command first: a kill in between repeats it into "replayed"."""
    facts: dict[str, object] = {"outcome": report.outcome, **report.facts}
    state = report.state
    if report.command is not None:
        try:
            position = await _tell(effect, report.outcome, report.command, bus)
        except Refused as refusal:
            logger().error("report refused", kind=effect.kind, effect=str(effect.id), code=refusal.code)
            state, facts = FAILED, facts | {"refused": refusal.code}
        except FOR_A_MOMENT as error:
            await work.retry_effect(effect.id, effect.fence, 1.0, type(error).__name__)
            return
        else:
            facts["position"] = position
    await work.finish_effect(effect.id, effect.fence, state, payload(facts))


async def _tell(effect: Effect, outcome: str, command: Command, bus: Bus) -> int:
    """A repeat may tell another time of the provider's: the fingerprint is the effect's, the first report counts."""
    cause = because(effect)
    patience = Patience()
    tries = 0
    while True:
        tries += 1
        try:
            answer = await send(
                bus,
                f"{effect.process}:effects",
                command,
                f"{effect.id}/{outcome}",
                causation=cause.causation,
                correlation=cause.correlation,
                fingerprint=effect.id.bytes,
            )
        except FOR_A_MOMENT:
            if tries == REPORTS:
                raise
            await patience.wait()
        else:
            return answer.position


async def sweep(work: WorkStore, broker: Broker) -> None:
    """Until cancelled: tell the broker what is due, as what it was told may be lost."""
    told: dict[UUID, float] = {}  # seconds until it is told again
    while True:
        check_cancelled()
        try:
            due = await work.due_effects(SWEPT)
        except Unavailable:
            due = []
        told = {effect_id: left - SWEEP_EVERY for effect_id, left in told.items() if left > SWEEP_EVERY}
        for effect_id in due:
            if effect_id not in told:
                told[effect_id] = TELL_AGAIN
                await broker.wake(effect_id)
        await pause(SWEEP_EVERY)
