"""How much may one document ask for?

The rules are made once: a rule made per request would defeat the validation cache.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValidationContext,
    ValidationRule,
)
from strawberry.extensions import AddValidationRules, MaxTokensLimiter, ParserCache, SchemaExtension, ValidationCache

MOST_DEEP = 12
DEEPEST_INTROSPECTION = 20  # GraphiQL's own question is 15 levels deep; it is about the schema, which does not grow
MOST_ALIASES = 30
MOST_TOKENS = 2_000
REMEMBERED = 512  # documents, parsed and validated


class LimitsRule(ValidationRule):
    """Depth (fields inside fields, through fragments; introspection has its own bound) and aliases."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        definitions = context.document.definitions
        measured = _Measured(
            {node.name.value: node for node in definitions if isinstance(node, FragmentDefinitionNode)}
        )
        for node in definitions:
            if isinstance(node, OperationDefinitionNode):
                size = measured.of(node.selection_set)
                self._check(node, "edge.query_too_deep", "levels", size.depth, MOST_DEEP)
                self._check(node, "edge.query_too_deep", "levels", size.introspection, DEEPEST_INTROSPECTION)
                self._check(node, "edge.query_too_many_aliases", "aliases", size.aliases, MOST_ALIASES)

    def _check(self, node: OperationDefinitionNode, code: str, what: str, found: int, allowed: int) -> None:
        if found > allowed:
            details = {"code": code, "allowed": allowed, "found": found}
            self.report_error(GraphQLError(f"{found} {what}; at most {allowed}", node, extensions=details))


@dataclass(frozen=True, slots=True)
class _Size:
    depth: int = 0
    aliases: int = 0
    introspection: int = 0  # levels below __schema and __type, with these


@dataclass(slots=True)
class _Measured:
    """Each fragment is measured once: fragments that spread each other twice would else cost 2 to their number."""

    fragments: dict[str, FragmentDefinitionNode]
    known: dict[str, _Size] = field(default_factory=dict)

    def of(self, selection: SelectionSetNode | None) -> _Size:
        depth = aliases = introspection = 0
        for node in () if selection is None else selection.selections:
            if isinstance(node, FieldNode):
                inner = _with_field(node, self.of(node.selection_set))
            elif isinstance(node, InlineFragmentNode):
                inner = self.of(node.selection_set)
            else:
                assert isinstance(node, FragmentSpreadNode)
                inner = self._of_fragment(node.name.value)
            depth, aliases = max(depth, inner.depth), aliases + inner.aliases
            introspection = max(introspection, inner.introspection)
        return _Size(depth, aliases, introspection)

    def _of_fragment(self, name: str) -> _Size:
        if name not in self.known:
            self.known[name] = _Size()  # a cycle ends here; another rule refuses it
            fragment = self.fragments.get(name)
            self.known[name] = _Size() if fragment is None else self.of(fragment.selection_set)
        return self.known[name]


def _with_field(node: FieldNode, inner: _Size) -> _Size:
    aliases = inner.aliases + (node.alias is not None)
    if node.name.value in ("__schema", "__type"):
        return _Size(1, aliases, inner.depth + 1)
    return _Size(inner.depth + 1, aliases, inner.introspection)


class NamedOperation(SchemaExtension):
    """Of several operations one has to be named: the library would take the first."""

    def on_validate(self) -> Iterator[None]:
        """After the rules: their result is remembered and belongs to all."""
        asked = self.execution_context
        document = asked.graphql_document
        operations = [
            node for node in (document.definitions if document else ()) if isinstance(node, OperationDefinitionNode)
        ]
        if len(operations) > 1 and not asked.pre_execution_errors and asked._provided_operation_name is None:
            asked.pre_execution_errors = [GraphQLError("Give the operation's name.")]
        yield


def extensions() -> list[type[SchemaExtension] | Callable[[], SchemaExtension]]:
    """For the schema: caches, bounded, behind rules that never change."""
    rules: list[type[Any]] = [LimitsRule]
    return [
        lambda: MaxTokensLimiter(MOST_TOKENS),
        lambda: ParserCache(maxsize=REMEMBERED),
        lambda: AddValidationRules(rules),
        lambda: ValidationCache(maxsize=REMEMBERED),
        NamedOperation,
    ]
