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
    email_hmac bytea not null unique check (octet_length(email_hmac) = 32),
    password_hash text not null check (password_hash like '$2b$%'),
    role text not null default 'user' check (role in ('user', 'admin', 'superadmin')),
    pending bytea,  -- what a begun registration still needs, sealed with the customer's key; null: it is complete
    made_at timestamptz not null default clock_timestamp()
);
create index accounts_pending on identity.accounts (made_at) where pending is not null;
"""


def upgrade() -> None:
    op.execute(_TABLES)


def downgrade() -> None:
    op.execute("drop schema identity cascade")
