"""Brings a database to the layout of this version; the steps travel in the package."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text

from tumorscope.domain.errors import ConfigError
from tumorscope.serve.database.engine import Database

_LOCK = 0x74756D6F72
"""Any number, the same for all processes of one PostgreSQL database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """What was done.

    Attributes:
        before: Revision that was found; None for an empty database.
        after: Revision that it has now.
    """

    before: str | None
    after: str

    def as_words(self) -> str:
        """Return one line for the log."""
        if self.before == self.after:
            return f"database: layout {self.after}, nothing to change"
        return f"database: layout {self.before or 'none'} -> {self.after}"


def migrate(database: Database, *, target: str = "head") -> Migration:
    """Bring a database to a layout; processes that start together wait for each other.

    Args:
        database: Empty, or of any earlier version.
        target: Revision; the newest unless named. `base` empties it.

    Raises:
        ConfigError: If the database was written by a newer version.
    """
    with database.write() as connection:
        if not database.is_sqlite:
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        before = current_revision(connection)
        config = _config(connection)
        try:
            if target == "head":
                command.upgrade(config, "head")
            else:
                command.downgrade(config, target)
        except CommandError as error:
            raise ConfigError(
                f"the database has the layout {before}, which this version does not "
                "know; start the version that wrote it, or restore a back-up"
            ) from error
        after = current_revision(connection)
    return Migration(before=before, after=after or "none")


def current_revision(connection: Connection) -> str | None:
    """Return the layout of a database; None where it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


def newest_revision() -> str:
    """Return the layout of this version."""
    return str(ScriptDirectory(_folder()).get_current_head())


def _folder() -> str:
    return str(files("tumorscope.serve.database") / "migrations")


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", _folder().replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
