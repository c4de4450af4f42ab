"""Overlays: what is drawn where."""

import cv2
import numpy as np
import pytest

from tumorscope.domain.errors import DataError
from tumorscope.explanation.attribution import Attribution
from tumorscope.explanation.colors import value_range
from tumorscope.explanation.overlays import (
    PANEL_SIDE_PX,
    Reference,
    draw_overlay,
    encode_png,
    stack_pictures,
)

SIDE = 64
SCALE = PANEL_SIDE_PX // SIDE


def make_attribution(values, **changes):
    """Return an attribution of this map."""
    fields = {
        "image": "slice.png",
        "method": "cam",
        "map": values.astype(np.float32),
        "tumor_probability": 0.42,
    }
    return Attribution(**(fields | changes))


def make_scene():
    """Return a gradient slice, a map with one hot corner, and a mask elsewhere."""
    pixels = np.tile(np.arange(SIDE, dtype=np.uint8) * 3, (SIDE, 1))
    values = np.zeros((SIDE, SIDE))
    values[4:12, 4:12] = 2.0
    values[50:58, 4:12] = -2.0
    mask = np.zeros((SIDE, SIDE), bool)
    mask[30:40, 40:50] = True
    return pixels, values, mask


def panels_of(picture):
    """Return the three panels as int arrays."""
    side = SIDE * SCALE
    step = side + 12
    return [
        picture[:side, start : start + side].astype(int)
        for start in (0, step, 2 * step)
    ]


def test_panels_stand_in_order_and_keep_the_orientation():
    """Left the bare slice, dark to bright as stored; the map's colors only in the middle."""
    pixels, values, _ = make_scene()

    picture = draw_overlay(pixels, make_attribution(values), Reference())
    plain, heat, contour = panels_of(picture)

    assert picture.dtype == np.uint8
    assert picture.shape[1] == 3 * SIDE * SCALE + 24
    assert (np.ptp(plain, axis=2) == 0).all()
    assert (np.diff(plain[:, :, 0], axis=1) >= 0).all()
    hot, cold = heat[8 * SCALE, 8 * SCALE], heat[54 * SCALE, 8 * SCALE]
    assert hot[0] > hot[2] + 50  # orange: towards tumor
    assert cold[2] > cold[0] + 50  # blue: against tumor
    neutral = heat[20 * SCALE :, 30 * SCALE :]
    np.testing.assert_array_equal(neutral, plain[20 * SCALE :, 30 * SCALE :])
    np.testing.assert_array_equal(
        contour[54 * SCALE, 8 * SCALE], plain[54 * SCALE, 8 * SCALE]
    )
    assert (np.ptp(contour[: 14 * SCALE, : 14 * SCALE], axis=2) > 100).any()


def test_mask_is_outlined_beside_the_map_and_not_on_the_bare_slice():
    """The reference mask changes the middle and right panel at its border only."""
    pixels, values, mask = make_scene()

    without = panels_of(draw_overlay(pixels, make_attribution(values), Reference()))
    panels = panels_of(
        draw_overlay(pixels, make_attribution(values), Reference(mask=mask))
    )

    np.testing.assert_array_equal(panels[0], without[0])
    for drawn, bare in zip(panels[1:], without[1:], strict=True):
        changed = np.argwhere((drawn != bare).any(axis=2))
        assert changed.min(axis=0) == pytest.approx((30 * SCALE, 40 * SCALE), abs=3)
        assert changed.max(axis=0) == pytest.approx((40 * SCALE, 50 * SCALE), abs=3)
        inside = drawn[33 * SCALE : 37 * SCALE, 43 * SCALE : 47 * SCALE]
        outline = bare[33 * SCALE : 37 * SCALE, 43 * SCALE : 47 * SCALE]
        np.testing.assert_array_equal(inside, outline)


def test_pixels_that_the_network_did_not_see_get_no_color():
    """Values filled in outside the crop are neither drawn nor part of the scale."""
    pixels, values, _ = make_scene()
    seen = np.zeros((SIDE, SIDE), bool)
    seen[:, 2:30] = True
    values[:, 40:] = -100

    attribution = make_attribution(values, seen=seen)
    plain, heat, _ = panels_of(draw_overlay(pixels, attribution, Reference(tau=-200)))

    assert value_range(attribution) == (-2.0, 2.0)
    np.testing.assert_array_equal(heat[:, 31 * SCALE :], plain[:, 31 * SCALE :])


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("value", [0.0, 5.0])
def test_flat_slice_and_flat_map_are_drawn_without_a_warning(signed, value):
    """A slice and a map of one single value still give a picture with its caption."""
    flat = np.full((SIDE, SIDE), 7, np.uint16)
    attribution = make_attribution(np.full((SIDE, SIDE), value), signed=signed)

    picture = draw_overlay(flat, attribution, Reference())

    assert picture[SIDE * SCALE :].max() > 200  # the caption's ink


def test_caption_fits_any_name():
    """Long names and letters beyond ASCII neither fail nor widen the picture."""
    pixels, values, _ = make_scene()
    short = draw_overlay(pixels, make_attribution(values), Reference())

    picture = draw_overlay(
        pixels, make_attribution(values, image="Schädel/" * 60 + "1.png"), Reference()
    )

    assert picture.shape == short.shape
    assert (picture[:, -6:][SIDE * SCALE + 30 :] == 16).all()


def test_shapes_that_differ_are_an_error():
    """A map or mask of another slice is not stretched over this one."""
    pixels, values, mask = make_scene()
    attribution = make_attribution(values)

    with pytest.raises(DataError, match="share one shape"):
        draw_overlay(pixels[:-1], attribution, Reference())
    with pytest.raises(DataError, match="share one shape"):
        draw_overlay(pixels, attribution, Reference(mask=mask[:, :-1]))


def test_png_holds_the_same_pixels():
    """Encoding keeps every pixel and the order of red, green and blue."""
    pixels, values, mask = make_scene()
    picture = draw_overlay(pixels, make_attribution(values), Reference(mask=mask))

    data = encode_png(picture)

    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(decoded[..., ::-1], picture)
    with pytest.raises(DataError, match="uint8"):
        encode_png(picture[..., 0])


def test_stacked_pictures_keep_their_order_and_fill_up_the_width():
    """Pictures of different widths stand below each other, none cut off."""
    wide = np.full((2, 5, 3), 200, np.uint8)
    narrow = np.full((3, 4, 3), 100, np.uint8)

    stacked = stack_pictures([wide, narrow])

    assert stacked.shape == (5, 5, 3)
    np.testing.assert_array_equal(stacked[:2], wide)
    np.testing.assert_array_equal(stacked[2:, :4], narrow)
    with pytest.raises(DataError, match="no picture"):
        stack_pictures([])
