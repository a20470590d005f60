"""Schema identity: who may sign in."""

from alembic import op

revision = "0003_identity"
down_revision = "0002_work"
branch_labels = None
depends_on = None

_TABLES = """
create schema identity;

create table identity.accounts (
    customer_id uuid primary key,
    email_hmac bytea not null unique,
    password_hash text not null,
    role text not null default 'user' check (role in ('user', 'admin')),
    made_at timestamptz not null default clock_timestamp()
);
"""


def upgrade() -> None:
    op.execute(_TABLES)


def downgrade() -> None:
    op.execute("drop schema identity cascade")
