"""Trivial maps: the brain's region, and three rules that need no learning."""

import numpy as np
import pytest
from scipy import ndimage

from tumorscope.domain.errors import DataError
from tumorscope.explanation.trivial_maps import (
    TRIVIAL_METHODS,
    find_brain,
    flair_channel,
    make_trivial_maps,
)


def make_head(*, side=256, lesion=(110, 170), seed=0):
    """Return a head (side, side, 3), uint8, with a bright FLAIR lesion in channel 1."""
    scale = side / 256
    rows, columns = np.ogrid[:side, :side]
    head = np.hypot((rows / scale - 128) / 100, (columns / scale - 128) / 80) < 1
    rng = np.random.default_rng(seed)
    pixels = head[..., None] * rng.integers(60, 90, (side, side, 3))
    row, column = lesion
    disc = np.hypot(rows / scale - row, columns / scale - column) < 15
    pixels[disc, 1] = 200
    return pixels.astype(np.uint8), disc


def reference_region(pixels):
    """Return brain and core as the definition says it, in SciPy's words."""
    brightest = pixels.max(axis=2)
    opened = ndimage.binary_opening(brightest > 25, iterations=2)
    brain = ndimage.binary_fill_holes(opened)
    if brain.sum() < 500:
        brain = brightest > 10
    core = ndimage.binary_erosion(brain, iterations=12)
    if core.sum() < 300:
        core = ndimage.binary_erosion(brain, iterations=3)
    if core.sum() < 50:
        core = brain
    return brain, core


def make_ellipse(row_radius, column_radius, *, level=80):
    """Return an ellipse with a hole and specks around it, (256, 256, 3), uint8."""
    rows, columns = np.ogrid[:256, :256]
    inside = np.hypot((rows - 120) / row_radius, (columns - 130) / column_radius) < 1
    inside[120, 130] = False
    pixels = np.zeros((256, 256, 3), np.uint8)
    pixels[inside] = level
    pixels[5, 5:7] = 255
    return pixels


@pytest.mark.parametrize(
    ("rows", "columns", "level"),
    [(90, 70, 80), (300, 100, 80), (14, 14, 80), (5, 5, 80), (30, 40, 15), (3, 4, 15)],
    ids=["head", "cut-off-head", "small", "tiny", "faint", "faint-and-tiny"],
)
def test_brain_and_core_follow_the_definition(rows, columns, level):
    """The fast morphology gives the same regions as the definition in SciPy."""
    pixels = make_ellipse(rows, columns, level=level)
    brain, core = reference_region(pixels)

    region = find_brain(pixels)

    np.testing.assert_array_equal(region.brain, brain)
    np.testing.assert_array_equal(region.core, core)
    assert region.core.any()


def test_brightness_is_smoothed_flair_inside_the_core():
    """Inside the core it is SciPy's Gaussian of FLAIR, outside its smallest value."""
    pixels, _ = make_head()

    maps = make_trivial_maps(pixels, flair=1)

    core = maps.region.core
    smooth = ndimage.gaussian_filter(pixels[..., 1].astype(np.float32), 4)
    np.testing.assert_allclose(maps.brightness[core], smooth[core], rtol=1e-4)
    assert (maps.brightness[~core] == maps.brightness[core].min()).all()


def test_bright_and_asymmetric_maps_point_at_a_one_sided_lesion():
    """On a plain head with one bright lesion both maxima lie in it; the center's not."""
    pixels, lesion = make_head()

    maps = make_trivial_maps(pixels, flair=1)

    by_name = maps.by_name()
    assert tuple(by_name) == TRIVIAL_METHODS
    points = {name: bool(lesion.flat[each.argmax()]) for name, each in by_name.items()}
    assert points == {"brightness": True, "asymmetry": True, "center": False}
    assert all(each.dtype == np.float32 for each in by_name.values())


def test_asymmetry_is_odd_and_center_peaks_at_the_centroid():
    """Left minus right changes its sign at the mirror; the center map is a distance."""
    pixels, _ = make_head()

    maps = make_trivial_maps(pixels, flair=1)

    assert maps.asymmetry[110, 170] > 100
    assert maps.asymmetry[110, 170] == pytest.approx(-maps.asymmetry[110, 86], rel=1e-5)
    peak = np.unravel_index(maps.center.argmax(), maps.center.shape)
    assert np.hypot(peak[0] - 128, peak[1] - 128) < 2
    assert maps.center[128, 108] == pytest.approx(-20, abs=1.5)


def test_constants_grow_with_the_image():
    """A slice of twice the side gets a core of four times the area."""
    small, _ = make_head(side=256)
    large, lesion = make_head(side=512)

    core = make_trivial_maps(small, flair=1).region.core
    maps = make_trivial_maps(large, flair=1)

    assert maps.region.core.sum() == pytest.approx(4 * core.sum(), rel=0.03)
    assert lesion.flat[maps.brightness.argmax()]


def test_sixteen_bit_slices_give_the_same_region():
    """Other types than uint8 are brought to the scale of the thresholds first."""
    pixels, lesion = make_head()

    maps = make_trivial_maps(pixels.astype(np.uint16) * 20, flair=1)

    assert (
        maps.region.core.sum() == make_trivial_maps(pixels, flair=1).region.core.sum()
    )
    assert lesion.flat[maps.brightness.argmax()]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_blank_slice_gives_constant_maps(dtype):
    """Without brain there is nothing to rank: constant maps and empty regions."""
    maps = make_trivial_maps(np.zeros((64, 64, 3), dtype), flair=1)

    assert not maps.region.brain.any()
    assert all(np.ptp(each) == 0 for each in maps.by_name().values())


def test_a_single_sequence_is_its_own_flair():
    """A grey slice works with any FLAIR index."""
    pixels, lesion = make_head()

    maps = make_trivial_maps(pixels[..., 1], flair=1)

    assert lesion.flat[maps.brightness.argmax()]


@pytest.mark.parametrize(
    ("shape", "flair", "message"),
    [((8, 8, 3), 3, "channel 3"), ((8, 8, 3), -1, "channel -1"), ((8,), 0, "shape")],
)
def test_a_missing_channel_or_axis_is_an_error(shape, flair, message):
    """A channel that does not exist raises instead of showing another sequence."""
    with pytest.raises(DataError, match=message):
        make_trivial_maps(np.zeros(shape, np.uint8), flair=flair)


@pytest.mark.parametrize(
    ("sequences", "index", "noted"),
    [
        (("t1", "flair", "t1c"), 1, False),
        (("T2", " FLAIR"), 1, False),
        (("t1", "t2"), 0, True),
        ((), 0, True),
    ],
)
def test_flair_is_found_by_name_or_its_absence_is_said(sequences, index, noted):
    """Channel 0 stands in only together with a note."""
    channel = flair_channel(sequences)

    assert channel.index == index
    assert ("channel 0" in channel.note) == noted
