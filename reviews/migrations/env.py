"""What Alembic runs to migrate a connection that :func:`reviews.schema.upgrade` hands over."""

from __future__ import annotations

from alembic import context

import reviews.desk_tables  # noqa: F401 - adds its tables to the metadata
from reviews.tables import metadata

__all__: list[str] = []


def _run() -> None:
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=metadata,
        render_as_batch=True,  # SQLite changes a table by copying it
    )
    context.run_migrations()


if __name__ == "env_py":  # as Alembic calls it; importing it, as test collection does, runs nothing
    _run()
