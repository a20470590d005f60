"""How does an embedded Redis start? On a free local port, with an append-only file and a bound on its memory."""

import signal
import time
from pathlib import Path

import redis

from infra.embedded.binaries import REDIS, candidates
from infra.embedded.kept import Server, keep, pause
from infra.embedded.lifeline import Lifeline
from infra.embedded.ports import HOST, on_a_free_port

DATABASES = 64
_READY = 20.0  # seconds: it reads its file first


def start(data: Path, lifeline: Lifeline, port: int | None = None) -> Server:
    """Start it in `data`; on that port, else on a free one. Raises NothingFits, ServerFailed."""
    folder = data.resolve() / "redis"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if port is not None:
        return _start(data, folder, lifeline, port)
    return on_a_free_port(lambda free: _start(data, folder, lifeline, free))


def _start(data: Path, folder: Path, lifeline: Lifeline, port: int) -> Server:
    binary = candidates(REDIS)[0]
    settings = {
        "bind": HOST,
        "port": str(port),
        "dir": str(folder),
        "databases": str(DATABASES),
        "appendonly": "yes",
        "save": "",  # the append-only file is the copy on disk
        "maxmemory": "2gb",
        "maxmemory-policy": "allkeys-lru",
        "always-show-logo": "no",
    }
    command = [str(binary.path), *(part for name, value in settings.items() for part in (f"--{name}", value))]
    kept = keep("redis", command, data=data, lifeline=lifeline, stop=signal.SIGTERM)
    until = time.monotonic() + _READY
    while not _ready(port, kept.pid):
        pause(kept, until, "answering")
    return Server("redis", f"redis://{HOST}:{port}/0", kept.pid, binary.text, folder, kept)


def _ready(port: int, pid: int) -> bool:
    """Does our server answer there, and not another that took the port first?"""
    with redis.Redis(host=HOST, port=port, socket_connect_timeout=1) as client:
        try:
            return bool(client.info("server")["process_id"] == pid)
        except redis.RedisError:
            return False
