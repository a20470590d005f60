"""How does an embedded MongoDB start? As a replica set of one on a free local port: transactions and change streams."""

import signal
import time
from pathlib import Path
from typing import Any

import pymongo
from pymongo.errors import OperationFailure, PyMongoError

from infra.embedded.binaries import MONGO, candidates
from infra.embedded.kept import Server, keep, pause
from infra.embedded.lifeline import Lifeline
from infra.embedded.ports import HOST, on_a_free_port

REPLICA_SET = "telocompro"
DATABASE = "telocompro"
_READY = 30.0  # seconds
_NEVER_MS = 3_600_000
_ALREADY_INITIATED = 23  # error code

_PARAMETERS = {
    "shutdownTimeoutMillisForSignaledShutdown": "100",  # there is no other member to wait for
    "diagnosticDataCollectionEnabled": "false",
    "ttlMonitorSleepSecs": "60",
}


def start(data: Path, lifeline: Lifeline, port: int | None = None) -> Server:
    """Start it in `data`; on that port, else on a free one. Raises NothingFits, ServerFailed."""
    folder = data.resolve() / "mongo"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if port is not None:
        return _start(data, folder, lifeline, port)
    return on_a_free_port(lambda free: _start(data, folder, lifeline, free))


def _start(data: Path, folder: Path, lifeline: Lifeline, port: int) -> Server:
    binary = candidates(MONGO)[0]
    command = [str(binary.path), "--dbpath", str(folder), "--port", str(port), "--bind_ip", HOST, "--nounixsocket"]
    command += ["--replSet", REPLICA_SET, "--wiredTigerCacheSizeGB", "0.25", "--oplogSize", "256", "--quiet"]
    command += ["--slowms", str(_NEVER_MS)]  # its line about a slow call holds the call's values: perhaps personal
    command += [part for name, value in _PARAMETERS.items() for part in ("--setParameter", f"{name}={value}")]
    kept = keep("mongo", command, data=data, lifeline=lifeline, stop=signal.SIGTERM)
    until = time.monotonic() + _READY
    with pymongo.MongoClient[dict[str, Any]](
        HOST, port, directConnection=True, serverSelectionTimeoutMS=500, timeoutMS=5000
    ) as client:
        while not _ready(client, port, kept.pid):
            pause(kept, until, "becoming primary")
    url = f"mongodb://{HOST}:{port}/{DATABASE}?directConnection=true"
    return Server("mongo", url, kept.pid, binary.text, folder, kept)


def _ready(client: "pymongo.MongoClient[dict[str, Any]]", port: int, pid: int) -> bool:
    """Is it the primary of its set under this port's address? Where not, one step towards it is done."""
    address = f"{HOST}:{port}"
    try:
        hello = client.admin.command("hello")
        if hello.get("isWritablePrimary"):
            return bool(client.admin.command("serverStatus")["pid"] == pid)
        if not hello.get("secondary") and not hello.get("setName"):
            _join(client, address)
    except PyMongoError:
        pass
    return False


def _join(client: "pymongo.MongoClient[dict[str, Any]]", address: str) -> None:
    """Begin the set; or, where the data knows it by the port of an earlier start, tell it the new address."""
    try:
        client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": [{"_id": 0, "host": address}]})
    except OperationFailure as refused:
        if refused.code != _ALREADY_INITIATED:
            raise
        config = client.admin.command("replSetGetConfig")["config"]
        if config["members"][0]["host"] != address:
            config["version"] += 1
            config["members"][0]["host"] = address
            client.admin.command("replSetReconfig", config, force=True)
