"""Random changes of a whole batch at once."""

from __future__ import annotations

import math

import pytest
import torch

from tumorscope.domain.specs import AugmentSpec
from tumorscope.learning.augmentation import affine_matrices, augment_batch

SIZE = 32
EACH = [
    {"rotation_degrees": 20},
    {"shift_share": 0.2},
    {"zoom_share": 0.3},
    {"shear_degrees": 20},
    {"flip_left_right": 1},
    {"flip_up_down": 1},
    {"bias_field": 0.5},
    {"gamma": 0.5},
    {"contrast": 0.3},
    {"noise": 0.1},
    {"blur": 1},
    {"drop_sequence": 1},
    {"erase": 1},
]
ALL = AugmentSpec(
    rotation_degrees=30,
    shift_share=0.2,
    zoom_share=0.3,
    shear_degrees=10,
    flip_left_right=0.5,
    flip_up_down=0.5,
    bias_field=1,
    gamma=1,
    contrast=0.5,
    noise=0.3,
    blur=0.5,
    drop_sequence=0.5,
    erase=0.5,
)


def _generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _heads(count: int = 8) -> torch.Tensor:
    """Return textured squares in a dark frame, (count, 3, 32, 32), in [0, 1]."""
    images = torch.zeros(count, 3, SIZE, SIZE)
    inner = torch.rand(count, 3, 16, 16, generator=_generator(9))
    images[:, :, 8:24, 8:24] = 0.2 + 0.7 * inner
    return images


def _changed(spec: AugmentSpec, *, seed: int = 0) -> torch.Tensor:
    return augment_batch(_heads(), spec, generator=_generator(seed), size_px=SIZE)


def test_empty_spec_returns_the_image():
    """With everything switched off, not a pixel moves."""
    torch.testing.assert_close(_changed(AugmentSpec()), _heads(), rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("values", "dimension"), [({"flip_left_right": 1}, 3), ({"flip_up_down": 1}, 2)]
)
def test_flip_mirrors_the_named_axis(values, dimension):
    """Left-right reverses the columns, up-down the rows, of every slice."""
    flipped = _changed(AugmentSpec(**values))

    torch.testing.assert_close(flipped, _heads().flip(dimension), rtol=0, atol=1e-5)


def test_flip_happens_as_often_as_asked_for():
    """A probability of one half mirrors about half of the slices."""
    spec = AugmentSpec(flip_left_right=0.5)

    matrices = affine_matrices(2000, spec, generator=_generator())

    assert 0.45 < (matrices[:, 0, 0] < 0).float().mean() < 0.55
    assert (matrices[:, 1, 1] == 1).all()


def test_rotation_is_a_rotation_within_its_limit():
    """The matrix is orthogonal, its angle uniform in the range to both sides."""
    spec = AugmentSpec(rotation_degrees=30)

    matrices = affine_matrices(2000, spec, generator=_generator())[:, :, :2]

    identity = torch.eye(2).expand(2000, 2, 2)
    torch.testing.assert_close(matrices @ matrices.mT, identity, atol=1e-5, rtol=0)
    degrees = torch.rad2deg(torch.atan2(matrices[:, 1, 0], matrices[:, 0, 0]))
    assert degrees.abs().max() <= 30.001
    assert degrees.min() < -29
    assert degrees.max() > 29
    assert abs(float(degrees.mean())) < 2


def test_rotation_by_a_quarter_is_that_of_the_array():
    """A hand-made draw: the sampled picture is the turned array."""
    spec = AugmentSpec(rotation_degrees=180)
    seed = next(
        seed
        for seed in range(100_000)
        if abs(
            math.degrees(
                math.acos(
                    float(affine_matrices(1, spec, generator=_generator(seed))[0, 0, 0])
                )
            )
            - 90
        )
        < 0.05
    )
    image = _heads(1)

    turned = augment_batch(image, spec, generator=_generator(seed), size_px=SIZE)

    candidates = [torch.rot90(image, turns, (2, 3)) for turns in (1, 3)]
    assert min(float((turned - one).abs().max()) for one in candidates) < 0.05


