"""Which builds of each read model there are: what readers and runners follow. And the names of schema `read`."""

from alembic import op

from infra.postgres.view_tables import statements

revision = "0005_generations"
down_revision = "0004_read"
branch_labels = None
depends_on = None

_TABLE = """
create table work.view_generations (
    view text primary key,  -- "<view>_v<version>"
    live int not null,
    previous int,
    building int,
    is_filled boolean not null,
    retired int[] not null,
    newest int not null,
    revision int not null
);
"""


def upgrade() -> None:
    op.execute(_TABLE)
    for statement, _ in statements({}):
        op.execute(statement)


def downgrade() -> None:
    op.execute("drop table work.view_generations")
