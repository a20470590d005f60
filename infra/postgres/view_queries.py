"""How does a Query read in SQL? Names are checked against the relation's columns, values are parameters."""

from collections.abc import Mapping, Sequence

from psycopg import sql

from infra.ports import Query

_MOMENTS = 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'


def select(relation: sql.Identifier, types: Mapping[str, str], query: Query) -> tuple[sql.Composed, Sequence[object]]:
    """The statement and its parameters. Raises KeyError for a name that is no column, ValueError for a bad place."""
    conditions: list[sql.Composable] = [sql.SQL("document <> 'null'::jsonb")]
    values: list[object] = []

    def add(form: str, name: str, value: object) -> None:
        conditions.append(sql.SQL(form).format(name=sql.Identifier(name), type=sql.SQL(types[name])))
        values.append(value)

    for name, _ in query.order:
        conditions.append(sql.SQL("{} is not null").format(sql.Identifier(name)))
    for name, wanted in query.equal.items():
        add("{name} = %s::text::{type}", name, str(wanted))
    for name, some in query.any_of.items():
        add("{name} = any(%s::text[]::{type}[])", name, [str(one) for one in some])
    for name, low in query.at_least.items():
        add("{name} >= %s::text::{type}", name, str(low))
    for name, high in query.at_most.items():
        add("{name} <= %s::text::{type}", name, str(high))
    for name, text in query.contains.items():
        add("{name} ilike %s", name, f"%{_escaped(text)}%")
    if query.after:
        behind, seen = _behind(types, query)
        conditions.append(behind)
        values += seen
    statement = sql.SQL("select id, position, document::text, stale, {shown} from {relation} where {conditions}")
    composed = statement.format(
        shown=sql.SQL(", ").join(shown(name, types[name]) for name, _ in query.order),
        relation=relation,
        conditions=sql.SQL(" and ").join(conditions),
    )
    order = [sql.SQL("{} desc" if falls else "{}").format(sql.Identifier(name)) for name, falls in query.order]
    return composed + sql.SQL(" order by {} limit %s").format(sql.SQL(", ").join(order)), [*values, query.limit]


def _behind(types: Mapping[str, str], query: Query) -> tuple[sql.Composable, Sequence[object]]:
    """Rows behind the one with these values: the first column that differs decides."""
    if len(query.after) != len(query.order):
        raise ValueError("a place has one value for each column of the order")
    ways: list[sql.Composable] = []
    values: list[object] = []
    for count, (name, falls) in enumerate(query.order):
        parts = [_compared(before, types, "=") for before, _ in query.order[:count]]
        parts.append(_compared(name, types, "<" if falls else ">"))
        ways.append(sql.SQL("({})").format(sql.SQL(" and ").join(parts)))
        values += [str(seen) for seen in query.after[: count + 1]]
    return sql.SQL("({})").format(sql.SQL(" or ").join(ways)), values


def _compared(name: str, types: Mapping[str, str], how: str) -> sql.Composable:
    return sql.SQL(f"{{}} {how} %s::text::{types[name]}").format(sql.Identifier(name))


def shown(name: str, kind: str) -> sql.Composable:
    """Moments as the documents write them."""
    if kind == "timestamp with time zone":
        return sql.SQL("to_char({} at time zone 'UTC', {})").format(sql.Identifier(name), sql.Literal(_MOMENTS))
    return sql.Identifier(name)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
