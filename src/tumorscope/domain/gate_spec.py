"""The input gate: its settings, and what of it stands on a bundle's card."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tumorscope.domain.spec import Spec

CheckName = Literal[
    "too small",
    "elongated",
    "color",
    "one sequence",
    "almost empty",
    "no dark background",
    "inverted",
    "tiled",
    "several parts",
    "writing",
    "cut off",
    "not head-shaped",
    "not symmetric",
    "bone brightest",
    "noise",
]
"""The fixed checks, in the order in which their reasons are told."""
OpenShare = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(ge=0)]


FEWEST_TUNE_PATIENTS = 5
"""Distances that fewer tuning patients fixed flag, but never refuse."""


class GateSpec(Spec):
    """How the input gate is fitted when a model is trained."""

    flag_share: OpenShare = 0.01
    """Share of the tuning slices, each patient counting equally, that lies farther from
    the training data than the distance that flags."""
    refuse_factor: Annotated[float, Field(ge=1, le=10)] = 1.6
    """A slice is refused beyond this many times the distance that flags."""
    max_fit_slices: Annotated[int, Field(ge=50, le=100_000)] = 600
    """Training slices that are looked at, evenly over patients; of the tuning part half
    as many."""
    directions: Annotated[int, Field(ge=1, le=500)] = 100
    """Directions of the features whose spread is estimated; the others share one."""
    silent_share: OpenShare = 0.03
    """A fixed check that finds fault with more than this share of the training and
    tuning slices says nothing about this model's input."""
    lenient_share: OpenShare = 0.005
    """A fixed check that finds fault with more than this share of them flags at most."""


class GateRules(Spec):
    """What the input gate of one bundle compares with; its arrays are in a file beside."""

    sequences: Literal[1, 3]
    """Sequences in a training slice: 1 where all channels of all slices were equal."""
    flag_distance: Annotated[float, Field(gt=0)]
    """A slice farther than this from the training data is flagged."""
    refuse_distance: Annotated[float, Field(gt=0)] | None
    """A slice farther than this is refused; None where too few patients fixed the
    distances, so that a far slice is flagged only."""
    flag_share: OpenShare
    """Share of the tuning slices that `flag_distance` was fixed to flag."""
    train_slices: Annotated[int, Field(ge=1)]
    """Training slices that the features were fitted on."""
    train_patients: Annotated[int, Field(ge=1)]
    """Patients (or groups) that these come from."""
    tune_slices: Annotated[int, Field(ge=1)]
    """Tuning slices that fixed the distances."""
    tune_patients: Annotated[int, Field(ge=1)]
    """Patients (or groups) that these come from."""
    lenient: tuple[CheckName, ...] = ()
    """Fixed checks that flag at most: training or tuning slices fail them too."""
    silent: tuple[CheckName, ...] = ()
    """Fixed checks that say nothing: many training or tuning slices fail them."""
