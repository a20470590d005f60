"""Schema work: leases, positions and states of processes, timers, the outbox, the virtual clock."""

from alembic import op

revision = "0002_work"
down_revision = "0001_log"
branch_labels = None
depends_on = None

_TABLES = """
create schema work;

create table work.leases (
    name text primary key,
    worker text not null,
    fence bigint not null,
    until timestamptz not null
);

create table work.checkpoints (
    process text primary key,
    position bigint not null,
    fence bigint not null
);

create table work.process_state (
    process text not null,
    key text not null,
    version int not null,
    state jsonb not null,
    deadline timestamptz,
    last_error text,
    parked_at bigint,  -- position of the event that could not be handled
    primary key (process, key)
);
create index process_state_parked on work.process_state (process, parked_at) where parked_at is not null;

create table work.timers (
    process text not null,
    key text not null,
    name text not null,
    at timestamptz not null,
    primary key (process, key, name)
);
create index timers_due on work.timers (process, at);

create table work.outbox (
    id uuid primary key,
    process text not null,
    key text not null,
    kind text not null,
    idempotency_key text not null,
    payload jsonb not null,
    state text not null default 'REQUESTED'
        check (state in ('REQUESTED', 'LEASED', 'SUCCEEDED', 'FAILED', 'UNKNOWN')),
    attempts int not null default 0,
    next_attempt_at timestamptz not null default clock_timestamp(),
    lease_until timestamptz,
    fence bigint not null default 0,
    last_error text,
    outcome jsonb
);
create index outbox_due on work.outbox (next_attempt_at) where state in ('REQUESTED', 'LEASED');

create table work.virtual_clock (
    one boolean primary key default true check (one),
    ahead interval not null
);
insert into work.virtual_clock (ahead) values (interval '0');
"""


def upgrade() -> None:
    op.execute(_TABLES)


def downgrade() -> None:
    op.execute("drop schema work cascade")
