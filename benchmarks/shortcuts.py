"""Measure the shortcut probes and the leak canary: what is found, what is a false alarm.

Cohorts are the real sets below TUMORSCOPE_DATA, or phantoms with one planted fault each.
`--null N` deals the labels of each cohort anew to its patients N times, at the same slice
height, and counts cohorts that fail a gate all the same.

    python benchmarks/shortcuts.py [--cohorts clean border size site lgg seed]
        [--patients 40] [--slices 12] [--null 0] [--out FILE.json]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from cohorts import LIMIT, data_folder
from reporting import Figure, make_result, report

from tumorscope.audit.canary import (
    CanaryReport,
    canary_folds,
    canary_picture,
    run_canary,
)
from tumorscope.audit.near_duplicates import find_near_duplicates, link_groups
from tumorscope.audit.near_duplicates import fingerprint as look_at
from tumorscope.audit.shortcuts import (
    ProbeCohort,
    ShortcutReport,
    probe_features,
    probe_shortcuts,
    shortcut_gates,
    traits_of,
)
from tumorscope.audit.shortcuts.permutation import label_sequences, swap_sequences
from tumorscope.domain.manifest import Manifest
from tumorscope.domain.shortcut_spec import CanarySpec, ShortcutSpec
from tumorscope.domain.specs import DuplicateSpec, SplitSpec
from tumorscope.estimation.resampling import UNIT_WORDS
from tumorscope.io.images import read_image
from tumorscope.phantom.spec import PhantomSpec
from tumorscope.splitting import split_cohort
from tumorscope.workflows.phantom import make_phantom
from tumorscope.workflows.prepare import read_source

FAULTS: MappingProxyType[str, dict[str, float]] = MappingProxyType(
    {
        "clean": {},
        "border": {"border_cue": 1.0},
        "size": {"size_cue": 1.0},
        "site": {"site_label_tie": 1.0},
    }
)
REAL = ("lgg", "seed")
CV = SplitSpec(folds=5)


def read_cohort(name: str, scratch: Path, patients: int, slices: int) -> Manifest:
    """Read a real set, or make a phantom with the fault of this name."""
    if name in REAL:
        return read_source(data_folder() / name).manifest
    folder = scratch / name
    if not folder.exists():
        spec = PhantomSpec.model_validate(
            {"patients": patients, "slices_per_patient": slices} | FAULTS[name]
        )
        make_phantom(folder, spec, workers=1)
    return read_source(folder).manifest


def collect(manifest: Manifest) -> tuple[ProbeCohort, np.ndarray[Any, Any], float]:
    """Read each file once; return the cohort, the canary's pictures and the seconds."""
    started = time.process_time()
    traits, features, pictures, prints = [], [], [], []
    for row in range(len(manifest)):
        path = manifest.image_path(row)
        pixels = read_image(path)
        traits.append(traits_of(path.read_bytes(), pixels))
        features.append(probe_features(pixels))
        pictures.append(canary_picture(pixels))
        if not manifest.has_patients:
            prints.append(look_at(pixels))
    seconds = time.process_time() - started
    if manifest.has_patients:
        group = manifest.table["patient_id"].to_numpy(dtype=object)
    else:
        pairs = find_near_duplicates(prints, DuplicateSpec())
        group = link_groups(pairs, len(prints)).astype(str).astype(object)
    cohort = ProbeCohort(
        manifest=manifest,
        group=group,
        grouping="patient" if manifest.has_patients else "near-duplicates",
        traits=traits,
        features=features,
    )
    return cohort, np.stack(pictures), seconds


def run_split_canary(
    cohort: ProbeCohort, pictures: np.ndarray[Any, Any]
) -> CanaryReport:
    """Run the canary under five grouped folds."""
    groups = None if cohort.manifest.has_patients else cohort.patient
    split = split_cohort(cohort.manifest, groups, CV)
    return run_canary(
        pictures,
        cohort.group,
        canary_folds(split),
        CanarySpec(),
        unit=UNIT_WORDS[cohort.grouping],
    )


