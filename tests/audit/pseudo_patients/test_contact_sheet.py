"""Tests of the sheets on which a reader looks at pseudo-patients."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tumorscope.audit.pseudo_patients.contact_sheet import (
    choose_groups,
    draw_contact_sheet,
)
from tumorscope.domain.errors import DataError


def _decoded(picture):
    return cv2.imdecode(np.frombuffer(picture.content, np.uint8), cv2.IMREAD_UNCHANGED)


def test_slices_stand_side_by_side_eight_to_a_line():
    """Ten slices need two lines; the rest of the second stays black."""
    levels = np.arange(10, 110, 10)

    sheet = _decoded(
        draw_contact_sheet(
            range(10),
            lambda row: np.full((50, 50), levels[row], dtype=np.uint8),
            labels=[""] * 10,
            caption="ten slices",
        )
    )

    assert sheet.shape == (192, 768)
    assert (sheet[:96] == 255).all()
    assert not sheet[96:, 2 * 96 :].any()


def test_wide_and_colored_slices_keep_their_shape():
    """A picture twice as wide as high fills half a tile."""
    sheet = _decoded(
        draw_contact_sheet(
            [0],
            lambda _: np.full((40, 80, 3), 200, dtype=np.uint8),
            labels=[""],
            caption="one slice",
        )
    )

    assert (sheet[:48, :96] == 255).all()
    assert not sheet[48:].any()


def test_an_empty_sheet_is_refused():
    """A picture of nothing is no evidence."""
    with pytest.raises(DataError, match="at least one slice"):
        draw_contact_sheet([], lambda _: np.zeros((4, 4)), labels=[], caption="none")


def test_groups_of_middling_size_are_chosen_and_read_in_file_order(make_found):
    """Not only the largest ones are looked at, and slices come as the files do."""
    found = make_found([0] * 2 + [1] * 4 + [2] * 6 + [3] * 8 + [4] * 10 + [-1])
    position = np.arange(31)[::-1]

    chosen = choose_groups(found, position, count=3)

    sizes = [len(rows) for rows in chosen]
    assert sizes == [4, 6, 8]
    assert all((np.diff(position[rows]) > 0).all() for rows in chosen)


def test_nothing_can_be_chosen_where_there_is_no_group(make_found):
    """A set without pseudo-patients has no sheets."""
    assert choose_groups(make_found([-1, -1]), np.arange(2), count=4) == ()
