"""Tests of the pictures of an explanation."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tumorscope.io.images import read_image
from tumorscope.workflows.explanation_pictures import draw_overlays
from tumorscope.workflows.mapped_slices import open_fold
from tumorscope.workflows.run_folder import open_run

pytestmark = pytest.mark.xdist_group("trained-run")


@pytest.fixture
def opened(trained, spec):
    """Return the one fold of a run, with one method."""
    chosen = spec.explain.model_copy(update={"methods": ("cam",), "overlays": 3})
    return open_fold(open_run(trained), 0, chosen, 1)


def test_a_caption_names_the_maps_that_failed(opened, tmp_path):
    """Who sees the picture alone is warned too; a map that passed is not named."""
    warned = draw_overlays(opened, tmp_path, taus={}, untrusted=["grad_cam"])
    plain = draw_overlays(opened, tmp_path, taus={"cam": 0.0}, untrusted=[])

    assert list(warned) == ["001.png", "002.png", "003.png"]
    assert all(
        text.endswith("Not to be trusted: grad cam.") for text in warned.values()
    )
    assert not any("trusted" in text for text in plain.values())
    assert {read_image(tmp_path / name).ndim for name in warned} == {3}


def test_no_picture_is_drawn_when_none_is_wanted(opened, tmp_path):
    """Zero is a number of pictures."""
    none = replace(opened, spec=opened.spec.model_copy(update={"overlays": 0}))

    assert draw_overlays(none, tmp_path, taus={}, untrusted=[]) == {}
    assert list(tmp_path.iterdir()) == []
