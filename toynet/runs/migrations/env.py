"""How Alembic brings a store to another version: over the connection that `database` hands it."""

from alembic import context

from toynet.runs.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
