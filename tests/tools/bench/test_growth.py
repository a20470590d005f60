"""Do the figures over a log's size say how cost grows, and can it be seen?"""

from pathlib import Path
from xml.etree import ElementTree

from tools.bench.growth import MOST, UNITS, Point, draw, figures
from tools.bench.plots import drawing

_SVG = "{http://www.w3.org/2000/svg}"


def a_point(events: int, cost: float, peak_mib: float = 200.0) -> Point:
    return Point(events, dict.fromkeys(UNITS, cost), peak_mib)


def test_growth_is_the_cost_at_the_longest_log_over_that_at_the_shortest() -> None:
    made = figures([a_point(10_000, 2.0), a_point(100_000, 9.0), a_point(1_000_000, 3.0)])
    assert [figure.key for figure in made] == [f"growth_{name}" for name in UNITS]
    assert {(figure.value, figure.passes) for figure in made} == {(1.5, True)}
    assert made[0].beside["at_100000"] == 9.0


def test_a_cost_that_rises_with_the_log_is_missed_and_so_is_memory_above_its_bound() -> None:
    steep = figures([a_point(10_000, 1.0), a_point(1_000_000, MOST * 1.1)])
    heavy = figures([a_point(10_000, 1.0), a_point(1_000_000, 1.0, peak_mib=500.0)])
    assert not any(figure.passes for figure in (*steep, *heavy))


def test_each_cost_has_a_panel_of_its_own_with_a_point_for_each_size(tmp_path: Path) -> None:
    out = tmp_path / "growth.svg"
    draw([a_point(10_000, 2.0), a_point(1_000_000, 4.0)], out)
    root = ElementTree.fromstring(out.read_text(encoding="utf-8"))
    assert len(root.findall(f"{_SVG}g")) == len(UNITS)
    assert len(root.findall(f".//{_SVG}circle")) == 2 * len(UNITS)
    texts = [text.text for text in root.iter(f"{_SVG}text")]
    assert {"10k", "1M"} <= set(texts)


def test_the_higher_the_cost_the_higher_the_point_and_words_are_escaped() -> None:
    root = ElementTree.fromstring(drawing("a & b", {"x < y": [(10.0, 1.0), (100.0, 2.0)]}))
    low, high = (float(str(circle.get("cy"))) for circle in root.iter(f"{_SVG}circle"))
    assert high < low
    assert {"a & b", "x < y"} <= {text.text for text in root.iter(f"{_SVG}text")}
