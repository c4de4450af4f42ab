"""A small cohort without files, for the checks that look at facts and traits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tumorscope.audit.audited import AuditedCohort
from tumorscope.audit.shortcuts.traits import SliceTraits
from tumorscope.audit.slice_facts import COLOR, SliceFacts
from tumorscope.domain.manifest import Manifest


def _facts(**changes):
    known = {
        "height_px": 128,
        "width_px": 128,
        "bits": 8,
        "channels": COLOR,
        "equal_pairs": (False, False, False),
        "blank_channels": (False, False, False),
        "contrast": 0.8,
        "colored_share": 0.2,
        "has_bright_edge": False,
        "marks_px": 0,
    }
    return SliceFacts(**(known | changes))


def _traits(**changes):
    known = {
        "format": "PNG",
        "mode": "color",
        "bits": 8,
        "height_px": 128,
        "width_px": 128,
        "file_bytes": 9000,
        "compression": "deflate",
        "jpeg_tables": "",
        "jpeg_step": float("nan"),
        "density": "",
        "extra_bytes": 0,
        "is_grey_in_color": False,
    }
    return SliceTraits(**(known | changes))


def _cohort(table, *, facts=None, traits=None, grouping="patient", left_out=()):
    frame = pd.DataFrame(table)
    slices = len(frame)
    frame["source"] = frame.get("source", pd.Series(["made"] * slices))
    if "image" not in frame:
        frame["image"] = [f"{row}.png" for row in range(slices)]
    known = frame.get("patient_id", pd.Series([f"g{row}" for row in range(slices)]))
    return AuditedCohort(
        manifest=Manifest(table=frame, root=Path()),
        owners=known.to_numpy(dtype=object),
        grouping=grouping,
        facts=facts or [_facts()] * slices,
        traits=traits or [_traits()] * slices,
        left_out=left_out,
    )


def _patients(count, slices=6, tumor=lambda patient, place: place % 2):
    """Return a table of patients with some slices each."""
    rows = [
        {
            "patient_id": f"p{patient}",
            "label": int(tumor(patient, place)),
            "slice_index": place,
            "slice_count": slices,
        }
        for patient in range(count)
        for place in range(slices)
    ]
    return pd.DataFrame(rows)


@pytest.fixture
def facts():
    """Return a maker of a slice's facts; any field can be given."""
    return _facts


@pytest.fixture
def traits():
    """Return a maker of a file's traits; any field can be given."""
    return _traits


@pytest.fixture
def cohort():
    """Return a maker of cohorts: a table, then facts, traits, grouping, left_out."""
    return _cohort


@pytest.fixture
def patients():
    """Return a maker of tables: patients, slices of each, and a rule for the label."""
    return _patients


@pytest.fixture
def rng():
    """Return a source of randomness."""
    return np.random.default_rng(0)
