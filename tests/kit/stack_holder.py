"""Who owns the servers of a test run? This process: it ends with the last of those that hold a lock on `users`.

`python -m tests.kit.stack_holder FOLDER` leaves it running in the background, and returns when FOLDER/data/run.json is
there. It takes the folder with it at its end.
"""

import fcntl
import os
import sys
import time
from pathlib import Path
from shutil import rmtree

from infra.embedded import run_json, servers
from infra.embedded.lifeline import Lifeline


def main() -> int:
    told, tell = os.pipe()
    if os.fork():
        os.close(tell)
        return 0 if os.read(told, 1) else 1  # nothing: it ended without being ready
    os.setsid()
    _hold(Path(sys.argv[1]), tell)
    return 0


def _hold(folder: Path, tell: int) -> None:
    data = folder / "data"
    with Lifeline() as lifeline, (folder / "users").open("a") as users:
        running = servers.start(data, lifeline)
        try:
            run_json.write(_described(data, running))
            os.write(tell, b"+")
            os.close(tell)
            while not _unused(users.fileno()):
                time.sleep(0.2)
            run_json.remove(data)
        finally:
            running.stop()
        for server in running.servers:  # it may lie elsewhere
            rmtree(server.folder, ignore_errors=True)
        rmtree(folder, ignore_errors=True)


def _described(data: Path, running: servers.Running) -> run_json.RunJson:
    return run_json.RunJson(
        pid=os.getpid(),
        data=str(data),
        urls=running.urls,
        pids={server.name: server.pid for server in running.servers},
        folders={server.name: str(server.folder) for server in running.servers},
        versions={server.name: server.version for server in running.servers},
    )


def _unused(fd: int) -> bool:
    """Users hold it shared; that nobody does shows in getting it alone."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
