"""Random queries that the schema takes: every field, argument, alias, fragment and condition has its turn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

MOST_DEEP = 7
FRAGMENTS = 3


@dataclass(slots=True)
class Asked:
    query: str
    variables: dict[str, Any]


@dataclass(slots=True)
class Generator:
    """`values`: what an argument may be given, by its name; right values and wrong ones."""

    schema: GraphQLSchema
    random: Random
    values: Mapping[str, Sequence[Any]]
    _variables: dict[str, tuple[str, Any]] = field(default_factory=dict)
    _fragments: dict[str, str] = field(default_factory=dict)
    _aliases: int = 0

    def query(self) -> Asked:
        """The next one."""
        self._variables, self._fragments, self._aliases = {}, {}, 0
        root = self.schema.query_type
        assert root is not None
        body = self._selection(root, 1, self.random.randint(1, 3))
        declared = ", ".join(f"${name}: {kind}" for name, (kind, _) in self._variables.items())
        head = f"query Q({declared})" if declared else self.random.choice(["", "query Q"])
        variables = {name: value for name, (_, value) in self._variables.items() if value is not ...}
        return Asked(" ".join([head + body, *self._fragments.values()]), variables)

    def _selection(self, type_: Any, depth: int, most: int) -> str:
        names = list(type_.fields)
        if depth > 1:
            names.append("__typename")
        chosen = self.random.sample(names, min(len(names), self.random.randint(1, most)))
        parts = [self._field(type_, name, depth) for name in chosen]
        parts = [part for part in parts if part] or ["__typename"]
        if depth > 1 and self.random.random() < 0.3:
            parts.append(self._fragment(type_, depth, most))
        if isinstance(type_, GraphQLInterfaceType):
            possible = self.random.choice(self.schema.get_possible_types(type_))
            parts.append(f"... on {possible.name} {self._selection(possible, depth + 1, most)}")
        return "{ " + " ".join(parts) + " }"

    def _fragment(self, type_: Any, depth: int, most: int) -> str:
        """Inline, or named, or the same named one once more."""
        condition = self._condition()
        if self.random.random() < 0.5 or len(self._fragments) >= FRAGMENTS:
            on = self.random.choice([f" on {type_.name}", ""])
            return f"...{on}{condition} {self._selection(type_, depth + 1, most)}"
        name = f"F{len(self._fragments)}"
        self._fragments[name] = ""  # taken
        self._fragments[name] = f"fragment {name} on {type_.name} {self._selection(type_, depth + 1, most)}"
        return f"...{name}{condition} ...{name}"

    def _field(self, type_: Any, name: str, depth: int) -> str:
        alias = ""
        if self.random.random() < 0.2 or depth == 1 or (name != "__typename" and type_.fields[name].args):
            self._aliases += 1  # else two fields of one name could be given different arguments
            alias = f"a{self._aliases}: "
        if self._aliases > 14:
            return ""
        if name == "__typename":
            return f"{alias}{name}{self._condition()}"
        definition: GraphQLField = type_.fields[name]
        value = get_named_type(definition.type)
        inner = ""
        if not is_leaf_type(value):
            if depth >= MOST_DEEP:
                return ""
            assert isinstance(value, GraphQLObjectType | GraphQLInterfaceType)
            inner = " " + self._selection(value, depth + 1, 4)
        return f"{alias}{name}{self._arguments(definition.args)}{self._condition()}{inner}"

    def _condition(self) -> str:
        if self.random.random() > 0.15:
            return ""
        kind = self.random.choice(["true", "false", "variable"])
        holds = self._variable("Boolean!", self.random.random() < 0.5) if kind == "variable" else kind
        return f" @{self.random.choice(['skip', 'include'])}(if: {holds})"

    def _arguments(self, arguments: Mapping[str, GraphQLArgument]) -> str:
        given = []
        for name, argument in arguments.items():
            if is_required_argument(argument) or self.random.random() < 0.6:
                value = self.random.choice(self.values[name])
                text = self._variable(str(argument.type), value) if self.random.random() < 0.5 else literal(value)
                given.append(f"{name}: {text}")
        return f"({', '.join(given)})" if given else ""

    def _variable(self, kind: str, value: Any) -> str:
        name = f"v{len(self._variables)}"
        absent = not kind.endswith("!") and self.random.random() < 0.1
        self._variables[name] = (kind, ... if absent else value)
        return f"${name}"


class Word(str):
    """Of an enum: written without quotes."""


def literal(value: Any) -> str:
    """As a document writes it."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {literal(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    return f'"{value}"' if isinstance(value, str) and not isinstance(value, Word) else str(value)
