"""When is it tried again? Back-off that doubles, spread by a seed so that not all come back at once."""

import hashlib

RETRIES = 3  # after the first try
FIRST = 1.0
LONGEST = 5.0
SPREAD = 0.25


def next_attempt(n: int, seed: str) -> float:
    """Seconds before retry `n` (1 is the first): 1, 2, 4, 5, 5 … and up to a quarter more, never beyond 5.

    The same seed (an effect's id) and n always give the same wait. Raises ValueError below 1.
    """
    if n < 1:
        raise ValueError("retries are counted from 1")
    drawn = hashlib.blake2b(f"{seed}:{n}".encode(), digest_size=8).digest()
    share = int.from_bytes(drawn) / 2**64
    wait = min(LONGEST, FIRST * 2.0 ** min(n - 1, 10))
    return min(LONGEST, wait * (1 + SPREAD * share))
