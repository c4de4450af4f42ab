"""Settings of the shortcut probes and of the leak canary, and what counts as a failure."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tumorscope.domain.spec import Spec

OpenShare = Annotated[float, Field(gt=0.0, lt=1.0)]


class ShortcutSpec(Spec):
    """How shortcuts are probed, and when a probe fails its gate.

    A probe is fitted to predict the label from something that is blind to the brain: of
    each slice, and whether a patient has any tumor slice. It **fails** when, for either, three things hold together:

    1. the lower end of its AUROC's interval is above 0.5 + `min_gain`, so that the cue is
       large enough for a model to use;
    2. it is also above what the probe reaches after the labels were dealt to other
       patients at the same relative slice height, plus `min_gain`. Files get larger and
       borders fuller in the middle of the head, where tumors lie; that much is anatomy,
       and it is not held against the cohort;
    3. the p-value over patients, after Holm's correction for all gates, is at most `max_p`.

    The interval alone would judge large cohorts by trifles and small ones by luck; p alone
    would fail any large cohort; a fixed AUROC alone would fail every cohort of tumor
    patients, because slice height predicts the label there.

    Probes that see the brain (global intensity), the height in the head, the size of the
    compressed file, or sex and age never fail: they are floors that a model must beat, and
    are reported as warnings. Site probes never fail either: scanners differ. A site becomes
    a shortcut when the label goes with it, which the probe of scanner and site tests.
    """

    folds: Annotated[int, Field(ge=2, le=20)] = 5
    """Folds of the grouped cross-validation."""
    permutations: Annotated[int, Field(ge=99, le=100_000)] = 999
    """Most permutations of one test."""
    exceedances: Annotated[int, Field(ge=5, le=1000)] = 20
    """A test ends early after this many permuted figures as large as the observed one."""
    max_p: OpenShare = 0.02
    """Largest p-value over patients, corrected for all gates, at which a probe fails: at
    most 2 of 100 cohorts without any shortcut fail by chance."""
    min_gain: Annotated[float, Field(ge=0.0, lt=0.5)] = 0.03
    """Smallest gain in AUROC, above chance and above slice height, that counts."""
    bootstrap_draws: Annotated[int, Field(ge=100, le=100_000)] = 1000
    """Draws of the bootstrap over patients."""
    level: OpenShare = 0.95
    """Confidence level of the intervals."""
    min_groups: Annotated[int, Field(ge=4)] = 10
    """Fewest patients (or groups) with which a probe is assessed."""
    min_class_patients: Annotated[int, Field(ge=2)] = 5
    """Fewest patients of a site, or with and without tumor, that patients are told by."""
    max_slices: Annotated[int, Field(ge=100)] = 20_000
    """A larger cohort is probed on whole patients drawn up to this many slices."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Seed of folds, permutations, bootstrap and draws of patients."""


class CanarySpec(Spec):
    """How the leak canary is run."""

    relabellings: Annotated[int, Field(ge=20, le=100_000)] = 200
    """Times that half of the patients get label 1 at random; at least 20."""
    level: OpenShare = 0.95
    """Share of the accuracies that the interval holds; it must contain 0.5."""
    slice_folds: Annotated[int, Field(ge=2, le=20)] = 5
    """Folds of the slice split that is shown beside the split in use."""
    max_slices: Annotated[int, Field(ge=100)] = 6000
    """A larger cohort is tried on whole patients drawn up to this many slices."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Seed of labels, slice folds and draws of patients."""
