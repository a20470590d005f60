"""Who works on this data folder? One runner at a time: it holds a lock that ends with it, however it ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.embedded.kept import wait_until_unlocked


class DataInUse(Exception):
    """Another run works on the same data folder."""


@contextmanager
def hold(data: Path) -> Iterator[None]:
    """Until the block ends. Waits for what an earlier run of this folder is still ending.

    Raises DataInUse, and ServerFailed when the earlier run's servers don't end.
    """
    if not data.exists():
        data.mkdir(parents=True)
        data.chmod(0o711)  # an unprivileged PostgreSQL passes through; nobody looks around
    with (data / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise DataInUse(
                f"{data} is in use by the run with pid {holder}: stop it, or set TELOCOMPRO_DATA "
                "(and TELOCOMPRO_PORT_BASE) for a second copy"
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        wait_until_unlocked(data)
        yield
