"""Tests of the database's layout: made, removed, and the same as the tables in the code."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from tumorscope.domain.errors import ConfigError
from tumorscope.serve.audit_log import table as audit_table
from tumorscope.serve.database.engine import Database
from tumorscope.serve.database.migration import migrate, newest_revision
from tumorscope.serve.database.tables import METADATA
from tumorscope.serve.security import tables as security_tables

ALL = (METADATA, audit_table.METADATA, security_tables.METADATA)


def check_both_ways(database):
    up = migrate(database)
    again = migrate(database)
    with database.read() as connection:
        context = MigrationContext.configure(connection)
        found = compare_metadata(context, list(dict.fromkeys(ALL)))
    down = migrate(database, target="base")
    migrate(database)
    assert (up.before, up.after) == (None, newest_revision())
    assert again.as_words().endswith("nothing to change")
    assert [one for one in found if one[0] != "remove_index"] == []
    assert down.after == "none"


def test_steps_lead_to_the_tables_of_the_code_and_back_on_sqlite(tmp_path):
    """An empty database gets this version's layout, and can be emptied again."""
    database = Database(f"sqlite:///{tmp_path / 'x.sqlite'}")
    check_both_ways(database)
    database.close()


def test_a_database_of_a_newer_version_is_not_touched(tmp_path):
    """The message says what to do instead of guessing."""
    database = Database(f"sqlite:///{tmp_path / 'x.sqlite'}")
    migrate(database)
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(ConfigError, match="does not know"):
        migrate(database)
    database.close()


@pytest.mark.parametrize(
    "url", ["mysql://h/d", "no url", "postgresql+psycopg2://user:secret@h/d"]
)
def test_a_url_that_cannot_be_used_is_told_without_its_password(url):
    """The reason is words; what stands in the URL is not repeated."""
    with pytest.raises(ConfigError) as caught:
        Database(url)

    assert "secret" not in str(caught.value)


def test_sqlite_keeps_what_it_accepted(tmp_path):
    """Each connection waits for others and writes through to the disk."""
    database = Database(f"sqlite:///{tmp_path / 'x.sqlite'}")
    with database.read() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        }
    database.close()

    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": 2,
        "busy_timeout": 30_000,
        "foreign_keys": 1,
    }
