"""Measure how much a random split of slices flatters a model.

The same method is fitted and tested twice with parts of the same size: once with
Tumorscope's split (by patient, or by near-duplicate groups where no patient is known),
once with slices dealt at random. The product cannot make the second split; it is made
here, from plain row numbers. The difference of the two test figures is the leak.

    python benchmarks/leak.py                                    # simple methods, minutes
    python benchmarks/leak.py --source seed --method network --epochs 50 --out runs/leak

Simple methods learn from the training and the tuning part, and every figure is the median
over several dealings. The network is trained once for each split and tested with the
weights of its best tuning AUROC; finished and interrupted trainings are taken up again.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from cohorts import LIMIT, data_folder, read_cohort
from numpy.typing import NDArray
from reporting import Figure, make_result, median_figure, report, write_json
from scipy.special import expit
from sklearn.model_selection import StratifiedShuffleSplit

from tumorscope.domain.grouping import Grouping
from tumorscope.domain.manifest import Manifest
from tumorscope.domain.specs import DuplicateSpec, EvaluateSpec, RunSpec, SplitSpec
from tumorscope.estimation.bootstrap import (
    draw_patients,
    sample_ranking,
    sample_ratios,
)
from tumorscope.estimation.metrics import rank_slices, threshold_terms
from tumorscope.evaluation.baseline_features import BaselineFeatures
from tumorscope.evaluation.baselines import BASELINES, score_baselines
from tumorscope.inference.torch_engine import TorchEngine
from tumorscope.io.pixel_store import open_store
from tumorscope.learning.data import LearningData
from tumorscope.learning.training import fit
from tumorscope.preprocessing import to_network_input
from tumorscope.splitting import split_cohort
from tumorscope.workflows.prepare import group_near_duplicates
from tumorscope.workflows.settings import read_settings
from tumorscope.workflows.simple_methods import read_baseline_features

NETWORK = "network"
SIMPLE = tuple(each.name for each in BASELINES if not each.needs_position)
METRICS = ("auroc", "accuracy")
SPLITS = ("grouped", "random")
CHUNK_SLICES = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """Slices, and what must not be torn apart.

    Attributes:
        name: "lgg", "seed" or "phantom".
        manifest: The slices.
        duplicate_group: Shape (slices,), near-duplicate group of each slice.
        owner: Shape (slices,), str: patient, else near-duplicate group.
        grouping: Which of the two.
    """

    name: str
    manifest: Manifest
    duplicate_group: NDArray[np.int64]
    owner: NDArray[np.object_]
    grouping: Grouping


@dataclass(frozen=True, slots=True, kw_only=True)
class Dealing:
    """Rows of the three parts.

    Attributes:
        kind: "grouped" or "random".
        train: Rows that are learned from.
        tune: Rows that choose the epoch.
        test: Rows that are tested.
    """

    kind: str
    train: NDArray[np.int64]
    tune: NDArray[np.int64]
    test: NDArray[np.int64]


def open_cohort(name: str, scratch: Path, patients: int) -> Cohort:
    """Read a cohort and find its near-duplicates."""
    manifest = read_cohort(name, scratch=scratch, patients=patients)
    duplicates = group_near_duplicates(manifest, DuplicateSpec())
    if manifest.has_patients:
        owner = manifest.table["patient_id"].to_numpy(dtype=object)
    else:
        owner = np.array([f"group {number}" for number in duplicates], dtype=object)
    return Cohort(
        name=name,
        manifest=manifest,
        duplicate_group=duplicates,
        owner=owner,
        grouping="patient" if manifest.has_patients else "near-duplicates",
    )


def deal(cohort: Cohort, seed: int) -> tuple[Dealing, Dealing]:
    """Deal the slices twice: as the product does, and at random in the same sizes."""
    groups = None if cohort.manifest.has_patients else cohort.duplicate_group
    split = split_cohort(cohort.manifest, groups, SplitSpec(seed=seed))
    grouped = Dealing(
        kind="grouped",
        train=split.rows("train"),
        tune=split.rows("tune"),
        test=split.rows("test"),
    )
    labels = cohort.manifest.labels
    every = np.arange(len(labels))
    rest, test = _shuffled(every, labels, len(grouped.test), seed)
    train, tune = _shuffled(rest, labels, len(grouped.tune), seed)
    return grouped, Dealing(kind="random", train=train, tune=tune, test=test)


def _shuffled(
    rows: NDArray[np.int64], labels: NDArray[np.int64], held_out: int, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    splitter = StratifiedShuffleSplit(1, test_size=held_out, random_state=seed)
    kept, out = next(splitter.split(rows, labels[rows]))
    return np.sort(rows[kept]), np.sort(rows[out])


def seen_before(cohort: Cohort, dealing: Dealing) -> dict[str, float]:
    """Return the share of test slices whose like was learned from.

    Returns:
        `owner`: a slice of the same patient (or near-duplicate group) is in the training
        or tuning part; `near_duplicate`: one that looks alike is.
    """
    learned = np.concatenate([dealing.train, dealing.tune])
    return {
        name: float(np.isin(owner[dealing.test], owner[learned]).mean())
        for name, owner in (
            ("owner", cohort.owner.astype(str)),
            ("near_duplicate", cohort.duplicate_group),
        )
    }


def judge(
    cohort: Cohort, rows: NDArray[np.int64], scores: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    """Return AUROC and accuracy at 0.5 of a test part, and of its bootstrap draws.

    Args:
        cohort: Whose slices; patients or near-duplicate groups are drawn.
        rows: Shape (tested,), the test part.
        scores: Shape (tested,), tumor probability.

    Returns:
        For each metric shape (1 + draws,): the figure, then the draws.
    """
    labels = cohort.manifest.labels[rows]
    draws = draw_patients(
        pd.Series(cohort.owner[rows].astype(str)),
        cohort.manifest.table["site"].iloc[rows].reset_index(drop=True),
        EvaluateSpec(),
        grouping=cohort.grouping,
    )
    terms = threshold_terms(labels, scores > 0.5)
    reasons = dict.fromkeys(terms.names, "undefined")
    accuracy = next(
        each
        for each in sample_ratios(terms, draws, reasons=reasons)
        if each.name == "accuracy"
    )
    return {
        "auroc": sample_ranking(rank_slices(labels, scores), draws)[0],
        "accuracy": accuracy.values,
    }


def compare(
    cohort: Cohort,
    method: str,
    tests: Sequence[tuple[Dealing, NDArray[np.float64]]],
) -> dict[str, Any]:
    """Judge one pair of dealings: grouped and random."""
    entry: dict[str, Any] = {"source": cohort.name, "method": method}
    sampled = {}
    for dealing, scores in tests:
        values = sampled[dealing.kind] = judge(cohort, dealing.test, scores)
        entry[dealing.kind] = {
            "n": {
                part: len(getattr(dealing, part)) for part in ("train", "tune", "test")
            },
            "test_owners": len(set(cohort.owner[dealing.test])),
            "seen_before": seen_before(cohort, dealing),
        } | {name: _interval(values[name]) for name in METRICS}
    # The two test parts are drawn independently of each other.
    entry["difference"] = {
        name: _interval(sampled["random"][name] - sampled["grouped"][name])
        for name in METRICS
    }
    return entry


def _interval(values: NDArray[np.float64]) -> dict[str, float]:
    low, high = np.nanquantile(values[1:], (0.025, 0.975))
    return {"value": float(values[0]), "low": float(low), "high": float(high)}


def leak_of_simple(
    cohort: Cohort, methods: Sequence[str], dealings: int
) -> list[dict[str, Any]]:
    """Compare simple methods under both splits, over several dealings."""
    features = read_baseline_features(cohort.manifest)
    found = []
    for seed in range(dealings):
        pair = deal(cohort, seed)
        for method in methods:
            tests = [
                (each, _score_simple(cohort, features, method, each)) for each in pair
            ]
            found.append(compare(cohort, method, tests) | {"seed": seed})
    return found


def _score_simple(
    cohort: Cohort, features: BaselineFeatures, method: str, dealing: Dealing
) -> NDArray[np.float64]:
    chosen = [each for each in BASELINES if each.name == method]
    learned = np.concatenate([dealing.train, dealing.tune])
    (scored,) = score_baselines(
        features, cohort.manifest.labels, [(learned, dealing.test)], methods=chosen
    )
    return scored.scores[dealing.test]


def leak_of_network(cohort: Cohort, spec: RunSpec, out: Path) -> dict[str, Any]:
    """Train the same recipe under both splits and compare the tests."""
    tests = []
    for dealing in deal(cohort, spec.split.seed):
        folder = out / cohort.name / dealing.kind
        tests.append((dealing, _score_network(cohort, dealing, spec, folder)))
    return compare(cohort, NETWORK, tests) | {"seed": spec.split.seed}


def _score_network(
    cohort: Cohort, dealing: Dealing, spec: RunSpec, folder: Path
) -> NDArray[np.float64]:
    """Train, or go on, and score the test part; finished scores are read back."""
    done, asked = folder / "scores.json", spec.train.model_dump(mode="json")
    asked |= {"rows": [len(dealing.train), len(dealing.tune), len(dealing.test)]}
    if done.is_file():
        kept = json.loads(done.read_text(encoding="utf-8"))
        if kept["asked"] == asked:
            return np.array(kept["tumor_probability"])
    store = open_store(cohort.manifest, spec.preprocess, folder=folder.parent / "store")
    data = LearningData(
        pixels=store.pixels,
        labels=cohort.manifest.labels,
        train_rows=dealing.train,
        tune_rows=dealing.tune,
    )
    model = fit(
        data, spec.train, folder=folder / "training", resume=True, show_bar=True
    )
    engine = TorchEngine({name: each.numpy() for name, each in model.weights.items()})
    chunks = range(0, len(dealing.test), CHUNK_SLICES)
    logits = [
        engine.run(to_network_input(store.pixels[dealing.test[at : at + CHUNK_SLICES]]))
        for at in chunks
    ]
    scores = expit(np.concatenate([logit for logit, _ in logits]).astype(np.float64))
    write_json(done, {"asked": asked, "tumor_probability": scores.tolist()})
    return scores


def to_figures(comparisons: Sequence[dict[str, Any]]) -> list[Figure]:
    """Return figures for both splits and their difference, medians over dealings."""
    figures = []
    pairs = dict.fromkeys((each["source"], each["method"]) for each in comparisons)
    for source, method in pairs:
        same = [
            each
            for each in comparisons
            if (each["source"], each["method"]) == (source, method)
        ]
        for metric in METRICS:
            for part in (*SPLITS, "difference"):
                name = f"{source}, {method}: {metric}, {_part_words(part)}"
                found = [each[part][metric] for each in same]
                figures.append(_summary(name, found, note=_sizes(same)))
        for like, key in (
            ("patient or group", "owner"),
            ("near-duplicate", "near_duplicate"),
        ):
            for split in SPLITS:
                name = f"{source}: share of test slices whose {like} was learned from, {split} split"
                shares = [each[split]["seen_before"][key] for each in same]
                if not any(each.name == name for each in figures):
                    figures.append(median_figure(name, shares))
    return figures


def _part_words(part: str) -> str:
    return "random minus grouped" if part == "difference" else f"{part} split"


def _sizes(same: Sequence[dict[str, Any]]) -> str:
    """Return how many slices were tested, of how many patients or groups."""
    counts = []
    for words, number in (
        ("test slices", lambda split: split["n"]["test"]),
        ("patients or groups in the grouped test", lambda split: split["test_owners"]),
    ):
        numbers = [number(each["grouped"]) for each in same]
        low, high = min(numbers), max(numbers)
        counts.append(f"{low} {words}" if low == high else f"{low} to {high} {words}")
    return ", ".join(counts)


def _summary(name: str, found: Sequence[dict[str, float]], *, note: str) -> Figure:
    if len(found) == 1:
        return Figure(name=name, note=f"95 % interval; {note}", **found[0])
    values = [each["value"] for each in found]
    return median_figure(name, values, note=f"{len(found)} dealings; {note}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, write the JSON where wanted."""
    options = _options(arguments)
    methods = options.method or ["nearest_neighbor", "hand"]
    sources = options.source or [
        name for name in ("lgg", "seed") if (data_folder() / name).is_dir()
    ]
    comparisons = []
    with tempfile.TemporaryDirectory() as temporary:
        scratch = options.out or Path(temporary)
        for source in sources or ["phantom"]:
            cohort = open_cohort(source, scratch, options.patients)
            simple = [each for each in methods if each != NETWORK]
            if simple:
                comparisons += leak_of_simple(cohort, simple, options.dealings)
            if NETWORK in methods:
                spec = read_settings(
                    RunSpec,
                    file=None,
                    assignments=[
                        "train.initial_weights=scratch",
                        f"train.epochs={options.epochs}",
                        *options.settings,
                    ],
                )
                comparisons.append(leak_of_network(cohort, spec, scratch))
    result = make_result(
        "leak",
        to_figures(comparisons),
        details={"limit": LIMIT, "comparisons": comparisons},
    )
    report(result, options.json)
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--source",
        action="append",
        choices=("lgg", "seed", "phantom"),
        help="repeatable; default: the real sets that are there, else the phantom",
    )
    parser.add_argument(
        "--method",
        action="append",
        choices=(*SIMPLE, NETWORK),
        help="repeatable; default: nearest_neighbor and hand",
    )
    parser.add_argument(
        "--dealings", type=int, default=5, help="splits that simple methods are run on"
    )
    parser.add_argument("--epochs", type=int, default=50, help="of the network")
    parser.add_argument(
        "--set",
        dest="settings",
        action="append",
        default=[],
        metavar="SECTION.KEY=VALUE",
        help="of the network's run, as in `tumorscope train`; train.recipe is seed",
    )
    parser.add_argument("--patients", type=int, default=24, help="of the phantom")
    parser.add_argument(
        "--out", type=Path, help="folder for stores and trainings, to go on later"
    )
    parser.add_argument("--json", type=Path, help="write the figures there")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
