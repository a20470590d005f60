"""Does every file keep the rules of shape, and does each rule bite?"""

from pathlib import Path, PurePosixPath
from textwrap import indent

import pytest

from tests.architecture import shape
from tests.architecture.lint_worker import OURS
from tests.architecture.shape import RULES, Rule, Source

ROOT = Path(__file__).parents[2]
LONG = "def f() -> None:\n" + "    pass\n" * 40
ROOM, EVENTS = "write_model/order/decider.py", "write_model/order/events.py"
RUNNER, ADAPTER = "projections/running/runner.py", "infra/redis/copies.py"
FROZEN = "@dataclass(frozen=True, slots=True, kw_only=True)\n"

FAULTS: tuple[tuple[Rule, str, str], ...] = (
    (shape.file_fits, ROOM, "x = 1\n" * 301),
    (shape.functions_fit, ROOM, LONG),
    (shape.functions_fit, "tests/write_model/order/test_order.py", LONG.replace("def", "async def", 1)),
    (shape.functions_fit, ROOM, "def outer() -> None:\n" + indent(LONG, "    ")),
    (shape.names_say_something, "write_model/order/order_helpers.py", ""),
    (shape.names_say_something, "infra/common/json.py", ""),
    (shape.names_say_something, ROOM, "class OrderManager: ..."),
    (shape.names_say_something, ROOM, "class HTTPBaseError(Exception): ..."),
    (shape.messages_are_frozen, EVENTS, "class OrderPlaced(Event): ..."),
    (shape.messages_are_frozen, EVENTS, "@dataclass(kw_only=True)\nclass OrderPlaced(Event): ..."),
    (shape.messages_are_frozen, "write_model/order/commands.py", "@dataclass(frozen=True)\nclass Cancel(Command): ..."),
    (shape.nothing_by_chance, ROOM, "def f(): return datetime.now(UTC)"),
    (shape.nothing_by_chance, ROOM, "def f(): return uuid4()"),
    (shape.nothing_by_chance, RUNNER, "def f(): return time.monotonic()"),
    (shape.nothing_by_chance, "processes/running/outbox.py", "async def f(): await asyncio.sleep(1)"),
    (shape.nothing_by_chance, "read_api/ws/resume.py", "async def f(): await asyncio.to_thread(g)"),
    (shape.sets_are_not_walked, ROOM, "def f():\n    for x in {1, 2}: ..."),
    (shape.sets_are_not_walked, RUNNER, "def f(keys: set[str]): return [key for key in keys]"),
    (shape.sets_are_not_walked, RUNNER, "def f(a):\n    keys = set(a)\n    return list(keys)"),
    (shape.sets_are_not_walked, RUNNER, "def f(a, b):\n    for x in a.keys() - b: ..."),
    (shape.nothing_is_built_on_import, ADAPTER, "client = Redis()"),
    (shape.nothing_is_built_on_import, ADAPTER, "engine: Engine = sqlalchemy.create_engine(URL)"),
    (shape.nothing_is_built_on_import, ADAPTER, "def f(client=AsyncMongoClient()): ..."),
    (shape.nothing_is_built_on_import, "read_api/auth.py", "SETTINGS = read_settings()"),
    (shape.domain_needs_only_python, ROOM, "import msgspec"),
    (shape.domain_needs_only_python, "write_model/kernel/money.py", "from infra.ports import Keys"),
    (shape.domain_needs_only_python, "infra/ports/log.py", "import psycopg"),
)
HONEST = (
    (ROOM, "def f(context): return sorted({1, 2}), context.now"),
    ("write_model/api/routes/carts.py", "def routes():\n" + "    def f():\n        a = 1\n        return a\n" * 20),
    (RUNNER, "async def f(clock, keys: set[str]):\n    await clock.sleep(1)\n    for key in sorted(keys): ..."),
    (EVENTS, FROZEN + "class OrderPlaced(Event): ..."),
    (ADAPTER, "def client():\n    return Redis()"),
    ("processes/main_workers.py", "async def f(): await asyncio.to_thread(g)"),
    ("infra/clock.py", "def f(): return datetime.now(UTC)"),
    ("write_model/stock/bases_covered.py", "class ServiceableArea: ..."),
)


def complaints(source: Source) -> list[str]:
    return [f"{source.path}: {fault}" for rule in RULES for fault in rule(source)]


@pytest.mark.parametrize("package", OURS)
def test_every_file_keeps_the_rules(package: str) -> None:
    files = sorted(ROOT.joinpath(package).rglob("*.py"))
    assert files
    sources = [Source(PurePosixPath(file.relative_to(ROOT).as_posix()), file.read_text()) for file in files]
    assert "\n".join(fault for source in sources for fault in complaints(source)) == ""


@pytest.mark.parametrize(("rule", "path", "text"), FAULTS, ids=lambda part: getattr(part, "__name__", None))
def test_a_planted_fault_is_found(rule: Rule, path: str, text: str) -> None:
    assert list(rule(Source(PurePosixPath(path), text)))


@pytest.mark.parametrize(("path", "text"), HONEST)
def test_honest_code_is_left_alone(path: str, text: str) -> None:
    assert complaints(Source(PurePosixPath(path), text)) == []


def test_every_rule_has_a_planted_fault() -> None:
    assert {rule for rule, _, _ in FAULTS} == set(RULES)
