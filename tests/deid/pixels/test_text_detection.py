"""Burned-in text is found, light or dark, and a head alone is none."""

from __future__ import annotations

import numpy as np
import pytest
from tests.deid.pixels.conftest import draw_head, write

from tumorscope.deid.pixels.pixel_spec import TextSpec
from tumorscope.deid.pixels.stored_pixels import StoredPixels
from tumorscope.deid.pixels.text_detection import find_text, find_text_in_frame


def find(picture):
    """Search one gray picture."""
    return find_text_in_frame((picture.astype(np.float32),), TextSpec())


def test_a_head_without_text_is_clean(head):
    """Scalp, bone and ventricles are no text."""
    assert find(head).outcome == "clean"


@pytest.mark.parametrize("value", [480, 600, 4000])
def test_light_text_beside_the_head_is_found_where_it_stands(head, value):
    """The box of the best region covers the text, whatever its gray."""
    text = write(head, "DOE^JANE 1961", (4, 14), value)

    found = find(text)

    rows, columns = np.nonzero(text != head)
    best = found.regions[0]
    assert found.outcome == "text"
    assert best.top <= rows.min()
    assert best.left <= columns.min()
    assert best.top + best.height > rows.max()
    assert best.left + best.width > columns.max()


def test_dark_text_on_a_light_bar_is_found(head):
    """Polarity does not matter."""
    head[:18] = 600

    assert find(write(head, "DOE^JANE 1961", (4, 14), 0)).outcome == "text"


def test_text_on_the_head_is_found(head):
    """Strokes over brain are flagged as well."""
    assert find(write(head, "DOE^JANE", (50, 70), 900)).is_flagged


def test_shades_and_units_do_not_matter(head):
    """Scaled and shifted values give the same finding."""
    text = write(head, "DOE^JANE 1961", (4, 14), 600).astype(np.float32)

    assert find(text).regions == find(text * 3 - 2000).regions


def test_colored_text_of_the_gray_around_it_is_found(head):
    """Each color is searched by itself."""
    gray = (head // 4).astype(np.uint8)
    color = np.stack([gray, gray, write(gray, "DOE^JANE 1961", (4, 14), 170)], axis=-1)
    pixels = StoredPixels(frames=color[None], bits_stored=8)

    assert [one.outcome for one in find_text(pixels, TextSpec())] == ["text"]


def test_an_inverted_image_is_searched_as_it_is_shown(head):
    """MONOCHROME1 with text gives one finding for each frame."""
    frames = np.stack([head, write(head, "DOE^JANE 1961", (4, 14), 600)])
    pixels = StoredPixels(
        frames=(1000 - frames).astype(np.uint16), bits_stored=12, is_inverted=True
    )

    found = find_text(pixels, TextSpec())

    assert [one.outcome for one in found] == ["clean", "text"]


def test_a_flat_frame_is_clean_and_a_tiny_one_unsure():
    """One value shows nothing; a few pixels cannot be judged."""
    assert find(np.full((64, 64), 7)).outcome == "clean"
    assert find(draw_head()[:16, :16]).outcome == "unsure"


def test_between_the_two_scores_a_row_is_unsure(head):
    """A higher bar turns text into a doubt, and a doubt into nothing."""
    text = (write(head, "DOE^JANE 1961", (4, 14), 600).astype(np.float32),)
    score = find_text_in_frame(text, TextSpec()).regions[0].score

    doubt = TextSpec(text_score=min(score + 0.1, 20), unsure_score=score - 0.1)
    above = TextSpec(text_score=20, unsure_score=min(score + 0.1, 20))

    assert find_text_in_frame(text, doubt).outcome == "unsure"
    assert find_text_in_frame(text, above).outcome == "clean"


def test_scores_in_the_wrong_order_are_refused():
    """Unsure cannot need more than text."""
    with pytest.raises(ValueError, match="must not be above"):
        TextSpec(text_score=1, unsure_score=2)
