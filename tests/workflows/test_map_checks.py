"""Tests of maps that are made again, and of deleted pixels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tumorscope.domain.progress import silent
from tumorscope.workflows.map_checks import (
    check_slices,
    delete_pixels,
    measure_completeness,
)
from tumorscope.workflows.mapped_slices import map_slices, open_fold
from tumorscope.workflows.run_folder import open_run

pytestmark = pytest.mark.xdist_group("trained-run")


@pytest.fixture(scope="module")
def opened(trained, spec):
    """Return the one fold of a run."""
    return open_fold(open_run(trained), 0, spec.explain, 1)


@pytest.fixture(scope="module")
def mapped(opened):
    """Return the maps of two tumor slices."""
    rows = np.flatnonzero(opened.run.manifest.labels == 1)[:2]
    return list(map_slices(opened, rows))


def test_a_run_agrees_fully_with_itself(opened, mapped):
    """As a second run it gives the same maps; new weights do not."""
    rows = list(check_slices(opened, mapped, second=opened, progress=silent))

    assert [each.method for each in rows] == ["cam", "occlusion"] * 2
    for each in rows:
        assert each.figures["seed_ssim"] == pytest.approx(1)
        if each.method == "occlusion":
            assert each.figures["seed_rank_correlation"] == pytest.approx(1)
            assert 0 <= each.figures["randomized_rank_correlation"] < 0.999
            assert 0 <= each.figures["randomized_chance"] <= 1


def test_noise_does_not_depend_on_the_slices_beside_it(opened, mapped):
    """The same slice, alone and among others, has the same figures."""
    among = list(check_slices(opened, mapped, second=None, progress=silent))[2:]
    alone = list(check_slices(opened, mapped[1:], second=None, progress=silent))

    for one, other in zip(among, alone, strict=True):
        assert "seed_ssim" not in one.figures
        assert one.figures == pytest.approx(other.figures, abs=1e-3, nan_ok=True)


def test_without_slices_nothing_is_made_again(opened):
    """Switched off is no error."""
    assert list(check_slices(opened, [], second=None, progress=silent)) == []
    assert list(delete_pixels(opened, [], silent)) == []
    assert len(measure_completeness(opened, np.array([], dtype=np.int64))) == 0


def test_the_class_map_of_a_trained_network_is_its_decision(opened, mapped):
    """Its mean is the logit on every slice."""
    rows = np.array([one.row for one in mapped])

    assert measure_completeness(opened, rows).max() < 1e-4


def test_every_map_and_a_random_order_delete_pixels(opened, mapped):
    """Areas are mean probabilities: all lie between 0 and 1, equal maps tie."""
    again = replace(
        mapped[0], maps=dict(mapped[0].maps) | {"copy": mapped[0].maps["cam"]}
    )

    rows = list(delete_pixels(opened, [again], silent))

    areas = {each.method: each.figures for each in rows}
    names = ["cam", "occlusion", "copy", "brightness", "asymmetry", "center", "random"]
    assert list(areas) == names
    assert areas["copy"] == areas["cam"]
    for figures in areas.values():
        assert set(figures) == {"deletion", "insertion"}
        assert all(0 <= value <= 1 for value in figures.values())


def test_a_slice_without_brain_is_left_out(opened, mapped):
    """There is nothing to delete, and no figure is made up."""
    one = mapped[0]
    nothing = np.zeros_like(one.trivial.region.brain)
    region = replace(one.trivial.region, brain=nothing, core=nothing)
    blank = replace(one, trivial=replace(one.trivial, region=region))

    assert list(delete_pixels(opened, [blank], silent)) == []
