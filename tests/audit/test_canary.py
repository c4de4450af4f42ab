"""Labels that mean nothing, and splits that leak or do not."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from tumorscope.audit.canary import (
    CanaryAccuracy,
    CanaryReport,
    canary_folds,
    canary_gate,
    canary_picture,
    run_canary,
)
from tumorscope.audit.canary_section import canary_section
from tumorscope.domain.errors import DataError
from tumorscope.domain.json_values import to_json_value
from tumorscope.domain.shortcut_spec import CanarySpec
from tumorscope.domain.split import Split

PATIENTS, SLICES = 24, 10
GROUP = np.repeat([f"P{number}" for number in range(PATIENTS)], SLICES).astype(object)
NUMBER = np.repeat(np.arange(PATIENTS), SLICES)
ROWS = np.arange(len(GROUP))
BY_PATIENT = [(ROWS[fold != NUMBER % 4], ROWS[fold == NUMBER % 4]) for fold in range(4)]
BY_SLICE = [(ROWS[fold != ROWS % 5], ROWS[fold == ROWS % 5]) for fold in range(5)]


def _pictures(seed=0):
    """Return pictures of which those of one patient are alike."""
    rng = np.random.default_rng(seed)
    own = rng.random((PATIENTS, 48))
    return (own[NUMBER] + 0.1 * rng.random((len(NUMBER), 48))).astype(np.float32)


def _run(folds, pictures=None, **spec):
    given = _pictures() if pictures is None else pictures
    return run_canary(given, GROUP, folds, CanarySpec(**spec), unit="patients")


def test_a_split_by_patient_scores_chance():
    """Unseen patients are guessed, and the slice split beside it gives the leak away."""
    report = _run(BY_PATIENT)

    assert report.in_use.contains_chance
    assert report.by_slice.mean == 1.0
    assert not canary_gate(report).has_failed
    assert "holds one half" in canary_gate(report).sentence
    assert report.in_use.tested == len(ROWS)


def test_a_split_of_single_slices_fails_loudly():
    """Where slices of a patient are trained on and tested, random labels are learned."""
    report = _run(BY_SLICE)

    gate = canary_gate(report)

    assert report.in_use.low == 1.0
    assert gate.has_failed
    assert "both sides of the split" in gate.sentence
    assert canary_section(report).status == "failed"


def test_pictures_that_tell_no_patient_hide_a_leak():
    """The canary needs pictures that know their patient; noise scores chance."""
    noise = np.random.default_rng(3).random((len(ROWS), 48)).astype(np.float32)

    report = _run(BY_SLICE, noise)

    assert report.in_use.contains_chance
    assert report.by_slice.mean == pytest.approx(0.5, abs=0.05)


def test_one_fold_is_enough():
    """A single split into training and test rows is tried as it is."""
    report = _run(BY_PATIENT[:1])

    assert report.in_use.tested == 60
    assert report.in_use.contains_chance


def test_half_of_the_patients_get_the_label():
    """Among an even number of unlike patients, a neighbor agrees slightly too rarely."""
    report = _run(BY_PATIENT, relabellings=2000)

    expected = (PATIENTS / 2 - 1) / (PATIENTS - 1)  # two different patients agree
    assert report.in_use.mean == pytest.approx(expected, abs=0.01)


def test_more_relabelings_than_asked_are_never_made_up():
    """Fewer than twenty are refused."""
    with pytest.raises(ValueError, match="greater than or equal to 20"):
        CanarySpec(relabellings=19)


def test_whole_patients_are_drawn_from_a_large_cohort():
    """Only whole patients enter, and the report says how many slices."""
    report = _run(BY_PATIENT, max_slices=100)

    assert (report.groups, report.slices) == (10, 100)
    assert report.in_use.tested == 100


@pytest.mark.parametrize(
    ("patients", "folds", "reason"),
    [
        (3, BY_PATIENT, "3 patients, but 4 are needed"),
        (24, [(ROWS, ROWS[:0])], "no fold has both training and test slices"),
    ],
)
def test_what_cannot_be_tried_says_why(patients, folds, reason):
    """Too few patients or no test slices: neither passed nor failed."""
    kept = patients > NUMBER
    inside = [(train[kept[train]], test[kept[test]]) for train, test in folds]

    report = run_canary(
        _pictures()[kept], GROUP[kept], inside, CanarySpec(), unit="patients"
    )

    gate = canary_gate(report)
    assert report.reason == reason
    assert (gate.has_failed, gate.is_assessed) == (False, False)
    assert canary_section(report).status == "cannot be assessed"
    assert canary_section(report).tables == ()


def test_an_interval_below_chance_fails_with_other_words():
    """The interval must contain one half; below it, no leak is claimed."""
    low = CanaryAccuracy(
        split="the split in use", mean=0.3, deviation=0.05, low=0.2, high=0.4, tested=9
    )
    report = CanaryReport(
        spec=CanarySpec(), unit="patients", groups=6, slices=9, in_use=low, by_slice=low
    )

    gate = canary_gate(report)

    assert gate.has_failed
    assert "which a leak cannot cause" in gate.sentence


def test_tuning_rows_count_as_training_rows():
    """A patient in the tuning part is no stranger to the model."""
    part = np.array([["train"], ["tune"], ["test"]], dtype=object)
    owner = np.array(["A", "B", "C"], dtype=object)
    split = Split(
        manifest_digest="x",
        grouping="patient",
        patient_id=owner,
        group=owner,
        part=part,
        fold_names=("holdout",),
        seed=0,
    )

    ((train, test),) = canary_folds(split)

    assert (train.tolist(), test.tolist()) == ([0, 1], [2])


def test_groups_that_are_no_patients_are_a_limit():
    """Labels that go by group cannot show a patient who falls into several."""
    report = run_canary(
        _pictures(), GROUP, BY_PATIENT, CanarySpec(), unit="near-duplicate groups"
    )

    assert "is not noticed" in canary_section(report).limits[0].text
    assert canary_section(_run(BY_PATIENT)).limits == ()


def test_the_picture_is_pillows_then_a_mean_of_four():
    """The definition is met: 64 x 64 bilinear, 2 x 2 means, divided by 255."""
    image = np.random.default_rng(0).integers(0, 256, (100, 80, 3)).astype(np.uint8)
    medium = Image.fromarray(image).resize((64, 64), Image.Resampling.BILINEAR)
    first = np.asarray(medium, dtype=float)[:2, :2, 1].mean() / 255

    small = canary_picture(image)

    assert small.shape == (3072,)
    assert small[1] == pytest.approx(first, abs=1e-6)


def test_grey_and_deep_pictures_are_compared_like_others():
    """A grey picture equals its color copy; 16 bit is scaled by its maximum."""
    grey = np.random.default_rng(0).integers(0, 256, (40, 40)).astype(np.uint8)
    grey[0, 0] = 255

    small = canary_picture(grey)

    np.testing.assert_array_equal(small, canary_picture(np.dstack([grey] * 3)))
    deep = grey.astype(np.uint16) * 257
    np.testing.assert_allclose(canary_picture(deep), small, atol=1e-6)


def test_lengths_must_agree():
    """A picture too few would be labeled by the wrong patient."""
    with pytest.raises(DataError, match="239 pictures, but 240 groups"):
        _run(BY_PATIENT, _pictures()[1:])


def test_the_report_is_json():
    """Accuracies, n and settings can be written."""
    written = json.loads(json.dumps(to_json_value(_run(BY_PATIENT)), allow_nan=False))

    assert written["in_use"]["tested"] == len(ROWS)
    assert written["spec"]["relabellings"] == 200
