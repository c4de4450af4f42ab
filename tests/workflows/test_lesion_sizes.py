"""Tests of the sizes of lesions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tumorscope.domain.errors import UnreadableScanError
from tumorscope.domain.manifest import Manifest
from tumorscope.io.images import write_png
from tumorscope.workflows.lesion_sizes import read_lesion_areas


def _manifest(folder, masks):
    table = pd.DataFrame(
        {
            "image": [f"{number}.png" for number in range(len(masks))],
            "source": "test",
            "mask": masks,
        }
    )
    return Manifest(table=table, root=folder)


def _write_mask(path, *, size_px, lesion_px):
    mask = np.zeros((size_px, size_px), dtype=bool)
    mask.ravel()[:lesion_px] = True
    write_png(path, mask)


def test_an_area_does_not_depend_on_the_grid_of_its_mask(tmp_path):
    """The same lesion has the same size at 128, 256 and 512 pixels."""
    for size_px, lesion_px in ((128, 50), (256, 200), (512, 800)):
        _write_mask(tmp_path / f"m{size_px}.png", size_px=size_px, lesion_px=lesion_px)
    manifest = _manifest(tmp_path, ["m128.png", "m256.png", "m512.png"])

    areas = read_lesion_areas(manifest)

    assert areas.dtype == np.float64
    np.testing.assert_allclose(areas, 200)


def test_no_mask_is_not_an_empty_mask(tmp_path):
    """An unknown size is NaN, a known absence of a lesion is 0."""
    _write_mask(tmp_path / "empty.png", size_px=32, lesion_px=0)

    areas = read_lesion_areas(_manifest(tmp_path, ["empty.png", None]))

    assert areas[0] == 0
    assert np.isnan(areas[1])


def test_a_cohort_without_masks_has_no_known_size(tmp_path):
    """Nothing is read, and nothing is guessed."""
    areas = read_lesion_areas(_manifest(tmp_path, [None, None]))

    assert np.isnan(areas).tolist() == [True, True]


def test_a_missing_mask_file_is_an_error(tmp_path):
    """A size that was promised and cannot be read is not passed over."""
    with pytest.raises(UnreadableScanError, match=r"gone\.png"):
        read_lesion_areas(_manifest(tmp_path, ["gone.png"]))


def test_progress_counts_the_masks(tmp_path):
    """A long reading shows how far it got."""
    _write_mask(tmp_path / "one.png", size_px=32, lesion_px=3)
    seen = []

    def watch(items, *, total, label):
        seen.append((total, label))
        yield from items

    read_lesion_areas(_manifest(tmp_path, ["one.png", None]), progress=watch)

    assert seen == [(1, "lesion sizes")]
