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
    last_error text,  -- null while parked: an operator has let the key go
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
    payload jsonb not null,  -- positions and ids, never personal data
    state text not null default 'REQUESTED'
        check (state in ('REQUESTED', 'LEASED', 'SUCCEEDED', 'FAILED', 'UNKNOWN')),
    attempts int not null default 0,
    requested_at timestamptz not null default clock_timestamp(),
    next_attempt_at timestamptz not null default clock_timestamp(),
    worker text,
    lease_until timestamptz,
    fence bigint not null default 0,
    last_error text,
    outcome jsonb
);
create index outbox_due on work.outbox (next_attempt_at) where state in ('REQUESTED', 'LEASED');
create index outbox_of on work.outbox (process, key);

create table work.virtual_clock (
    one boolean primary key default true check (one),
    ahead interval not null
);
insert into work.virtual_clock (ahead) values (interval '0');
"""

# One call, one transaction: what a process has made of a batch. False: another writer has taken over.
_SAVE = """
create function work.save(
    p_process text, p_fence bigint, p_position bigint,
    s_keys text[], s_versions int[], s_states text[], s_deadlines timestamptz[], s_errors text[], s_parked bigint[],
    r_keys text[], r_names text[], r_ats timestamptz[],
    t_keys text[], t_names text[], t_ats timestamptz[],
    e_ids uuid[], e_keys text[], e_kinds text[], e_idempotency_keys text[], e_payloads text[]
) returns boolean language plpgsql as $$
begin
    update work.checkpoints set position = p_position, fence = p_fence
        where process = p_process and fence <= p_fence and position <= p_position;
    if not found then
        insert into work.checkpoints (process, position, fence) values (p_process, 0, 0)
            on conflict (process) do nothing;
        update work.checkpoints set position = p_position, fence = p_fence
            where process = p_process and fence <= p_fence and position <= p_position;
        if not found then
            return false;
        end if;
    end if;
    if cardinality(s_keys) > 0 then
        insert into work.process_state (process, key, version, state, deadline, last_error, parked_at)
            select p_process, s.key, s.version, s.state::jsonb, s.deadline, s.error, s.parked
            from unnest(s_keys, s_versions, s_states, s_deadlines, s_errors, s_parked)
                as s(key, version, state, deadline, error, parked)
            on conflict (process, key) do update set version = excluded.version, state = excluded.state,
                deadline = excluded.deadline, last_error = excluded.last_error, parked_at = excluded.parked_at;
    end if;
    if cardinality(r_keys) > 0 then
        delete from work.timers t using unnest(r_keys, r_names, r_ats) as r(key, name, at)
            where t.process = p_process and t.key = r.key and t.name = r.name and t.at = r.at;
    end if;
    if cardinality(t_keys) > 0 then
        insert into work.timers (process, key, name, at)
            select p_process, t.key, t.name, t.at from unnest(t_keys, t_names, t_ats) as t(key, name, at)
            on conflict (process, key, name) do update set at = excluded.at;
    end if;
    if cardinality(e_ids) > 0 then
        insert into work.outbox (id, process, key, kind, idempotency_key, payload)
            select e.id, p_process, e.key, e.kind, e.idempotency_key, e.payload::jsonb
            from unnest(e_ids, e_keys, e_kinds, e_idempotency_keys, e_payloads)
                as e(id, key, kind, idempotency_key, payload)
            on conflict (id) do nothing;  -- an effect is wished for once: a repeat is no new one
    end if;
    return true;
end $$;
"""


def upgrade() -> None:
    op.execute(_TABLES)
    op.execute(_SAVE)


def downgrade() -> None:
    op.execute("drop schema work cascade")
