"""Models on the wire."""

from __future__ import annotations

from typing import Any

from tumorscope.serve.wire.uploads import Wire


class Rate(Wire):
    """A measured rate."""

    value: float
    """The rate."""
    low: float | None
    """Lower end of its interval."""
    high: float | None
    """Upper end."""
    n_slices: int | None
    """Slices that entered."""
    n_patients: int | None
    """Patients, or groups, that entered."""


class FrequencyBin(Wire):
    """Tested slices whose score lay in one range."""

    low: float
    """Lower edge of the range."""
    high: float
    """Upper edge."""
    n: int
    """Slices."""
    tumors: int
    """Slices with a tumor."""


class Comparison(Wire):
    """The model in the shadow beside the one that readers see."""

    studies: int
    """Studies that both screened."""
    same_decision: int
    """Of these, the same decision."""
    mean_absolute_difference: float | None
    """Of the studies' figures, where both have one."""


class ModelSummary(Wire):
    """A model as its readers see it."""

    id: str
    """Name in the API."""
    name: str
    """Of the bundle."""
    version: str
    """Of Tumorscope that wrote it."""
    weights_sha256: str
    """Its weights."""
    is_default: bool
    """Whether uploads go to it unless they name another."""
    is_shadow: bool
    """Whether its results are never shown."""
    threshold_probability: float
    """A slice is above it when its score is greater."""
    threshold_words: str
    """How it was chosen."""
    sensitivity: Rate | None
    """At the threshold; null where no test was made."""
    specificity: Rate | None
    """At the threshold."""
    figures_set: str | None
    """Where these come from."""
    calibration: str
    """How scores were calibrated."""
    conformal: str
    """What sets of labels promise."""
    referral: str
    """When a slice is referred."""
    input_gate: str
    """What is refused before it is scored."""
    training_data: str
    """What it learned from."""
    prevalence: float | None
    """Share of tumor slices that its scores hold for."""
    intended_use: str
    """What it is for."""
    natural_frequencies: list[FrequencyBin]
    """Observed shares by score; empty where no test left them."""
    natural_frequencies_words: str
    """What they come from."""
    figures: dict[str, Any]
    """All measured figures, as the card has them."""
    comparison: Comparison | None
    """For admins: the model in the shadow beside the default."""
    notice: str
    """Stands on every output."""
