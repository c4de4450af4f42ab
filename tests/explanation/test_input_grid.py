"""Maps on the network's input."""

import numpy as np
import pytest

from tumorscope.domain.errors import DataError
from tumorscope.explanation.attribution import to_original_grid
from tumorscope.explanation.input_grid import to_input_grid
from tumorscope.preprocessing import CropBox


def test_the_square_is_cut_and_averaged():
    """A 4 x 4 square becomes 2 x 2 means; parts outside the image are filled."""
    values = np.arange(16, dtype=np.float32).reshape(4, 4)
    inside = CropBox(top_px=0, left_px=0, side_px=4)
    reaching_out = CropBox(top_px=2, left_px=2, side_px=4)

    assert to_input_grid(values, inside, 2, outside=0).tolist() == [
        [2.5, 4.5],
        [10.5, 12.5],
    ]
    found = to_input_grid(values, reaching_out, 2, outside=-1)
    assert found.tolist() == [[12.5, -1], [-1, -1]]


def test_it_is_the_way_back_of_the_original_grid():
    """Smooth maps survive both ways."""
    rows, columns = np.mgrid[0:16, 0:16]
    on_input = np.sin(rows / 9).astype(np.float32) + columns.astype(np.float32) / 16
    box = CropBox(top_px=3, left_px=5, side_px=32)

    there = to_original_grid(on_input, box, 48, 48)
    back = to_input_grid(there, box, 16, outside=float(there.min()))

    inner = np.s_[1:-1, 1:-1]  # the outermost cells are extrapolated
    assert np.abs(back - on_input)[inner].max() < 0.02


def test_a_square_beside_the_image_is_refused():
    """The box of another slice would give a blank map."""
    with pytest.raises(DataError, match="does not touch"):
        to_input_grid(
            np.zeros((4, 4)), CropBox(top_px=9, left_px=0, side_px=4), 2, outside=0
        )
