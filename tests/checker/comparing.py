"""Does a stored document equal the fold of its own events? And where not: at which of its fields?"""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.checker.findings import Findings
from tests.checker.folds.view import View
from tests.checker.folds.views import Documents
from tests.checker.happened import Json

FIELDS_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Kept:
    """A document as some store has it; no body: it is gone."""

    key: str
    position: int
    body: Json | None
    stale: bool = False


def differing(wanted: object, found: object, path: str = "") -> list[str]:
    """The paths where they differ: names of fields, never their values (they may be personal)."""
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        names = dict.fromkeys([*wanted, *found])
        return [one for name in names for one in differing(wanted.get(name), found.get(name), f"{path}.{name}")]
    if isinstance(wanted, list) and isinstance(found, list):
        if len(wanted) != len(found):
            return [f"{path}[] has {len(found)} entries of {len(wanted)}"]
        pairs = enumerate(zip(wanted, found, strict=True))
        return [one for number, (a, b) in pairs for one in differing(a, b, f"{path}[{number}]")]
    is_same = wanted == found and isinstance(wanted, bool) == isinstance(found, bool)
    return [] if is_same else [path or "all of it"]


class Comparison:
    """The documents of one view in one store."""

    def __init__(self, findings: Findings, view: View, target: str, store: str, documents: Documents) -> None:
        self._findings = findings
        self._documents = documents
        self._place = f"{store} {target}"
        self._kind = f"documents {store} {view.name}"
        self._seen: set[str] = set()
        findings.count(self._kind, 0)

    def row(self, kept: Kept) -> bool:
        """Whether it is there with a body, and as it must be."""
        self._findings.count(self._kind)
        self._seen.add(kept.key)
        where = f"{self._place} {kept.key}"
        if kept.stale:
            self._findings.wrong("document.stale", where, "it is marked as stale: something of it waits")
        if kept.key not in self._documents:
            self._findings.wrong("document.unexpected", where, "no event makes such a document")
            return False
        wanted, position = self._documents[kept.key]
        if kept.body is None or wanted is None:
            if (kept.body is None) != (wanted is None):
                what = "is gone" if kept.body is None else "should be gone"
                self._findings.wrong("document.differs", where, f"it {what}")
            return False
        paths = differing(wanted, kept.body)
        if paths:
            self._findings.wrong("document.differs", where, "differs at " + ", ".join(paths[:FIELDS_SHOWN]))
        if kept.position != position:
            text = f"it stands at {kept.position}, its last event is at {position}"
            self._findings.wrong("document.position", where, text)
        return not paths

    def end(self, old: frozenset[str] = frozenset()) -> None:
        """`old`: keys that the store may have thrown away after their time."""
        for key, (wanted, position) in self._documents.items():
            if wanted is not None and key not in self._seen and key not in old:
                self._findings.wrong("document.missing", f"{self._place} {key}", f"its last event is at {position}")