def test_zoom_and_shift_are_hand_computed():
    """Zoom scales the diagonal by its inverse; a shift spans twice its share."""
    zoom = affine_matrices(2000, AugmentSpec(zoom_share=0.25), generator=_generator())
    shift = affine_matrices(2000, AugmentSpec(shift_share=0.1), generator=_generator())

    assert 1 / 1.25 <= zoom[:, 0, 0].min() < 0.81
    assert 1.31 < zoom[:, 0, 0].max() <= 1 / 0.75
    torch.testing.assert_close(zoom[:, 0, 0], zoom[:, 1, 1])
    assert 0.19 < shift[:, :, 2].abs().max() <= 0.2
    assert (shift[:, 0, 0] == 1).all()


@pytest.mark.parametrize(
    "values",
    [one for one in EACH if not {"rotation_degrees", "shear_degrees"} & set(one)],
    ids=lambda one: next(iter(one)),
)
def test_background_stays_zero(values):
    """Air around the head was set to zero by preprocessing; nothing lights it up."""
    if set(values) & {"shift_share", "zoom_share", "blur"}:
        far = _changed(AugmentSpec(**values))[:, :, [0, -1]][..., [0, -1]]
        assert (far == 0).all()
    else:
        assert (_changed(AugmentSpec(**values))[_heads() == 0] == 0).all()


def test_noise_spares_the_background_after_a_change_of_contrast():
    """Gamma and gain leave zero at zero, so noise still finds the air around the head."""
    spec = AugmentSpec(gamma=1, contrast=0.5, bias_field=1, noise=0.3)

    assert (_changed(spec)[_heads() == 0] == 0).all()


@pytest.mark.parametrize("values", EACH, ids=lambda one: next(iter(one)))
def test_each_option_changes_something(values):
    """No option is without effect, and each leaves the input as it was."""
    images = _heads()

    changed = augment_batch(
        images, AugmentSpec(**values), generator=_generator(), size_px=SIZE
    )

    assert (changed - _heads()).abs().amax(dim=(1, 2, 3)).max() > 0.01
    torch.testing.assert_close(images, _heads(), rtol=0, atol=0)


def test_every_option_is_tested():
    """A new option of the spec needs a place in these tests."""
    assert {next(iter(one)) for one in EACH} == set(AugmentSpec.model_fields)


@pytest.mark.parametrize("seed", range(5))
def test_result_never_leaves_the_range(seed):
    """Everything at once, and strongly: still in [0, 1], finite, channels-last."""
    changed = _changed(ALL, seed=seed)

    assert changed.dtype == torch.float32
    assert changed.shape == (8, 3, SIZE, SIZE)
    assert changed.is_contiguous(memory_format=torch.channels_last)
    assert torch.isfinite(changed).all()
    assert changed.min() >= 0
    assert changed.max() <= 1


def test_generator_fixes_the_result():
    """The same generator state gives the same batch; another one another."""
    torch.testing.assert_close(_changed(ALL), _changed(ALL), rtol=0, atol=0)
    assert not torch.equal(_changed(ALL), _changed(ALL, seed=1))


def test_slices_of_a_batch_are_changed_differently():
    """Each slice has a draw of its own."""
    images = _heads(1).expand(4, -1, -1, -1)

    changed = augment_batch(
        images, AugmentSpec(gamma=1), generator=_generator(), size_px=SIZE
    )

    assert len(changed[:, 0, 12, 12].unique()) == 4


def test_lower_resolution_comes_with_the_same_resampling():
    """The reduced picture shows the same head in fewer pixels."""
    small = augment_batch(_heads(), AugmentSpec(), generator=_generator(), size_px=16)

    assert small.shape == (8, 3, 16, 16)
    assert (small[:, :, :4] == 0).all()
    assert (small[:, :, 4:12, 4:12] > 0).all()


def test_dropped_sequence_is_replaced_by_another_of_the_slice():
    """Two of the three channels are then equal, and no new picture appears."""
    images = _heads()

    changed = _changed(AugmentSpec(drop_sequence=1))

    for before, after in zip(images, changed, strict=True):
        kept = [
            any(torch.allclose(channel, other, atol=1e-5) for other in before)
            for channel in after
        ]
        pairs = [torch.equal(after[i], after[j]) for i, j in ((0, 1), (0, 2), (1, 2))]
        assert all(kept)
        assert sum(pairs) == 1


@pytest.mark.parametrize("values", EACH, ids=lambda one: next(iter(one)))
def test_black_slice_stays_black(values):
    """A degenerate batch comes out as it went in."""
    black = torch.zeros(2, 3, SIZE, SIZE)

    changed = augment_batch(
        black, AugmentSpec(**values), generator=_generator(), size_px=SIZE
    )

    assert changed.abs().max() < 1e-3
