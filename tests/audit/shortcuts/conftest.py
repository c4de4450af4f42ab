"""A synthetic cohort whose border, file and site cues are known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tumorscope.audit.shortcuts import ProbeCohort, ProbeFeatures, SliceTraits
from tumorscope.domain.manifest import Manifest
from tumorscope.domain.shortcut_spec import ShortcutSpec

TRAITS = SliceTraits(
    format="PNG",
    mode="grey",
    bits=8,
    height_px=64,
    width_px=64,
    file_bytes=1000,
    compression="deflate",
    jpeg_tables="",
    jpeg_step=float("nan"),
    density="",
    extra_bytes=0,
    is_grey_in_color=False,
)


def _table(rng, patients, slices):
    """Return the manifest's table: 3 of 5 patients have one run of tumor mid-head."""
    rows = []
    for patient in range(patients):
        start = int(rng.integers(slices // 4, slices // 2))
        run = range(start, start + slices // 3) if patient % 5 < 3 else range(0)
        rows += [
            {
                "image": f"P{patient}/{index}.png",
                "label": int(index in run),
                "patient_id": f"P{patient}",
                "slice_index": index,
                "slice_count": slices,
                "site": "ABC"[patient % 3],
                "sex": "FM"[int(rng.integers(2))],
                "age_years": float(rng.integers(20, 80)),
                "source": "made",
            }
            for index in range(slices)
        ]
    return pd.DataFrame(rows)


def _features(rng, patient):
    """Return features that vary by patient and by slice, and know no label."""
    own = rng.normal(size=(int(patient.max()) + 1, 55))
    values = own[patient] + rng.normal(size=(len(patient), 55))
    return [
        ProbeFeatures(
            border=row[:16],
            background=row[16:29],
            intensity=row[29:55],
            outside=_patch(rng, 40),
            head=_patch(rng, 256),
        )
        for row in values
    ]


def _patch(rng, levels):
    """Return a picture of which a corner varies: few columns are quickly fitted."""
    picture = np.zeros((32, 32), np.uint8)
    picture[:4, :4] = rng.integers(0, levels, (4, 4))
    return picture


def _cohort(patients=20, slices=8, seed=0, **columns):
    rng = np.random.default_rng(seed)
    table = _table(rng, patients, slices)
    features = _features(rng, pd.factorize(table["patient_id"])[0])
    return ProbeCohort(
        manifest=Manifest(table=table.assign(**columns), root=Path()),
        group=table["patient_id"].to_numpy(dtype=object),
        grouping="patient",
        traits=[TRAITS] * len(table),
        features=features,
    )


def _with_columns(cohort, **columns):
    table = cohort.manifest.table.assign(**columns)
    return replace(cohort, manifest=Manifest(table=table, root=cohort.manifest.root))


@pytest.fixture(scope="session")
def make_cohort():
    """Return a maker of cohorts: patients, slices, seed, and columns to overwrite."""
    return _cohort


@pytest.fixture(scope="session")
def with_columns():
    """Return what overwrites columns of a cohort's manifest."""
    return _with_columns


@pytest.fixture(scope="session")
def spec():
    """Return settings that are quick and still can reach a small p."""
    return ShortcutSpec(permutations=499, bootstrap_draws=100, exceedances=10)


@pytest.fixture(scope="session")
def traits():
    """Return the traits of one file."""
    return TRAITS
