"""Is whatever is wrong in PostgreSQL found and named: in the log, in what is under way, in the rows that are read?"""

import pytest

from tests.proof.planting import examined
from tests.proof.sold import Sold

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

PLACED = "stream = 'order-{{{0}}}' and type = 'order.placed'"
PAID, CANCELLED, DECLINED, WAITING = (PLACED.format(what) for what in ("paid", "cancelled", "declined", "waiting"))
OF_PAID = "command_id = (select command_id from log.events where " + PAID + ")"


def rewritten(where: str, pattern: str, new: str) -> str:
    """The payload of an event with something else in it. `pattern` and `new` are of regexp_replace."""
    text = f"regexp_replace(convert_from(payload, 'UTF8'), '{pattern}', '{new}')"
    return f"update log.events set payload = convert_to({text}, 'UTF8') where {where}"


NEW_ANSWER = (
    "insert into log.answers (command_id, position, fingerprint, answer, at) select gen_random_uuid(), position,"
    " '', '{{}}'::bytea, now() from log.log_head"
)
RESERVED = "type = 'stock.reserved' and convert_from(payload, 'UTF8') like '%{paid}%'"
RECEIVED = "type = 'stock.received' and convert_from(payload, 'UTF8') like '%{variant}%'"
ALLOCATED = "type = 'stock.reservation_allocated' and convert_from(payload, 'UTF8') like '%{paid}%'"
POSTED = "type = 'notification.posted' and convert_from(payload, 'UTF8') like '%in_app%{paid}%'"

LOG = {
    "an event is gone": ("delete from log.events where " + PAID, "log.position_gap"),
    "the last event is gone": (
        "delete from log.events where position = (select position from log.log_head)",
        "log.head",
    ),
    "a version is left out": ("update log.events set version = version + 1 where " + PAID, "log.version_hole"),
    "an id stands twice": (
        "update log.events set event_id = (select event_id from log.events where position = 1) where " + PAID,
        "log.event_id_twice",
    ),
    "time went back": ("update log.events set recorded_at = 'epoch' where " + PAID, "log.time_went_back"),
    "a fact was changed": (rewritten(PAID, '"quantity":2', '"quantity":1'), "log.digest"),
    "a payload is no JSON": ("update log.events set payload = 'x' where " + PAID, "log.unreadable"),
    "a type is unknown": ("update log.events set type = 'other.happened' where " + PAID, "log.unknown"),
    "a link was changed": ("update log.links set link = '\\x00' where first_position = 1", "chain.broken"),
    "a link is gone": ("delete from log.links where first_position = 1", "chain.broken"),
    "the head's link differs": ("update log.log_head set link = '\\x00'", "chain.head"),
    "a stream's head differs": (
        "update log.stream_heads set version = version + 1 where stream = 'order-{paid}'",
        "log.stream_head",
    ),
    "a stream has no head": ("delete from log.stream_heads where stream = 'order-{paid}'", "log.stream_heads"),
    "an answer is missing": ("delete from log.answers where " + OF_PAID, "command.answer_missing"),
    "an answer says another version": (
        "update log.answers set answer = convert_to(replace(convert_from(answer, 'UTF8'), '\"version\":1',"
        " '\"version\":9'), 'UTF8') where " + OF_PAID,
        "command.answer_differs",
    ),
    "an answer says another status": (
        "update log.answers set answer = convert_to(replace(convert_from(answer, 'UTF8'), 'PLACED', 'CONFIRMED'),"
        " 'UTF8') where " + OF_PAID,
        "command.answer_differs",
    ),
    "an answer can't be read": ("update log.answers set answer = 'x' where " + OF_PAID, "command.answer_unreadable"),
    "an answer has no events": (NEW_ANSWER, "command.without_events"),
    "a command is cut in two": ("update log.answers set position = position - 1 where " + OF_PAID, "command.split"),
    "a command stands twice": (
        "update log.events set command_id = (select command_id from log.events where " + PAID + ") where " + CANCELLED,
        "command.twice",
    ),
    "a sealed word was changed": (
        rewritten(PAID, '"contact_email":"....', '"contact_email":"AAAA'),
        "seal.broken",
    ),
    "a sealed word is another's": (
        rewritten(PAID, '"customer_id":"........', '"customer_id":"00000000'),
        "seal.other_person",
    ),
    "a sealed word names no key": (
        "update log.events set metadata = convert_to(regexp_replace(convert_from(metadata, 'UTF8'),"
        " '\"key_id\":\"........', '\"key_id\":\"00000000'), 'UTF8') where " + PAID,
        "seal.key_missing",
    ),
    "an event lacks a field": (rewritten(PAID, '"delivery_option"', '"delivery"'), "fold.unreadable"),
}

