"""Tests of the one reading of the files: every check gets what it asked for."""

from __future__ import annotations

import cv2
import numpy as np
import pandas as pd
import pytest

from tumorscope.domain.manifest import Manifest
from tumorscope.io.images import write_png
from tumorscope.workflows.audit_files import (
    SHOWN_PX,
    LookedAt,
    fingerprint_files,
    look_at_files,
    picture_of,
)


@pytest.fixture
def manifest(tmp_path):
    """Return three pictures: ordinary, sixteen bit and wide, and too small to probe."""
    generator = np.random.default_rng(0)
    write_png(
        tmp_path / "0.png", generator.integers(0, 256, (40, 40, 3)).astype(np.uint8)
    )
    write_png(
        tmp_path / "1.png", generator.integers(0, 60_000, (300, 600)).astype(np.uint16)
    )
    write_png(tmp_path / "2.png", generator.integers(0, 256, (10, 10)).astype(np.uint8))
    table = pd.DataFrame({"image": ["0.png", "1.png", "2.png"], "source": "made"})
    return Manifest(table=table, root=tmp_path)


def test_each_check_gets_its_share(manifest):
    """Facts and traits of all; features and thumbnails of the chosen rows only."""
    chosen = LookedAt(probed=np.array([0, 2]), thumbnails=np.array([1]))

    found = look_at_files(manifest, chosen)
    looks = found.slices

    assert [look.facts.bits for look in looks] == [8, 16, 8]
    assert [look.traits.format for look in looks] == ["PNG"] * 3
    assert [look.features is not None for look in looks] == [True, False, False]
    assert [look.thumbnail is not None for look in looks] == [False, True, False]
    assert looks[1].thumbnail.shape == (3072,)
    assert len(found.prints) == len(fingerprint_files(manifest)) == 3


def test_a_picture_for_the_page_is_small_and_bright(manifest):
    """Sixteen bit is scaled to what a screen shows, sides keep their ratio."""
    shown = cv2.imdecode(
        np.frombuffer(picture_of(manifest, 1), np.uint8), cv2.IMREAD_UNCHANGED
    )

    assert shown.shape == (SHOWN_PX // 2, SHOWN_PX)
    assert shown.max() > 200
