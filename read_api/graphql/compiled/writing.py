"""How is an answer written without asking for each field what it is? By functions made for just this selection.

Each function takes an object of one class and gives the dict of the answer. It holds attribute names and response keys
of the schema and of the validated document alone, no value of a client. Whatever is not as the schema promises (a
null, another class, a number out of range) raises Unfit: the library then executes the whole query and words the error.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import Any

from graphql import GraphQLOutputType, Undefined, get_named_type, is_leaf_type, is_list_type, is_non_null_type

from read_api.graphql.compiled.batches import MARK, Batched
from read_api.graphql.compiled.selecting import NotCompiled, Selected, Selection

_EXACT = {  # what needs no coercion: the test of a value, by scalar
    **dict.fromkeys(("String", "ID", "Time"), "{0}.__class__ is str"),
    "Boolean": "{0}.__class__ is bool",
    "Int": "{0}.__class__ is int and -2147483648 <= {0} <= 2147483647",
    "Minor": "{0}.__class__ is int",
    "Float": "{0}.__class__ is float and {0} - {0} == 0.0",
}


class Unfit(Exception):
    """A value is not as the schema promises."""


def leaf(value: Any, coerce: Callable[[Any], Any]) -> Any:
    """As the library serializes it. Raises Unfit, and whatever the scalar raises."""
    if value is None or value is Undefined or isinstance(value, Exception) or isawaitable(value):
        raise Unfit
    found = coerce(value)
    if found is None or found is Undefined:
        raise Unfit
    return found


def listed(value: Any) -> Any:
    """Raises Unfit."""
    if value.__class__ is list or value.__class__ is tuple:
        return value
    raise Unfit


def unfit(*_: Any) -> Any:
    """Where no function is made for a value's class."""
    raise Unfit


def nothing(*_: Any) -> None:
    """Where there is nothing to load below an object."""


