"""Which builds of a view does a store keep, and which of them must be complete?"""

import re
from collections.abc import Iterator, Mapping

from tests.checker.findings import Findings
from tests.checker.folds.view import View
from tests.checker.folds.views import VIEWS

TARGET = re.compile(r"(?P<view>\w+?)(?P<build>_v\d+(_g\d+)?)")


def complete(
    positions: Mapping[str, int], store: str, head: int, findings: Findings
) -> Iterator[tuple[View, str, str]]:
    """View, target and the part of its name behind the view's, of all builds that stand at the log's head.

    At least one build of each view must; what is still being built beside it is only counted.
    """
    found: dict[str, list[tuple[str, str, int]]] = {}
    for target, position in positions.items():
        parts = TARGET.fullmatch(target)
        if parts is not None:
            found.setdefault(parts["view"], []).append((target, parts["build"], position))
    for view in VIEWS:
        if store not in view.stores:
            continue
        builds = found.get(view.name, [])
        findings.count("projection checkpoints", len(builds))
        ahead = [target for target, _, position in builds if position > head]
        for target in ahead:
            findings.wrong("projection.ahead", f"{store} {target}", f"its checkpoint is beyond the log's head {head}")
        if head and not any(position == head for _, _, position in builds):
            best = max((position for _, _, position in builds), default=0)
            findings.wrong("projection.behind", f"{store} {view.name}", f"no build is at {head}, the best at {best}")
        for target, build, position in builds:
            if position >= head:
                yield view, target, build
            else:
                findings.count("builds under way")
