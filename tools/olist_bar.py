"""How far is the import? Rows of all files, counted once before the start."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tools.reconcile_olist import rows

IMPORTED = ("products", "customers", "orders", "order_items", "order_payments", "order_reviews")


@contextmanager
def bar(directory: Path) -> Iterator[Callable[[int], None]]:
    """Call what it gives with the number of rows that are under way since."""
    total = sum(1 for name in IMPORTED for _ in rows(directory, name))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("importing", total=total)

        def told(done: int) -> None:
            progress.advance(task, done)

        yield told
