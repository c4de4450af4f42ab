"""Run -> input gate, and what a bundle's gate does to tested slices."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from tumorscope.domain.manifest import Manifest
from tumorscope.domain.predictions import Predictions
from tumorscope.domain.progress import Progress, silent
from tumorscope.domain.split import Part
from tumorscope.evaluation.report import EvaluationReport
from tumorscope.evaluation.rule_words import unit_of
from tumorscope.input_gate.fitting import DescribedPart, fit_gate, pick_spread
from tumorscope.input_gate.judging import (
    Description,
    GateOutcome,
    InputGate,
    describe_slice,
)
from tumorscope.input_gate.report import GateReport, report_gate
from tumorscope.input_gate.words import describe_gate
from tumorscope.io.bundle import Bundle
from tumorscope.io.images import read_image
from tumorscope.workflows.run_folder import Run
from tumorscope.workflows.serving import make_gate


def fit_run_gate(
    run: Run, fold: int, *, sequences: Literal[1, 3], progress: Progress = silent
) -> InputGate:
    """Fit the input gate on some training slices of a fold, as their files are decoded.

    Args:
        run: The run.
        fold: Which fold.
        sequences: 3, or 1 where all channels of the slices are equal.
        progress: Shows how far the reading got.

    Raises:
        UnreadableScanError: If a file cannot be used any more.
    """
    spec = run.record.spec.gate
    limits: dict[Part, int] = {
        "train": spec.max_fit_slices,
        "tune": spec.max_fit_slices // 2,
    }
    owners = run.owners()

    def describe(part: Part) -> DescribedPart:
        rows = pick_spread(run.split.rows(part, fold), owners, limits[part])
        described = progress(
            (_describe(run, int(row), sequences) for row in rows),
            total=len(rows),
            label=f"input gate, {part}",
        )
        return DescribedPart(slices=tuple(described), owners=owners[rows])

    return fit_gate(describe("train"), describe("tune"), spec, sequences=sequences)


def _describe(run: Run, row: int, sequences: Literal[1, 3]) -> Description:
    return describe_slice(read_image(run.manifest.image_path(row)), sequences=sequences)


def open_gate(bundle: Bundle) -> InputGate | None:
    """Return the input gate of a bundle; None where it has none.

    Raises:
        BundleError: If its arrays are not those of this version.
    """
    return make_gate(bundle.folder, bundle.card, bundle.gate)


def measure_gate(
    bundles: Sequence[Bundle],
    manifest: Manifest,
    predictions: Predictions,
    report: EvaluationReport,
    *,
    progress: Progress = silent,
) -> GateReport | None:
    """Judge the tested slices by their folds' gates, on the pixels of their files.

    Args:
        bundles: One for each fold.
        manifest: The tested set.
        predictions: The predictions that `report` judged.
        report: Gives draws, level, seed and grouping.
        progress: Shows how far the reading got.

    Returns:
        The figures; None where a bundle has no gate.

    Raises:
        UnreadableScanError: If a file cannot be used any more.
    """
    gates = {bundle.card.data.fold: open_gate(bundle) for bundle in bundles}
    known = {fold: gate for fold, gate in gates.items() if gate is not None}
    if len(known) < len(gates):
        return None
    table = predictions.table
    table = table[table["part"].isin(["test", "external"])]
    files = [manifest.root / image for image in table["image"]]
    judged = progress(
        (
            _judge(known[fold], file)
            for fold, file in zip(table["fold"], files, strict=True)
        ),
        total=len(files),
        label="input checks",
    )
    return report_gate(
        table,
        list(judged),
        report.spec,
        grouping=report.grouping,
        rules=[
            describe_gate(one.card.input_gate, unit_of(one.card)) for one in bundles
        ],
    )


def _judge(gate: InputGate, file: Path) -> GateOutcome:
    return gate.judge(read_image(file))
