"""The keys database: data keys of persons, and signed heads of the log."""

from alembic import op

revision = "0001_keys"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
create table data_keys (
    key_id uuid primary key,
    subject uuid not null,
    wrapped bytea,  -- null: destroyed
    made_at timestamptz not null default clock_timestamp(),
    destroyed_at timestamptz
);
create index data_keys_subject on data_keys (subject, made_at desc);

create table signed_heads (
    position bigint primary key,
    link bytea not null,
    signature bytea not null
);
""")


def downgrade() -> None:
    op.execute("drop table data_keys, signed_heads")
