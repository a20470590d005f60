"""What has arrived? The newest messages in a bounded SQLite file, with how often each was delivered."""

import json
import sqlite3
from datetime import UTC, datetime
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from hashlib import sha256
from pathlib import Path
from typing import Any

SCHEMA = """
create table if not exists messages (
    id integer primary key autoincrement, message_id text not null unique, sender text not null,
    recipients text not null, subject text not null, at text not null, text text not null, html text not null,
    deliveries integer not null default 1);
create table if not exists recipients (address text not null, message integer not null, primary key (address, message));
"""
KEPT = 10_000


class Inbox:
    """Used by one thread. `path` None: kept in memory only."""

    def __init__(self, path: Path | None, kept: int = KEPT) -> None:
        self.db = sqlite3.connect(str(path) if path else ":memory:", isolation_level=None, check_same_thread=False)
        self.db.row_factory = sqlite3.Row
        self.db.execute("pragma journal_mode = wal")
        self.db.execute("pragma synchronous = normal")
        self.db.executescript(SCHEMA)
        self._kept = kept

    def close(self) -> None:
        self.db.close()

    def keep(self, sender: str, recipients: list[str], raw: bytes) -> None:
        """A message with a known Message-ID is counted, not kept twice."""
        letter = message_from_bytes(raw)  # the policy that parses no header until it is asked for costs half
        message_id = str(letter.get("Message-ID", "")).strip() or f"<{sha256(raw).hexdigest()[:32]}@none>"
        self.db.execute("begin immediate")
        try:
            row = self.db.execute(
                "insert into messages (message_id, sender, recipients, subject, at, text, html) "
                "values (?, ?, ?, ?, ?, ?, ?) "
                "on conflict (message_id) do update set deliveries = deliveries + 1 returning id",
                (message_id, sender, json.dumps(recipients), _subject(letter), _now(), *_parts(letter)),
            ).fetchone()
            for address in recipients:
                self.db.execute("insert or ignore into recipients values (?, ?)", (address.lower(), row["id"]))
            self._forget_oldest()
        except BaseException:
            self.db.execute("rollback")
            raise
        self.db.execute("commit")

    def messages(self, to: str | None = None, limit: int = 100) -> list[dict[str, Any]]:
        """The newest first."""
        if to is None:
            rows = self.db.execute("select * from messages order by id desc limit ?", (limit,))
        else:
            rows = self.db.execute(
                "select * from messages where id in (select message from recipients where address = ?) "
                "order by id desc limit ?",
                (to.lower(), limit),
            )
        return [_shown(row) for row in rows]

    def message(self, number: int) -> dict[str, Any] | None:
        row = self.db.execute("select * from messages where id = ?", (number,)).fetchone()
        return _shown(row) if row else None

    def count(self) -> dict[str, int]:
        row = self.db.execute("select count(*) as kept, coalesce(sum(deliveries), 0) as came from messages").fetchone()
        return {"kept": row["kept"], "deliveries": row["came"], "repeated": row["came"] - row["kept"]}

    def empty(self) -> None:
        self.db.execute("delete from recipients")
        self.db.execute("delete from messages")

    def _forget_oldest(self) -> None:
        self.db.execute(
            "delete from messages where id <= (select id from messages order by id desc limit 1 offset ?)",
            (self._kept,),
        )
        self.db.execute("delete from recipients where message < (select coalesce(min(id), 0) from messages)")


def _shown(row: sqlite3.Row) -> dict[str, Any]:
    shown = dict(row)
    return shown | {"recipients": json.loads(shown["recipients"])}


def _subject(letter: Message) -> str:
    """As a person reads it, also where it came in plain UTF-8; what can't be decoded stays as it came."""
    found = next((str(value) for name, value in letter.raw_items() if name.lower() == "subject"), "")
    subject = "".join(found.encode("ascii", "surrogateescape").decode("utf-8", "replace").splitlines()).strip()
    if "=?" not in subject:
        return subject
    try:
        return str(make_header(decode_header(subject)))
    except (LookupError, UnicodeError, HeaderParseError):
        return subject


def _parts(letter: Message) -> tuple[str, str]:
    """Text and HTML, the first of each that is not attached; what can't be decoded is shown with marks in its place."""
    found = {"text/plain": "", "text/html": ""}
    wanted = set(found)
    for part in letter.walk():
        kind = part.get_content_type()
        if kind in wanted and part.get_content_disposition() != "attachment":
            wanted.remove(kind)
            found[kind] = _read(part)
    return found["text/plain"], found["text/html"]


def _read(part: Message) -> str:
    raw = part.get_payload(decode=True)
    if not isinstance(raw, bytes):
        return ""
    try:
        text = raw.decode(part.get_content_charset() or "utf-8", "replace")
    except LookupError:
        text = raw.decode("utf-8", "replace")
    return text.replace("\r\n", "\n")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
