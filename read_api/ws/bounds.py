"""How much may sockets ask of this process? So many of them, so many joins at once, and so many frames of each."""

from dataclasses import dataclass, field

from infra.resilience.buckets import Buckets
from infra.resilience.load import Load

SOCKETS = 20_000
JOINS = 2_000  # under way: each reads what its client has missed
FRAMES, BURST = 100.0, 500.0  # a second, and at once, of one socket


@dataclass(frozen=True, slots=True)
class Bounds:
    """Shared by all connections of a process."""

    sockets: Load = field(default_factory=lambda: Load(SOCKETS))
    joins: Load = field(default_factory=lambda: Load(JOINS))
    frames: Buckets = field(default_factory=lambda: Buckets(FRAMES, BURST))
