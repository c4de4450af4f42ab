"""Finished repeats of a protocol -> protocol.json and protocol.html."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tumorscope.domain.card import RESEARCH_USE
from tumorscope.domain.grouping import GROUPING_WORDS
from tumorscope.domain.json_values import to_json_value
from tumorscope.domain.predictions import Predictions
from tumorscope.domain.protocol_spec import (
    PROTOCOL_WORDS,
    CandidateChoice,
    ProtocolRequest,
)
from tumorscope.domain.specs import EvaluateSpec
from tumorscope.estimation.resampling import draw_patients
from tumorscope.evaluation.baseline_features import BaselineFeatures
from tumorscope.evaluation.baselines import Fold, score_baselines
from tumorscope.evaluation.leaky_comparison import compare_with_leak
from tumorscope.evaluation.protocol_limits import protocol_headline, protocol_limits
from tumorscope.evaluation.protocol_report import (
    ProtocolReport,
    drop_not_assessed,
    measure_protocol,
    with_drop_from_cv,
    with_leaky_comparison,
    with_protocol_baselines,
)
from tumorscope.evaluation.protocol_sections import protocol_sections
from tumorscope.evaluation.repeats import align_repeats
from tumorscope.io.artifacts import read_predictions, read_record, read_split
from tumorscope.io.whole_files import write_json, write_text
from tumorscope.pages.page import PageHead, render_page
from tumorscope.pages.section import Section
from tumorscope.workflows.protocols_layout import (
    PROTOCOL_HTML,
    PROTOCOL_JSON,
    REQUEST,
    ProtocolJob,
    protocol_folder,
    read_request,
)
from tumorscope.workflows.recording import RECORD, library_versions, now
from tumorscope.workflows.run_folder import PREDICTIONS, SPLIT
from tumorscope.workflows.scoring import manifest_rows
from tumorscope.workflows.simple_methods import read_baseline_features
from tumorscope.workflows.tested_lesions import read_tested_areas

PROTOCOL_VERSION = 2
"""2 added `detail` (decisions, lesion sizes, patients, calibration slope, decision curve) and
took nothing away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolResult:
    """Where a protocol's page is, and what it says in short.

    Attributes:
        html: The page.
        json: The same numbers.
        report: The values.
        summary: A few lines for a terminal.
    """

    html: Path
    json: Path
    report: ProtocolReport
    summary: str


def report_protocol(
    job: ProtocolJob,
    spec: EvaluateSpec,
    *,
    choices: Sequence[CandidateChoice],
    audit: Section,
    with_leak: bool,
) -> ProtocolResult:
    """Average the repeats and write the result.

    Args:
        job: A protocol of which every repeat was tested.
        spec: Draws, level, seed, and whether simple methods are added.
        choices: What each outer fold chose; empty unless nested.
        audit: What the audit of the run said, or that there was none.
        with_leak: Whether a split of slices is shown beside, labeled as leaky.

    Returns:
        The result, also left in the protocol's folder.

    Raises:
        DataError: If predictions are missing, damaged, or of other slices.
        UnreadableScanError: If a lesion mask cannot be decoded.
    """
    repeats = read_repeats(job.folder, job.repeats)
    report = measure_protocol(
        job.request.name,
        repeats,
        spec,
        grouping=job.run.split.grouping,
        lesion_areas_px=read_tested_areas(
            job.run.manifest,
            Predictions(table=align_repeats(repeats)[0]),
            progress=job.progress,
        ),
    )
    if job.request.name == "leave-site-out":
        report = _with_drop(job, report, repeats)
    if spec.baselines or with_leak:
        features = read_baseline_features(job.run.manifest, progress=job.progress)
        folds = [_folds(job, repeat) for repeat in job.repeats]
        if spec.baselines:
            report = _with_baselines(
                job, report, repeats, features=features, folds=folds
            )
        if with_leak:
            report = _with_leak(job, report, features, folds)
    return _write(job, report, choices, audit)


def read_repeats(folder: Path, numbers: Sequence[int]) -> list[Predictions]:
    """Read the predictions of a protocol's repeats.

    Raises:
        DataError: If one is missing or damaged.
    """
    return [
        read_predictions(folder / f"repeat-{number}" / PREDICTIONS)
        for number in numbers
    ]


def _with_drop(
    job: ProtocolJob, report: ProtocolReport, repeats: Sequence[Predictions]
) -> ProtocolReport:
    folder = protocol_folder(job.run.folder, "cv")
    if not (folder / PROTOCOL_JSON).is_file():
        reason = (
            "this run has no finished cross-validation; run --protocol cv, then this "
            "again"
        )
        return drop_not_assessed(report, reason)
    request = read_request(folder / REQUEST)
    if _training(request) != _training(job.request):
        return drop_not_assessed(
            report, "the cross-validation was trained with other settings"
        )
    numbers = range(request.settings.repeats_of("cv"))
    return with_drop_from_cv(report, repeats, read_repeats(folder, numbers))


