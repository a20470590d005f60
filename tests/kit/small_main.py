"""The smallest program of a platform, for tests of the runner: it listens, says so, and asks nothing of anybody.

`python -m tests.kit.small_main NAME PORT [--deaf]`; deaf: it doesn't end when asked.
"""

import signal
import socket
import sys
import threading


def main() -> None:
    name, port = sys.argv[1], int(sys.argv[2])
    ended = threading.Event()
    signal.signal(signal.SIGTERM, signal.SIG_IGN if "--deaf" in sys.argv else lambda *_: ended.set())
    with socket.create_server(("127.0.0.1", port)):
        sys.stdout.write(f"ready {name}\n")
        sys.stdout.flush()
        while not ended.wait(0.1):
            pass


if __name__ == "__main__":
    main()
