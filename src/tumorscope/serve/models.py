"""The models of a service: one default, perhaps others, perhaps one in the shadow."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tumorscope.domain.errors import ConfigError
from tumorscope.serve.settings import ServiceSettings
from tumorscope.workflows.model_facts import ModelFacts, read_model_facts

_OTHER = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedModelEntry:
    """A model as the service knows it.

    Attributes:
        id: Name in the API: from name and weights, so that another training of the same
            name is another model.
        path: Its bundle.
        facts: Card and report.
        is_default: Whether uploads go to it unless they name another.
        is_shadow: Whether its results are never shown.
    """

    id: str
    path: Path
    facts: ModelFacts
    is_default: bool
    is_shadow: bool


class ModelRegistry:
    """All models, by their id."""

    def __init__(self, entries: Mapping[str, ServedModelEntry]) -> None:
        """Keep the entries; exactly one is the default."""
        self._entries = dict(entries)

    @property
    def default(self) -> ServedModelEntry:
        """The model of uploads that name none."""
        return next(one for one in self._entries.values() if one.is_default)

    @property
    def shadow(self) -> ServedModelEntry | None:
        """The model whose results are only compared."""
        return next((one for one in self if one.is_shadow), None)

    def __iter__(self) -> Iterator[ServedModelEntry]:
        """Yield the models, the default first."""
        return iter(self._entries.values())

    def get(self, model_id: str) -> ServedModelEntry | None:
        """Return a model; None where there is none."""
        return self._entries.get(model_id)


def read_models(settings: ServiceSettings) -> ModelRegistry:
    """Read the cards of all bundles, without their weights.

    Raises:
        BundleError: If one cannot be used.
        ConfigError: If one is named twice.
    """
    places = [(path, False) for path in settings.bundles]
    places += [] if settings.shadow is None else [(settings.shadow, True)]
    entries: dict[str, ServedModelEntry] = {}
    for number, (path, is_shadow) in enumerate(places):
        facts = read_model_facts(path)
        name = model_id(facts)
        if name in entries:
            raise ConfigError(f"{path}: the same model is named twice")
        entries[name] = ServedModelEntry(
            id=name,
            path=path,
            facts=facts,
            is_default=number == 0,
            is_shadow=is_shadow,
        )
    return ModelRegistry(entries)


def model_id(facts: ModelFacts) -> str:
    """Return a name for addresses: what it is called, and the start of its weights."""
    name = _OTHER.sub("-", facts.card.name.lower()).strip("-")[:40] or "model"
    return f"{name}-{facts.weights_sha256[:8]}"
