"""The log: events, stream heads, links, answers, snapshots, and the one function that appends."""

from pathlib import Path

from alembic import op

revision = "0001_log"
down_revision = None
branch_labels = None
depends_on = None

_ANSWER_PARTITIONS = 8

_TABLES = """
create schema log;

create table log.log_head (
    one boolean primary key default true check (one),
    position bigint not null,
    recorded_at timestamptz not null,
    link bytea not null
);
insert into log.log_head (position, recorded_at, link) values (0, 'epoch', decode(repeat('00', 32), 'hex'));

create table log.stream_heads (
    stream text primary key,
    version int not null,
    position bigint not null  -- of its last event
) with (fillfactor = 80);

create table log.events (
    position bigint primary key,
    stream text not null,
    version int not null,
    type text not null,
    schema smallint not null,
    event_id uuid not null,
    command_id uuid not null,
    recorded_at timestamptz not null,
    effective_at timestamptz not null,
    metadata bytea not null,
    payload bytea not null,
    digest bytea not null
) partition by range (position);
create index events_stream on log.events (stream, version);

create table log.links (
    first_position bigint primary key,
    count int not null,
    recorded_at timestamptz not null,
    link bytea not null
);

create table log.answers (
    command_id uuid primary key,
    position bigint not null,
    fingerprint bytea not null,
    answer bytea not null,
    at timestamptz not null
) partition by hash (command_id);

create table log.snapshots (
    stream text primary key,
    version int not null,
    state_version int not null,
    state bytea not null
);

create type log.verdict as (
    command int, outcome "char", position bigint, fingerprint bytea, answer bytea, streams text[], versions int[]
);
"""


def upgrade() -> None:
    op.execute(_TABLES)
    for number in range(_ANSWER_PARTITIONS):
        op.execute(
            f"create table log.answers_{number} partition of log.answers"
            f" for values with (modulus {_ANSWER_PARTITIONS}, remainder {number})"
        )
    op.get_bind().exec_driver_sql((Path(__file__).parents[1] / "append.sql").read_text().replace("%", "%%"))


def downgrade() -> None:
    op.execute("drop schema log cascade")
