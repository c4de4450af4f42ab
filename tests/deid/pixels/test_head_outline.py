"""The head is found, filled, and text is no part of it."""

from __future__ import annotations

import numpy as np
from tests.deid.pixels.conftest import write

from tumorscope.deid.pixels.head_outline import find_head


def test_the_head_is_filled_and_whole(head):
    """All of the section lies inside, and little else does."""
    found = find_head(head.astype(np.float32))

    assert found[head > 200].all()
    assert found.sum() < 1.1 * (head > 0).sum()
    assert found[80, 88]


def test_text_beside_it_is_outside(head):
    """Strokes are opened away."""
    text = write(head, "DOE^JANE 1961", (4, 14), 900)

    assert not find_head(text.astype(np.float32))[text != head].any()


def test_air_alone_has_no_head():
    """A flat frame gives an empty mask."""
    assert not find_head(np.zeros((64, 64), np.float32)).any()
