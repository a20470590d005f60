"""What does an operation select, of which type, in which order? Fragments, aliases and conditions are worked out here.

As the specification collects fields: what stands under one response key is one field, and its selections are merged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_abstract_type,
    is_interface_type,
    is_object_type,
)
from strawberry.types.field import StrawberryField

DEFINITION = "strawberry-definition"  # where the library keeps its own description
TYPENAME = "__typename"
CONDITIONS = ("skip", "include")
MOST_FIELDS = 4_000  # of one plan: fragments on interfaces multiply


class NotCompiled(Exception):
    """The document holds what only the library can execute."""


@dataclass(frozen=True, slots=True)
class Selected:
    """A field. `inner`: what is selected of its value, by the value's type; empty for leaves."""

    key: str  # in the answer
    node: FieldNode
    definition: GraphQLField | None  # None: __typename
    inner: Mapping[str, "Selection"]

    @property
    def described(self) -> StrawberryField:
        assert self.definition is not None
        found: StrawberryField = self.definition.extensions[DEFINITION]
        return found


@dataclass(frozen=True, slots=True)
class Selection:
    """Of one object type, in the order of the answer."""

    of: GraphQLObjectType
    fields: Sequence[Selected]

    @property
    def cls(self) -> type:
        """Of the values: exactly this class, so that one look tells that a value fits."""
        found: type = self.of.extensions[DEFINITION].origin
        return found


@dataclass(slots=True)
class Collector:
    """`variables`: those that conditions ask for."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]
    count: int = field(default=0)

    def of(self, type_: GraphQLObjectType, sets: Sequence[SelectionSetNode]) -> Selection:
        """Raises NotCompiled."""
        nodes: dict[str, list[FieldNode]] = {}
        seen: dict[str, None] = {}
        for each in sets:
            self._collect(type_, each.selections, nodes, seen)
        return Selection(type_, [self._selected(type_, key, found) for key, found in nodes.items()])

    def _collect(
        self,
        type_: GraphQLObjectType,
        selections: Sequence[SelectionNode],
        nodes: dict[str, list[FieldNode]],
        seen: dict[str, None],
    ) -> None:
        for node in selections:
            if not self._is_wanted(node.directives or ()):
                continue
            if isinstance(node, FieldNode):
                key = node.alias.value if node.alias else node.name.value
                nodes.setdefault(key, []).append(node)
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                if condition is None or self._applies(condition.name.value, type_):
                    self._collect(type_, node.selection_set.selections, nodes, seen)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                seen[node.name.value] = None
                fragment = self.fragments[node.name.value]
                if self._applies(fragment.type_condition.name.value, type_):
                    self._collect(type_, fragment.selection_set.selections, nodes, seen)

    def _applies(self, name: str, type_: GraphQLObjectType) -> bool:
        condition = self.schema.type_map[name]
        return condition is type_ or (is_abstract_type(condition) and self.schema.is_sub_type(condition, type_))

    def _is_wanted(self, directives: Sequence[DirectiveNode]) -> bool:
        wanted = True
        for directive in directives:
            if directive.name.value not in CONDITIONS:
                raise NotCompiled(directive.name.value)
            [argument] = directive.arguments or ()
            value = argument.value
            if isinstance(value, VariableNode):
                holds = self.variables.get(value.name.value)
            else:
                holds = value.value if isinstance(value, BooleanValueNode) else None
            if not isinstance(holds, bool):
                raise NotCompiled("a condition that is none")
            wanted = wanted and holds == (directive.name.value == "include")
        return wanted

    def _selected(self, type_: GraphQLObjectType, key: str, nodes: Sequence[FieldNode]) -> Selected:
        self.count += 1
        name = nodes[0].name.value
        if name == TYPENAME:
            return Selected(key, nodes[0], None, {})
        definition = type_.fields.get(name)
        if definition is None or self.count > MOST_FIELDS:
            raise NotCompiled(name)  # introspection, or too much to be worth it
        sets = [node.selection_set for node in nodes if node.selection_set is not None]
        value = get_named_type(definition.type)
        if is_object_type(value):
            return Selected(key, nodes[0], definition, {value.name: self.of(value, sets)})
        if is_interface_type(value):
            possible = self.schema.get_possible_types(value)
            return Selected(key, nodes[0], definition, {each.name: self.of(each, sets) for each in possible})
        if is_abstract_type(value):
            raise NotCompiled(name)
        return Selected(key, nodes[0], definition, {})
