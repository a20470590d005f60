"""Are the rows in schema read what their events make of them: document, columns and child rows?"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from tests.checker.builds import Build, Builds
from tests.checker.comparing import Comparison, Kept
from tests.checker.findings import Findings
from tests.checker.folds.view import SQL, View
from tests.checker.folds.views import Folded
from tests.checker.happened import Json, rfc3339

OWN = ("id", "position", "document", "stale")

Connection = psycopg.Connection[Any]


def check_sql(connection: Connection, builds: Builds, folded: Folded, head: int, findings: Findings) -> None:
    rows = connection.execute("select target, position from read.checkpoints").fetchall()
    for target, key, position, error in connection.execute("select target, key, position, error from read.parked"):
        findings.wrong("projection.parked", f"sql {target}/{key}", f"at {position}: {error}")
    for build in builds.complete(dict(rows), SQL, head, findings):
        _check(connection, build, folded, findings)


def _check(connection: Connection, build: Build, folded: Folded, findings: Findings) -> None:
    view, target = build.view, build.target
    documents = folded.documents[view.name]
    comparison = Comparison(findings, view, target, SQL, documents)
    good: dict[str, Json] = {}
    for row in _rows(connection, target):
        kept = Kept(row["id"], row["position"], row["document"], bool(row["stale"]))
        if comparison.row(kept) and kept.body is not None:
            good[kept.key] = kept.body
            _columns(view, target, row, kept.body, findings)
    comparison.end()
    for child in view.children:
        _children(_rows(connection, f"{child}{build.suffix}"), view, child, good, findings)


def _columns(view: View, target: str, row: Mapping[str, Any], body: Json, findings: Findings) -> None:
    wanted = view.columns(body)
    for name, value in wanted.items():
        found = rfc3339(row[name]) if isinstance(row[name], datetime) else row[name]
        findings.must(found == value, "row.column", f"sql {target} {row['id']}", f"column {name} differs")


def _children(
    rows: Sequence[Mapping[str, Any]], view: View, child: str, bodies: Mapping[str, Json], findings: Findings
) -> None:
    """Rows of parents that differ already are not looked at again; rows of no parent are."""
    findings.count(f"rows sql {child}", len(rows))
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(str(next(iter(row.values()))), []).append(row)
    for key, body in bodies.items():
        wanted = sorted((dict(row) for row in view.rows(body)[child]), key=lambda row: str(row["line"]))
        stored = sorted((dict(row) for row in found.pop(key, [])), key=lambda row: str(row["line"]))
        text = f"{len(stored)} rows of {len(wanted)}, or others"
        findings.must(stored == wanted, "row.children", f"sql {child} {key}", text)
    for key in found:
        findings.wrong("row.children", f"sql {child} {key}", "rows of a document that is not there, or differs")


def _rows(connection: Connection, table: str) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(sql.SQL("select * from {}").format(sql.Identifier("read", table))).fetchall()
