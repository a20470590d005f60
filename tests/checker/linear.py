"""Were commands and reads of all clients one after another, as the clients saw it? One sort and one pass.

Every answer names a position. What is sent after an answer was there lies behind it in the log; a key is one command,
however often it was sent; a read with a token is not older than the token.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from heapq import heappop, heappush

from tests.checker.clients import Asked, asked
from tests.checker.findings import Findings
from tests.checker.folds.views import Folded
from tests.checker.happened import stock_stream
from tests.checker.history import Histories, Record, shown
from tests.checker.log import ROOMS, Log

NOT_NOW = (401, 409, 429)  # answers after which a repeat may be told something else


def judge(histories: Histories, log: Log, folded: Folded, findings: Findings) -> None:
    """What each client was told, against the log and against what others had been told before."""
    histories.told(log.position, findings)
    groups = asked(histories.records, log)
    for group in groups:
        findings.count("keys of clients")
        _key(group, log, findings)
    _unknown(groups, histories.records, log, findings)
    _order(groups, histories.records, findings)
    mine = {(group.client, str((record.body or {}).get("id"))) for group in groups for record in group.acknowledged}
    for record in histories.records:
        if record.kind == "read" and record.status is not None:
            findings.count("reads")
            _read(record, mine, folded, findings)


def _key(group: Asked, log: Log, findings: Findings) -> None:
    """One command or none; one where it was acknowledged; the same answer for ever."""
    wrong, stored = findings.wrong, list(group.found.values())
    for record in group.acknowledged:
        findings.count("acknowledged answers")
        if (record.position or 0) > log.position:
            wrong("history.future", record.where, f"acknowledged at {record.position}, the log ends at {log.position}")
    if len(stored) > 1:
        wrong("history.doubled", group.where, f"key {group.key} is {len(stored)} commands of the log")
    if not group.acknowledged:
        findings.count("keys that nobody acknowledged")
        return
    if stored:
        _agrees(group, stored[0].last, stored[0].version, findings)
    elif not all(_changed_nothing(record, log) for record in group.acknowledged):
        wrong("history.lost", group.where, f"key {group.key} was acknowledged, and no command of the log is it")
    _same(group, findings)


def _agrees(group: Asked, position: int, version: int, findings: Findings) -> None:
    """A client that preferred to wait is answered later: never before its command."""
    for record in group.acknowledged:
        told = record.position or 0
        if told < position:
            findings.wrong("history.position", record.where, f"answered at {told}, its command ends at {position}")
        elif told == position and record.version is not None and record.version != version:
            text = f"answered with version {record.version}, the stored answer says {version}"
            findings.wrong("history.answer_differs", record.where, text)


def _same(group: Asked, findings: Findings) -> None:
    first = group.acknowledged[0]
    for record in group.acknowledged[1:]:
        findings.count("repeated answers")
        if (record.body or {}).get("id") != (first.body or {}).get("id"):
            findings.wrong("history.answer_differs", record.where, "the same key was answered about something else")
        elif record.position == first.position and record.version != first.version:
            findings.wrong("history.answer_differs", record.where, f"version {record.version}, before {first.version}")
    answered = min(record.answered or 0.0 for record in group.acknowledged)
    for record in group.records:
        status = record.status or 0
        if record.sent > answered and 400 <= status < 500 and status not in NOT_NOW:
            findings.wrong("history.answer_differs", record.where, f"refused ({status}) after it had been done")


def _changed_nothing(record: Record, log: Log) -> bool:
    """A wish that was fulfilled already is stored nowhere: then its answer is what the log had there before."""
    body = record.body or {}
    if record.version is None or record.position is None or "id" not in body:
        return record.position in log.commands.ending
    streams = [f"{room}-{body['id']}" for room in ROOMS]
    if "variantId" in body and "warehouse" in body:
        streams.append(stock_stream(body["variantId"], body["warehouse"]))
    known = [log.places[stream] for stream in streams if stream in log.places]
    return any(bisect_right(places, record.position) == record.version for places in known)


def _unknown(groups: Sequence[Asked], records: Sequence[Record], log: Log, findings: Findings) -> None:
    """What a client's own cart or order went through under a key that the client never sent was done twice.

    Commands without a key are known by where they were acknowledged.
    """
    known = {command for group in groups for command in group.found}
    scopes = {scope for command in known for scope in log.commands.scopes.get(command, ())}
    streams = {stream for group in groups for stored in group.found.values() for stream in stored.streams}
    touched = {stream for stream in streams if stream.startswith(("cart-", "order-"))}
    told = {record.position for record in records if record.kind == "command" and record.key is None}
    for command, stored in log.commands.stored.items():
        if command in known or stored.last in told or scopes.isdisjoint(log.commands.scopes.get(command, ())):
            continue
        if not touched.isdisjoint(stored.streams):
            text = f"command {command} is of no key that its client has sent"
            findings.wrong("history.unknown_command", stored.last, text)


def _order(groups: Sequence[Asked], records: Sequence[Record], findings: Findings) -> None:
    """A command that was first sent after an answer was there lies behind that answer's position."""
    answers: list[tuple[float, int, str]] = []
    for record in records:
        if record.answered is not None and record.position is not None and record.is_good:
            heappush(answers, (record.answered, record.position, record.where))
    newest, said = 0, ""
    for sent, position, where in sorted(_done(groups)):
        findings.count("commands in real time")
        while answers and answers[0][0] < sent:
            _, told, by = heappop(answers)
            if told > newest:
                newest, said = told, by
        if position <= newest:
            text = f"it stands at {position}, though {newest} had been told before it was sent ({said})"
            findings.wrong("history.order", where, text)


def _done(groups: Sequence[Asked]) -> Iterator[tuple[float, int, str]]:
    """When each stored command was first sent, and where it ends in the log."""
    for group in groups:
        for stored in group.found.values():
            yield group.sent, stored.last, group.where


def _read(record: Record, mine: set[tuple[str, str]], folded: Folded, findings: Findings) -> None:
    token = record.token or 0
    if record.status == 404 and token:
        about = shown(record.target)
        if about is not None and (record.client, about.key) in mine:
            document, first = folded.get(about.view, about.key), token
            is_there = document is not None and first >= _begins(document)
            text = f"{about.view} {about.key} is not there for who made it, read with token {token}"
            findings.must(not is_there, "history.own_write_unseen", record.where, text)
    if not record.is_good:
        return
    if record.position is None:
        findings.wrong("history.no_position", record.where, "a read that does not say as of when it is")
    elif record.position < token and not record.stale:
        text = f"as of {record.position}, asked for {token} or newer"
        findings.wrong("history.stale", record.where, text)


def _begins(document: dict[str, object]) -> int:
    """The position of the first event that a document with a timeline shows; 0 where it does not say."""
    timeline = document.get("timeline")
    if not isinstance(timeline, list) or not timeline:
        return 0
    return int(timeline[0]["position"])
