"""Runs the migrations of one database on the connection that `infra.postgres.migrate` hands over."""

from alembic import context

from infra.postgres.tables import METADATA, ours

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    include_object=ours,
    include_schemas=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