def count_false_alarms(cohort: ProbeCohort, count: int) -> int:
    """Deal labels anew to patients; count cohorts that fail a gate."""
    sequences = label_sequences(cohort.manifest.labels, cohort.patient, cohort.height)
    labels = swap_sequences(sequences, np.random.default_rng(0), count)
    alarms = 0
    for number in range(count):
        table = cohort.manifest.table.assign(label=labels[:, number])
        relabeled = Manifest(table=table, root=cohort.manifest.root)
        found = probe_shortcuts(
            replace(cohort, manifest=relabeled), ShortcutSpec(seed=number)
        )
        alarms += any(gate.has_failed for gate in shortcut_gates(found))
    return alarms


def probe_figures(name: str, found: ShortcutReport) -> list[Figure]:
    """Return the AUROC of every probe that could be assessed."""
    results = (*found.label_probes, *found.patient_probes, *found.site_probes)
    return [
        Figure(
            name=f"{name}: AUROC of {each.probe} for the {each.target}",
            value=each.auroc.value,
            low=each.auroc.low,
            high=each.auroc.high,
            note=(
                f"{each.verdict}; permuted {each.floor:.3f}, p {each.p_value:.3g}, Holm "
                f"{each.p_adjusted:.3g}; {each.auroc.n_slices} slices, "
                f"{each.auroc.n_patients} {found.unit}"
            ),
        )
        for each in results
        if not each.auroc.reason
    ]


def canary_figures(name: str, said: CanaryReport) -> list[Figure]:
    """Return the accuracies under both splits."""
    return [
        Figure(
            name=f"{name}: canary accuracy under {each.split}",
            value=each.mean,
            low=each.low,
            high=each.high,
            note=f"SD {each.deviation:.3f}, {said.groups} {said.unit}",
        )
        for each in (said.in_use, said.by_slice)
        if each is not None
    ]


def measure(name: str, manifest: Manifest, null: int) -> tuple[list[Figure], list[str]]:
    """Return the figures of one cohort, and the gates that failed."""
    cohort, pictures, seconds = collect(manifest)
    started = time.process_time()
    found = probe_shortcuts(cohort, ShortcutSpec())
    probed = time.process_time()
    said = run_split_canary(cohort, pictures)
    figures = [
        Figure(name=f"{name}: reading", value=seconds, unit="s"),
        Figure(name=f"{name}: probes", value=probed - started, unit="s"),
        Figure(name=f"{name}: canary", value=time.process_time() - probed, unit="s"),
        *probe_figures(name, found),
        *canary_figures(name, said),
    ]
    if null:
        alarms = count_false_alarms(cohort, null)
        note = f"{alarms} of {null} relabeled cohorts"
        figures.append(
            Figure(name=f"{name}: false alarms", value=alarms / null, note=note)
        )
    return figures, [gate.gate for gate in shortcut_gates(found) if gate.has_failed]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the chosen cohorts, print the table, return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--cohorts", nargs="+", choices=(*FAULTS, *REAL), default=[*FAULTS]
    )
    parser.add_argument("--patients", type=int, default=40, help="of each phantom")
    parser.add_argument(
        "--slices", type=int, default=12, help="of each phantom patient"
    )
    parser.add_argument("--null", type=int, default=0, help="relabeled cohorts to try")
    parser.add_argument("--out", type=Path, help="also write the figures as JSON")
    options = parser.parse_args(arguments)
    figures: list[Figure] = []
    failed: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for name in options.cohorts:
            manifest = read_cohort(
                name, Path(scratch), options.patients, options.slices
            )
            measured, failed[name] = measure(name, manifest, options.null)
            figures += measured
    details = {"limit": LIMIT, "gates that failed": failed}
    report(make_result("shortcuts", figures, details=details), options.out)
    for name, gates in failed.items():
        sys.stdout.write(f"{name}: {', '.join(gates) or 'no gate'} failed\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
