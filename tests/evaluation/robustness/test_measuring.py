"""R1 to R4 on simulated scores."""

import json

import numpy as np
import pytest

from tumorscope.domain.errors import DataError
from tumorscope.domain.json_reading import from_json_value
from tumorscope.domain.json_values import to_json_value
from tumorscope.domain.robustness_spec import DEFINED_ARTIFACTS
from tumorscope.evaluation.robustness.report import RobustnessReport
from tumorscope.evaluation.robustness.scores import CorruptedScores, ReferenceScores


def test_mean_is_over_eight_artifacts_and_the_worst_is_named(make_scores, measure):
    """Only spike harms: the mean is an eighth of it; JPEG enters no mean."""
    harm = {"spike": 0.8, "JPEG": 5.0}

    report = measure(make_scores(lambda name: harm.get(name, 0.0)))

    drop = next(one for one in report.drops if one.severities == (3,))
    own = report.result("spike", 3).figures["auroc_drop"]
    assert drop.worst_artifact == "spike"
    assert drop.worst.value == pytest.approx(own.value)
    assert drop.mean.value == pytest.approx(own.value / 8)
    assert report.sensitivity.worst_artifact == "spike"
    first = next(one for one in report.drops if one.severities == (1, 2))
    values = [report.result("spike", one).figures["auroc_drop"].value for one in (1, 2)]
    assert first.worst.value == pytest.approx(np.mean(values))


def test_means_of_less_than_eight_are_not_formed(make_scores, measure):
    """What was not measured is named."""
    scores = make_scores()
    kept = tuple(one for one in scores.corrupted if one.name != "ghost")

    report = measure(make_scores(corrupted=kept))

    assert all("ghost at severity" in one.mean.reason for one in report.drops)
    assert "ghost" in report.new_errors_abstained.reason
    assert report.result("spike", 3).figures["auroc"].reason == ""
    with pytest.raises(KeyError, match="ghost"):
        report.result("ghost", 3)


def test_a_reference_that_is_the_model_itself_gives_100(make_scores, measure):
    """Every artifact that costs enough has a relative error of 100, without spread."""
    scores = make_scores(lambda name: 0.0 if name == "gamma" else 0.8)
    twin = ReferenceScores(name="twin", clean=scores.clean, corrupted=scores.corrupted)

    report = measure(
        make_scores(lambda n: 0.0 if n == "gamma" else 0.8, reference=(twin,))
    )

    assert report.relative.left_out == ("gamma",)
    assert [one.name for one in report.relative.per_artifact] == [
        name for name in DEFINED_ARTIFACTS if name != "gamma"
    ]
    assert report.relative.mean.value == pytest.approx(100)
    assert report.relative.mean.low == pytest.approx(100)


def test_relative_error_without_reference_says_so(make_scores, measure):
    """No reference, an unharmed reference, a reference with gaps: three reasons."""
    scores = make_scores()
    calm = ReferenceScores(name="calm", clean=scores.clean, corrupted=scores.corrupted)
    gaps = ReferenceScores(
        name="gaps", clean=scores.clean, corrupted=scores.corrupted[1:]
    )

    reasons = [
        measure(make_scores(reference=each)).relative.mean.reason
        for each in ((), (calm,), (gaps,))
    ]

    assert "no reference" in reasons[0]
    assert "no artifact costs calm" in reasons[1]
    assert reasons[2].startswith("motion")


def test_missing_sequences_and_real_copies(make_scores, measure):
    """R4 has its own rows; patients with a real copy are told apart by their slices."""
    scores = make_scores()
    has_copy = np.zeros(len(scores.table), dtype=bool)
    has_copy[[0, 12]] = True  # one slice of two patients
    gone = CorruptedScores(
        name="pre replaced by zeros", severity=0, probabilities=scores.clean, n_blank=2
    )

    report = measure(make_scores(missing=(gone,), has_copy=has_copy))

    assert report.missing[0].n_blank == 2
    assert report.missing[0].figures["auroc_drop"].value == 0
    assert (report.copies.n_patients, report.copies.n_slices) == (2, 24)
    assert measure(scores).copies.reason
    assert "does not say" in measure(scores).missing_reason
    assert "switched off" in measure(scores, missing_sequences=False).missing_reason


def test_scores_of_other_slices_are_refused(make_scores):
    """One score for each slice, or none at all."""
    short = CorruptedScores(name="motion", severity=1, probabilities=np.zeros(3))

    with pytest.raises(DataError, match="3 scores of 'motion' at severity 1"):
        make_scores(corrupted=(short,))


def test_json_holds_the_whole_report(make_scores, measure):
    """What is written can be read back as the same value."""
    report = measure(make_scores(lambda _: 0.3))

    text = json.dumps(to_json_value(report), allow_nan=False)

    again = from_json_value(RobustnessReport, json.loads(text))
    assert to_json_value(again) == to_json_value(report)
