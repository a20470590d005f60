"""Schema read: projections in SQL, droppable. The tables stand in a file of their own, which makes them again."""

from pathlib import Path

from alembic import op

revision = "0004_read"
down_revision = "0003_identity"
branch_labels = None
depends_on = None

_TABLES = Path(__file__).parents[1] / "read_v1.sql"


def upgrade() -> None:
    op.execute(_TABLES.read_text())


def downgrade() -> None:
    op.execute("drop schema if exists read cascade")
