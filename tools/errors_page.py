"""Which errors can a client meet, and what does each mean? The page is made from the one catalogue."""

from collections.abc import Mapping
from dataclasses import fields
from enum import Enum

from write_model.handling.catalogue import CATALOGUE


def errors_page() -> str:
    """One table per room, in the order of the codes; the columns are the entry's fields."""
    entries = CATALOGUE
    lines = ["# Errors", ""]
    lines += ["A client branches on the code; it stays the same in REST (`code`), GraphQL (`code`) and socket frames."]
    rooms = sorted({code.split(".")[0] for code in entries})
    for room in rooms:
        codes = sorted(code for code in entries if code.split(".")[0] == room)
        names = [each.name for each in fields(entries[codes[0]]) if each.name != "code"]
        lines += ["", f"## {room}", "", f"| code | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
        lines += [
            f"| `{code}` | {' | '.join(_cell(getattr(entries[code], name)) for name in names)} |" for code in codes
        ]
    return "\n".join(lines) + "\n"


def _cell(value: object) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {_cell(part)}" for name, part in value.items())
    text = value.name.lower() if isinstance(value, Enum) else "–" if value is None else str(value)
    return text.replace("|", "\\|").replace("\n", " ")
