"""Connections whose commits survive a power cut, and the two kinds of a transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from tumorscope.domain.errors import ConfigError

BUSY_MS = 30_000
POOL_SIZE = 20
_WRITES = "tumorscope_writes"
_DIALECTS = ("sqlite", "postgresql")


class Database:
    """The service's database; every process has its own.

        with database.write() as connection: ...
        with database.read() as connection: ...

    On SQLite, `write` takes the lock before it reads, so that what it decides on still
    holds when it writes.
    """

    def __init__(self, url: str) -> None:
        """Prepare connections; none is opened yet.

        Args:
            url: SQLAlchemy's URL.

        Raises:
            ConfigError: If it names no database that can be used.
        """
        self.engine = _make_engine(url)

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file of this machine."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Yield a connection that may change rows; the end of the block commits."""
        with self.engine.execution_options(**{_WRITES: True}).begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Yield a connection that sees one state of all tables."""
        with self.engine.connect() as connection:
            yield connection

    def check(self) -> None:
        """Ask the database for an answer.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: If there is none.
        """
        with self.read() as connection:
            connection.execute(text("SELECT 1"))

    def empty_journal(self) -> None:
        """Write SQLite's journal back and cut it to nothing, or as far as readers let."""
        with closing(self.engine.raw_connection()) as connection:
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def _make_engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
        dialect = parsed.get_backend_name()
        if dialect not in _DIALECTS:
            raise ConfigError(
                f"--database-url: {dialect} is none of {', '.join(_DIALECTS)}"
            )
        engine = create_engine(
            parsed, pool_size=POOL_SIZE, max_overflow=POOL_SIZE, pool_pre_ping=True
        )
    except (ArgumentError, NoSuchModuleError):
        raise ConfigError(
            "--database-url: no URL of a database; for instance "
            "postgresql+psycopg://user@host/tumorscope"
        ) from None
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"--database-url: needs {error.name}: pip install 'tumorscope[postgres]'"
        ) from error
    if dialect == "sqlite":
        _keep_private(parsed.database)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _keep_private(file: str | None) -> None:
    """Make the file for the user alone, where it is not there yet."""
    if file and file != ":memory:" and Path(file).parent.is_dir():
        Path(file).touch(mode=0o600)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions are ours
    for pragma in (
        f"busy_timeout={BUSY_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",  # what was accepted survives a power cut
        "foreign_keys=ON",
        "secure_delete=ON",  # a deleted row is overwritten
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
