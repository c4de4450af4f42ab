"""Run by Alembic: the connection is ours, and so is the transaction."""

from __future__ import annotations

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=None,
    render_as_batch=True,  # SQLite cannot alter a column
)
context.run_migrations()
