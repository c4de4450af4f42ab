"""Text in pictures is found, or goes with everything outside the head."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from tests.deid.pixels.conftest import draw_head, write

from tumorscope.deid.elements import MalformedFileError
from tumorscope.deid.picture_pixels import clean_picture_pixels

HEAD = (draw_head() / 700 * 200).astype(np.uint8)
TEXT = write(HEAD, "DOE^JANE", (4, 14), 250)


def file_of(picture, kind, **options):
    written = BytesIO()
    Image.fromarray(picture).save(written, kind, **options)
    return written.getvalue()


def pixels_of(content):
    return np.array(Image.open(BytesIO(content)))


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "JPEG"])
def test_a_search_holds_text_back(kind):
    """A clean picture is passed on as it is."""
    clean = file_of(HEAD, kind)

    assert clean_picture_pixels(clean, "search") == clean
    assert clean_picture_pixels(file_of(TEXT, kind), "header") == file_of(TEXT, kind)
    with pytest.raises(MalformedFileError, match="text-found"):
        clean_picture_pixels(file_of(TEXT, kind), "search")


@pytest.mark.parametrize(
    ("kind", "written"), [("PNG", "PNG"), ("TIFF", "TIFF"), ("JPEG", "PNG")]
)
def test_clearing_removes_what_is_beside_the_head(kind, written):
    """A JPEG becomes a PNG, so that the head keeps its pixels."""
    source = file_of(TEXT, kind)

    cleared = clean_picture_pixels(source, "clear")

    assert Image.open(BytesIO(cleared)).format == written
    assert (pixels_of(cleared)[4:16, 2:30] == 0).all()
    middle = np.s_[60:100, 60:100]
    assert (pixels_of(cleared)[middle] == pixels_of(source)[middle]).all()


def test_color_and_depth_are_kept():
    """Three colors and sixteen bits come out as they went in."""
    color = np.stack([TEXT] * 3, axis=2)
    deep = TEXT.astype(np.uint16) * 100

    assert pixels_of(clean_picture_pixels(file_of(color, "PNG"), "clear")).ndim == 3
    found = pixels_of(clean_picture_pixels(file_of(deep, "PNG"), "clear"))
    assert found.max() > 10_000
    assert (found[4:16, 2:30] == 0).all()


def test_damaged_and_headless_pictures_are_held_back():
    """Nothing is passed on that was not looked at."""
    with pytest.raises(MalformedFileError, match="bad-picture"):
        clean_picture_pixels(file_of(HEAD, "PNG")[:80], "search")
    with pytest.raises(MalformedFileError, match="no-head"):
        clean_picture_pixels(file_of(np.zeros((80, 80), np.uint8), "PNG"), "clear")
