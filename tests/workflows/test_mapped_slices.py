"""Tests of the maps of a slice."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.io.images import read_image, read_mask
from tumorscope.workflows.mapped_slices import map_slices, open_fold
from tumorscope.workflows.run_folder import open_run

pytestmark = pytest.mark.xdist_group("trained-run")


def test_all_maps_lie_on_the_grid_of_the_image(trained, spec):
    """Maps, mask and picture can be laid upon each other, in the order of the rows."""
    run = open_run(trained)
    opened = open_fold(run, 0, spec.explain, 1)
    rows = np.array([40, 3])

    mapped = list(map_slices(opened, rows))

    assert [one.row for one in mapped] == [40, 3]
    for one in mapped:
        assert (one.pixels == read_image(run.manifest.image_path(one.row))).all()
        assert (one.mask == read_mask(run.manifest.mask_path(one.row))).all()
        assert list(one.maps) == ["cam", "occlusion"]
        maps = {**one.maps, **one.trivial.by_name()}
        assert {found.shape for found in maps.values()} == {one.pixels.shape[:2]}


def test_maps_do_not_depend_on_the_batch(trained, spec):
    """A slice has the same map alone as among others."""
    opened = open_fold(open_run(trained), 0, spec.explain, 1)

    (alone,) = map_slices(opened, np.array([7]))
    among = list(map_slices(opened, np.arange(20)))[7]

    assert alone.maps["cam"] == pytest.approx(among.maps["cam"], abs=1e-5)
