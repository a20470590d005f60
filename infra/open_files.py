"""How many sockets may a process have open? As many as its host allows at most, not as few as it begins with."""

import resource


def allow_most() -> int:
    """Raise the soft limit of open files to the hard one; the limit then. A host that refuses leaves it as it is."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == hard:
        return soft
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (ValueError, OSError):  # some hosts name a hard limit that they don't grant
        return soft
    return hard
