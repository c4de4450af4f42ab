"""A database with the service's tables, a clock that tests turn, and a small app."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tumorscope.serve.api import accounts, audit_log, patients, session
from tumorscope.serve.database.engine import Database
from tumorscope.serve.database.migration import migrate
from tumorscope.serve.problems import install_problems
from tumorscope.serve.safety import Safety, install_safety, make_safety
from tumorscope.serve.security.access import Role
from tumorscope.serve.settings import ServiceSettings
from tumorscope.serve.storage import Storage

PASSWORD = "correct horse battery"  # noqa: S105 - of a test
ADDRESS = "http://127.0.0.1"


class TurnableClock:
    """Time that passes when a test says so."""

    def __init__(self):
        self.time = datetime(2026, 11, 24, 12, tzinfo=UTC)

    def __call__(self):
        """Return the time."""
        return self.time

    def pass_(self, **how_long):
        """Let time pass."""
        self.time += timedelta(**how_long)


@pytest.fixture
def clock() -> TurnableClock:
    """Return a clock that stands."""
    return TurnableClock()


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return the bytes of a migrated, empty database: migrating takes a while."""
    file = tmp_path_factory.mktemp("database") / "empty.sqlite"
    database = Database(f"sqlite:///{file}")
    migrate(database)
    database.empty_journal()
    database.close()
    return file.read_bytes()


@pytest.fixture
def settings(tmp_path: Path, empty_database: bytes) -> ServiceSettings:
    """Return settings of a service with accounts, whose database exists."""
    settings = ServiceSettings(data=tmp_path, bundles=(tmp_path,), auth="accounts")
    (tmp_path / "tumorscope.sqlite").write_bytes(empty_database)
    return settings


@pytest.fixture
def database(settings: ServiceSettings) -> Iterator[Database]:
    """Return the service's database."""
    database = Database(settings.url_of_database)
    yield database
    database.close()


@pytest.fixture
def safety(database: Database, settings: ServiceSettings) -> Safety:
    """Return what keeps the service safe."""
    return make_safety(database, settings)


@pytest.fixture
def make_client(database: Database) -> Callable[..., TestClient]:
    """Return what makes a client of an app that has only the routes of safety."""

    def make(safety: Safety, **options) -> TestClient:
        app = FastAPI()
        install_problems(app)
        for router in (session, accounts, audit_log, patients):
            app.include_router(router.router, prefix="/api/v1")
        install_safety(app, safety)
        app.state.database = database
        app.state.storage = Storage(safety.settings.data)
        return TestClient(app, base_url=ADDRESS, **options)

    return make


@pytest.fixture
def client(safety: Safety, make_client) -> TestClient:
    """Return a browser in which nobody is signed in; anna is an admin, ben a reader."""
    safety.accounts.add("anna", Role.ADMIN, password=PASSWORD)
    safety.accounts.add("ben", Role.READER, password=PASSWORD)
    return make_client(safety)


@pytest.fixture
def sign_in(client: TestClient) -> Callable[..., TestClient]:
    """Return what signs somebody in and lets the client send the page's token."""

    def sign_in(name: str = "anna") -> TestClient:
        answer = client.post(
            "/api/v1/session", json={"name": name, "password": PASSWORD}
        )
        assert answer.status_code == 200, answer.text
        client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
        return client

    return sign_in
