"""How do figures over a log's size look? One small panel each, drawn by hand as SVG."""

from collections.abc import Mapping, Sequence
from html import escape
from math import log10

Line = Sequence[tuple[float, float]]  # size of the log, cost

_WIDTH, _HEIGHT, _PER_ROW = 300, 200, 3
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 18, 34, 30  # margins of a panel
_INK, _LINE = "#222", "#1666b0"


def drawing(title: str, panels: Mapping[str, Line]) -> str:
    """The whole picture. Sizes on a logarithmic axis, costs from zero."""
    rows = -(-len(panels) // _PER_ROW)
    width, height = _WIDTH * min(len(panels), _PER_ROW), _HEIGHT * rows + 30
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif"'
        f' font-size="11" fill="{_INK}">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="{width / 2:.0f}" y="18" text-anchor="middle" font-size="14">{escape(title)}</text>',
    ]
    for number, (name, line) in enumerate(panels.items()):
        left, top = number % _PER_ROW * _WIDTH, number // _PER_ROW * _HEIGHT + 30
        parts.append(f'<g transform="translate({left} {top})">{_panel(name, line)}</g>')
    return "\n".join([*parts, "</svg>", ""])


def _panel(name: str, line: Line) -> str:
    most = max(cost for _, cost in line) * 1.15 or 1.0
    first, last = log10(line[0][0]), log10(line[-1][0])
    wide, high = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

    def place(size: float, cost: float) -> tuple[float, float]:
        along = 0.5 if last == first else (log10(size) - first) / (last - first)
        return _LEFT + wide * along, _TOP + high * (1 - cost / most)

    floor = _HEIGHT - _BOTTOM
    parts = [
        f'<text x="{_LEFT}" y="20">{escape(name)}</text>',
        f'<path d="M{_LEFT} {_TOP}V{floor}H{_WIDTH - _RIGHT}" fill="none" stroke="{_INK}"/>',
        f'<text x="{_LEFT - 6}" y="{floor}" text-anchor="end">0</text>',
        f'<text x="{_LEFT - 6}" y="{_TOP + 8}" text-anchor="end">{most:.3g}</text>',
    ]
    places = [place(size, cost) for size, cost in line]
    path = " ".join(f"{across:.1f},{down:.1f}" for across, down in places)
    parts.append(f'<polyline points="{path}" fill="none" stroke="{_LINE}" stroke-width="2"/>')
    for (size, cost), (across, down) in zip(line, places, strict=True):
        parts.append(f'<circle cx="{across:.1f}" cy="{down:.1f}" r="3" fill="{_LINE}"/>')
        parts.append(f'<text x="{across:.1f}" y="{down - 7:.1f}" text-anchor="middle">{cost:.3g}</text>')
        parts.append(f'<text x="{across:.1f}" y="{floor + 16}" text-anchor="middle">{_short(size)}</text>')
    return "".join(parts)


def _short(size: float) -> str:
    """10k, 1M."""
    if size >= 1_000_000:
        return f"{size / 1_000_000:.2g}M"
    return f"{size / 1_000:.3g}k" if size >= 1_000 else f"{size:g}"
