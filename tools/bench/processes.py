"""What do processes of this machine use? CPU seconds and memory (PSS: what is shared is shared out), from /proc."""

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")
MIB = 1024 * 1024


def families(pids: Mapping[str, int]) -> Mapping[int, str]:
    """Each of these processes and all that descend from it, by pid, under the name of the nearest that is named."""
    children: defaultdict[int, list[int]] = defaultdict(list)
    for folder in _PROC.iterdir():
        if folder.name.isdigit() and (fields := _stat(int(folder.name))):
            children[int(fields[1])].append(int(folder.name))
    named = {pid: name for name, pid in pids.items()}
    found: dict[int, str] = {}

    def walk(pid: int, name: str) -> None:
        found[pid] = named.get(pid, name)
        for child in children[pid]:
            walk(child, found[pid])

    for name, pid in pids.items():
        if pid not in found:
            walk(pid, name)
    return found


def cpu_seconds(family: Mapping[int, str]) -> Mapping[str, float]:
    """User and system time so far, by name."""
    spent: defaultdict[str, float] = defaultdict(float)
    for pid, name in family.items():
        fields = _stat(pid)
        if fields:
            spent[name] += (int(fields[11]) + int(fields[12])) / _TICKS
    return spent


def since(before: Mapping[str, float], after: Mapping[str, float]) -> Mapping[str, float]:
    """What was spent in between, by name."""
    return {name: round(spent - before.get(name, 0.0), 2) for name, spent in after.items()}


def pss_bytes(pids: Iterable[int]) -> int:
    """Proportional set size of all of them. Processes that have ended count nothing."""
    return sum(_kilobytes(_PROC / str(pid) / "smaps_rollup", "Pss:") for pid in pids) * 1024


def peak_bytes(pid: int | str = "self") -> int:
    """The most memory that it ever had resident."""
    return _kilobytes(_PROC / str(pid) / "status", "VmHWM:") * 1024


def _kilobytes(file: Path, label: str) -> int:
    try:
        lines = file.read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(label)), 0)


def _stat(pid: int) -> list[str]:
    """The fields after the name, which may hold anything: state, parent, …"""
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
