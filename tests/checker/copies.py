"""Are the copies in Redis what the documents are? A copy counts only while its epoch is its view's."""

from typing import Any

import msgspec
import redis

from tests.checker.builds import Builds
from tests.checker.comparing import FIELDS_SHOWN, differing
from tests.checker.findings import Findings
from tests.checker.folds.view import View
from tests.checker.folds.views import Folded
from tests.checker.happened import Json

STATES = "view:*"


def check_copies(url: str, builds: Builds, folded: Folded, head: int, findings: Findings) -> None:
    """What Redis has forgotten is no violation: what it says is, when it is wrong."""
    with redis.Redis.from_url(url, socket_timeout=5.0) as client:
        epochs = _epochs(client, builds, head, findings)
        for view in folded.views.values():
            if view.copies is not None:
                _check(client, view, folded, epochs.get(view.name, {}), findings)


def _epochs(client: redis.Redis, builds: Builds, head: int, findings: Findings) -> dict[str, dict[bytes, int]]:
    """By view: the epoch of each build that is kept, and up to where its copies hold everything."""
    found: dict[str, dict[bytes, int]] = {}
    names = {name.decode().partition(":")[2]: name for name in client.scan_iter(match=STATES, count=1000)}
    for build in (each for kept in builds.of(dict.fromkeys(names, 0)).values() for each in kept):
        name = names[build.target]
        state: dict[Any, Any] = dict(client.hgetall(name))
        epoch, covered = state.get(b"epoch"), int(state.get(b"covered", 0))
        findings.count("copy states")
        findings.must(
            covered <= head, "copies.ahead", build.target, f"they claim to hold all up to {covered} of {head}"
        )
        if epoch is not None:
            found.setdefault(build.view.name, {})[epoch] = covered
    return found


def _check(client: redis.Redis, view: View, folded: Folded, epochs: dict[bytes, int], findings: Findings) -> None:
    kind = f"copies {view.name}"
    findings.count(kind, 0)
    for name in client.scan_iter(match=view.copies, count=1000):
        value: Any = client.get(name)
        if value is None:
            continue  # its time ended between the two
        epoch, _, rest = value.partition(b"|")
        position, _, body = rest.partition(b"|")
        if epoch not in epochs:
            findings.count("copies of a passed epoch")
            continue
        findings.count(kind)
        _compare(view, folded, name.decode(), int(position), body, epochs[epoch], findings)


def _compare(
    view: View, folded: Folded, name: str, position: int, raw: bytes, covered: int, findings: Findings
) -> None:
    try:
        body: Json = msgspec.json.decode(raw)
        key = body["id"]
    except (msgspec.DecodeError, KeyError, TypeError):
        findings.wrong("copy.unreadable", f"redis {name}", "no document stands there")
        return
    wanted, last = folded.documents[view.name].get(key, (None, 0))
    if wanted is None:
        findings.wrong("copy.unexpected", f"redis {name}", "a copy of a document that is not there")
        return
    if covered < last:  # its view says so itself: nobody takes it for newer than that
        findings.count("copies behind")
        findings.wrong("copies.behind", f"redis {name}", f"its view covers {covered}, the document stands at {last}")
        return
    names = () if view.copy_names is None else view.copy_names(wanted)
    if name not in names:
        findings.wrong("copy.misplaced", f"redis {name}", "the document does not belong under this name")
    paths = differing(wanted, body)
    if paths:
        findings.wrong("copy.differs", f"redis {name}", "differs at " + ", ".join(paths[:FIELDS_SHOWN]))
    if position != last:
        findings.wrong("copy.position", f"redis {name}", f"it stands at {position}, its last event is at {last}")
