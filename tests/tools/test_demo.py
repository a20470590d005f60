"""Does a purchase with a missing hop fail, and is it told in any terminal?"""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from rich.console import Console

from infra.embedded import run_json, secret_file
from infra.settings import Settings
from tools import demo
from tools.demo_purchase import Hop

PLACED = Hop("command accepted", 7, 4.2)
MISSING = Hop("mail in the sink", ok=False, detail="not seen within 20 s")


def run_in(folder: Path) -> run_json.RunJson:
    secret_file.read_or_make(folder)
    urls = {name: f"{name}://here" for name in ("postgres", "keys", "redis", "mongo", "rest")}
    return run_json.RunJson(pid=1, data=str(folder), urls=urls)


@pytest.mark.parametrize(("hops", "code"), [([PLACED], 0), ([PLACED, MISSING], 1)], ids=["complete", "a hop missing"])
def test_a_missing_hop_is_exit_code_1_and_stands_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], hops: list[Hop], code: int
) -> None:
    async def bought(settings: Settings, urls: Mapping[str, str]) -> list[Hop]:
        return hops

    run, file = run_in(tmp_path), tmp_path / "build" / "demo.json"
    run_json.write(run)
    monkeypatch.setattr(demo, "purchase", bought)

    assert demo.buy(run, file, as_json=True) == code

    told = json.loads(file.read_text())
    assert json.loads(capsys.readouterr().out) == told
    assert (told["ok"], [hop["name"] for hop in told["hops"]]) == (code == 0, [hop.name for hop in hops])
    assert told["hops"][0]["milliseconds"] == 4.2


def test_every_hop_is_shown_in_a_table_on_a_terminal() -> None:
    console = Console(force_terminal=True, record=True, width=100)

    demo.show([PLACED, MISSING], console)

    text = console.export_text()
    assert all(word in text for word in ("command accepted", "4.2", "7", "missing", "not seen within 20 s"))


def test_plain_lines_are_for_other_programs(capsys: pytest.CaptureFixture[str]) -> None:
    demo.show([PLACED, MISSING], Console(force_terminal=False))

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["✓", "✗"]
    assert "not seen within 20 s" in lines[1]
