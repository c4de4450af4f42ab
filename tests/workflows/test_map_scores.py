"""Tests of scores for each slice and map."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tumorscope.domain.progress import silent
from tumorscope.workflows.map_scores import choose_taus, score_slices
from tumorscope.workflows.mapped_slices import map_slices, open_fold
from tumorscope.workflows.run_folder import open_run

pytestmark = pytest.mark.xdist_group("trained-run")
MODEL, TRIVIAL = {"cam", "occlusion"}, {"brightness", "asymmetry", "center"}


@pytest.fixture(scope="module")
def opened(trained, spec):
    """Return the one fold of a run."""
    return open_fold(open_run(trained), 0, spec.explain, 1)


@pytest.fixture(scope="module")
def mapped(opened):
    """Return the maps of a tumor slice and of a tumor-free one, in this order."""
    labels = opened.run.manifest.labels
    rows = [int(np.flatnonzero(labels == label)[0]) for label in (1, 0)]
    return list(map_slices(opened, np.array(rows)))


def test_every_method_but_brightness_has_a_cut_off(opened):
    """The rule of brightness is fixed; without tuning slices there is none at all."""
    labels = opened.run.manifest.labels
    rows = np.flatnonzero(labels == 1)[:2]

    taus = choose_taus(opened, rows, silent)

    assert set(taus) == (MODEL | TRIVIAL) - {"brightness"}
    assert choose_taus(opened, rows[:0], silent) == {}


def test_lesions_are_scored_on_tumor_slices_and_area_on_the_others(opened, mapped):
    """A tumor-free slice never enters Dice, a tumor slice never the highlighted area."""
    taus = {"cam": 0.0, "occlusion": 0.0, "asymmetry": 0.0, "center": 0.0}

    rows = list(score_slices(opened, mapped, taus))

    assert [each.method for each in rows[:5]] == [*mapped[0].all_maps()]
    for each in rows:
        is_tumor = each.row == mapped[0].row
        assert (each.lesion is not None) == is_tumor
        assert ("dice" in each.figures) == is_tumor
        assert ("highlighted_on_tumor_free" in each.figures) != is_tumor
        assert ("mass_outside_brain" in each.figures) == (each.method in MODEL)


def test_without_cut_offs_only_the_fixed_rule_is_scored(opened, mapped):
    """No masks in the tuning part: brightness alone can be made binary."""
    rows = list(score_slices(opened, mapped, {}))

    scored = {each.method for each in rows if each.lesion is not None}
    assert scored == {"brightness"}


def test_a_slice_without_mask_has_no_lesion_score(opened, mapped):
    """It still has a map, and a share outside the brain."""
    rows = list(score_slices(opened, [replace(mapped[0], mask=None)], {"cam": 0.0}))

    assert all(each.lesion is None for each in rows)
    assert 0 <= rows[0].figures["mass_outside_brain"] <= 1
