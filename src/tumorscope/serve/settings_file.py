"""Settings from a file and the command line -> one checked value."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tumorscope.domain.errors import ConfigError
from tumorscope.serve.settings import ServiceSettings


def read_service_settings(
    file: Path | None,
    options: Mapping[str, Any],
    *,
    security: Mapping[str, Any] | None = None,
) -> ServiceSettings:
    """Return settings; an option of the command line wins where both say something.

    Args:
        file: TOML file with names and sections as in `ServiceSettings`.
        options: Of the command line; None stands for unset.
        security: Those of the section `security`.

    Raises:
        ConfigError: If a value or a name cannot be used; the text names the settings
            and repeats no value, as one may be a password.
    """
    known: dict[str, Any] = {}
    if file is not None:
        try:
            known = tomllib.loads(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ConfigError(f"{file}: no readable TOML file") from error
    given = {name: value for name, value in options.items() if value is not None}
    chosen = {name: one for name, one in (security or {}).items() if one is not None}
    if chosen:
        given["security"] = known.get("security", {}) | chosen
    try:
        return ServiceSettings.model_validate(known | given)
    except ValidationError as error:
        found = [
            f"{'.'.join(str(part) for part in one['loc']) or 'settings'}: {one['msg']}"
            for one in error.errors(include_input=False, include_url=False)
        ]
        raise ConfigError("; ".join(found)) from error
