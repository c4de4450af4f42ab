"""Tests that a phantom patient is what its table says, and looks like a head."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from tumorscope.domain.errors import ConfigError
from tumorscope.phantom import PhantomSpec, make_patient, plan_cohort

SMALL = PhantomSpec(patients=6, slices_per_patient=5, size_px=96, tumor_share=0.5)


@lru_cache
def made(index: int):
    """Return one patient of the small cohort; made once."""
    return make_patient(SMALL, index)


def first(*, has_tumor: bool) -> int:
    """Return the index of the first patient with or without a tumour."""
    enrolments = plan_cohort(SMALL).enrolments
    return next(i for i, entry in enumerate(enrolments) if entry.has_tumor == has_tumor)


@pytest.mark.parametrize("has_tumor", [True, False])
def test_only_patients_with_a_tumor_have_a_mask(has_tumor):
    """Each tumour is met by a slice, and nobody else has a mask."""
    patient = made(first(has_tumor=has_tumor))

    assert patient.has_tumor == has_tumor
    assert patient.masks.any() == has_tumor
    assert bool(patient.growth) == has_tumor


def test_shapes_and_dtypes_are_as_promised():
    """Slices are 8-bit RGB, masks are bool, levels rise from the lowest upwards."""
    patient = made(0)

    assert patient.slices.shape == (5, 96, 96, 3)
    assert patient.slices.dtype == np.uint8
    assert patient.masks.shape == (5, 96, 96)
    assert patient.masks.dtype == np.bool_
    assert (np.diff(patient.levels_mm) > 0).all()
    assert patient.sex in {"F", "M"}
    assert 18 <= patient.age_years <= 88


def test_the_same_index_gives_the_same_pixels():
    """Seed and index fix a patient, whatever was made before."""
    again = make_patient(SMALL, 2)

    np.testing.assert_array_equal(again.slices, made(2).slices)
    np.testing.assert_array_equal(again.masks, made(2).masks)


def test_another_seed_gives_another_head():
    """Cohorts with different seeds share no patient."""
    other = make_patient(SMALL.model_copy(update={"seed": 1}), 0)

    assert (other.slices != made(0).slices).mean() > 0.2


def test_sequences_have_the_contrast_of_their_names():
    """Fluid is dark on FLAIR and T1, the brain is not; air is dark everywhere."""
    patient = made(first(has_tumor=False))
    middle = patient.slices[2].astype(float)

    air = middle[:6, :6].mean(axis=(0, 1))
    head = middle[30:66, 36:60]
    brain = np.median(head, axis=(0, 1))
    darkest = np.percentile(head, 1, axis=(0, 1))

    assert (air < 20).all()
    assert (brain > 40).all()
    assert (darkest[:2] < 0.6 * brain[:2]).all()


def test_the_head_fits_into_every_picture():
    """No head is cut off: the picture's outer rim is air."""
    for index in range(3):
        pixels = made(index).slices
        rim = np.concatenate([pixels[:, :, :2].ravel(), pixels[:, :, -2:].ravel()])
        assert np.percentile(rim, 99) < 45


def test_a_second_scan_shows_the_same_person_with_new_noise():
    """A repeated patient has the same head and data under another id, other pixels."""
    spec = SMALL.model_copy(update={"repeated_patients": 0.5})
    enrolments = plan_cohort(spec).enrolments
    second = next(i for i, entry in enumerate(enrolments) if entry.repeat_of)
    one = int(enrolments[second].repeat_of[1:]) - 1

    before, after = make_patient(spec, one), make_patient(spec, second)

    assert after.patient_id != before.patient_id
    assert (after.sex, after.age_years) == (before.sex, before.age_years)
    assert after.has_tumor == before.has_tumor
    assert (after.slices != before.slices).any()
    likeness = np.corrcoef(after.slices.ravel(), before.slices.ravel())[0, 1]
    stranger = np.corrcoef(after.slices.ravel(), made(5).slices.ravel())[0, 1]
    assert likeness > 0.9 > stranger or likeness > stranger + 0.1


def test_one_slice_is_enough():
    """The smallest scan still shows the tumour that the table names."""
    spec = PhantomSpec(patients=2, slices_per_patient=1, size_px=64, tumor_share=1)

    patient = make_patient(spec, 1)

    assert patient.slices.shape == (1, 64, 64, 3)
    assert patient.masks.any()


@pytest.mark.parametrize("index", [-1, 6])
def test_an_index_outside_the_cohort_is_refused(index):
    """A wrong index is an error that names the range."""
    with pytest.raises(ConfigError, match="0 to 5"):
        make_patient(SMALL, index)
