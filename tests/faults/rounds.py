"""Which faults, in which order, how many of each?"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from tests.faults import outside, stores
from tests.faults.harm import Harm, kills
from tests.faults.pauses import CALLS, late_calls, pauses
from tests.faults.tally import FLUSH, FROZEN, KILL, PAUSE, POSTGRES_RESTART, UNKNOWN_COMMIT, WANTED

Act = Callable[[Harm], Awaitable[None]]
SILENT = 6  # of the lost replies: the line stays open and says nothing more


@dataclass(frozen=True, slots=True)
class Round:
    """Acts under load, then the verdict."""

    name: str
    acts: Sequence[Act]
    load: bool = True
    compared: bool = False  # every document with the platform's own fold, beside the checker's


def full(scale: float = 1.0) -> Sequence[Round]:
    """About twenty minutes where `scale` is 1."""
    much = {kind: max(1, round(least * scale)) for kind, least in WANTED.items()}
    late = max(1, round(2 * scale))
    half = (much[KILL] + 1) // 2
    return [
        Round("kills", [partial(kills, times=half)]),
        Round("postgres", [partial(stores.postgres_restarts, times=much[POSTGRES_RESTART])]),
        Round(
            "replies",
            [
                partial(stores.unknown_commits, times=much[UNKNOWN_COMMIT], silent=max(1, round(SILENT * scale))),
                partial(stores.lost_answers, times=max(2, round(60 * scale))),
            ],
        ),
        Round("frozen", [partial(stores.freezes, times=much[FROZEN])]),
        Round("lines", [stores.slowness, partial(stores.cuts, times=max(4, round(24 * scale)))]),
        Round(
            "pauses",
            [
                partial(late_calls, times=late),
                partial(pauses, times=max(1, much[PAUSE] - late * len(CALLS))),
            ],
        ),
        Round("redis", [partial(stores.flushes, times=much[FLUSH]), stores.redis_stopped, stores.redis_back]),
        Round("mongo", [stores.mongo_stopped, stores.mongo_dropped, stores.mongo_back], compared=True),
        Round("provider", [outside.provider_faults, outside.webhook_faults]),
        Round("overload", [partial(outside.overload, seconds=max(10.0, 60.0 * scale))], load=False),
        Round("more kills", [partial(kills, times=much[KILL] - half)], compared=True),
    ]


def short() -> Sequence[Round]:
    """A few of each of the quick kinds, one verdict at the end."""
    return [
        Round(
            "short",
            [
                partial(kills, times=5, outside=()),
                partial(stores.postgres_restarts, times=1),
                partial(stores.unknown_commits, times=10, silent=1),
                partial(stores.lost_answers, times=5),
                partial(stores.flushes, times=5),
                partial(stores.freezes, times=2, names=("postgres", "mongo"), seconds=3.0),
                stores.mongo_dropped,
                partial(outside.provider_faults, kinds=outside.PROVIDER_FAULTS[:2]),
                partial(pauses, times=1, kinds=("processes",)),
            ],
        )
    ]
