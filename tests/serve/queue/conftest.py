"""A queue on SQLite and on PostgreSQL, with studies to screen."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

from tumorscope.serve.database.engine import Database
from tumorscope.serve.database.migration import migrate
from tumorscope.serve.database.tables import METADATA, STUDIES
from tumorscope.serve.queue.job import NewJob
from tumorscope.serve.queue.leases import JobQueue
from tumorscope.serve.settings import QueueLimits
from tumorscope.serve.storage import new_id

PLACE = Path(__file__).parents[1] / "databases.py"


def _load_databases():
    found = importlib.util.spec_from_file_location("serve_test_databases", PLACE)
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def postgresql():
    """Return the URL of a migrated database of a real server."""
    databases = _load_databases()
    reason = databases.reason_to_skip()
    if reason and os.environ.get("CI") == "true":
        pytest.fail(f"in CI nothing may be left out: {reason}")
    if reason:
        pytest.skip(reason)
    with databases.running_server() as url:
        database = Database(url)
        migrate(database)
        database.close()
        yield url


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("postgresql", marks=pytest.mark.debian("postgresql")),
    ]
)
def url(request, tmp_path, template):
    """Return the URL of an empty, migrated database of each kind."""
    if request.param == "sqlite":
        file = tmp_path / "queue.sqlite"
        file.write_bytes(template)
        return f"sqlite:///{file}"
    made = request.getfixturevalue("postgresql")
    database = Database(made)
    with database.write() as connection:
        for table in reversed(METADATA.sorted_tables):
            if not table.name.startswith("audit"):
                connection.execute(table.delete())
    database.close()
    return made


@pytest.fixture
def database(url):
    """Return a database."""
    made = Database(url)
    yield made
    made.close()


@pytest.fixture
def make_queue(database):
    """Return a maker of queues over one database."""
    return lambda **limits: JobQueue(database, QueueLimits(**limits))


@pytest.fixture
def submit(database):
    """Return a function that hands in a study of a content and returns both ids."""

    def hand_in(queue, digest="0" * 64, key=None):
        study_id = new_id()
        with database.write() as connection:
            connection.execute(
                STUDIES.insert().values(
                    id=study_id,
                    account_id="local",
                    title="t",
                    created=0.0,
                    state="queued",
                    model_id="m",
                    content_digest=digest,
                )
            )
            job = NewJob(
                study_id=study_id,
                idempotency_key=key or f"upload:{study_id}",
                content_digest=digest,
            )
            return queue.submit(connection, job), study_id

    return hand_in


@pytest.fixture
def row_of(database):
    """Return a function that reads a job's row."""
    jobs = METADATA.tables["jobs"]

    def read(job_id):
        with database.read() as connection:
            return connection.execute(jobs.select().where(jobs.c.id == job_id)).one()

    return read
