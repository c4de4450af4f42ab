"""What becomes of a head: held back, let through, or only its brain is left."""

from __future__ import annotations

import numpy as np
import pytest
from tests.deid.pixels.conftest import stack

from tumorscope.deid.pixels.series_faces import treat_unplaced, treat_volumes
from tumorscope.domain.volume import Volume

pytestmark = pytest.mark.slow


def faint(volume: Volume) -> Volume:
    """Return the same head as another sequence: brain and bone look alike in noise."""
    noise = np.random.default_rng(0).integers(0, 9, volume.voxels.shape)
    return Volume(
        voxels=np.where(volume.voxels > 0, 100, noise).astype(np.uint16),
        origins_mm=volume.origins_mm,
        row_step_mm=volume.row_step_mm,
        column_step_mm=volume.column_step_mm,
    )


@pytest.mark.parametrize(("rule", "reason"), [("hold", "face-held"), ("flag", "")])
def test_a_head_is_held_back_or_let_through_as_wanted(head_volume, rule, reason):
    """In both cases it is flagged, and nothing is cleared."""
    (found,) = treat_volumes([head_volume], rule)

    assert found.finding.is_flagged
    assert (found.reason, found.kept) == (reason, None)


def test_removal_leaves_nothing_near_the_surface(head_volume):
    """Only stripping proves that no face is left; the brain is measured."""
    (stripped,) = treat_volumes([head_volume], "remove")
    (defaced,) = treat_volumes([head_volume], "deface")

    assert stripped.proves
    assert not defaced.proves
    assert defaced.kept.sum() > stripped.kept.sum() > 0
    assert stripped.removed_ml > 500
    assert 0 <= stripped.rim_ml < 0.2 * stripped.brain_ml
    assert not stripped.kept[:, :, 0].any()


def test_a_mask_is_borrowed_within_one_frame_of_reference(head_volume):
    """A sequence whose own mask fails is stripped by that of another one."""
    alone = treat_volumes([faint(head_volume)], "remove")[0]

    own, borrowed = treat_volumes([head_volume, faint(head_volume)], "remove")

    assert alone.reason == "brain-mask-failed"
    assert (own.is_borrowed, borrowed.is_borrowed) == (False, True)
    assert borrowed.proves
    assert float((borrowed.kept == own.kept).mean()) > 0.99


@pytest.mark.parametrize(
    ("count", "rule", "reason"),
    [(2, "hold", ""), (3, "hold", "face-held"), (3, "remove", "face-held")],
)
def test_frames_without_a_place_are_in_doubt(count, rule, reason):
    """Three of them may be a face; two cannot."""
    assert treat_unplaced(count, "x", rule).reason == reason


def test_two_slices_are_no_volume():
    """They are told as such, not as free of a face."""
    (found,) = treat_volumes([stack(np.ones((2, 40, 40), np.uint8))], "hold")

    assert (found.finding.verdict, found.reason) == ("no volume", "")
