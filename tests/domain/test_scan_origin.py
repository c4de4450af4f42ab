"""Tests of where a series came from."""

from __future__ import annotations

import pytest

from tumorscope.domain.errors import DataError
from tumorscope.domain.scan_origin import ScanOrigin, SourceFrame


def frame(instance):
    return SourceFrame(
        instance=instance,
        number=1,
        position_mm=(0, 0, 0),
        orientation=(1, 0, 0, 0, 1, 0),
        spacing_mm=(1, 1),
    )


def test_a_frame_belongs_to_a_file():
    """An origin without files, or with a frame of none, cannot exist."""
    assert ScanOrigin(heads=("{}",), frames=(frame(0),)).frames[0].instance == 0
    for heads, number in (((), 0), (("{}",), 1), (("{}",), -1)):
        with pytest.raises(DataError, match="belong to no file"):
            ScanOrigin(heads=heads, frames=(frame(number),))
