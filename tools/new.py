"""How does a new part begin? Writes its files so that the checks accept them, and says what is left to do.

python -m tools.new what=event room=order name=OrderShipped
python -m tools.new what=view name=shipped_orders room=order      (room: whose events it hears)
python -m tools.new what=process name=award_points room=order
python -m tools.new what=room name=loyalty
"""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.starts import process, room, view
from tools.starts.editing import EditRefused, add_event, add_schema, declare, events_of, snake

WHAT = re.compile(r"[a-z][a-z0-9_]*")
EVENT = re.compile(r"[A-Z][A-Za-z0-9]*")


@dataclass(frozen=True, slots=True)
class Made:
    files: Mapping[str, str]  # path from the root → text
    left: tuple[str, ...]  # what a person has to do


def new_event(root: Path, name: str, in_room: str) -> Made:
    """The class in the room's union, its line among the stored names, and how it is stored."""
    _named(EVENT, name, "name")
    key = f"{in_room}_id"
    stored = f"{in_room}.{snake(name.removeprefix(in_room.title().replace('_', '')))}"
    events, names = f"write_model/{in_room}/events.py", "write_model/handling/names.py"
    return Made(
        {
            events: add_event(_read(root, events), name, key),
            names: add_schema(_read(root, names), in_room, stored, name),
        },
        (
            f"write the test first: given(...).when(...).then({name}(...)) in tests/write_model/{in_room}/",
            f"give {name} its fields in {events}; then `python -m tools.golden` writes its sample",
            f"write_model/{in_room}/decider.py: the case in evolve (mypy names the place), and the decision",
            "each listener: HANDLES, key and a case; nobody: tests/architecture/unheard.py with the reason",
            f"write_model/{in_room}/public.py, if outsiders may see it",
            "make map, make check, a line in CHANGELOG.md",
        ),
    )


def new_view(root: Path, name: str, in_room: str) -> Made:
    heard = events_of(_read(root, f"write_model/{in_room}/events.py"))[0]
    contracts = declare(_read(root, "pyproject.toml"), "Projections: rooms are declared and independent", name)
    return Made(
        {"pyproject.toml": contracts, **view.files(name, in_room, heard)},
        (
            f"projections/{name}/view.py: the question, and the document that answers it",
            f"projections/{name}/projector.py: HANDLES, key and a case for each event",
            "one line in ALL of projections/main.py",
            f"telocompro rebuild {name}",
            "the resolver in read_api/graphql/rooms/",
            "make map, make check, a line in CHANGELOG.md",
        ),
    )


def new_process(root: Path, name: str, in_room: str) -> Made:
    heard = events_of(_read(root, f"write_model/{in_room}/events.py"))[0]
    contracts = declare(_read(root, "pyproject.toml"), "Processes: rooms are declared and independent", name)
    return Made(
        {"pyproject.toml": contracts, **process.files(name, in_room, heard)},
        (
            f"processes/{name}/process.py: the states, and what each message leads to",
            "an outside call gets a file of its own beside it, behind a breaker and with the effect's key",
            "one line in processes/main.py",
            "make map, make check, a line in CHANGELOG.md",
        ),
    )


def new_room(root: Path, name: str, in_room: str) -> Made:
    contract = "Write model: main > api > handling > checkout > rooms > pricing > kernel"
    return Made(
        {"pyproject.toml": declare(_read(root, "pyproject.toml"), contract, name), **room.files(name)},
        (
            f"write_model/handling/names.py: {name.upper()} with its Schema lines, and its place in EVENTS",
            f"write_model/handling/registry.py: {name.upper()} in DECIDERS, a route for each command",
            "python -m tools.golden",
            f"write_model/api/routes/{name}.py",
            "whatever must change together with another aggregate is decided in checkout, not imported",
            "make map, make check, a line in CHANGELOG.md",
        ),
    )


MAKERS: Mapping[str, Callable[[Path, str, str], Made]] = {
    "event": new_event,
    "view": new_view,
    "process": new_process,
    "room": new_room,
}


def make(root: Path, what: str, name: str, in_room: str) -> Made:
    """Write the files under `root`. Raises EditRefused, and then nothing is written."""
    if what not in MAKERS:
        raise EditRefused(f"what is one of {', '.join(MAKERS)}")
    if what != "event":
        _named(WHAT, name, "name")
    if what != "room":
        _named(WHAT, in_room, "room")
    made = MAKERS[what](root, name, in_room)
    taken = [path for path in made.files if _is_new(path, what) and (root / path).exists()]
    if taken:
        raise EditRefused(f"{taken[0]} is there already")
    for path, text in made.files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    code = [path for path in made.files if path.endswith(".py")]
    for command in (["check", "--quiet", "--select", "I", "--fix"], ["format", "--quiet"]):
        subprocess.run([sys.executable, "-m", "ruff", *command, *code], cwd=root, check=True)
    return made


def _is_new(path: str, what: str) -> bool:
    return what != "event" and path != "pyproject.toml"


def _named(form: re.Pattern[str], text: str, which: str) -> None:
    if not form.fullmatch(text):
        raise EditRefused(f"{which}={json.dumps(text)} is not of the form {form.pattern}")


def _read(root: Path, path: str) -> str:
    try:
        return (root / path).read_text()
    except FileNotFoundError:
        raise EditRefused(f"{path} is not there") from None


def main() -> int:
    asked = dict(part.split("=", 1) for part in sys.argv[1:] if "=" in part)
    try:
        made = make(Path.cwd(), asked.get("what", ""), asked.get("name", ""), asked.get("room", ""))
    except EditRefused as why:
        sys.stderr.write(f"{why}\n{__doc__}")
        return 2
    sys.stdout.write("Written: " + ", ".join(made.files) + "\n\nLeft to do:\n")
    sys.stdout.writelines(f"  {number}. {step}\n" for number, step in enumerate(made.left, start=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
