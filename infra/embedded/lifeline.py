"""Whose life does this process share? A pipe held by the runner: when it closes, however the runner ended, so do we.

`python -m infra.embedded.lifeline MODULE ARGS…` runs a module as a program under the pipe named in the environment.
Standard library only: every main starts through it.
"""

import os
import runpy
import signal
import sys
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Self

VARIABLE = "TELOCOMPRO_LIFELINE"  # the number of the inherited reading end
GRACE = 6.0  # seconds between the asking signal and the hard end


class Lifeline:
    """The runner's side. Children inherit the reading end; the writing end closes with the runner, even on kill -9."""

    def __init__(self) -> None:
        self.reading, self._writing = os.pipe()

    def environment(self) -> Mapping[str, str]:
        """What a child needs in its environment, beside `pass_fds=(lifeline.reading,)`."""
        return {VARIABLE: str(self.reading)}

    def close(self) -> None:
        """Everything under the pipe ends now. Safe to call again."""
        for fd in (self._writing, self.reading):
            if fd >= 0:
                os.close(fd)
        self.reading = self._writing = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def watch(fd: int, grace: float = GRACE) -> None:
    """Start a thread that asks this process to end (SIGTERM) when the pipe closes, and ends it hard after `grace`."""
    threading.Thread(target=_wait_and_end, args=(fd, grace), name="lifeline", daemon=True).start()


def _wait_and_end(fd: int, grace: float) -> None:
    while os.read(fd, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(grace)
    os._exit(1)


def main() -> None:
    """Run a module as `python -m` would, under the pipe if there is one."""
    _, module, *arguments = sys.argv
    fd = os.environ.pop(VARIABLE, None)
    if fd is not None:
        os.set_inheritable(int(fd), False)
        watch(int(fd))
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
