"""The service's database and log for commands that run beside it, or without it."""

from __future__ import annotations

from pathlib import Path

from platformdirs import user_data_path

from tumorscope.domain.errors import ConfigError
from tumorscope.serve.database.engine import Database
from tumorscope.serve.database.migration import migrate
from tumorscope.serve.safety import Safety, make_safety
from tumorscope.serve.settings import DATABASE_FILE, ServiceSettings


def default_data() -> Path:
    """Return where a service keeps its data unless another folder is named."""
    return user_data_path("tumorscope") / "service"


def open_safety(
    data: Path, *, database_url: str | None, creates: bool
) -> tuple[Database, Safety]:
    """Open the database of a service.

    Args:
        data: Its data folder.
        database_url: Its database, where that is not in the data folder.
        creates: Whether folder, database and key are made where they are missing.

    Raises:
        ConfigError: If there is no service, or its key cannot be used.
    """
    settings = ServiceSettings(
        data=data, bundles=(data,), auth="accounts", database_url=database_url
    )
    if creates:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
    elif not (data / (DATABASE_FILE if database_url is None else "keys")).exists():
        raise ConfigError(f"{data}: no data of a service there; name it with --data")
    database = Database(settings.url_of_database)
    migrate(database)
    return database, make_safety(database, settings, creates_key=creates)
