"""What does a new room begin as? One aggregate that can be opened, in the form of every room, with its test."""

from collections.abc import Mapping

from tools.starts.editing import camel, filled

EVENTS = '''"""These classes are the storage format. A change to one needs a new version and an upcaster."""

from dataclasses import dataclass
from uuid import UUID

from write_model.kernel.message import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class @Room@Opened(Event):
    @room@_id: UUID


@Room@Event = @Room@Opened
'''
COMMANDS = '''"""What may be asked of a @room@."""

from dataclasses import dataclass
from uuid import UUID

from write_model.kernel.message import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class Open@Room@(Command):
    @room@_id: UUID


@Room@Command = Open@Room@
'''
DECIDER = '''"""A @room@: what can be so, and what may happen to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from write_model.kernel.decider import Decider
from write_model.kernel.message import Context
from write_model.@room@.commands import @Room@Command, Open@Room@
from write_model.@room@.events import @Room@Event, @Room@Opened

NONE, OPEN = "NONE", "OPEN"


@dataclass(frozen=True, slots=True)
class @Room@:
    @room@_id: UUID | None = None
    status: str = NONE


def evolve(@room@: @Room@, event: @Room@Event) -> @Room@:
    return @Room@(@room@_id=event.@room@_id, status=OPEN)


def decide(command: @Room@Command, @room@: @Room@, context: Context) -> Sequence[@Room@Event]:
    return open_@room@(command, @room@)


def open_@room@(command: Open@Room@, @room@: @Room@) -> Sequence[@Room@Event]:
    """What is open already stays so: a second wish changes nothing."""
    if @room@.status == OPEN:
        return []
    return [@Room@Opened(@room@_id=command.@room@_id)]


@ROOM@: Decider[@Room@Command, @Room@Event, @Room@] = Decider("@room@", @Room@(), evolve, decide)
'''
PUBLIC = '''"""What is answered about a @room@."""

from write_model.@room@.decider import @Room@


def answer(@room@: @Room@) -> dict[str, object]:
    """The body of a command's answer."""
    return {"id": str(@room@.@room@_id), "status": @room@.status}
'''
TEST = """from uuid import UUID

from tests.kit.given import given
from write_model.@room@.commands import Open@Room@
from write_model.@room@.decider import @ROOM@
from write_model.@room@.events import @Room@Opened
from write_model.@room@.public import answer

OPENED = @Room@Opened(@room@_id=UUID(int=1))
OPEN = Open@Room@(@room@_id=UUID(int=1))


def test_a_@room@_is_opened() -> None:
    given(@ROOM@).when(OPEN).then(OPENED)


def test_opening_it_again_changes_nothing() -> None:
    given(@ROOM@, OPENED).when(OPEN).nothing()


def test_the_answer_says_that_it_is_open() -> None:
    assert answer(given(@ROOM@, OPENED).state) == {"id": str(UUID(int=1)), "status": "OPEN"}
"""


def files(name: str) -> Mapping[str, str]:
    """Path → text."""
    texts = {
        f"write_model/{name}/__init__.py": "",
        f"write_model/{name}/events.py": EVENTS,
        f"write_model/{name}/commands.py": COMMANDS,
        f"write_model/{name}/decider.py": DECIDER,
        f"write_model/{name}/public.py": PUBLIC,
        f"tests/write_model/{name}/__init__.py": "",
        f"tests/write_model/{name}/test_{name}.py": TEST,
    }
    words = {"@room@": name, "@Room@": camel(name), "@ROOM@": name.upper()}
    return {path: filled(text, words) for path, text in texts.items()}
