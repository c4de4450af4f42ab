"""All artifacts by name: the same for everyone, growing with severity."""

from zlib import crc32

import numpy as np
import pytest

from tumorscope.domain.errors import DataError
from tumorscope.domain.robustness_spec import ALL_ARTIFACTS, SEVERITIES
from tumorscope.mri_artifacts import artifact_rng, corrupt_slice
from tumorscope.mri_artifacts.catalog import FIXED, RANDOM


def corrupt(pixels, name, severity=3, file_name="a.tif"):
    return corrupt_slice(pixels, name, severity=severity, file_name=file_name)


def test_every_name_has_one_definition():
    """The settings and the catalog know the same artifacts."""
    assert sorted([*FIXED, *RANDOM]) == sorted(ALL_ARTIFACTS)


def test_the_seed_is_the_crc32_of_artifact_severity_and_file_name():
    """Two people who follow the definition draw the same."""
    expected = np.random.default_rng(crc32(b"Rician|2|scan_7.tif"))

    assert artifact_rng("Rician", 2, "scan_7.tif").random() == expected.random()


@pytest.mark.parametrize("name", ALL_ARTIFACTS)
def test_shape_and_depth_stay_and_the_result_repeats(name, disc):
    """uint8 color, uint16 color and grey come back as they were, changed, twice alike."""
    for pixels in (disc, disc.astype(np.uint16) * 257, disc[..., 0]):
        before = pixels.copy()

        found = corrupt(pixels, name)

        assert (found.shape, found.dtype) == (pixels.shape, pixels.dtype)
        assert (found != pixels).any()
        assert (pixels == before).all()
        assert (found == corrupt(pixels, name)).all()


@pytest.mark.parametrize(
    "name",
    ["ghost", "spike", "bias", "Rician", "blur/Gibbs", "gamma", "down-sample", "JPEG"],
)
def test_severity_5_changes_more_than_severity_1(name, disc):
    """The mean change grows; motion is left out, its rows may fall outside the middle."""
    changes = [
        np.abs(corrupt(disc, name, severity).astype(float) - disc).mean()
        for severity in (SEVERITIES[0], SEVERITIES[-1])
    ]

    assert changes[0] < changes[1]


def test_another_file_is_drawn_anew(disc):
    """Chance depends on the file's name."""
    assert (corrupt(disc, "spike") != corrupt(disc, "spike", file_name="b.tif")).any()


def test_what_exceeds_the_file_is_scaled_and_not_cut_off():
    """Bright tissue keeps its order under a bias field."""
    ramp = np.tile(np.linspace(200, 255, 64).astype(np.uint8), (64, 1))

    found = corrupt(ramp, "bias", 5)

    assert found.max() == 255
    assert (found == 255).mean() < 0.05


def test_one_sequence_in_three_channels_has_one_noise(disc):
    """A grey picture stored as color stays grey."""
    grey = np.repeat(disc[..., :1], 3, axis=2)

    found = corrupt(grey, "Rician", 5)

    assert (found[..., 0] == found[..., 1]).all()
    assert (found[..., 0] == found[..., 2]).all()


@pytest.mark.parametrize("name", ALL_ARTIFACTS)
def test_a_blank_slice_is_no_crash(name):
    """Nothing in, nothing out."""
    assert not corrupt(np.zeros((32, 32, 3), np.uint8), name, 5).any()


@pytest.mark.parametrize(
    ("shape", "severity", "message"),
    [((64, 64), 6, "severity 6"), ((64, 64), 0, "severity 0"), ((8, 64), 1, "too few")],
)
def test_what_is_not_defined_is_refused(shape, severity, message):
    """Unknown severities and tiny pictures are errors."""
    with pytest.raises(DataError, match=message):
        corrupt(np.ones(shape, np.uint8), "ghost", severity)


def test_the_blur_is_that_of_monai(disc):
    """MONAI keeps a disc of k-space, this a square: the blurred pictures are alike."""
    transforms = pytest.importorskip("monai.transforms")
    image = (disc[..., 0] / 255).astype(np.float32)[None]

    theirs = np.asarray(transforms.GibbsNoise(alpha=0.5)(image))[0]

    ours = corrupt(disc, "blur/Gibbs", 2)[..., 0] / 255
    assert np.corrcoef(theirs.ravel(), ours.ravel())[0, 1] > 0.98
