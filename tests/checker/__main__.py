"""`python -m tests.checker --run RUN_JSON [--history FILE.jsonl ...] [--settle SECONDS] [--json]`

Exit 0: nothing is wrong; 1: violations, each with its code and place; 2: it could not look.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import psycopg
import redis
from pymongo.errors import PyMongoError

from tests.checker.checking import check
from tests.checker.findings import Findings
from tests.checker.history import Histories
from tests.checker.places import NoSuchRun, Places, read_places
from tests.checker.settling import head_of, settle

SHOWN = 100  # violations
LOOKS = 3


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options().parse_args(arguments)
    try:
        places = read_places(options.run)
        findings = _settled(places, options)
    except (NoSuchRun, OSError, psycopg.Error, PyMongoError, redis.RedisError) as error:
        sys.stderr.write(f"could not look: {type(error).__name__}: {error}\n")
        return 2
    sys.stdout.write(_as_json(findings) if options.json else _as_text(findings))
    return 1 if findings.total else 0


def _settled(places: Places, options: argparse.Namespace) -> Findings:
    """At rest. If the log has gone on while it was looked at, what was found wrong may only have been on its way."""
    for _ in range(LOOKS):
        settle(places, options.settle)
        before = head_of(places)
        findings = check(places, Histories(options.history))
        if not findings.total or head_of(places) == before:
            break
    return findings


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.checker", description=__doc__.partition("\n")[0])
    parser.add_argument("--run", type=Path, required=True, help="the run.json of the platform to be looked at")
    parser.add_argument("--history", type=Path, nargs="*", default=[], help="what clients saw, one JSON a line")
    parser.add_argument("--settle", type=float, default=20.0, help="seconds to wait until nothing moves any more")
    parser.add_argument("--json", action="store_true", help="for programs")
    return parser


def _as_json(findings: Findings) -> str:
    told = {
        "rows": dict(findings.looked),
        "violations": findings.total,
        "codes": dict(findings.codes),
        "first": [asdict(violation) for violation in findings.violations],
    }
    return json.dumps(told, indent=2) + "\n"


def _as_text(findings: Findings) -> str:
    lines = [f"{rows:>9}  {kind}" for kind, rows in sorted(findings.looked.items())]
    lines.append("")
    lines += [str(violation) for violation in findings.violations[:SHOWN]]
    lines += [f"{number:>9}  {code}" for code, number in sorted(findings.codes.items())]
    lines.append(f"violations: {findings.total}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
