"""What does the stand-in remember? Objects, keys and money movements in one SQLite file that outlives a kill."""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Body = dict[str, Any]

SCHEMA = """
create table if not exists objects (
    seq integer primary key autoincrement, id text not null unique, kind text not null,
    created integer not null, order_id text, body text not null);
create index if not exists objects_by_kind on objects (kind, seq);
create index if not exists objects_by_order on objects (order_id) where order_id is not null;
create index if not exists refunds_by_intent on objects (json_extract(body, '$.payment_intent')) where kind = 'refund';
create table if not exists answers (
    key text primary key, fingerprint text not null, status integer not null, body text not null,
    request_id text not null, at integer not null);
create table if not exists ledger (
    seq integer primary key autoincrement, kind text not null, amount integer not null, currency text not null,
    intent text not null, charge text not null, refund text, order_id text, payment_id text, at real not null,
    idempotency_key text, request_id text);
create index if not exists ledger_by_order on ledger (order_id);
create table if not exists deliveries (
    id integer primary key autoincrement, event text not null, endpoint text not null, type text not null,
    body text not null, attempts integer not null default 0, next_at real not null, state text not null,
    ordered integer not null default 0, age integer not null default 0, answer text);
create index if not exists deliveries_due on deliveries (state, next_at);
create table if not exists wishes (name text primary key, body text not null);
"""
TABLES = ("objects", "answers", "ledger", "deliveries", "wishes")


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """The first answer under an idempotency key."""

    fingerprint: str
    status: int
    body: Body
    request_id: str
    at: int


class Book:
    """One connection, used by one thread. Every change stands in a transaction of the caller."""

    def __init__(self, path: Path | None) -> None:
        self.db = sqlite3.connect(str(path) if path else ":memory:", isolation_level=None, check_same_thread=False)
        self.db.row_factory = sqlite3.Row
        self.db.execute("pragma journal_mode = wal")
        self.db.execute("pragma synchronous = normal")  # survives the kill of the process
        self.db.executescript(SCHEMA)

    def close(self) -> None:
        self.db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, also when the caller refuses."""
        self.db.execute("begin immediate")
        try:
            yield
        except BaseException:
            self.db.execute("rollback")
            raise
        self.db.execute("commit")

    def empty(self) -> None:
        """Forget everything, webhook endpoints of the command line included."""
        with self.transaction():
            for table in TABLES:
                self.db.execute(f"delete from {table}")  # noqa: S608  (names of the list above)

    # ------------------------------------------------------------ objects

    def add(self, body: Body) -> None:
        self.db.execute(
            "insert into objects (id, kind, created, order_id, body) values (?, ?, ?, ?, ?)",
            (body["id"], body["object"], body["created"], _order(body), json.dumps(body)),
        )

    def put(self, body: Body) -> None:
        self.db.execute(
            "update objects set body = ?, order_id = ? where id = ?", (json.dumps(body), _order(body), body["id"])
        )

    def delete(self, object_id: str) -> None:
        self.db.execute("delete from objects where id = ?", (object_id,))

    def get(self, kind: str, object_id: str) -> Body | None:
        row = self.db.execute("select body from objects where id = ? and kind = ?", (object_id, kind)).fetchone()
        return json.loads(row["body"]) if row else None

    def place(self, kind: str, object_id: str) -> int | None:
        """Where it stands in the order of creation."""
        row = self.db.execute("select seq from objects where id = ? and kind = ?", (object_id, kind)).fetchone()
        return row["seq"] if row else None

    def rows(self, kind: str, where: str, values: Sequence[object], limit: int) -> list[Body]:
        """`where` is SQL of ours about seq, created, order_id and json_extract(body, …), never a caller's text."""
        query = f"select body from objects where kind = ? and {where} limit ?"  # noqa: S608
        return [json.loads(row["body"]) for row in self.db.execute(query, (kind, *values, limit))]

    # ------------------------------------------------------------ answers under keys

    def answer(self, key: str) -> StoredAnswer | None:
        row = self.db.execute("select * from answers where key = ?", (key,)).fetchone()
        if row is None:
            return None
        return StoredAnswer(row["fingerprint"], row["status"], json.loads(row["body"]), row["request_id"], row["at"])

    def store_answer(self, key: str, answer: StoredAnswer) -> None:
        self.db.execute(
            "insert or replace into answers values (?, ?, ?, ?, ?, ?)",
            (key, answer.fingerprint, answer.status, json.dumps(answer.body), answer.request_id, answer.at),
        )

    # ------------------------------------------------------------ money

    def enter(self, entry: Mapping[str, object]) -> None:
        names = ", ".join(entry)
        marks = ", ".join("?" * len(entry))
        self.db.execute(f"insert into ledger ({names}) values ({marks})", tuple(entry.values()))  # noqa: S608

    def ledger(self, order_id: str | None = None) -> list[Body]:
        if order_id is None:
            found = self.db.execute("select * from ledger order by seq")
        else:
            found = self.db.execute("select * from ledger where order_id = ? order by seq", (order_id,))
        return [dict(row) for row in found]

    # ------------------------------------------------------------ what tests asked for

    def wish(self, name: str) -> Any:
        row = self.db.execute("select body from wishes where name = ?", (name,)).fetchone()
        return json.loads(row["body"]) if row else None

    def set_wish(self, name: str, value: Any) -> None:
        self.db.execute("insert or replace into wishes values (?, ?)", (name, json.dumps(value)))


def _order(body: Body) -> str | None:
    metadata = body.get("metadata") or {}
    order_id: str | None = metadata.get("order_id")
    return order_id
