"""Counts over all processes and restarts."""

from __future__ import annotations

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from tumorscope.serve.database.tables import COUNTERS


def count(
    connection: Connection, name: str, label: str = "", *, by: float = 1.0
) -> None:
    """Add to a counter, in the transaction of the caller.

    Args:
        connection: From `Database.write`.
        name: Of the counter.
        label: What it counts; a word of the program's own.
        by: How much.
    """
    is_sqlite = connection.dialect.name == "sqlite"
    make = sqlite.insert if is_sqlite else postgresql.insert
    row = make(COUNTERS).values(name=name, label=label, value=by)
    connection.execute(
        row.on_conflict_do_update(
            index_elements=["name", "label"],
            set_={"value": COUNTERS.c.value + by},
        )
    )


def read_counters(connection: Connection) -> dict[tuple[str, str], float]:
    """Return all counters by name and label."""
    rows = connection.execute(
        select(COUNTERS.c.name, COUNTERS.c.label, COUNTERS.c.value)
    )
    return {(name, label): value for name, label, value in rows}
