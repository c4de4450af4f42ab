"""Settings from a TOML file and `--set section.key=value`, to specs."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from tumorscope.domain.errors import ConfigError
from tumorscope.domain.spec import Spec
from tumorscope.domain.specs import RunSpec, TrainSpec

AnySpec = TypeVar("AnySpec", bound=Spec)
_COMMAND_LINE = "--set"


def read_settings(
    kind: type[AnySpec], *, file: Path | None, assignments: Sequence[str]
) -> AnySpec:
    """Build a spec from a file and the command line; the command line wins.

    Args:
        kind: Spec to build, e.g. `RunSpec`.
        file: TOML file with one table for each section, or None.
        assignments: Each `section.key=value`; the value is TOML, or a bare word.

    Returns:
        The spec, its other fields at their defaults.

    Raises:
        ConfigError: Listing every unknown key and every value that cannot be used.
    """
    below = _read_toml(file) if file is not None else {}
    above = _assigned(assignments)

    def origin(place: Sequence[str | int]) -> str:
        return _COMMAND_LINE if file is None or _holds(above, place) else str(file)

    return _build(kind, _merged(below, above), origin=origin)


def change_settings(spec: RunSpec, assignments: Sequence[str]) -> RunSpec:
    """Return the settings of a run with some values replaced.

    Another recipe brings its own defaults for all that was not chosen explicitly.

    Args:
        spec: What is there.
        assignments: Each `section.key=value`.

    Raises:
        ConfigError: Listing every unknown key and every value that cannot be used.
    """
    values = spec.model_dump() | {"train": _chosen(spec.train)}
    merged = _merged(values, _assigned(assignments))
    return _build(RunSpec, merged, origin=lambda _: _COMMAND_LINE)


def change_section(spec: RunSpec, section: str, assignments: Sequence[str]) -> RunSpec:
    """Return the settings of a run with values of one section replaced.

    Args:
        spec: What is there.
        section: Section that the stage at hand reads, e.g. "train".
        assignments: Each `section.key=value`.

    Raises:
        ConfigError: If a value cannot be used, or belongs to another stage.
    """
    changed = change_settings(spec, assignments)
    foreign = [one for one in assignments if not one.strip().startswith(f"{section}.")]
    if foreign:
        raise ConfigError(
            f"--set {foreign[0]}: this stage takes settings of the section {section!r} "
            "only; those of the others were fixed by `tumorscope prepare`, or belong to "
            "their own command"
        )
    return changed


def _build(
    kind: type[AnySpec],
    values: dict[str, Any],
    *,
    origin: Callable[[Sequence[str | int]], str],
) -> AnySpec:
    """Validate values as a spec; all errors are reported at once."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        lines = [
            f"  {'.'.join(map(str, one['loc'])) or 'settings'} ({origin(one['loc'])}): "
            f"{_reason(kind, one)}"
            for one in error.errors()
        ]
        raise ConfigError("settings cannot be used:\n" + "\n".join(lines)) from error


def _reason(kind: type[Spec], error: Any) -> str:
    if error["type"] == "extra_forbidden":
        return _unknown(kind, error["loc"])
    message = str(error["msg"]).removeprefix("Value error, ")
    got = error["input"]
    return message if isinstance(got, Mapping | Spec) else f"{message} (got {got!r})"


def _unknown(kind: type[Spec], place: Sequence[str]) -> str:
    section: Any = kind
    for step in place[:-1]:
        section = section.model_fields[step].annotation
    known = list(section.model_fields)
    alike = get_close_matches(place[-1], known, n=1)
    meant = f"; did you mean {alike[0]}?" if alike else ""
    return f"no such setting{meant} (known: {', '.join(known)})"


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as content:
            return tomllib.load(content)
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: not valid TOML: {error}") from error


def _assigned(assignments: Sequence[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        steps = [step.strip() for step in key.split(".")]
        if not equals or not all(steps):
            raise ConfigError(
                f"--set {assignment}: write section.key=value, e.g. train.epochs=20"
            )
        nested: Any = _parse(text.strip())
        for step in reversed(steps):
            nested = {step: nested}
        values = _merged(values, nested)
    return values


def _parse(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key, {})
        if isinstance(under, dict) and isinstance(value, dict):
            merged[key] = _merged(under, value)
        elif key in merged and isinstance(under, dict) != isinstance(value, dict):
            raise ConfigError(
                f"{key}: given once as a section and once as a single value; "
                f"write {key}.KEY=VALUE"
            )
        else:
            merged[key] = value
    return merged


def _holds(tree: Mapping[str, Any], place: Sequence[str | int]) -> bool:
    """Return whether a value comes from this tree; an entry of a list counts too."""
    found: Any = tree
    for step in place:
        if not isinstance(found, dict):
            return True
        if step not in found:
            return False
        found = found[step]
    return True


def _chosen(spec: TrainSpec) -> dict[str, Any]:
    """Return what differs from the defaults of the recipe, and the recipe."""
    defaults = TrainSpec.model_validate({"recipe": spec.recipe}).model_dump()
    return _difference(spec.model_dump(), defaults) | {"recipe": spec.recipe}


def _difference(
    values: Mapping[str, Any], defaults: Mapping[str, Any]
) -> dict[str, Any]:
    found = {}
    for key, value in values.items():
        if isinstance(value, dict):
            found[key] = _difference(value, defaults[key])
        elif value != defaults[key]:
            found[key] = value
    return found
