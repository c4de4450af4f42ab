"""Tests of one fold that is mapped, scored and checked."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.domain.progress import silent
from tumorscope.workflows.explained_folds import score_fold
from tumorscope.workflows.lesion_sizes import read_lesion_areas
from tumorscope.workflows.mapped_slices import open_fold
from tumorscope.workflows.run_folder import open_run

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("trained-run")]


def test_a_fold_describes_every_slice_that_it_mapped(trained, spec):
    """Lesion areas are those of the masks; every score belongs to a described slice."""
    run = open_run(trained)
    quick = spec.explain.model_copy(
        update={"methods": ("cam",), "check_slices": 1, "deletion_slices": 1}
    )

    found = score_fold(open_fold(run, 0, quick, 1), None, silent)

    rows = found.slices["row"].to_numpy()
    areas = read_lesion_areas(run.manifest.subset(rows))
    assert found.slices["area_px"].to_numpy() == pytest.approx(areas)
    assert (found.slices["label"].to_numpy() == run.manifest.labels[rows]).all()
    assert {each.row for each in found.rows} == set(rows.tolist())
    assert len(found.completeness) == 1
    assert found.fold == "holdout"
    assert "brightness" not in found.taus
    assert np.isfinite(list(found.taus.values())).all()
