"""Who owns the platform of a test run? This process: it ends with the last of those that hold a lock on `users`.

`python -m tests.kit.platform_holder FOLDER BASE` leaves it running in the background, and returns when
FOLDER/data/run.json is there. It takes the folder with it at its end.
"""

import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from shutil import rmtree

from infra.embedded import run_json

ROOT = Path(__file__).parents[2]
START_SECONDS = 60.0
END_SECONDS = 30.0


def main() -> int:
    told, tell = os.pipe()
    if os.fork():
        os.close(tell)
        return 0 if os.read(told, 1) else 1  # nothing: it ended without being ready
    os.setsid()
    _hold(Path(sys.argv[1]), sys.argv[2], tell)
    return 0


def _hold(folder: Path, base: str, tell: int) -> None:
    data = folder / "data"
    environment = {**os.environ, "TELOCOMPRO_DATA": str(data), "TELOCOMPRO_PORT_BASE": base}
    up = [sys.executable, "-m", "tools.cli", "up"]
    with (folder / "users").open("a") as users, (folder / "up.log").open("ab") as out:
        runner = subprocess.Popen(up, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        try:
            run = _ready(runner, data)
            if run is not None:
                os.write(tell, b"+")
            os.close(tell)
            while run is not None and not _unused(users.fileno()):
                time.sleep(0.2)
        finally:
            runner.send_signal(signal.SIGINT)
            runner.wait(END_SECONDS)
        if run is not None:
            for place in (*run.folders.values(), str(folder)):  # a store may lie elsewhere
                rmtree(place, ignore_errors=True)


def _ready(runner: "subprocess.Popen[bytes]", data: Path) -> run_json.RunJson | None:
    until = time.monotonic() + START_SECONDS
    while runner.poll() is None and time.monotonic() < until:
        run = run_json.read(run_json.path(data))
        if run is not None:
            return run
        time.sleep(0.1)
    return None


def _unused(fd: int) -> bool:
    """Users hold it shared; that nobody does shows in getting it alone."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
