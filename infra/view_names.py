"""What are the collections and tables of a view called? By view, version and generation; the first has no number."""

import re

_GENERATION = re.compile(r"_g\d+$")


def in_generation(view: str, *numbers: int) -> str:
    """`orders_v1` in its second is `orders_v1_g2`. Several numbers: a relation that joins several views."""
    return f"{view}_g{'_'.join(map(str, numbers))}" if any(numbers) else view


def view_of(target: str) -> str:
    """Without its generation: "<view>_v<version>"."""
    return _GENERATION.sub("", target)


def number_of(target: str) -> int:
    """Of its generation."""
    found = _GENERATION.search(target)
    return 0 if found is None else int(found.group()[2:])
