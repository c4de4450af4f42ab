"""Trained run -> what its features tell of a patient's group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.domain.fairness_spec import FairnessSpec
from tumorscope.domain.progress import Progress, silent
from tumorscope.estimation.resampling import PatientDraws, draw_patients
from tumorscope.evaluation.fairness.attributes import assign_patients
from tumorscope.evaluation.fairness.encoding import (
    EncodingProbe,
    ProbeTarget,
    choose_target,
    judge_probe,
    measure_input,
    predict_groups,
)
from tumorscope.inference.torch_engine import TorchEngine
from tumorscope.preprocessing import to_network_input
from tumorscope.workflows.run_folder import Run
from tumorscope.workflows.scoring import open_fold_bundle

NO_FREE = "no slices without tumor"
_BATCH = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class _Probed:
    """Tumor-free slices of a run, prepared once for all networks."""

    pixels: NDArray[np.uint8]
    draws: PatientDraws
    targets: tuple[ProbeTarget, ...]


def probe_run(
    run: Run, spec: FairnessSpec, *, progress: Progress = silent
) -> tuple[EncodingProbe, ...]:
    """Probe every fold's network, and the statistics of its input beside it.

    Args:
        run: A trained run.
        spec: Groups that are looked for, number of shuffles, seed.
        progress: Shows how far it got.

    Returns:
        For each group, the probe of the networks and the one of the input; empty where no
        slice is free of tumor.

    Raises:
        BundleError: If a fold has no model, or a damaged one.
    """
    rows = np.flatnonzero(run.manifest.labels == 0)
    if not len(rows):
        return ()
    probed = _prepare(run, rows, spec, progress)
    folds = range(len(run.split.fold_names))
    by_network = [
        _predict(probed, _features(run, fold, probed.pixels, progress), spec)
        for fold in progress(folds, total=len(folds), label="probing networks")
    ]
    of_input = _predict(probed, measure_input(probed.pixels), spec)
    draws = replace(
        probed.draws, patient_of_slice=np.arange(probed.draws.n_patients)
    )  # one prediction for each patient
    probes = []
    for place, target in enumerate(probed.targets):
        networks = [found[place] for found in by_network if not target.reason]
        inputs = [] if target.reason else [of_input[place]]
        probes += [
            judge_probe(networks, target, draws, spec, features="network"),
            judge_probe(inputs, target, draws, spec, features="input statistics"),
        ]
    return tuple(probes)


def _prepare(
    run: Run, rows: NDArray[np.int64], spec: FairnessSpec, progress: Progress
) -> _Probed:
    known = run.manifest.table.iloc[rows].reset_index(drop=True)
    draws = draw_patients(
        pd.Series(run.owners()[rows]),
        known["site"],
        run.record.spec.evaluate,
        grouping=run.split.grouping,
    )
    return _Probed(
        pixels=np.asarray(run.store(progress).pixels[rows]),
        draws=draws,
        targets=tuple(
            choose_target(assign_patients(text, known, draws), spec)
            for text in spec.probed
        ),
    )


def _features(
    run: Run, fold: int, pixels: NDArray[np.uint8], progress: Progress
) -> NDArray[np.float32]:
    engine = TorchEngine(open_fold_bundle(run, fold).weights)
    starts = range(0, len(pixels), _BATCH)
    label = f"features of {run.split.fold_names[fold]}"
    return np.concatenate(
        [
            engine.penultimate(to_network_input(pixels[start : start + _BATCH]))
            for start in progress(starts, total=len(starts), label=label)
        ]
    )


def _predict(
    probed: _Probed, features: NDArray[np.floating], spec: FairnessSpec
) -> Sequence[NDArray[np.float64]]:
    """Predict the groups of each target; an empty array where there is nothing to find."""
    return [
        np.zeros((0, 0))
        if target.reason
        else predict_groups(
            features, probed.draws.patient_of_slice, target, seed=spec.seed
        )
        for target in probed.targets
    ]
