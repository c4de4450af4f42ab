"""The log's own connection: each commit is on the disk before it returns."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event

WRITES = "audit_log_writes"
"""Execution option of a connection that is about to append."""
_LOCK = 0x74756D6F72_6C6F67
"""Any number, the same for all processes of one PostgreSQL database."""


def make_audit_engine(url: str) -> Engine:
    """Return an engine for the audit log alone.

    On SQLite it works with `synchronous=FULL`, which the job queue does not need, and
    takes the write lock before it reads the last record. On PostgreSQL an advisory lock
    does that.

    Args:
        url: SQLAlchemy's URL of the service's database.
    """
    engine = create_engine(url, pool_pre_ping=True, pool_size=2)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "begin", _begin_server)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _begin_server(connection: Connection) -> None:
    if connection.get_execution_options().get(WRITES, False):
        connection.exec_driver_sql("SET LOCAL synchronous_commit = on")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
