"""How is a run of faults told? As a table on the terminal, JSON, and a fragment for docs/reliability.md."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.faults.tally import LIMITS, Tally, quantile

JSON, MARKDOWN = "faults.json", "faults.md"
HEADINGS = ("Fault", "Injected", "Recovered", "p50", "p95", "at most", "limit (p95)")


def rows(tally: Tally) -> Iterator[tuple[str, ...]]:
    """One for each kind of fault, then one for each part where a kind was measured by parts."""
    for kind, line in tally.lines.items():
        yield (kind, str(line.injected), str(len(line.recoveries)), *_times(line.recoveries, LIMITS.get(kind)))
        if len(line.parts) > 1:
            for part, times in sorted(line.parts.items()):
                yield (f"– {part}", "", str(len(times)), *_times(times, None))


def _times(seconds: Sequence[float], limit: float | None) -> tuple[str, ...]:
    found = (quantile(seconds, 0.5), quantile(seconds, 0.95), max(seconds, default=None))
    return (*("–" if each is None else f"{each:.1f} s" for each in found), "" if limit is None else f"{limit:.0f} s")


def table(tally: Tally) -> str:
    """For a terminal."""
    lines = [HEADINGS, *rows(tally)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(HEADINGS))]
    return "\n".join(
        "  ".join(cell.ljust(width) if place == 0 else cell.rjust(width) for place, (cell, width) in enumerate(pairs))
        for pairs in (list(zip(line, widths, strict=True)) for line in lines)
    )


def markdown(tally: Tally, seed: int, seconds: float) -> str:
    """The fragment."""
    lines = [f"Run with seed {seed}, {seconds / 60:.0f} minutes.", "", f"| {' | '.join(HEADINGS)} |"]
    lines += ["|" + " --- |" * len(HEADINGS), *(f"| {' | '.join(row)} |" for row in rows(tally))]
    orders = tally.checks[-1]["orders"] if tally.checks else 0
    lines += ["", f"Checked {len(tally.checks)} times, {orders} orders; violations: {len(tally.violations)}."]
    return "\n".join(lines) + "\n"


def write(folder: Path, tally: Tally, missing: Sequence[str], seed: int, seconds: float) -> None:
    folder.mkdir(exist_ok=True)
    report = {
        "seed": seed,
        "seconds": round(seconds, 1),
        "faults": {
            kind: {
                "injected": line.injected,
                "recoveries": [round(each, 3) for each in line.recoveries],
                "parts": {part: [round(each, 3) for each in times] for part, times in line.parts.items()},
            }
            for kind, line in tally.lines.items()
        },
        "violations": tally.violations,
        "missing": list(missing),
        "checks": tally.checks,
        "facts": tally.facts,
    }
    (folder / JSON).write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n")
    (folder / MARKDOWN).write_text(markdown(tally, seed, seconds))
