"""`telocompro import olist DIR`: real orders into the log, then a report from the read models beside the files.

Streaming: a row is a command and is forgotten; some hundred are decided and appended together. Resumable: a row's key
is its name, so what was done is answered, not repeated. The report's figures come from the read models;
`tools.reconcile_olist` reads the files again on its own.
"""

import asyncio
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from infra.collector import settle
from infra.settings import Settings
from tools import reconcile_olist as files
from tools.olist_records import Bad, Record, known, records
from tools.running import stores
from write_model.handling.bus import Bus, KeyReused, NotNow, Request
from write_model.handling.together import Named
from write_model.kernel.message import Actor
from write_model.kernel.refused import Refused

TOGETHER = 400  # rows that are decided and appended together; as many again are on their way
TRIES = 20
CALLER = "import:olist"
ACTOR = Actor("import", "olist")
FILES = ("products", "customers", "orders", "order_items", "order_payments", "order_reviews", "sellers")

Told = Callable[[int], None]


@dataclass(slots=True)
class Tally:
    """What became of the rows."""

    rows: int = 0
    appended: int = 0
    bad: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Flight:
    """Rows on their way into the log."""

    rows: Sequence[tuple[Record, Request]]
    stored: asyncio.Task[list[bool | None]]


async def bring_in(directory: Path, bus: Bus, told: Told) -> Tally:
    """Every row as a command, files in turn, many rows at once. Raises what is no row's fault."""
    tally, together = Tally(), bus.together()
    flight: _Flight | None = None
    every = records(directory, known(directory))
    try:
        while some := list(islice(every, TOGETHER)):
            tally.rows += len(some)
            tally.bad += [str(record) for record in some if isinstance(record, Bad)]
            rows = [(record, _request(record, bus)) for record in some if isinstance(record, Record)]
            named = [Named(request, bus.command_id(CALLER, record.key)) for record, request in rows]
            before, flight = flight, _Flight(rows, await together.send(named))
            if before is not None:
                await _landed(before, bus, tally)
            told(len(some))
        if flight is not None:
            await _landed(flight, bus, tally)
    finally:
        if flight is not None:
            flight.stored.cancel()
    return tally


async def _landed(flight: _Flight, bus: Bus, tally: Tally) -> None:
    """Count what is stored; the rest goes through the bus, which reads what it decides on."""
    told = await flight.stored
    tally.appended += sum(each is True for each in told)
    left = [row for row, each in zip(flight.rows, told, strict=True) if each is None]
    async with asyncio.TaskGroup() as tasks:
        for record, request in left:
            tasks.create_task(_one(record, request, bus, tally))


def _request(record: Record, bus: Bus) -> Request:
    return Request(
        command=record.command,
        caller=CALLER,
        actor=ACTOR,
        key=record.key,
        fingerprint=bus.fingerprint(repr(record.command).encode()),
        origin="import",
        effective_at=record.effective_at,
    )


async def _one(record: Record, request: Request, bus: Bus, tally: Tally) -> None:
    for attempt in range(1, TRIES + 1):
        try:
            answer = await bus.handle(request)
        except NotNow as later:
            if attempt == TRIES:
                raise
            await asyncio.sleep(later.retry_after)
        except KeyReused:
            tally.bad.append(f"{record.file}:{record.line}: another row with other words has this id")
            return
        except Refused as refusal:
            tally.bad.append(f"{record.file}:{record.line}: {refusal.code} {dict(refusal.details)}")
            return
        else:
            tally.appended += not answer.replayed
            return


async def run(directory: Path, settings: Settings, told: Told, say: Callable[[str], None]) -> dict[str, Any]:
    """The report."""
    from tools.olist_report import follow, people, read_facts
    from write_model.main import build

    async with build(settings) as write:
        settle()
        tally = await bring_in(directory, write.bus, told)
        head = await write.reader.head()
    say(f"{tally.rows} rows, {tally.appended} new; the read models follow")
    await follow(settings, head)
    ours = await read_facts(settings)
    persons = await people(settings)
    theirs = files.read_facts(directory)
    expected = files.summary(theirs, files.count_people(directory))
    report = files.summary(ours, persons)
    return {
        **report,
        "unrepresented": tally.bad,
        "differences": [*_figures(expected, report), *files.differences(theirs, ours)],
        "rows": tally.rows,
        "appended": tally.appended,
        "position": head,
    }


def _figures(theirs: Any, ours: Any, name: str = "") -> Iterator[str]:
    """Each figure of the report that the files give otherwise."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for key in sorted(theirs.keys() | ours.keys()):
            yield from _figures(theirs.get(key, 0), ours.get(key, 0), f"{name}.{key}" if name else str(key))
    elif theirs != ours:
        yield f"{name}: {theirs} in the files, {ours} in the read models"


def command(
    directory: Annotated[Path, typer.Argument(help="Where the olist_*_dataset.csv files are.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object: the reconciliation report.")] = False,
) -> None:
    """Adopt the orders of the public Olist data set, and reconcile. Exit code 1 when anything differs."""
    missing = [name for name in FILES if not (directory / f"olist_{name}_dataset.csv").is_file()]
    if missing:
        raise typer.BadParameter(f"no olist_{missing[0]}_dataset.csv in {directory}")
    with stores() as settings, _progress(directory) as told:
        report = asyncio.run(run(directory, settings, told, lambda text: print(text, file=sys.stderr)))
    print(json.dumps(report, ensure_ascii=False) if as_json else _readable(report))
    if report["differences"] or report["unrepresented"]:
        raise typer.Exit(1)


def _progress(directory: Path) -> AbstractContextManager[Told]:
    """A bar on the terminal; nothing where there is none."""
    if not sys.stderr.isatty():
        return nullcontext(lambda done: None)
    from tools.olist_bar import bar

    return bar(directory)


def _readable(report: dict[str, Any]) -> str:
    lines = [f"{report['rows']} rows read, {report['appended']} appended, log at {report['position']}"]
    lines.append(f"{report['orders']['total']} orders of {report['customers']['people']} people")
    lines += [f"  {status:<12}{count:>7}" for status, count in report["orders"]["by_status"].items()]
    lines.append(f"{report['items']['count']} items: {_reais(report['items']['price_minor'])}")
    lines.append(f"   freight: {_reais(report['items']['freight_minor'])}")
    lines.append(f"{report['payments']['count']} payments: {_reais(report['payments']['amount_minor'])}")
    lines += [
        f"  {type_:<12}{found['count']:>7}  {_reais(found['amount_minor'])}"
        for type_, found in report["payments"]["by_type"].items()
    ]
    lines.append(f"{report['reviews']['count']} reviews, scores {report['reviews']['score_sum']} in all")
    for name in ("unrepresented", "differences"):
        lines.append(f"{name}: {len(report[name])}")
        lines += [f"  {text}" for text in report[name][:20]]
    return "\n".join(lines)


def _reais(minor: int) -> str:
    return f"R$ {minor // 100:,}.{minor % 100:02d}"
