"""What does the code declare? Modules, messages and refusals, found by importing what is there."""

import inspect
import pkgutil
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import TypeVar

import write_model
from write_model.kernel.message import Command, Event
from write_model.kernel.refused import Refused

T = TypeVar("T")

ROOT = Path(__file__).parents[2]


def written(*modules: str) -> bool:
    """Whether all of these modules are there: what is not yet written has nothing to be wrong about."""
    return all(find_spec(module) is not None for module in modules)


def domain() -> Iterator[ModuleType]:
    """Every module of rooms, checkout, handling and kernel."""
    for found in pkgutil.walk_packages(write_model.__path__, "write_model."):
        if not found.ispkg and found.name.split(".")[1] not in ("api", "account", "main"):
            yield import_module(found.name)


def events() -> set[type[Event]]:
    return _leaves({cls for module in domain() for cls in _declared(module, Event)})


def commands() -> set[type[Command]]:
    return _leaves({cls for module in domain() for cls in _declared(module, Command)})


def refusals() -> list[type[Refused]]:
    return [cls for module in domain() for cls in _declared(module, Refused) if hasattr(cls, "code")]


def _leaves(classes: set[type[T]]) -> set[type[T]]:
    """Those that no other one builds on: what is only built on is never stored or sent."""
    return classes - {parent for cls in classes for parent in cls.__mro__[1:]}


def _declared(module: ModuleType, root: type[T]) -> list[type[T]]:
    members = inspect.getmembers(module, inspect.isclass)
    return [cls for _, cls in members if issubclass(cls, root) and cls.__module__ == module.__name__]
