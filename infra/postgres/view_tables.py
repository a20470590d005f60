"""How do the tables of schema `read` come to be, and by which names are they asked?

The first generation's are written down in SQL, a later one's are made like them. Plain names and relations that join
several views are SQL views over the generations that are kept.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from psycopg import AsyncConnection, sql

from infra.ports import Generations
from infra.view_names import in_generation, number_of, view_of

SCHEMA = "read"
_FOLDER = Path(__file__).parents[1] / "event_log" / "migrations"
TABLES, NAMES = _FOLDER / "read_v1.sql", _FOLDER / "read_names_v1.sql"
_MAKING = 0x7E10C1  # of pg_advisory_xact_lock: one makes tables and names
_PLACE = re.compile(r"\{(\w+)(?::([\w ]+))?\}")
_JOINS = "create or replace view read.{"

_ARE_THERE = "select to_regclass('read.checkpoints') is not null and to_regclass(%s) is not null"
_IS_WHOLE = "select count(*) from unnest(%s::text[]) name where to_regclass('read.' || name) is null"
_OPTIONS = "select coalesce(reloptions, '{}') from pg_class where oid = to_regclass(%s)"

Connection = AsyncConnection[Any]


def statements(views: Mapping[str, Generations]) -> Iterator[tuple[str, Sequence[str]]]:
    """Each statement that gives a name, and the tables or relations that have to be there for it."""
    text = re.sub(r"--[^\n]*", "", NAMES.read_text())
    for statement in filter(None, map(str.strip, text.split(";"))):
        of = list(dict.fromkeys(view for place in _PLACE.finditer(statement) for view in _views(place)))
        joins = statement.startswith(_JOINS)
        kept = [
            _kept(views.get(view, Generations())) if joins else [views.get(view, Generations()).live] for view in of
        ]
        for numbers in product(*kept):
            meant = dict(zip(of, numbers, strict=True))
            made = _named(statement, meant)
            places = list(_PLACE.finditer(statement))[1 if joins else 0 :]
            yield made, [_named(place.group(), meant) for place in places]


def _views(place: "re.Match[str]") -> Sequence[str]:
    """Whose generations the name in this place carries."""
    return place[2].split() if place[2] else [place[1]]


def _named(text: str, numbers: Mapping[str, int]) -> str:
    return _PLACE.sub(lambda place: in_generation(place[1], *(numbers[view] for view in _views(place))), text)


def _kept(generations: Generations) -> Sequence[int]:
    numbers = (generations.live, generations.previous, generations.building)
    return list(dict.fromkeys(number for number in numbers if number is not None))


async def name_tables(connection: Connection, views: Mapping[str, Generations]) -> None:
    """Every name whose tables are there; in a transaction. The others get theirs when their tables are made."""
    await connection.execute("select pg_advisory_xact_lock(%s)", [_MAKING])
    for statement, needed in statements(views):
        missing = await (await connection.execute(_IS_WHOLE, [list(needed)])).fetchone()
        if missing is not None and not missing[0]:
            await connection.execute(statement.encode())


async def make_tables(
    connection: Connection, target: str, children: Sequence[str], views: Mapping[str, Generations]
) -> None:
    """Whatever of the target's is not there: schema, tables of the first generation, of its own, names."""
    await connection.execute("select pg_advisory_xact_lock(%s)", [_MAKING])
    await connection.execute(TABLES.read_bytes())
    number = number_of(target)
    for first in (view_of(target), *children) if number else ():
        await _make_like(connection, first, in_generation(first, number))
    await name_tables(connection, views)


async def _make_like(connection: Connection, first: str, name: str) -> None:
    found = await (await connection.execute(_OPTIONS, [f"{SCHEMA}.{first}"])).fetchone()
    options = sql.SQL(f" with ({', '.join(found[0])})") if found is not None and found[0] else sql.SQL("")
    statement = sql.SQL("create table if not exists {} (like {} including all)")
    await connection.execute(statement.format(sql.Identifier(SCHEMA, name), sql.Identifier(SCHEMA, first)) + options)


async def are_there(connection: Connection, target: str) -> bool:
    """The schema, and the target's own table."""
    row = await (await connection.execute(_ARE_THERE, [f"{SCHEMA}.{target}"])).fetchone()
    return row is not None and bool(row[0])


async def empty_tables(connection: Connection, target: str, children: Sequence[str]) -> None:
    """No rows any more; a later generation's tables and the names over them go. In a transaction."""
    number = number_of(target)
    if number:
        await connection.execute("select pg_advisory_xact_lock(%s)", [_MAKING])
    names = [sql.Identifier(SCHEMA, in_generation(first, number)) for first in (view_of(target), *children)]
    form = "drop table if exists {} cascade" if number else "truncate {}"
    await connection.execute(sql.SQL(form).format(sql.SQL(", ").join(names)))
