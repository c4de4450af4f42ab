"""Models that a worker has open."""

from __future__ import annotations

from tumorscope.serve.models import ServedModelEntry
from tumorscope.workflows.serving import ServedModel, serve_bundle


class OpenedModels:
    """Opens each model once."""

    def __init__(self, engine: str) -> None:
        """Take the engine, as for `tumorscope predict`."""
        self._engine = engine
        self._opened: dict[str, ServedModel] = {}

    def open(self, entry: ServedModelEntry) -> ServedModel:
        """Return a model that is ready to score.

        Raises:
            BundleError: If its bundle cannot be used.
            ConfigError: If the engine cannot run here.
        """
        if entry.id not in self._opened:
            self._opened[entry.id] = serve_bundle(entry.path, engine=self._engine)
        return self._opened[entry.id]
