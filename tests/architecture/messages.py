"""What is wrong with the messages and refusals that are declared? Each rule takes what it judges and names faults."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

from infra.ports import Schema
from write_model.kernel.message import Command, Event
from write_model.kernel.refused import Refused

NAME = re.compile(r"[a-z_]+\.[a-z_]+")
OF_ANY_ROOM = ("handling", "checkout")


def unregistered(events: Collection[type[Event]], schemas: Sequence[Schema]) -> Iterator[str]:
    known = {schema.cls.__name__ for schema in schemas}
    yield from (f"{cls.__name__} has no stored name" for cls in events if cls.__name__ not in known)
    named = Counter((schema.type, schema.version) for schema in schemas)
    yield from (f"{name} is there twice" for name, times in named.items() if times > 1)
    yield from (f"{schema.type} is not <room>.<what_happened>" for schema in schemas if not NAME.fullmatch(schema.type))


def unrouted(commands: Collection[type[Command]], routed: Collection[type[Command]]) -> Iterator[str]:
    yield from (f"{cls.__name__} has no route" for cls in commands if cls not in routed)


def unheard(events: Collection[type[Event]], heard: Collection[type], reasons: Mapping[str, str]) -> Iterator[str]:
    silent = {cls.__name__ for cls in events if cls not in heard}
    yield from (f"nobody hears {name}, and no reason is given" for name in sorted(silent - set(reasons)))
    yield from (f"{name} is heard, or is gone: no reason is needed" for name in sorted(set(reasons) - silent))
    yield from (f"{name}: {why!r} is no reason" for name, why in reasons.items() if len(why.split()) < 3)


def badly_coded(refusals: Sequence[type[Refused]]) -> Iterator[str]:
    codes = Counter(cls.code for cls in refusals)
    yield from (f"{code} is taken twice" for code, times in codes.items() if times > 1)
    yield from (f"{code} is not <room>.<reason>" for code in codes if not NAME.fullmatch(code))
    for cls in refusals:
        room = cls.__module__.split(".")[1]
        if room not in (*OF_ANY_ROOM, cls.code.split(".")[0]):
            yield f"{cls.code} stands in the room {room}"


def uncatalogued(refusals: Sequence[type[Refused]], catalogue: Collection[str]) -> Iterator[str]:
    yield from (f"{cls.code} is not in the catalogue" for cls in refusals if cls.code not in catalogue)
