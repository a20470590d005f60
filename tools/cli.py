"""`telocompro`: what can be done with the platform from a terminal. One module per subcommand, loaded when called.

Every subcommand takes --json and --help, and finds the running stores by the run's file or starts them for itself.
"""

import asyncio
import functools
import importlib
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import typer


@dataclass(frozen=True, slots=True)
class Entry:
    """A subcommand: where its `command` function lives, and one line about it."""

    module: str
    summary: str


COMMANDS: Mapping[str, Entry] = {
    "up": Entry("tools.up", "Start everything, and stay up until Ctrl-C."),
    "demo": Entry("tools.demo", "One real purchase through the public API, hop by hop."),
    "seed": Entry("tools.seed", "Load the generated demo catalogue."),
    "token": Entry("tools.token", "An access token (development only)."),
    "migrate": Entry("tools.migrate", "Bring all schemas to this release."),
    "stream": Entry("tools.stream", "The events of one stream."),
    "as-of": Entry("tools.as_of", "A document as it stood at a position or a time."),
    "verify": Entry("tools.verify", "Check the log's chain; --all: every read model too."),
    "rebuild": Entry("tools.rebuild", "Fold a read model again beside the live one, compare, switch; --back."),
    "parked": Entry("tools.parked", "Keys that wait because something of theirs failed; --release."),
    "load": Entry("tools.load", "Shoppers who buy through the public API, and how long they wait."),
    "bench": Entry("tools.bench.__main__", "Measure this machine against the targets."),
    "import olist": Entry("tools.import_olist", "Adopt the orders of the public Olist data set."),
}


def main() -> None:
    """The entry point of the installed program."""
    arguments = sys.argv[1:]
    app = build(arguments)
    with fail_in_words():
        app()


@contextmanager
def fail_in_words() -> Iterator[None]:
    """What the operator can do something about ends in a line and exit code 2, without a traceback."""
    from infra.embedded.binaries import NothingFits
    from infra.embedded.data_lock import DataInUse
    from infra.embedded.kept import ServerFailed
    from infra.settings import SettingsInvalid, SettingsMissing

    try:
        yield
    except (NothingFits, DataInUse, ServerFailed, SettingsInvalid, SettingsMissing) as error:
        typer.secho(str(error), err=True, fg=typer.colors.RED)
        sys.exit(2)


def build(arguments: Sequence[str]) -> typer.Typer:
    """The program, with the one module loaded that the arguments call for."""
    app = _group("TeLoCompro: an event-sourced commerce platform.")
    groups: dict[str, typer.Typer] = {}
    for name, entry in COMMANDS.items():
        words = name.split()
        called = list(arguments[: len(words)]) == words
        target = app
        if len(words) > 1:
            if words[0] not in groups:
                groups[words[0]] = _group(f"{words[0].capitalize()} data from elsewhere.")
                app.add_typer(groups[words[0]], name=words[0])
            target = groups[words[0]]
        function = _loaded(entry) if called else _unloaded
        target.command(words[-1], help=None if called else entry.summary)(function)
    return app


def _group(about: str) -> typer.Typer:
    app = typer.Typer(help=about, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    app.callback()(_nothing)  # it stays a group, also with one command
    return app


def _nothing() -> None:
    """Only subcommands do something."""


def _unloaded() -> None:
    """Another subcommand was called: this one is only listed."""


def _loaded(entry: Entry) -> Callable[..., Any]:
    try:
        function: Callable[..., Any] = importlib.import_module(entry.module).command
    except ModuleNotFoundError as missing:
        if missing.name is None or not entry.module.startswith(missing.name):
            raise
        typer.secho(f"this installation has no {entry.module}", err=True, fg=typer.colors.RED)
        sys.exit(2)
    if not inspect.iscoroutinefunction(function):
        return function

    @functools.wraps(function)
    def run(*args: Any, **named: Any) -> Any:
        return asyncio.run(function(*args, **named))

    return run


if __name__ == "__main__":
    main()
