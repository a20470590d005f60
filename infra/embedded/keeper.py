"""Who ends a server when its runner is gone? This small process, its parent, which holds the runner's pipe.

Started by path, without site-packages: standard library only. It prints the server's pid, then waits for the server's
end, a signal, or the end of the pipe. Where the kernel can (Linux), the server also ends when the keeper is killed.
"""

import argparse
import contextlib
import ctypes
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable

PR_SET_PDEATHSIG = 1


def main() -> int:
    """Keep one server until it, the runner or somebody's patience ends. The server's exit code."""
    asked = _arguments()
    woken, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    server = _start(asked)
    print(server.pid, flush=True)  # noqa: T201
    sys.stdout.close()
    if _wait(server, asked.lifeline, woken):
        time.sleep(asked.delay)  # the programs that use the server end first
    _stop(server, asked.signal, asked.grace)
    for folder in asked.remove:
        shutil.rmtree(folder, ignore_errors=True)
    code: int = server.returncode or 0
    return abs(code)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--lifeline", type=int, required=True, help="inherited reading end of the runner's pipe")
    parser.add_argument("--signal", type=int, required=True, help="asks the server to end cleanly")
    parser.add_argument("--grace", type=float, default=5.0, help="seconds until it is killed")
    parser.add_argument("--delay", type=float, default=1.0, help="seconds between the runner's end and the signal")
    parser.add_argument("--user", type=int, default=None)
    parser.add_argument("--group", type=int, default=None)
    parser.add_argument("--remove", action="append", default=[], help="folder to remove at the end")
    parser.add_argument("command", nargs="+")
    return parser.parse_args()


def _start(asked: argparse.Namespace) -> "subprocess.Popen[bytes]":
    die_with_parent = _death_signal(asked.signal)
    return subprocess.Popen(
        asked.command,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        stderr=sys.stderr,
        cwd="/",
        user=asked.user,
        group=asked.group,
        extra_groups=None if asked.user is None else [],
        preexec_fn=die_with_parent,  # safe: this process has one thread
    )


def _death_signal(number: int) -> "Callable[[], None] | None":
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl  # looked up before the fork

    def ask() -> None:
        prctl(PR_SET_PDEATHSIG, number)

    return ask


def _wait(server: "subprocess.Popen[bytes]", lifeline: int, woken: int) -> bool:
    """Until the server ended or is to be ended. True: the runner is gone."""
    while server.poll() is None:
        ready, _, _ = select.select([lifeline, woken], [], [])
        if lifeline in ready and not os.read(lifeline, 1):
            return True
        if woken in ready and set(os.read(woken, 64)) & {signal.SIGTERM, signal.SIGINT}:
            return False
    return False


def _stop(server: "subprocess.Popen[bytes]", number: int, grace: float) -> None:
    for step, patience in ((number, grace), (signal.SIGKILL, 2.0)):
        if server.poll() is not None:
            return
        server.send_signal(step)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(patience)


if __name__ == "__main__":
    sys.exit(main())
