"""Which builds of a view stand side by side, and which of them must be complete?"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg

from tests.checker.findings import Findings
from tests.checker.folds.view import View
from tests.checker.folds.views import VIEWS

TARGET = re.compile(r"(?P<view>\w+?)_v(?P<version>\d+)(_g(?P<generation>\d+))?")
KEPT: LiteralString = """
select view, live, previous, case when is_filled then building end from work.view_generations
"""


@dataclass(frozen=True, slots=True)
class Build:
    """One collection or table of a view's documents."""

    view: View
    target: str
    suffix: str  # what its name, and those of its child tables, have behind the view's
    position: int  # its checkpoint


class Builds:
    """Of each view the highest version; of that the generations that are kept up to date, the live one among them."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        rows = connection.execute(KEPT).fetchall()
        self._kept = {str(row[0]): {number for number in row[1:] if number is not None} for row in rows}

    def of(self, positions: Mapping[str, int]) -> Mapping[str, list[Build]]:
        """By view, out of a store's checkpoints. What is being built or taken away is not among them."""
        found: dict[str, list[tuple[int, int, Build]]] = {}
        views = {view.name: view for view in VIEWS}
        for target, position in positions.items():
            parts = TARGET.fullmatch(target)
            if parts is not None and parts["view"] in views:
                view, version = views[parts["view"]], int(parts["version"])
                build = Build(view, target, target.removeprefix(view.name), position)
                found.setdefault(view.name, []).append((version, int(parts["generation"] or 0), build))
        return {name: self._up_to_date(name, builds) for name, builds in found.items()}

    def _up_to_date(self, name: str, builds: list[tuple[int, int, Build]]) -> list[Build]:
        newest = max(version for version, _, _ in builds)
        kept = self._kept.get(f"{name}_v{newest}", {0})
        return [build for version, generation, build in builds if version == newest and generation in kept]

    def complete(self, positions: Mapping[str, int], store: str, head: int, findings: Findings) -> Iterator[Build]:
        """Those whose documents must be there, all of them."""
        found = self.of(positions)
        for view in VIEWS:
            if store not in view.stores:
                continue
            builds = found.get(view.name, [])
            findings.count("projection checkpoints", len(builds))
            if head and not builds:
                findings.wrong("projection.behind", f"{store} {view.name}", "nobody keeps it in this store")
            for build in builds:
                where = f"{store} {build.target}"
                if build.position > head:
                    findings.wrong(
                        "projection.ahead", where, f"its checkpoint is {build.position}, the log's head {head}"
                    )
                elif build.position < head:
                    findings.wrong("projection.behind", where, f"its checkpoint is {build.position}, the head {head}")
                yield build
