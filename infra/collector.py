"""How much time may the search for cyclic garbage take from a process that serves?

What a process has loaded by the time it is ready stays for ever: it is set aside and never walked again. New objects
are looked through less often than by default, because nearly all of them (events, documents) hold no cycles and go by
themselves.
"""

import gc

AFTER = 20_000  # new objects that outlive others: then the youngest are looked through
YOUNG, MIDDLE = 20, 20  # looks at a generation before the next older one is looked through


def settle() -> None:
    """Call once, when everything is loaded and opened, before serving."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(AFTER, YOUNG, MIDDLE)
