"""Are the documents in MongoDB what their events make of them?"""

from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import MongoClient
from pymongo.database import Database

from tests.checker.builds import Build, Builds
from tests.checker.comparing import Comparison, Kept
from tests.checker.findings import Findings
from tests.checker.folds.view import MONGO, View
from tests.checker.folds.views import Documents, Folded

OWN = ("_id", "position", "stale", "_expires")


def check_mongo(url: str, builds: Builds, folded: Folded, head: int, findings: Findings) -> None:
    with MongoClient[dict[str, Any]](url, serverSelectionTimeoutMS=5_000, tz_aware=True) as client:
        database = client.get_default_database("telocompro")
        positions = {str(row["_id"]): int(row["position"]) for row in database["checkpoints"].find()}
        for row in database["parked"].find():
            findings.wrong("projection.parked", f"mongo {row['_id']}", f"at {row['position']}: {row['error']}")
        for build in builds.complete(positions, MONGO, head, findings):
            _check(database, build, folded.documents[build.view.name], findings)


def _check(database: Database[dict[str, Any]], build: Build, documents: Documents, findings: Findings) -> None:
    comparison = Comparison(findings, build.view, build.target, MONGO, documents)
    for row in database[build.target].find(batch_size=1000):
        comparison.row(_kept(row))
    comparison.end(_old(build.view, documents))


def _kept(row: dict[str, Any]) -> Kept:
    key, position = str(row["_id"]), int(row["position"])
    if row.get("_gone"):
        return Kept(key, position, None, bool(row.get("stale")))
    body = {name: value for name, value in row.items() if name not in OWN}
    if isinstance(row["_id"], int):  # a document under its position says it, too
        body["position"] = position
    return Kept(key, position, body, bool(row.get("stale")))


def _old(view: View, documents: Documents) -> frozenset[str]:
    if view.keep_days is None:
        return frozenset()
    since = (datetime.now(UTC) - timedelta(days=view.keep_days)).isoformat()
    return frozenset(key for key, (body, _) in documents.items() if body is not None and body["recordedAt"] < since)
