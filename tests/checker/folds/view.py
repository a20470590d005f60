"""What is a view to the checker? Which documents an event belongs to, a fold, and what each store keeps of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tests.checker.happened import Happened, Json

Fold = Callable[[Json | None, Happened, str], Json | None]
Keys = Callable[[Happened], Sequence[str]]
Columns = Callable[[Json], Mapping[str, object]]
Rows = Callable[[Json], Mapping[str, Sequence[Mapping[str, object]]]]
CopyNames = Callable[[Json], Sequence[str]]

MONGO, SQL = "mongo", "sql"


def no_columns(_: Json) -> Mapping[str, object]:
    return {}


def no_rows(_: Json) -> Mapping[str, Sequence[Mapping[str, object]]]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """`fold` may change the document that it is given. None: there is no such document."""

    name: str  # of collection and table, without the version
    keys: Keys  # the documents that an event belongs to; none: the view does not hear it
    fold: Fold
    stores: tuple[str, ...] = (MONGO,)
    columns: Columns = no_columns  # in SQL, beside the document
    children: Sequence[str] = ()  # tables of child rows
    rows: Rows = no_rows
    copies: str | None = None  # pattern of its keys in Redis
    copy_names: CopyNames | None = None  # under which names a document may stand there
    numbered: bool = False  # a document per event, under its position
    keep_days: int | None = None
