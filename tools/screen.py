"""What does the operator see? Steps with their time: alive in a terminal, plain lines elsewhere, quiet under --json."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console


class Screen:
    """Where a run tells what it does."""

    def __init__(self, quiet: bool = False) -> None:
        self._console = Console(highlight=False, soft_wrap=True, quiet=quiet)

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """One step; how long it took is told when it has worked."""
        begun = time.monotonic()
        if self._console.is_terminal:
            with self._console.status(title):
                yield
        else:
            self._console.print(f"  … {title}", markup=False)
            yield
        self._console.print(f"  ✓ {title}  {time.monotonic() - begun:.1f} s", markup=False)

    def say(self, text: str = "") -> None:
        self._console.print(text, markup=False)
