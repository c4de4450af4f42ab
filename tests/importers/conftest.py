"""Small images and tables for the importers, made on the spot."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.io.images import write_png


@pytest.fixture
def write_image(tmp_path):
    """Return a function that writes a picture of its own below the temporary folder."""
    generator = np.random.default_rng(0)

    def write(name, shape=(12, 10)):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_png(path, generator.integers(0, 256, shape).astype(np.uint8))
        return path

    return write