@dataclass(slots=True)
class Writer:
    """Collects source and the objects that it names; `made` gives the functions."""

    argued: list[Selected] = field(default_factory=list)  # fields with arguments, by their number in `x.args`
    batches: list[Batched] = field(default_factory=list)
    _source: list[str] = field(default_factory=list)
    _names: dict[str, Any] = field(
        default_factory=lambda: {"Unfit": Unfit, "leaf": leaf, "listed": listed, "unfit": unfit, "nothing": nothing}
    )
    _temporaries: int = 0

    def root(self, selection: Selection) -> None:
        """`write(roots, x)` gives the answer's data, `gather(roots, x)` notes the keys that have to be loaded."""
        entries: list[str] = []
        steps: list[str] = []
        for number, each in enumerate(selection.fields):
            if each.definition is None:
                entries.append(f"{each.key!r}: {selection.of.name!r}")
                continue
            value = f"roots[{number}]"
            entries.append(f"{each.key!r}: {self._completed(each, each.definition.type, value)}")
            steps += self._steps(each, each.definition.type, value, "    ")
        self._define("write", "roots", [f"    return {{{', '.join(entries)}}}"])
        self._define("gather", "roots", steps or ["    pass"])

    def made(self) -> Mapping[str, Any]:
        """The functions, by name."""
        exec(compile("\n".join(self._source), "<plan>", "exec"), self._names)  # noqa: S102 see the module's docstring
        return self._names

    def argument(self, selected: Selected) -> str:
        """What is given to a resolver besides the object, as source."""
        resolver = selected.described.base_resolver
        assert resolver is not None
        info, parent = resolver.info_parameter, resolver.parent_parameter or resolver.root_parameter
        given = ["v"] if resolver.self_parameter else []
        given += [f"{parent.name}=v"] if parent else []
        given += [f"{info.name}=x.info"] if info else []
        if selected.definition is not None and selected.definition.args:
            self.argued.append(selected)
            given.append(f"**x.args[{len(self.argued) - 1}]")
        return ", ".join(given)

    def _object(self, selection: Selection) -> str:
        """The name of the function that writes it."""
        entries = []
        for each in selection.fields:
            if each.definition is None:
                entries.append(f"{each.key!r}: {selection.of.name!r}")
            else:
                entries.append(f"{each.key!r}: {self._completed(each, each.definition.type, self._value(each))}")
        name = f"w{len(self._names)}"
        self._names[f"c{name}"] = selection.cls
        fits = f"    if v.__class__ is not c{name}: raise Unfit"
        self._define(name, "v", [fits, f"    return {{{', '.join(entries)}}}"])
        return name

    def _value(self, selected: Selected) -> str:
        """What the field holds, as source over the object `v`."""
        described = selected.described
        if described.extensions or described.permission_classes:
            raise NotCompiled(selected.key)
        batched = described.metadata.get(MARK)
        if batched is not None:
            number = self._batch(batched)
            return f"{self._named(batched.shown)}(v, x.loaded[{number}][{self._named(batched.key)}(v)], x.context)"
        if described.base_resolver is None:
            return f"v.{described.python_name}"
        if described.is_async:
            raise NotCompiled(selected.key)
        return f"{self._named(described.base_resolver.wrapped_func)}({self.argument(selected)})"

    def _completed(self, selected: Selected, type_: GraphQLOutputType, value: str) -> str:
        if is_non_null_type(type_):
            return self._present(selected, type_.of_type, value)
        held = self._temporary()
        return f"(None if ({held} := {value}) is None else {self._present(selected, type_, held)})"

    def _present(self, selected: Selected, type_: GraphQLOutputType, value: str) -> str:
        """Of a value that is not null."""
        if is_list_type(type_):
            item = self._temporary()
            inner = self._completed(selected, type_.of_type, item)
            return f"[{inner} for {item} in listed({value})]"
        if is_leaf_type(type_):
            held, coerce = self._temporary(), self._named(type_.coerce_output_value)
            exact = _EXACT.get(type_.name)
            if exact is None:
                return f"leaf({value}, {coerce})"
            test = exact.format(held).replace(held, f"({held} := {value})", 1)
            return f"({held} if {test} else leaf({held}, {coerce}))"
        return f"{self._written(selected, value)}, x)"

    def _written(self, selected: Selected, value: str) -> str:
        functions = {each.cls: self._object(each) for each in selected.inner.values()}
        if len(functions) == 1:
            return f"{next(iter(functions.values()))}({value}"
        return self._picked({cls: self._late(name) for cls, name in functions.items()}, "unfit", value)

    def _picked(self, functions: Mapping[type, Any], other: str, value: str) -> str:
        """The function for the value's own class."""
        held = self._temporary()
        return f"{self._named(functions)}.get(({held} := {value}).__class__, {other})({held}"

    def _late(self, name: str) -> Callable[[Any, Any], Any]:
        """By name: the functions are made together, at the end."""
        names = self._names
        return lambda value, x: names[name](value, x)

    def _steps(self, selected: Selected, type_: GraphQLOutputType, value: str, indent: str) -> Sequence[str]:
        """Statements that note the keys below a value; none: nothing is loaded there."""
        if is_leaf_type(get_named_type(type_)):
            return []
        if is_non_null_type(type_):
            return self._steps(selected, type_.of_type, value, indent)
        held = self._temporary()
        if is_list_type(type_):
            inner = self._steps(selected, type_.of_type, held, f"{indent}        ")
            if not inner:
                return []
            listing = self._temporary()
            start = [f"{indent}{listing} = {value}", f"{indent}if {listing} is not None:"]
            return [*start, f"{indent}    for {held} in listed({listing}):", *inner]
        gathers = {each.cls: self._gather(each) for each in selected.inner.values()}
        functions = {cls: self._late(name) for cls, name in gathers.items() if name is not None}
        if not functions:
            return []
        call = self._picked(functions, "nothing", held)
        return [f"{indent}{held} = {value}", f"{indent}if {held} is not None: {call}, x)"]

    def _gather(self, selection: Selection) -> str | None:
        """The name of the function that notes the keys below an object."""
        steps: list[str] = []
        for each in selection.fields:
            if each.definition is None:
                continue
            batched = each.described.metadata.get(MARK)
            if batched is not None:
                steps.append(f"    x.keys[{self._batch(batched)}].append({self._named(batched.key)}(v))")
                if self._steps(each, each.definition.type, "None", "    "):
                    raise NotCompiled(each.key)  # something to be loaded below what has to be loaded first
            elif not is_leaf_type(get_named_type(each.definition.type)):
                steps += self._steps(each, each.definition.type, self._value(each), "    ")
        if not steps:
            return None
        name = f"g{len(self._names)}"
        self._define(name, "v", steps)
        return name

    def _define(self, name: str, parameter: str, body: Sequence[str]) -> None:
        self._names.setdefault(name, None)  # taken
        self._source += [f"def {name}({parameter}, x):", *body]

    def _batch(self, batched: Batched) -> int:
        if batched not in self.batches:
            self.batches.append(batched)
        return self.batches.index(batched)

    def _named(self, thing: Any) -> str:
        name = f"n{len(self._names)}"
        self._names[name] = thing
        return name

    def _temporary(self) -> str:
        self._temporaries += 1
        return f"t{self._temporaries}"
