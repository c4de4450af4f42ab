"""Ghosting: odd lines are weaker."""

import numpy as np
import pytest

from tumorscope.mri_artifacts.ghosting import add_ghosts


def test_the_ghost_lies_half_a_field_of_view_away():
    """Odd rows times 1 - g is the image times 1 - g/2 plus a shifted copy times g/2."""
    image = np.zeros((256, 8, 1))
    image[40, 3, 0] = 1.0

    ghosted = add_ghosts(image, 4)[..., 0]

    # g = 0.5; the five central rows (two of them odd) are kept: an error of 2 / 256 * g.
    assert ghosted[40, 3] == pytest.approx(0.75, abs=0.005)
    assert ghosted[(40 + 128) % 256, 3] == pytest.approx(0.25, abs=0.005)


def test_an_even_image_has_no_odd_rows_to_weaken():
    """A constant image lives at frequency zero, which is kept."""
    assert np.allclose(add_ghosts(np.full((64, 64, 3), 0.4), 5), 0.4)


def test_the_middle_is_kept_where_it_is_an_odd_row():
    """With 34 rows frequency zero is row 17, odd, and its brightness stays."""
    assert np.allclose(add_ghosts(np.full((34, 16, 1), 0.4), 5), 0.4)
