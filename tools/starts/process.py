"""What does a new process begin as? One that waits a day after an event, and the five tests of every process."""

from collections.abc import Mapping

from tools.starts.editing import camel, filled

PROCESS = '''"""A day after @Event@ it is time, once for each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from processes.running.messages import Message, Process, TimeCame, WakeMe, Wish
from write_model.kernel.ids import identity
from write_model.kernel.message import Envelope
from write_model.@room@.events import @Event@

HANDLES = (@Event@,)
PATIENCE = timedelta(days=1)
WAKE = "a_day_has_passed"


@dataclass(frozen=True, slots=True)
class @Process@:
    due: datetime | None = None  # None: nothing has happened yet
    done: bool = False


def key(envelope: Envelope[@Event@]) -> str:
    """One state per stream."""
    return str(identity(envelope.stream))


def react(state: @Process@, message: Message) -> tuple[@Process@, Sequence[Wish]]:
    match message:
        case Envelope(event=@Event@(), recorded_at=moment) if state.due is None:
            due = moment + PATIENCE
            return @Process@(due=due), [WakeMe(name=WAKE, at=due)]
        case TimeCame(name=name, at=at) if name == WAKE and state.due is not None and at >= state.due:
            return @Process@(due=state.due, done=True), []
        case _:
            return state, []


PROCESS: Process[@Process@] = Process(
    name="@process@",
    version=1,
    handles=HANDLES,
    key=key,
    initial=@Process@(),
    react=react,
    state=@Process@,
)
'''
TEST = '''"""The five tests of every process: in time, twice, out of order, too early, started again."""

from datetime import timedelta
from uuid import UUID

from processes.@process@.process import PATIENCE, WAKE, @Process@, key, react
from processes.running.messages import TimeCame, WakeMe
from tests.kit.builders.envelopes import envelopes
from tools.golden import sample
from write_model.@room@.events import @Event@

[HAPPENED] = envelopes("@room@", UUID(int=1), [sample(@Event@)])
KEY = key(HAPPENED)
DUE = HAPPENED.recorded_at + PATIENCE
ALARM = TimeCame(key=KEY, name=WAKE, at=DUE)
WAITING = @Process@(due=DUE)


def test_it_is_done_when_the_time_has_come() -> None:
    assert react(@Process@(), HAPPENED) == (WAITING, [WakeMe(name=WAKE, at=DUE)])
    assert react(WAITING, ALARM) == (@Process@(due=DUE, done=True), [])


def test_a_repeated_event_sets_no_second_timer() -> None:
    assert react(WAITING, HAPPENED) == (WAITING, [])


def test_an_alarm_before_the_event_does_nothing() -> None:
    assert react(@Process@(), ALARM) == (@Process@(), [])


def test_an_alarm_that_rings_too_early_does_nothing() -> None:
    early = TimeCame(key=KEY, name=WAKE, at=DUE - timedelta(seconds=1))
    assert react(WAITING, early) == (WAITING, [])


def test_started_again_it_asks_for_the_same_timer() -> None:
    assert react(@Process@(), HAPPENED) == react(@Process@(), HAPPENED)
'''


def files(name: str, room: str, event: str) -> Mapping[str, str]:
    """Path → text. It hears one event of the room."""
    texts = {
        f"processes/{name}/__init__.py": "",
        f"processes/{name}/process.py": PROCESS,
        f"tests/processes/{name}/__init__.py": "",
        f"tests/processes/{name}/test_{name}.py": TEST,
    }
    words = {"@process@": name, "@Process@": camel(name), "@room@": room, "@Event@": event}
    return {path: filled(text, words) for path, text in texts.items()}
