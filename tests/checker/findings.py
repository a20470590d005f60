"""What was looked at, and what was wrong with it? Counts by kind, and the first violations in full."""

from collections import Counter
from dataclasses import dataclass, field

MOST = 500  # violations kept in full; all are counted


@dataclass(frozen=True, slots=True)
class Violation:
    """`code` names the check for ever; `where` is what an operator would look up; `text` has no personal data."""

    code: str
    where: str
    text: str

    def __str__(self) -> str:
        return f"{self.code}  {self.where}  {self.text}"


@dataclass(slots=True)
class Findings:
    looked: Counter[str] = field(default_factory=Counter)
    violations: list[Violation] = field(default_factory=list)
    codes: Counter[str] = field(default_factory=Counter)

    def count(self, kind: str, rows: int = 1) -> None:
        """So many rows of this kind were looked at; a kind with 0 is shown, too."""
        self.looked[kind] += rows

    def wrong(self, code: str, where: object, text: str) -> None:
        self.codes[code] += 1
        if len(self.violations) < MOST:
            self.violations.append(Violation(code, str(where), text))

    def must(self, is_so: bool, code: str, where: object, text: str) -> None:
        if not is_so:
            self.wrong(code, where, text)

    @property
    def total(self) -> int:
        return sum(self.codes.values())
