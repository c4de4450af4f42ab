"""Precision and recall of the search for copies, for each kind of change.

Changed copies of randomly chosen slices are planted among all slices of a set. Recall is
the share of them that is found beside its original. What else is found is told apart:
pairs of different patients are wrong; pairs of one patient are slices next to each other,
and count against the search too; where no patient is known (seed), pairs of the set's own
slices may be copies that its makers left, and are only counted.

"dense" is a phantom with 120 slices a head, 1 mm apart: it shows how far apart slices must
lie to be told from copies, and is what the threshold was chosen on, with the phantom of 20.

    python benchmarks/audit_copies.py [--source phantom --source lgg] [--json FILE.json]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from cohorts import LIMIT, data_folder, read_cohort
from copy_changes import CHANGES
from numpy.typing import NDArray
from reporting import Figure, make_result, report

from tumorscope.audit.copies import (
    CopyFingerprint,
    CopyPairs,
    find_copies,
    fingerprint_slice,
    stack_fingerprints,
)
from tumorscope.domain.copy_spec import CopySpec
from tumorscope.domain.manifest import Manifest
from tumorscope.io.images import read_image
from tumorscope.phantom.spec import PhantomSpec
from tumorscope.workflows.phantom import make_phantom
from tumorscope.workflows.prepare import SourceOptions, read_source

SOURCES = ("phantom", "dense", "lgg", "seed")
DENSE = PhantomSpec(patients=6, slices_per_patient=120, seed=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """A set with copies behind its own slices.

    Attributes:
        manifest: The set's own slices.
        kinds: Shape (copies,): name of each copy's change.
        originals: Shape (copies,): row that each was made of.
    """

    manifest: Manifest
    kinds: NDArray[np.object_]
    originals: NDArray[np.int64]


def open_set(name: str, scratch: Path, patients: int) -> Manifest:
    """Read or make a set."""
    if name != "dense":
        return read_cohort(name, scratch=scratch, patients=patients)
    folder = make_phantom(scratch / "dense", DENSE, workers=1)
    return read_source(folder, SourceOptions()).manifest


def plant(
    manifest: Manifest, copies: int, seed: int
) -> tuple[Planted, list[CopyFingerprint]]:
    """Take the fingerprints of a set, choose originals and change them.

    Slices that the search itself calls plain are no originals: there is nothing to see.
    """

    def own(row: int) -> CopyFingerprint:
        return fingerprint_slice(read_image(manifest.image_path(row)))

    def changed(task: tuple[str, int, int]) -> CopyFingerprint:
        kind, row, number = task
        rng = np.random.default_rng([seed, number])
        pixels = read_image(manifest.image_path(row))
        return fingerprint_slice(CHANGES[kind](pixels, rng))

    rng = np.random.default_rng(seed)
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        prints = list(pool.map(own, range(len(manifest))))
        rows = np.flatnonzero([not each.is_plain for each in prints])
        chosen = [
            (kind, int(row))
            for kind in CHANGES
            for row in rng.choice(rows, min(copies, len(rows)), replace=False)
        ]
        tasks = [(*each, number) for number, each in enumerate(chosen)]
        prints += pool.map(changed, tasks)
    planted = Planted(
        manifest=manifest,
        kinds=np.array([kind for kind, _ in chosen], dtype=object),
        originals=np.array([row for _, row in chosen]),
    )
    return planted, prints


def judge(name: str, planted: Planted, pairs: CopyPairs) -> list[Figure]:
    """Count what was found."""
    own = len(planted.manifest)
    family = np.concatenate([np.arange(own), planted.originals])
    rows = np.sort(np.stack([pairs.first, pairs.second], axis=1), axis=1)
    first, second = family[rows].T
    is_right = first == second
    direct = rows[is_right & (rows[:, 0] < own)]
    found = np.zeros(len(planted.kinds), dtype=bool)
    found[direct[:, 1] - own] = True
    figures = [
        Figure(
            name=f"{name}: recall, {kind}",
            value=float(found[planted.kinds == kind].mean()),
            note=f"n = {int((planted.kinds == kind).sum())}",
        )
        for kind in CHANGES
    ]
    figures.append(
        Figure(
            name=f"{name}: recall, all kinds",
            value=float(found.mean()),
            note=f"n = {len(found)}",
        )
    )
    return figures + _precision(name, planted, first, second)


def _precision(
    name: str, planted: Planted, first: NDArray[np.int64], second: NDArray[np.int64]
) -> list[Figure]:
    """Tell right pairs from neighbors and strangers."""
    is_right = first == second
    table = planted.manifest.table
    if not planted.manifest.has_patients:
        others = int((~is_right).sum())
        note = "pairs of its own slices, or of copies of them; nobody knows which are right"
        return [Figure(name=f"{name}: other pairs found", value=others, note=note)]
    patients = table["patient_id"].to_numpy(dtype=object)
    is_stranger = patients[first] != patients[second]
    note = f"{len(first)} pairs found"
    wrong = [
        Figure(
            name=f"{name}: precision, slices of one head count as wrong",
            value=float(is_right.mean()) if len(first) else float("nan"),
            note=note,
        ),
        Figure(
            name=f"{name}: precision over patients",
            value=float(1 - is_stranger.mean()) if len(first) else float("nan"),
            note=note,
        ),
    ]
    return wrong + _neighbors(name, planted.manifest, first, second)


def _neighbors(
    name: str, manifest: Manifest, first: NDArray[np.int64], second: NDArray[np.int64]
) -> list[Figure]:
    """Return the share of neighbors, 1 to 4 slices apart, that are called copies."""
    table = manifest.table
    order = table["slice_index"].to_numpy(dtype=np.int64, na_value=-1)
    patients = table["patient_id"].to_numpy(dtype=object)
    found = {
        (int(low), int(high))
        for low, high in np.unique(np.sort(np.stack([first, second], 1), 1), axis=0)
        if patients[low] == patients[high] and low != high
    }
    apart = Counter(abs(int(order[low] - order[high])) for low, high in found)
    sizes = Counter(patients)
    return [
        Figure(
            name=f"{name}: share of slices {distance} apart that are called copies",
            value=apart[distance] / count,
            note=f"n = {count} pairs",
        )
        for distance in range(1, 5)
        for count in [sum(max(size - distance, 0) for size in sizes.values())]
        if count
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, write the JSON where wanted."""
    options = _options(arguments)
    sources = options.source or [
        each
        for each in SOURCES
        if each in ("phantom", "dense") or (data_folder() / each).is_dir()
    ]
    figures: list[Figure] = []
    spec = CopySpec(min_agreement=options.min_agreement)
    with tempfile.TemporaryDirectory() as scratch:
        for name in sources:
            manifest = open_set(name, Path(scratch), options.patients)
            planted, prints = plant(manifest, options.copies, options.seed)
            digests = [f"{row}" for row in range(len(prints))]
            pairs = find_copies(stack_fingerprints(prints, digests), spec)
            figures += judge(name, planted, pairs)
    details: dict[str, Any] = {"limit": LIMIT, "spec": spec.model_dump(mode="json")}
    report(make_result("audit_copies", figures, details=details), options.json)
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--source",
        action="append",
        choices=SOURCES,
        help="repeatable; default: both phantoms and the real sets that are there",
    )
    parser.add_argument(
        "--copies", type=int, default=60, help="planted for each kind of change"
    )
    parser.add_argument("--min-agreement", type=float, default=CopySpec().min_agreement)
    parser.add_argument("--patients", type=int, default=24, help="of the phantom")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="write the figures there")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
