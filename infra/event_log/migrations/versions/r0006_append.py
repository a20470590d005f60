"""The append as it is by now: a repeat beside others no longer shifts which command they belong to."""

from pathlib import Path

from alembic import op

revision = "0006_append"
down_revision = "0005_generations"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("drop function log.append")
    op.get_bind().exec_driver_sql((Path(__file__).parents[1] / "append.sql").read_text().replace("%", "%%"))


def downgrade() -> None:
    """The function of the revision before was wrong: this one stays."""
