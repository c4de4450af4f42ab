"""Makers of what a model card is filled from: cards, cohorts, reports, all by hand."""

from __future__ import annotations

import pytest

from tumorscope.domain.audit_summary import AuditedGate, AuditSummary
from tumorscope.domain.card import (
    BundleCard,
    OperatingThreshold,
    TrainingDataFingerprint,
)
from tumorscope.domain.run_record import RunRecord, StageRecord
from tumorscope.domain.specs import PreprocessSpec, RunSpec, TrainSpec
from tumorscope.model_card.cohort import CardCohort, PartCount
from tumorscope.model_card.source import CardSource

PARTS = {"train": 20, "tune": 6, "test": 8}


def _card(**changes) -> BundleCard:
    values = {
        "name": "run",
        "tumorscope_version": "0.1.0",
        "created": "2026-01-01T00:00:00+00:00",
        "sequences": ("t1", "flair", "t1c"),
        "single_sequence_repeated": False,
        "preprocess": PreprocessSpec(size_px=64),
        "threshold": OperatingThreshold(
            threshold_probability=0.4,
            target_specificity=0.95,
            tune_slices=20,
            tune_patients=6,
        ),
        "train": TrainSpec(recipe="strong"),
        "first_weights": "random initialization",
        "epochs_done": 3,
        "best_epoch": 2,
        "tune_auroc": 0.8,
        "data": TrainingDataFingerprint(
            source="test",
            manifest_digest="ab",
            split_digest="cd",
            fold="holdout",
            grouping=changes.pop("grouping", "patient"),
            slices={part: 10 * n for part, n in PARTS.items()},
            groups=PARTS,
            prevalence=dict.fromkeys(PARTS, 0.3),
            seen_pixel_digests=(),
            seen_owner_digests=(),
        ),
        "environment": {"python": "3.11"},
        "files": {"weights.safetensors": "ef"},
    }
    return BundleCard(**(values | changes))


def _cohort(**changes) -> CardCohort:
    values = {
        "source": "test",
        "n_slices": 340,
        "n_tumor_slices": 102,
        "n_owners": 34,
        "n_tumor_owners": 34,
        "has_patients": True,
        "class_names": ("no", "yes"),
        "n_masks": 0,
        "sequences": ("t1", "flair", "t1c"),
        "parts": tuple(
            PartCount(
                fold="holdout",
                part=part,
                n_slices=10 * n,
                n_tumor_slices=3 * n,
                n_owners=n,
                columns=(
                    "A: 4",
                    "cannot be assessed: no `scanner`",
                    "F: 4",
                    "median 44",
                ),
            )
            for part, n in PARTS.items()
        ),
    }
    return CardCohort(**(values | changes))


def _record(stages=("prepare", "train", "evaluate"), **changes) -> RunRecord:
    values = {
        "name": "run",
        "spec": RunSpec(),
        "importer": "csv",
        "root": "data",
        "manifest_digest": "ab",
        "stages": tuple(
            StageRecord(
                stage=stage,
                started="2026-01-01T00:00:00+00:00",
                seconds=1.5,
                version="0.1.0",
                host={"processors": "2", "system": "Linux"},
            )
            for stage in stages
        ),
    }
    return RunRecord(**(values | changes))


def _figure(value, low, high, **changes):
    figure = {
        "name": "figure",
        "value": value,
        "low": low,
        "high": high,
        "level": 0.95,
        "n_slices": 80,
        "n_patients": 8,
        "resampled": "patients within site",
        "reason": "",
    }
    return figure | changes


def _report(specificity=(0.83, 0.74, 0.92), **changes):
    report = {
        "kind": "tumorscope-evaluation",
        "testing": "internal testing",
        "grouping_words": "split by patient",
        "unit": "patients",
        "resampled": "patients within site",
        "n_slices": 80,
        "n_tumor_slices": 24,
        "n_patients": 8,
        "spec": {"level": 0.95, "bootstrap_draws": 2000},
        "ranking": {"auroc": _figure(0.9, 0.8, 0.95), "brier": _figure(0.1, 0.05, 0.2)},
        "at_tuned": {
            "metrics": {
                "recall": _figure(0.9, 0.8, 1.0),
                "specificity": _figure(*specificity),
            },
            "confusion": {"false_positive": 7, "false_negative": 2},
        },
        "calibration": {"estimate": _figure(0.04, 0.02, 0.1), "null_high": 0.06},
        "by_site": [],
        "by_site_reason": "no `site`",
        "baselines": [],
    }
    return report | changes


def _source(**changes) -> CardSource:
    values = {"record": _record(), "cards": (_card(),), "cohort": _cohort()}
    return CardSource(**(values | changes))


@pytest.fixture
def make_card():
    """Return a maker of bundle cards: grouping, and any field of a card."""
    return _card


@pytest.fixture
def make_cohort():
    """Return a maker of cohorts."""
    return _cohort


@pytest.fixture
def make_record():
    """Return a maker of run records: names of the stages, and any field."""
    return _record


@pytest.fixture
def make_report():
    """Return a maker of report.json: specificity, and any key."""
    return _report


@pytest.fixture
def make_figure():
    """Return a maker of estimates in JSON: value, low, high, and any key."""
    return _figure


@pytest.fixture
def make_source():
    """Return a maker of sources; without changes nothing was measured."""
    return _source


@pytest.fixture
def waived():
    """Return an audit with one gate waived and one passed."""
    return AuditSummary(
        outcome="waived",
        created="2026-01-01T00:00:00+00:00",
        gates=(
            AuditedGate(gate="leak-canary", has_failed=False, sentence="It is quiet."),
            AuditedGate(
                gate="border", has_failed=True, sentence="Borders tell labels."
            ),
        ),
        waivers={"border": "known, and masked before training"},
    )
