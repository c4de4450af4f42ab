"""Who is in a run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tumorscope.domain.manifest import Manifest
from tumorscope.domain.split import Split
from tumorscope.model_card.cohort import describe_cohort


@pytest.fixture
def cohort():
    """Return counts of six patients of two slices; patient p0 has no tumor slice."""

    def make(**columns):
        patients = np.repeat([f"p{each}" for each in range(6)], 2)
        table = pd.DataFrame(
            {
                "image": [f"{row}.png" for row in range(12)],
                "source": "test",
                "label": [0, 0] + [0, 1] * 5,
                "patient_id": patients,
                **columns,
            }
        )
        manifest = Manifest(table=table, root=Path("data"))
        owners = patients.astype(object)
        split = Split(
            manifest_digest=manifest.digest,
            grouping="patient",
            patient_id=owners,
            group=owners,
            part=np.repeat(["train", "train", "train", "tune", "test", "test"], 2)
            .astype(object)
            .reshape(12, 1),
            fold_names=("holdout",),
            seed=0,
        )
        return describe_cohort(manifest, split, owners)

    return make


def test_patients_and_slices_are_counted_apart(cohort):
    """Counts are those of a cohort counted by hand."""
    found = cohort()

    assert (found.n_slices, found.n_tumor_slices) == (12, 5)
    assert (found.n_owners, found.n_tumor_owners) == (6, 5)
    assert not found.all_have_tumor
    assert [part.n_owners for part in found.parts] == [3, 1, 2]
    assert [part.n_tumor_slices for part in found.parts] == [2, 1, 2]


def test_traits_count_patients_not_slices(cohort):
    """A patient with two slices counts once, and what is null says so."""
    found = cohort(
        site=list("AAAABBAABBBB"), age_years=[30.0] * 2 + [50.0] * 2 + [None] * 8
    )

    site, scanner, sex, age = found.parts[0].columns
    assert site == "A: 2, B: 1"
    assert scanner == "cannot be assessed: no `scanner`"
    assert sex == "cannot be assessed: no `sex`"
    assert age == "median 40, 30 to 50; not known 1"
    assert found.parts[2].columns[3] == "cannot be assessed: no `age_years`"
