"""How far is each projection behind, and does its loop still turn?"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

WAITING, RUNNING, AWAY, STOPPED = "waiting for the lease", "running", "store away", "stopped"


@dataclass(slots=True)
class Line:
    """One projection in one store."""

    state: str = WAITING
    position: int = 0
    error: str | None = None
    parked: int = 0
    turned_at: float = 0.0  # loop time
    current_at: float = 0.0  # loop time when it last held everything


class Health:
    """Told by the runners, asked by operators."""

    def __init__(self) -> None:
        self._lines: dict[tuple[str, str], Line] = {}

    def line(self, target: str, store: str) -> Line:
        now = asyncio.get_running_loop().time()
        return self._lines.setdefault((target, store), Line(turned_at=now, current_at=now))

    def turned(self, line: Line, position: int, head: int) -> None:
        """The loop has turned once more."""
        line.turned_at = asyncio.get_running_loop().time()
        line.position = position
        if position >= head:
            line.current_at = line.turned_at

    def report(self, head: int) -> Mapping[str, Mapping[str, object]]:
        """By "target@store": state, position, events and seconds behind, seconds since the loop last turned."""
        now = asyncio.get_running_loop().time()
        return {
            f"{target}@{store}": {
                "state": line.state,
                "position": line.position,
                "eventsBehind": max(0, head - line.position),
                "secondsBehind": 0.0 if line.position >= head else round(now - line.current_at, 3),
                "turnedSecondsAgo": round(now - line.turned_at, 3),
                "parked": line.parked,
                "error": line.error,
            }
            for (target, store), line in self._lines.items()
        }
