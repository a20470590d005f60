"""Which TCP ports are free on this machine?"""

import socket
from collections.abc import Callable
from typing import TypeVar

from infra.embedded.kept import ServerFailed

HOST = "127.0.0.1"
T = TypeVar("T")


def free_port() -> int:
    """A port that nobody listens on now. Another program may take it before we do."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def on_a_free_port(start: Callable[[int], T], tries: int = 3) -> T:
    """Start something on a free port, again on another one when it failed (the port may have been taken)."""
    for _ in range(tries - 1):
        try:
            return start(free_port())
        except ServerFailed as failed:
            if "in use" not in str(failed):
                raise
    return start(free_port())
