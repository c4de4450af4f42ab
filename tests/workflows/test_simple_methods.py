"""Tests of the simple methods beside a run."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tumorscope.domain.manifest import Manifest
from tumorscope.io.images import write_png
from tumorscope.workflows.run_folder import open_run
from tumorscope.workflows.simple_methods import read_baseline_features


def test_features_have_a_row_for_each_slice(prepared):
    """The simple methods see the original pixels, in the order of the manifest."""
    manifest = open_run(prepared).manifest

    features = read_baseline_features(manifest)

    assert len(features.position) == len(features.pixels) == len(manifest)


def test_grey_and_sixteen_bit_images_are_read_alike(tmp_path):
    """A brighter storage of the same picture is the same picture."""
    grey = np.arange(32 * 32, dtype=np.uint16).reshape(32, 32) % 256
    write_png(tmp_path / "eight.png", grey.astype(np.uint8))
    write_png(tmp_path / "sixteen.png", grey * 257)
    table = {"image": ["eight.png", "sixteen.png"], "source": "test", "label": [0, 1]}
    manifest = Manifest(table=pd.DataFrame(table), root=tmp_path)

    features = read_baseline_features(manifest)

    assert features.pixels[0] == pytest.approx(features.pixels[1])
