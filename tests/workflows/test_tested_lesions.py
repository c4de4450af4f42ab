"""Tests of the sizes of tested lesions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tumorscope.domain.errors import DataError
from tumorscope.domain.manifest import Manifest
from tumorscope.domain.predictions import Predictions
from tumorscope.io.images import write_png
from tumorscope.workflows.tested_lesions import read_tested_areas


@pytest.fixture
def manifest(tmp_path):
    """Return five slices of which the masks of tumor slices have 10, 20 and 30 pixels."""
    masks = []
    for number, lesion_px in enumerate((10, 20, 0, 30)):
        mask = np.zeros((256, 256), dtype=bool)
        mask.ravel()[:lesion_px] = True
        masks.append(f"m{number}.png")
        write_png(tmp_path / masks[-1], mask)
    table = pd.DataFrame(
        {
            "image": [f"{number}.png" for number in range(5)],
            "source": "test",
            "label": [1, 1, 0, 1, 1],
            "mask": [*masks, None],
        }
    )
    return Manifest(table=table, root=tmp_path)


def _predict(images, labels, parts):
    table = pd.DataFrame(
        {
            "image": images,
            "frame": None,
            "label": labels,
            "patient_id": "p",
            "group": "p",
            "site": None,
            "slice_index": None,
            "slice_count": None,
            "fold": "one",
            "part": parts,
            "logit": 0.0,
            "tumor_probability": 0.5,
            "threshold_probability": 0.5,
        }
    )
    return Predictions(table=table)


def test_areas_stand_in_the_order_of_the_predictions(manifest):
    """Only tested tumor slices with a mask have an area; the others have none."""
    predictions = _predict(
        ["3.png", "2.png", "4.png", "0.png", "1.png"],
        [1, 0, 1, 1, 1],
        ["test", "test", "test", "tune", "test"],
    )

    areas = read_tested_areas(manifest, predictions)

    np.testing.assert_array_equal(areas, [30, np.nan, np.nan, np.nan, 20])


def test_nothing_is_read_where_no_tumor_slice_was_tested(manifest):
    """A part of one class has areas for nobody, and that is no error."""
    predictions = _predict(["2.png"], [0], ["test"])

    assert np.isnan(read_tested_areas(manifest, predictions)).all()


def test_foreign_predictions_are_refused(manifest):
    """Areas of other slices are never given to predictions."""
    with pytest.raises(DataError, match="does not know"):
        read_tested_areas(manifest, _predict(["9.png"], [1], ["test"]))
