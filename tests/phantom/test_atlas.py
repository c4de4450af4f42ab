"""Tests that the atlas is the pinned one and its distances have the right sign."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from tumorscope.domain.errors import DataError
from tumorscope.phantom import atlas
from tumorscope.phantom.atlas import Field3D, load_atlas
from tumorscope.phantom.geometry import upsample
from tumorscope.phantom.noise import draw_noise_field, ramp


def at(field: Field3D, *point_mm: float) -> float:
    return float(field.at(np.array(point_mm, np.float32)[:, None])[0])


def test_tissue_lies_where_anatomy_has_it():
    """Centrum semiovale is white, the thalamus is not, ventricles are fluid."""
    head = load_atlas()

    assert at(head.wm, 28, -10, 30) > 0.9
    assert at(head.wm, -28, -10, 30) > 0.9
    assert at(head.gm, 14, -20, 8) > 0.3
    assert at(head.ventricle_mm, 20, -36, 18) < -2
    assert at(head.ventricle_mm, 40, -20, 40) > 8


def test_distances_are_negative_inside():
    """The skull's inner table lies between the brain and the air."""
    head = load_atlas()

    assert at(head.skull_mm, 0, -20, 20) < -30
    assert at(head.skull_mm, 0, -20, 110) > 15
    assert at(head.head_mm, 0, 50, -40) < 0 < at(head.skull_mm, 0, 50, -40)


def test_a_field_is_linear_between_voxels_and_flat_outside():
    """Hand-computed: halfway between 2 and 4 is 3, beyond the edge stays 4."""
    values = np.zeros((2, 1, 1), np.float32)
    values[:, 0, 0] = 2, 4
    field = Field3D(values=values, origin_mm=(10, 0, 0), spacing_mm=2)

    assert at(field, 11, 0, 0) == pytest.approx(3)
    assert at(field, 99, 0, 0) == pytest.approx(4)


def test_foreign_maps_are_refused(monkeypatch, tmp_path):
    """Another file under the same name is an error, not another anatomy."""
    (tmp_path / "t1.nii.gz").write_bytes(b"other")
    monkeypatch.setattr(atlas, "_map_path", lambda name: tmp_path / f"{name}.nii.gz")

    with pytest.raises(DataError, match=r"t1.nii.gz .* not the pinned file"):
        atlas._read_map("t1")


def test_the_pins_are_sha256():
    """A pin is a full digest."""
    width = hashlib.sha256().digest_size * 2

    assert {len(pin) for pin in atlas.MAP_SHA256.values()} == {width}


def test_noise_has_unit_scale_and_follows_its_generator():
    """Mean 0, deviation 1, and the same generator gives the same field."""
    field = draw_noise_field(np.random.default_rng(0), 20.0)
    again = draw_noise_field(np.random.default_rng(0), 20.0)

    assert field.values.mean() == pytest.approx(0, abs=1e-4)
    assert field.values.std() == pytest.approx(1, abs=1e-3)
    np.testing.assert_array_equal(field.values, again.values)


def test_a_ramp_is_a_partial_volume():
    """Half on the surface, none and all at half the width away."""
    shares = ramp(np.array([-3.0, -1.0, 0.0, 0.5, 1.0], np.float32), 2.0)

    np.testing.assert_allclose(shares, [0, 0, 0.5, 0.75, 1])


def test_upsampling_keeps_a_straight_line_straight():
    """Coarse samples sit on every fourth pixel; between them is linear."""
    coarse = np.tile(np.arange(0, 64, 4, dtype=np.float32), (16, 1))

    fine = upsample(coarse[None], 64)

    np.testing.assert_allclose(fine[0, 10, :60], np.arange(60), atol=0.1)
