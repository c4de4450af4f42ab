"""Brain-tumor MRI classification with honest evaluation.

Research use only. Not a medical device.

Every name of `__all__` is loaded at its first use, so that `import tumorscope` itself costs
a few milliseconds and brings neither torch nor pandas along.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from types import MappingProxyType
from typing import Any

_HOME_OF: MappingProxyType[str, str] = MappingProxyType(
    {
        "BundleError": "tumorscope.domain.errors",
        "ConfigError": "tumorscope.domain.errors",
        "DataError": "tumorscope.domain.errors",
        "DoctorReport": "tumorscope.workflows.doctor",
        "EvaluateSpec": "tumorscope.domain.specs",
        "EvaluationReport": "tumorscope.evaluation.report",
        "ExplainSpec": "tumorscope.domain.specs",
        "Explanations": "tumorscope.workflows.explain",
        "Imported": "tumorscope.importers.inspection",
        "LeakageError": "tumorscope.domain.errors",
        "Manifest": "tumorscope.domain.manifest",
        "MetricEstimate": "tumorscope.domain.estimates",
        "PhantomSpec": "tumorscope.phantom.spec",
        "PredictionList": "tumorscope.workflows.prediction_list",
        "Predictions": "tumorscope.domain.predictions",
        "PreprocessSpec": "tumorscope.domain.preprocess_spec",
        "Run": "tumorscope.workflows.run_folder",
        "RunSpec": "tumorscope.domain.specs",
        "SlicePrediction": "tumorscope.workflows.slice_prediction",
        "SourceOptions": "tumorscope.workflows.prepare",
        "Split": "tumorscope.domain.split",
        "SplitSpec": "tumorscope.domain.specs",
        "TrainSpec": "tumorscope.domain.train_spec",
        "TumorscopeError": "tumorscope.domain.errors",
        "UnreadableScanError": "tumorscope.domain.errors",
        "WrittenReport": "tumorscope.workflows.written_report",
        "convert": "tumorscope.workflows.convert",
        "deidentify": "tumorscope.workflows.deid",
        "describe_models": "tumorscope.workflows.train",
        "evaluate_external": "tumorscope.workflows.external_testing",
        "evaluate_run": "tumorscope.workflows.evaluate",
        "explain": "tumorscope.workflows.explain",
        "inspect_machine": "tumorscope.workflows.doctor",
        "make_phantom": "tumorscope.workflows.phantom",
        "open_run": "tumorscope.workflows.run_folder",
        "predict": "tumorscope.workflows.predict",
        "prepare": "tumorscope.workflows.prepare",
        "read_settings": "tumorscope.workflows.settings",
        "read_source": "tumorscope.workflows.prepare",
        "refresh_report": "tumorscope.workflows.evaluate",
        "run_demo": "tumorscope.workflows.demo",
        "source_options": "tumorscope.workflows.source_options",
        "train": "tumorscope.workflows.train",
    }
)

__all__ = ["__version__", *sorted(_HOME_OF)]  # noqa: PLE0604 - names from the table


def __getattr__(name: str) -> Any:
    """Load a public name from its module at its first use."""
    if name == "__version__":
        return version("tumorscope")
    if name not in _HOME_OF:
        raise AttributeError(f"module 'tumorscope' has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted(__all__)
