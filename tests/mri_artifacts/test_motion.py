"""Motion: poses put together in k-space."""

import numpy as np

from tumorscope.mri_artifacts.motion import move_head


class _Told:
    """A generator that says what it was told: rows, then rotation and shifts."""

    def __init__(self, rows, angle, shifts):
        self.rows, self.answers, self.limits = rows, [angle, np.array(shifts)] * 2, []

    def choice(self, n, size, replace):
        return np.array(self.rows)

    def uniform(self, low, high, size=None):
        self.limits.append((low, high))
        return self.answers.pop(0)


def test_a_pose_from_the_first_row_on_moves_the_whole_head(image):
    """With both poses from row 0 on, the last one is all: three pixels down, two right."""
    rng = _Told((0, 0), 0.0, (3.0, 2.0))

    moved = move_head(image, 3, rng)

    assert np.allclose(moved, np.roll(image, (3, 2), axis=(0, 1)), atol=1e-9)
    assert rng.limits == [(-3, 3), (-4, 4)] * 2


def test_rows_before_the_first_pose_keep_the_old_head(image):
    """A pose from the last row on leaves all but that row of k-space."""
    moved = move_head(image, 5, _Told((63, 63), 0.0, (10.0, 0.0)))

    assert np.abs(moved - image).max() < 0.05
    assert np.abs(moved - image).max() > 0


def test_sequences_move_together(image):
    """One draw holds for all sequences: equal ones stay equal."""
    same = np.repeat(image[..., :1], 3, axis=2)

    moved = move_head(same, 4, np.random.default_rng(1))

    assert np.allclose(moved[..., 0], moved[..., 1])
    assert np.allclose(moved[..., 0], moved[..., 2])


def test_one_sequence_keeps_its_axis(image):
    """A grey slice comes back with its axis of sequences."""
    assert move_head(image[..., :1], 2, np.random.default_rng(1)).shape == (64, 64, 1)
