"""What does an answer rest on? Noted while it is made, so that it can be kept until something of that changes."""

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

Mark = tuple[str, str]  # a view and a key of it, or one of:
ANY = "*"  # any document of the view
LISTED = "+"  # the amount of any document of the view came to nothing, or from nothing

_PLACE = "telocompro.uses"  # in an ASGI scope


@dataclass(slots=True)
class Uses:
    """Of one answer in the making. What it does not say rests on something that is not watched."""

    switches: int = 0  # of the views' generations, when it began
    lowest: int | None = None  # of the positions of what was used
    highest: int = 0
    marks: dict[Mark, None] = field(default_factory=dict)
    sources: dict[int, Any] = field(default_factory=dict)  # by id
    until: str | None = None  # RFC 3339, UTC: from then on it may be another
    is_personal: bool = False  # it depends on who asks
    unwatched: bool = False  # nobody would tell when it changes
    parts: tuple[bytes, bytes | None] | None = None  # of the body, around its position; no second one: it tells none

    def rests_on(self, source: Any, position: int, *keys: str, stale: bool = False) -> None:
        """These documents of the view (or ANY, LISTED), as of the position. Stale ones change without an event."""
        self.lowest = position if self.lowest is None else min(self.lowest, position)
        self.highest = max(self.highest, position)
        self.sources[id(source)] = source
        self.unwatched |= stale
        for key in keys:
            self.marks[source.view, key] = None

    def clear(self) -> None:
        """What was made so far is not used."""
        self.lowest, self.highest, self.until, self.parts = None, 0, None, None
        self.marks, self.sources = {}, {}
        self.is_personal = self.unwatched = False

    def changes_at(self, moment: str | None) -> None:
        """The earliest such moment counts."""
        if moment is not None and (self.until is None or moment < self.until):
            self.until = moment

    @property
    def can_be_kept(self) -> bool:
        return not self.unwatched and self.lowest is not None and bool(self.marks)


def uses_of(scope: Mapping[str, Any]) -> Uses:
    """Of the answer to this request. Where nothing is kept they are noted for nobody."""
    found: Uses | None = scope.get(_PLACE)
    return Uses() if found is None else found


def put_uses(scope: MutableMapping[str, Any], uses: Uses) -> None:
    scope[_PLACE] = uses
