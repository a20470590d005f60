"""Who executes a query? A plan that was made for it, from the second time on; the library, whenever there is an error.

A document is parsed and validated by the library alone. What it has found valid is compiled once; a plan answers only
what has no errors, so that every error is worded and placed by the library. Queries change nothing: asking twice is
safe.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DirectiveNode,
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    VariableNode,
)
from graphql.execution.values import VariableValues, get_variable_values
from graphql.language import Visitor, visit
from strawberry.types.graphql import OperationType as Allowed

from read_api.graphql.compiled.plan import Plan, compiled
from read_api.graphql.compiled.selecting import CONDITIONS, Collector, NotCompiled
from read_api.graphql.context import Context
from read_api.graphql.limits import REMEMBERED
from read_api.graphql.schema import Schema

MOST_FORMS = 16  # of one document: by the values of the variables that its conditions ask for
MOST_ERRORS = 50


@dataclass(frozen=True, slots=True)
class Executed:
    data: dict[str, Any] | None
    errors: Sequence[GraphQLError] = ()


@dataclass(slots=True)
class _Known:
    """A valid query. `forms`: its plans by the values of `conditions`; None: the library's business."""

    operation: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]
    conditions: Sequence[str]
    forms: dict[tuple[object, ...], Plan | None] = field(default_factory=dict)


class Queries:
    """One per process. `by_plan` and `by_library` count the executions of documents that were known."""

    def __init__(self, schema: Schema, most: int = REMEMBERED) -> None:
        self.by_plan = self.by_library = 0
        self._schema = schema
        self._most = most
        self._known: OrderedDict[tuple[str, str | None], _Known | None] = OrderedDict()

    async def execute(
        self,
        query: str,
        variables: dict[str, Any] | None,
        operation_name: str | None,
        context: Context,
        allowed: set[Allowed],
    ) -> Executed:
        """Raises what the library raises for a document without such an operation."""
        name = (query, operation_name)
        known = self._known.get(name)
        if known is not None:
            data = await self._planned(known, variables or {}, context)
            if data is not None:
                self._known.move_to_end(name)
                return Executed(data)
            context.begin_again()
        result = await self._schema.execute(
            query,
            variable_values=variables,
            context_value=context,
            operation_name=operation_name,
            allowed_operation_types=allowed,
        )
        if context.validated is not None and name not in self._known:
            self._learn(name, context.validated)
        return Executed(result.data, result.errors or ())

    async def _planned(self, known: _Known, given: dict[str, Any], context: Context) -> dict[str, Any] | None:
        """None: there is an error, or something that plans can't do."""
        with suppress(Exception):  # whatever it is, the library words it
            found = get_variable_values(
                self._schema._schema, known.operation.variable_definitions or (), given, MOST_ERRORS
            )
            plan = self._form(known, found) if isinstance(found, VariableValues) else None
            if plan is not None and isinstance(found, VariableValues):
                data = await plan.run(found, context)
                self.by_plan += 1
                return data
        self.by_library += 1
        return None

    def _form(self, known: _Known, variables: VariableValues) -> Plan | None:
        values = tuple(variables.coerced.get(name) for name in known.conditions)
        if values not in known.forms:
            if len(known.forms) >= MOST_FORMS:
                return None
            known.forms[values] = self._compiled(known, dict(zip(known.conditions, values, strict=True)))
        return known.forms[values]

    def _compiled(self, known: _Known, values: Mapping[str, Any]) -> Plan | None:
        collector = Collector(self._schema._schema, known.fragments, values)
        try:
            return compiled(
                collector, known.operation, self._schema.schema_converter.scalar_registry, self._schema.config
            )
        except (NotCompiled, RecursionError):
            return None

    def _learn(self, name: tuple[str, str | None], document: DocumentNode) -> None:
        definitions = document.definitions
        operations = [
            node
            for node in definitions
            if isinstance(node, OperationDefinitionNode)
            and (name[1] is None or (node.name is not None and node.name.value == name[1]))
        ]
        if not operations or operations[0].operation is not OperationType.QUERY:
            return
        fragments = {node.name.value: node for node in definitions if isinstance(node, FragmentDefinitionNode)}
        conditions = _Conditions()
        visit(document, conditions)
        self._known[name] = _Known(operations[0], fragments, sorted(conditions.names))
        while len(self._known) > self._most:
            self._known.popitem(last=False)


class _Conditions(Visitor):
    """The variables that @skip and @include ask for."""

    def __init__(self) -> None:
        super().__init__()
        self.names: dict[str, None] = {}

    def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
        if node.name.value in CONDITIONS:
            for argument in node.arguments or ():
                if isinstance(argument.value, VariableNode):
                    self.names[argument.value.name.value] = None
