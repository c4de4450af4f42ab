"""Tests of which slices are explained."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tumorscope.workflows.explained_rows import choose_rows, tumor_rows
from tumorscope.workflows.mapped_slices import open_fold
from tumorscope.workflows.run_folder import open_run

pytestmark = pytest.mark.xdist_group("trained-run")


@pytest.fixture
def opened(trained, spec):
    """Return the one fold of a run."""
    return open_fold(open_run(trained), 0, spec.explain, 1)


def with_settings(opened, **changes):
    """Return the fold with other settings."""
    return replace(opened, spec=opened.spec.model_copy(update=changes))


def test_all_tumor_slices_of_the_test_part_are_mapped(opened):
    """Also those that no check looks at."""
    run = opened.run
    test = run.split.rows("test", 0)
    tumor = test[run.manifest.labels[test] == 1]

    none = choose_rows(
        with_settings(opened, tumor_free_slices=0, check_slices=0, deletion_slices=0)
    )

    assert none.mapped.tolist() == tumor.tolist()
    assert not len(none.checked)
    assert not len(none.deleted)
    assert tumor_rows(run, "test", 0, masked=True).tolist() == tumor.tolist()


def test_samples_are_as_large_as_asked_and_of_the_right_kind(opened):
    """Checks look at tumor slices, the highlighted area at tumor-free ones."""
    labels = opened.run.manifest.labels

    chosen = choose_rows(
        with_settings(opened, tumor_free_slices=4, check_slices=2, deletion_slices=1)
    )

    free = chosen.mapped[labels[chosen.mapped] == 0]
    assert (len(free), len(chosen.checked), len(chosen.deleted)) == (4, 2, 1)
    assert (labels[chosen.checked] == 1).all()
    assert set(chosen.checked) <= set(chosen.mapped)
    assert (np.diff(chosen.mapped) > 0).all()


def test_tumor_free_slices_stand_for_those_that_were_left_out(opened):
    """Tumor slices count once; the weights of the others add up to all of them."""
    run = opened.run
    test = run.split.rows("test", 0)
    n_free = int((run.manifest.labels[test] == 0).sum())
    n_patients = len(set(run.owners()[test]))

    chosen = choose_rows(with_settings(opened, tumor_free_slices=n_patients))

    free = run.manifest.labels[chosen.mapped] == 0
    assert (chosen.weights[~free] == 1).all()
    assert chosen.weights[free].sum() == pytest.approx(n_free)