STOCK = {
    "more is reserved than there is": (rewritten(RESERVED, '"quantity":2', '"quantity":99'), "stock.oversold"),
    "less is received than is there": (
        rewritten(
            "type = 'stock.received' and convert_from(payload, 'UTF8') like '%{variant}%'",
            '"quantity":20',
            '"quantity":-20',
        ),
        "stock.negative",
    ),
    "an event says another number": (rewritten(RESERVED, '"available":1', '"available":2'), "stock.available_differs"),
    "units are reserved twice": (
        "update log.events set payload = (select payload from log.events where "
        + RESERVED
        + ") where "
        + RESERVED.replace("paid", "cancelled"),
        "stock.reserved_twice",
    ),
    "what is held is not what was reserved": (
        "update log.events set payload = (select payload from log.events where "
        + RESERVED
        + ") where "
        + RESERVED.replace("paid", "cancelled"),
        "stock.reservations_differ",
    ),
    "a reservation ends that is not there": (
        rewritten(ALLOCATED, '"reservation_id":"........', '"reservation_id":"00000000'),
        "stock.reservation_order",
    ),
    "other units end than began": (rewritten(ALLOCATED, '"quantity":2', '"quantity":1'), "stock.reservation_units"),
    "an order keeps what it should not": (
        "update log.events set type = 'stock.ran_low' where type = 'stock.reservation_released' and"
        " convert_from(payload, 'UTF8') like '%{cancelled}%'",
        "order.reservation",
    ),
    "an order's sum is wrong": (rewritten(PAID, '"shipping_minor":', '"shipping_minor":1'), "order.total"),
}
OUTBOX = "process = 'collect_payment' and key = '{paid}' and kind = 'capture'"
COPY = (
    "insert into work.outbox (id, process, key, kind, idempotency_key, payload, state) select gen_random_uuid(),"
    " process, key, kind, {key}, payload, 'SUCCEEDED' from work.outbox where "
)
WORK = {
    "an effect is gone": ("delete from work.outbox where " + OUTBOX, "effect.missing"),
    "an effect stands twice": (COPY.replace("{key}", "idempotency_key") + OUTBOX, "effect.doubled"),
    "an effect was asked for by nobody": (COPY.replace("{key}", "'x'") + OUTBOX, "effect.unasked"),
    "an effect is open": ("update work.outbox set state = 'REQUESTED' where " + OUTBOX, "outbox.open"),
    "an effect failed on a fault of ours": (
        'update work.outbox set outcome = \'{{"outcome": "unforeseen"}}\' where ' + OUTBOX,
        "outbox.failed",
    ),
    "a timer did not ring": (
        "insert into work.timers values ('collect_payment', '{paid}', 'ask', now() - interval '1 hour')",
        "timer.overdue",
    ),
    "a key is parked": (
        "update work.process_state set parked_at = 1, last_error = 'x' where process = 'collect_payment'"
        " and key = '{paid}'",
        "process.parked",
    ),
    "a process stands still": (
        "update work.checkpoints set position = position - 1 where process = 'notify_customer'",
        "process.behind",
    ),
    "nothing wakes an order": ("delete from work.timers where key = '{waiting}'", "order.stuck"),
    "a notification is missing": (
        rewritten(POSTED, '"notification_id":"........', '"notification_id":"00000000'),
        "notification.missing",
    ),
    "a notification is about nothing": (
        rewritten(POSTED, '"notification_id":"........', '"notification_id":"00000000'),
        "notification.unasked",
    ),
    "a notification is posted twice": (
        "update log.events set payload = (select payload from log.events where " + POSTED + "), type ="
        " 'notification.posted' where position = (select max(position) from log.events where"
        " type like 'notification.%')",
        "notification.doubled",
    ),
    "a notification says something else": (
        rewritten(POSTED, "order_confirmed", "order_expired"),
        "notification.differs",
    ),
    "a webhook was recorded twice": (
        "update log.events set payload = (select payload from log.events where type = 'provider_event.recorded'"
        " order by position limit 1) where position = (select max(position) from log.events where"
        " type = 'provider_event.recorded')",
        "webhook.doubled",
    ),
}
READ = {
    "a document was changed": (
        "update read.orders_v1 set document = document || '{{\"lifecycle\": \"PENDING\"}}' where id = '{paid}'",
        "document.differs",
    ),
    "a document is gone": ("delete from read.orders_v1 where id = '{paid}'", "document.missing"),
    "a document is too much": (
        "insert into read.orders_v1 (id, document, position) values ('x', '{{}}', 1)",
        "document.unexpected",
    ),
    "a document stands elsewhere": (
        "update read.orders_v1 set position = position - 1 where id = '{paid}'",
        "document.position",
    ),
    "a document is stale": ("update read.orders_v1 set stale = true where id = '{paid}'", "document.stale"),
    "a column differs": ("update read.orders_v1 set total_minor = 1 where id = '{paid}'", "row.column"),
    "a child row is gone": ("delete from read.order_items_v1 where order_id = '{paid}'", "row.children"),
    "a child row is too much": ("insert into read.order_items_v1 (order_id, line) values ('x', '1')", "row.children"),
    "a view stands still": (
        "update read.checkpoints set position = position - 1 where target = 'orders_v1'",
        "projection.behind",
    ),
    "a view is beyond the log": (
        "update read.checkpoints set position = position + 1 where target = 'orders_v1'",
        "projection.ahead",
    ),
    "a document's key is parked": (
        "insert into read.parked values ('orders_v1', '{paid}', 1, 'KeyError')",
        "projection.parked",
    ),
}
ALL = LOG | STOCK | WORK | READ


@pytest.mark.parametrize("what", ALL)
def test_it_is_found_and_named_when(what: str, sold: Sold) -> None:
    statement, code = ALL[what]

    findings = examined(sold, statement)

    assert findings.codes[code] > 0, (findings.codes, findings.violations[:3])
    assert any(violation.code == code and violation.where for violation in findings.violations)
