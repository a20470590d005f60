"""How is one validated query executed? Its root resolvers, one load for each batch, then the functions made for it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLField,
    Node,
    OperationDefinitionNode,
    Undefined,
    VariableNode,
    is_non_null_type,
)
from graphql.execution.values import VariableValues, get_argument_values
from graphql.language import Visitor, visit
from strawberry.schema.config import StrawberryConfig
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField

from read_api.graphql.compiled.batches import Batched
from read_api.graphql.compiled.selecting import Collector, NotCompiled, Selected
from read_api.graphql.compiled.writing import Unfit, Writer

Arguments = dict[str, Any]
PLAIN = frozenset({"String", "ID", "Int", "Boolean", "Minor"})  # what these coerce to is what resolvers take


@dataclass(frozen=True, slots=True)
class _Info:
    """All that a resolver here asks of the library's Info. Who asks for more makes the query go to the library."""

    context: Any


@dataclass(slots=True)
class _Execution:
    context: Any
    info: _Info
    args: Sequence[Arguments]
    keys: Sequence[list[str]]
    loaded: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Plain:
    """An argument whose value the resolver takes as it was coerced for the variable."""

    name: str  # the resolver's
    variable: str | None  # None: it is always `otherwise`
    otherwise: Any  # where the variable has no value; Undefined: the resolver's own default
    never_null: bool


def _plain_values(arguments: Sequence[Plain], variables: Mapping[str, Any]) -> Arguments:
    found = {}
    for each in arguments:
        value = each.otherwise if each.variable is None else variables.get(each.variable, each.otherwise)
        if value is None and each.never_null:
            raise Unfit
        if value is not Undefined:
            found[each.name] = value
    return found


class _Variables(Visitor):
    """Whether there are any."""

    found = False

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        self.found = True


@dataclass(frozen=True, slots=True)
class Argued:
    """A field's arguments as its resolver takes them."""

    definition: GraphQLField
    node: FieldNode
    described: StrawberryField
    registry: Mapping[object, Any]
    config: StrawberryConfig
    fixed: Arguments | None = None  # where no variable is in them
    plain: Sequence["Plain"] | None = None  # where each is a variable or a constant, and nothing is converted

    def values(self, variables: VariableValues) -> Arguments:
        """Raises what the library raises for values that don't fit."""
        if self.fixed is not None:
            return self.fixed
        if self.plain is not None:
            return _plain_values(self.plain, variables.coerced)
        given = get_argument_values(self.definition, self.node, variables)
        return convert_arguments(given, self.described.arguments, self.registry, self.config)


@dataclass(frozen=True, slots=True)
class Plan:
    """`run` may be called by many at once."""

    roots: Sequence[Callable[[_Execution], Any] | None]  # None: needs no resolver
    waits: Sequence[int]  # the numbers of those whose result is awaited
    arguments: Sequence[Argued]
    batches: Sequence[Batched]
    write: Callable[[Any, _Execution], dict[str, Any]]
    gather: Callable[[Any, _Execution], None]

    async def run(self, variables: VariableValues, context: Any) -> dict[str, Any]:
        """The answer's data. Raises anything where there is an error to be told: the library then executes it."""
        args = [argued.values(variables) for argued in self.arguments]
        x = _Execution(context, _Info(context), args, [[] for _ in self.batches])
        results: list[Any] = [None if root is None else root(x) for root in self.roots]
        if len(self.waits) == 1:
            results[self.waits[0]] = await results[self.waits[0]]
        else:
            found = await asyncio.gather(*(results[number] for number in self.waits), return_exceptions=True)
            for number, result in zip(self.waits, found, strict=True):
                if isinstance(result, BaseException):
                    raise result
                results[number] = result
        if self.batches:
            self.gather(results, x)
            x.loaded = [await _loaded(batch, context, keys) for batch, keys in zip(self.batches, x.keys, strict=True)]
        return self.write(results, x)


async def _loaded(batch: Batched, context: Any, keys: Sequence[str]) -> Mapping[str, Any]:
    wanted = list(dict.fromkeys(keys))
    return dict(zip(wanted, await batch.load(context, wanted), strict=True)) if wanted else {}


def compiled(
    collector: Collector,
    operation: OperationDefinitionNode,
    registry: Mapping[object, Any],
    config: StrawberryConfig,
) -> Plan:
    """Raises NotCompiled."""
    query = collector.schema.query_type
    assert query is not None
    selection = collector.of(query, [operation.selection_set])
    writer = Writer()
    calls = [None if each.definition is None else _call(each, writer) for each in selection.fields]
    writer.root(selection)
    made = writer.made()
    arguments = [_argued(each, registry, config) for each in writer.argued]
    waits = [number for number, each in enumerate(selection.fields) if each.definition and each.described.is_async]
    return Plan(calls, waits, arguments, writer.batches, made["write"], made["gather"])


def _call(selected: Selected, writer: Writer) -> Callable[[_Execution], Any]:
    described = selected.described
    resolver = described.base_resolver
    if resolver is None or described.extensions or described.permission_classes:
        raise NotCompiled(selected.key)
    source = writer.argument(selected)
    if resolver.self_parameter or resolver.parent_parameter or resolver.root_parameter:
        raise NotCompiled(selected.key)  # there is no object that the query is of
    has_arguments, info, function = "**" in source, resolver.info_parameter, resolver.wrapped_func
    if isinstance(function, staticmethod | classmethod):
        raise NotCompiled(selected.key)
    number = len(writer.argued) - 1

    def call(x: _Execution) -> Any:
        given: dict[str, Any] = {} if info is None else {info.name: x.info}
        return function(**given, **(x.args[number] if has_arguments else {}))

    return call


def _argued(selected: Selected, registry: Mapping[object, Any], config: StrawberryConfig) -> Argued:
    assert selected.definition is not None
    argued = Argued(selected.definition, selected.node, selected.described, registry, config)
    if any(_has_variables(argument) for argument in selected.node.arguments or ()):
        return replace(argued, plain=_plain(argued))
    return replace(argued, fixed=argued.values(VariableValues({}, {})))


def _plain(argued: Argued) -> Sequence[Plain] | None:
    """None: something has to be converted each time, or is told as an error."""
    nodes = {node.name.value: node.value for node in argued.node.arguments or ()}
    try:
        absent = argued.values(VariableValues({}, {}))  # constants, and defaults for variables without a value
    except GraphQLError:
        return None
    found: list[Plain] = []
    for argument in argued.described.arguments:
        name = argued.config.name_converter.from_argument(argument)
        node, kind = nodes.get(name), argued.definition.args[name].type
        python_name, variable = str(argument.python_name), node.name.value if isinstance(node, VariableNode) else None
        if variable is None and node is not None and _has_variables(node):
            return None
        if variable is not None and str(kind).removesuffix("!") not in PLAIN:
            return None
        found.append(Plain(python_name, variable, absent.get(python_name, Undefined), is_non_null_type(kind)))
    return found


def _has_variables(node: Node) -> bool:
    looked = _Variables()
    visit(node, looked)
    return looked.found