def _training(request: ProtocolRequest) -> tuple[object, ...]:
    run = request.run
    return run.train, run.preprocess, run.calibrate, request.manifest_digest


def _folds(job: ProtocolJob, repeat: int) -> list[Fold]:
    split = read_split(job.repeat_folder(repeat) / SPLIT, job.run.manifest)
    return [
        (np.flatnonzero(split.part[:, fold] != "test"), split.rows("test", fold))
        for fold in range(len(split.fold_names))
    ]


def _with_baselines(
    job: ProtocolJob,
    report: ProtocolReport,
    repeats: Sequence[Predictions],
    *,
    features: BaselineFeatures,
    folds: Sequence[Sequence[Fold]],
) -> ProtocolReport:
    rows = manifest_rows(job.run.manifest, align_repeats(repeats)[0])
    labels = job.run.manifest.labels
    scored = [
        [method.of_rows(rows) for method in score_baselines(features, labels, one)]
        for one in job.progress(folds, total=len(folds), label="simple methods")
    ]
    return with_protocol_baselines(report, repeats, scored)


def _with_leak(
    job: ProtocolJob,
    report: ProtocolReport,
    features: BaselineFeatures,
    folds: Sequence[Sequence[Fold]],
) -> ProtocolReport:
    manifest = job.run.manifest
    draws = draw_patients(
        pd.Series(job.run.owners()),
        manifest.table["site"],
        report.spec,
        grouping=report.grouping,
    )
    seed = job.request.settings.seed
    found = compare_with_leak(features, manifest.labels, folds, draws, seed=seed)
    return with_leaky_comparison(report, found)


def _write(
    job: ProtocolJob,
    report: ProtocolReport,
    choices: Sequence[CandidateChoice],
    audit: Section,
) -> ProtocolResult:
    created, version = now(), library_versions()["tumorscope"]
    request, record = job.request, job.run.record
    content = {
        "kind": "tumorscope-protocol",
        "version": PROTOCOL_VERSION,
        "notice": RESEARCH_USE,
        "testing": "internal testing",
        "grouping_words": GROUPING_WORDS[report.grouping],
        "run": record.name,
        "created": created,
        "tumorscope_version": version,
        "request": to_json_value(request),
        "choices": to_json_value(tuple(choices)),
        "report": to_json_value(report),
    }
    head = PageHead(
        title=f"{PROTOCOL_WORDS[request.name]}: {record.name}",
        lede=_lede(job, report),
        created=created,
        version=version,
        unit=report.unit,
        limits=(*protocol_limits(report, _notes(job)), *audit.limits),
        headline=protocol_headline(report),
    )
    sections = protocol_sections(report, choices=choices, candidates=request.candidates)
    html, json = job.folder / PROTOCOL_HTML, job.folder / PROTOCOL_JSON
    write_text(html, render_page(head, (*sections, audit)))
    write_json(json, content)
    return ProtocolResult(
        html=html, json=json, report=report, summary=_summary(job, report)
    )


def _notes(job: ProtocolJob) -> tuple[str, ...]:
    """Return the importer's notes, and those on sites that were left out together."""
    path = job.repeat_folder(0) / RECORD
    return read_record(path if path.is_file() else job.run.folder / RECORD).notes


def _lede(job: ProtocolJob, report: ProtocolReport) -> str:
    folds = len(_folds(job, 0))
    repeats = len(report.repeats)
    return (
        f"{report.n_slices} slices of {report.n_patients} {report.unit}, "
        f"{GROUPING_WORDS[report.grouping]}; {repeats} "
        f"{'repeats' if repeats > 1 else 'repeat'} of {folds} folds"
    )


def _summary(job: ProtocolJob, report: ProtocolReport) -> str:
    lines = [f"{job.request.name}, internal testing: {_lede(job, report)}"]
    lines += [f"  {each.name:<30} {each}" for each in report.figures]
    lines += [f"  {'ece by chance, up to':<30} {report.null.high:.3f}"]
    slope = report.detail.scales[0].figures["calibration_slope"]
    lines += [f"  {'calibration_slope':<30} {slope}"]
    lines += [
        f"  site {each.name:<25} AUROC {each.figures['auroc']} "
        f"({each.n_patients} {report.unit})"
        for each in report.sites
    ]
    if report.drop_from_cv is not None:
        lines.append(f"  {'AUROC lost from cv':<30} {report.drop_from_cv}")
    lines += [
        f"  {each.name:<30} AUROC {each.figures['auroc']}" for each in report.baselines
    ]
    if report.leaky is not None:
        lines += [
            f"  1-NN {each.name:<25} {each.grouped}; slices dealt at random "
            f"({report.leaky.label}) {each.leaky}"
            for each in report.leaky.figures
        ]
    return "\n".join([*lines, RESEARCH_USE])
