"""Is each effect done, once? The outbox, timers and parked keys of `work`, the notifications, the mail that arrived."""

from collections import Counter
from hashlib import sha256
from typing import Any, LiteralString

import psycopg
from psycopg.rows import dict_row

from tests.checker.findings import Findings
from tests.checker.folds.views import Folded
from tests.checker.happened import Json
from tests.checker.outside import Mails
from tests.checker.wishes import Wishes

PROCESSES = ("collect_payment", "refund_payment", "release_reservations", "notify_customer")
CLOSED = ("SUCCEEDED", "FAILED", "UNKNOWN")
OVERDUE_SECONDS = 10  # a timer rings within this after its time; as of the snapshot, which may be old when it is read
OUTBOX: LiteralString = """
select id, process, key, kind, idempotency_key, state, attempts, last_error, outcome from work.outbox
"""
TIMERS: LiteralString = """
select t.process, t.key, t.name, t.at < now() + c.ahead - make_interval(secs => %s) as overdue
from work.timers t cross join work.virtual_clock c
"""
PARKED: LiteralString = """
select process, key, parked_at, last_error from work.process_state where parked_at is not null
"""


class Effects:
    def __init__(self, findings: Findings, folded: Folded, wishes: Wishes, erased: set[str]) -> None:
        self._findings = findings
        self._folded = folded
        self._wishes = wishes
        self._erased = erased
        self._attempts: dict[str, int] = {}  # by the provider's key

    def work(self, connection: psycopg.Connection[Any], head: int) -> None:
        """Everything that schema `work` has left open."""
        wrong, count = self._findings.wrong, self._findings.count
        with connection.cursor(row_factory=dict_row) as cursor:
            self._outbox(cursor.execute(OUTBOX).fetchall())
            waiting: set[str] = set()
            for row in cursor.execute(TIMERS, [OVERDUE_SECONDS]):
                count("timers")
                if row["overdue"]:
                    wrong("timer.overdue", f"{row['process']} {row['key']}", f"{row['name']} should have rung")
                elif row["process"] == "collect_payment":
                    waiting.add(row["key"])
            for row in cursor.execute(PARKED):
                wrong("process.parked", f"{row['process']} {row['key']}", f"at {row['parked_at']}: {row['last_error']}")
            count("process states", cursor.execute("select count(*) as n from work.process_state").fetchall()[0]["n"])
            found = {row["process"]: row["position"] for row in cursor.execute("select * from work.checkpoints")}
        for process in PROCESSES if head else ():
            count("process checkpoints")
            if found.get(process, 0) != head:
                wrong("process.behind", process, f"at position {found.get(process, 0)} of {head}")
        for order_id in self._wishes.orders:
            order = self._folded.get("orders", order_id)
            if order is not None and order["lifecycle"] == "PENDING" and order_id not in waiting:
                wrong("order.stuck", order_id, "it is PENDING and nothing will wake it")

    def _outbox(self, rows: list[Json]) -> None:
        asked = dict(self._wishes.effects)
        times: Counter[tuple[str, str]] = Counter()
        unknown: set[tuple[str, str]] = set()  # nobody could say what came of it: asked again under the same key
        for row in rows:
            kind, key, where = row["kind"], row["idempotency_key"], f"{row['kind']} {row['id']}"
            self._findings.count("effects")
            if row["state"] not in CLOSED:
                self._findings.wrong("outbox.open", where, f"{row['state']} after {row['attempts']} attempts")
            if (row["outcome"] or {}).get("outcome") == "unforeseen":
                self._findings.wrong("outbox.failed", where, f"{row['outcome'].get('error')}")
            if kind == "find":  # asks, changes nothing: as often as it takes
                continue
            times[kind, key] += 1
            if row["state"] == "UNKNOWN":
                unknown.add((kind, key))
            self._attempts[key] = max(self._attempts.get(key, 0), row["attempts"])
            if asked.get(key, ("",))[0] != kind:
                self._findings.wrong("effect.unasked", where, f"no event of the log asks for it (key {key})")
        for key, (kind, position) in asked.items():
            number = times[kind, key]
            if number == 0:
                self._findings.wrong("effect.missing", position, f"{kind} was asked for, and is not in the outbox")
            elif number > 1 and (kind, key) not in unknown:
                self._findings.wrong("effect.doubled", position, f"{kind} stands {number} times in the outbox")

    def webhooks(self) -> None:
        """What the provider tells twice is recorded once."""
        times = Counter(told for _, told in self._wishes.webhooks)
        self._findings.count("provider events", len(times))
        for told, number in times.items():
            self._findings.must(number == 1, "webhook.doubled", told, f"recorded {number} times")

    def notifications(self) -> None:
        """Each event that people are told of is told once per channel; nothing else is."""
        posted = dict(self._wishes.posted)
        for name, telling in self._wishes.tellings.items():
            self._findings.count("notifications")
            found = posted.pop(name, [])
            if not found and telling.customer_id not in self._erased:
                text = f"nobody was told by {telling.channel} ({telling.template})"
                self._findings.wrong("notification.missing", telling.position, text)
            elif len(found) > 1:
                self._findings.wrong("notification.doubled", telling.position, f"told {len(found)} times")
            for each in found:
                said = each["channel"], each["template"], each["order_id"], each["customer_id"]
                wanted = telling.channel, telling.template, telling.order_id, telling.customer_id
                self._findings.must(said == wanted, "notification.differs", each["at"], f"{said}, not {wanted}")
        for name, found in posted.items():
            self._findings.wrong("notification.unasked", found[0]["at"], f"notification {name} is about no event")

    def mail(self, mails: Mails) -> None:
        """Each letter that was accepted arrived as one message; nobody else got one."""
        sent = {f"{sha256(name.encode()).hexdigest()[:40]}": name for name in self.letters}
        seen: set[str] = set()
        for message in mails.arrived:
            self._findings.count("mails")
            label = message["message_id"].strip("<>").partition("@")[0]
            name = sent.get(label)
            if name is None:
                self._findings.wrong("mail.unasked", message["id"], "a letter that nobody asked for")
                continue
            seen.add(name)
            attempts = self._attempts.get(name, 0)
            if message["deliveries"] > max(attempts, 1):
                text = f"delivered {message['deliveries']} times in {attempts} attempts"
                self._findings.wrong("mail.doubled", name, text)
        for name in self.letters:
            said = self._wishes.mailed.get(name)
            if said is None:
                self._findings.wrong("mail.unknown", name, "nobody knows what came of the letter")
            elif said == "accepted" and name not in seen and mails.is_all:
                self._findings.wrong("mail.missing", name, "the log says that it was accepted, it did not arrive")

    @property
    def letters(self) -> list[str]:
        """What was to be sent by mail: ids of notifications."""
        return [name for name, (kind, _) in self._wishes.effects.items() if kind == "mail"]
