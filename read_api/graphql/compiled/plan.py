"""How is one validated query executed? Its root resolvers, one load for each batch, then the functions made for it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import FieldNode, GraphQLField, OperationDefinitionNode, VariableNode
from graphql.execution.values import VariableValues, get_argument_values
from graphql.language import Visitor, visit
from strawberry.schema.config import StrawberryConfig
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField

from read_api.graphql.compiled.batches import Batched
from read_api.graphql.compiled.selecting import Collector, NotCompiled, Selected
from read_api.graphql.compiled.writing import Writer

Arguments = dict[str, Any]


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

    def values(self, variables: VariableValues) -> Arguments:
        """Raises what the library raises for values that don't fit."""
        if self.fixed is not None:
            return self.fixed
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
    looked = _Variables()
    for argument in selected.node.arguments or ():
        visit(argument, looked)
    if looked.found:
        return argued
    fixed = argued.values(VariableValues({}, {}))
    return Argued(selected.definition, selected.node, selected.described, registry, config, fixed)
