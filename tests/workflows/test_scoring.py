"""Tests of scoring: rows found again, bundles found, seen data refused."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.domain.errors import BundleError, DataError, LeakageError
from tumorscope.io.bundle import read_bundle
from tumorscope.workflows.run_folder import open_run
from tumorscope.workflows.scoring import (
    manifest_rows,
    open_fold_bundle,
    refuse_seen,
)

pytestmark = pytest.mark.xdist_group("trained-run")


def test_rows_are_found_by_image_in_any_order(prepared):
    """Predictions and manifest need not be sorted alike."""
    manifest = open_run(prepared).manifest

    table = manifest.table.iloc[[5, 0, 83]]

    assert manifest_rows(manifest, table).tolist() == [5, 0, 83]
    with pytest.raises(DataError, match="does not know"):
        manifest_rows(manifest, table.assign(image="else.png"))


def test_each_fold_has_its_own_bundle(trained, own):
    """A bundle of another fold is refused."""
    run = open_run(own(trained))
    renamed = type(run.split)(
        manifest_digest=run.split.manifest_digest,
        grouping=run.split.grouping,
        patient_id=run.split.patient_id,
        group=run.split.group,
        part=run.split.part,
        fold_names=("other",),
        seed=run.split.seed,
    )
    other = type(run)(
        folder=run.folder, record=run.record, manifest=run.manifest, split=renamed
    )

    with pytest.raises(BundleError, match="belongs to fold 'holdout', not to 'other'"):
        open_fold_bundle(other, 0)


def test_tuning_slices_count_as_seen(trained):
    """They chose epoch and threshold; test slices of the same run are unseen."""
    run = open_run(trained)
    bundle = read_bundle(trained / "bundle")

    refuse_seen(bundle, run.manifest, run.owners(), rows=run.split.rows("test"))
    for part in ("train", "tune"):
        rows = run.split.rows(part)
        with pytest.raises(LeakageError, match=f"^{len(rows)} slices of patients"):
            refuse_seen(bundle, run.manifest, run.owners(), rows=rows)


def test_one_seen_slice_among_many_is_enough(trained):
    """The message names it."""
    run = open_run(trained)
    rows = np.append(run.split.rows("test"), run.split.rows("train")[0])

    image = run.manifest.table["image"].iat[run.split.rows("train")[0]]
    with pytest.raises(LeakageError, match=f"1 slices .*first: {image}"):
        refuse_seen(
            read_bundle(trained / "bundle"), run.manifest, run.owners(), rows=rows
        )
