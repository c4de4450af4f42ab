"""The evaluation of a model."""

import json

import numpy as np
import pandas as pd
import pytest

from tumorscope.domain.errors import DataError
from tumorscope.domain.predictions import Predictions
from tumorscope.domain.specs import EvaluateSpec
from tumorscope.evaluation.comparison import BaselineScores
from tumorscope.evaluation.report import beside_baselines, evaluate_predictions

SPEC = EvaluateSpec(bootstrap_draws=100, gallery_size=3)


def _evaluate(predictions, spec=SPEC, grouping="patient"):
    return evaluate_predictions(predictions, spec, grouping=grouping)


def _numbers(value, path=""):
    """Yield every (path, leaf) of nested dicts and lists."""
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            yield from _numbers(item, f"{path}/{key}")
    else:
        yield path, value


def test_report_counts_what_was_scored(simulate):
    """Slices, tumour slices and patients of the test part; tuning rows do not count."""
    parts = np.where(np.arange(144) < 24, "tune", "test")

    report = _evaluate(simulate(part=parts))

    assert (report.n_slices, report.n_tumor_slices, report.n_patients) == (120, 40, 10)
    assert report.prevalence == pytest.approx(1 / 3)
    assert report.testing == "internal testing"
    assert [each.name for each in report.by_fold] == ["fold-0", "fold-1"]
    assert [each.name for each in report.by_site] == ["site-0", "site-1"]
    assert report.by_site_reason == ""
    assert [each.kind for each in report.reliability] == ["equal-width", "quantile"]


def test_external_set_without_sites_says_what_is_missing(simulate):
    """One fold, no site: no tables, and the reason for it."""
    report = _evaluate(simulate(part="external", site=None, fold="model"))

    assert report.testing == "external testing"
    assert report.resampled == "patients"
    assert report.by_fold == report.by_site == ()
    assert report.by_site_reason == "no `site`"


def test_near_duplicate_groups_are_never_called_patients(simulate):
    """Without patient ids the report says what was resampled."""
    report = _evaluate(simulate(patient_id=None), grouping="near-duplicates")

    assert report.unit == "near-duplicate groups"
    assert report.resampled == "near-duplicate groups within site"
    assert "not by patient" in report.grouping_words
    assert report.ranking["within_patient_auroc"].reason == "no `patient_id`"


def test_report_does_not_depend_on_the_order_of_rows(simulate):
    """Shuffled rows give the same figures; only row numbers move."""
    table = simulate().table
    shuffled = table.sample(frac=1, random_state=0)

    first = dict(_numbers(_evaluate(Predictions(table=table)).as_dict()))
    other = dict(_numbers(_evaluate(Predictions(table=shuffled)).as_dict()))

    assert first.keys() == other.keys()
    for path, value in first.items():
        if isinstance(value, float):
            assert other[path] == pytest.approx(value, abs=1e-9), path
        elif not path.endswith("/row"):
            assert other[path] == value, path


def test_seed_decides_the_intervals(simulate):
    """The same seed gives the same report; another one moves intervals, not values."""
    predictions = simulate()

    first, again = _evaluate(predictions), _evaluate(predictions)
    other = _evaluate(predictions, SPEC.model_copy(update={"seed": 1}))

    assert first.as_dict() == again.as_dict()
    assert first.ranking["auroc"].value == other.ranking["auroc"].value
    assert first.ranking["auroc"].low != other.ranking["auroc"].low


def test_duplicating_every_patient_keeps_every_value(simulate):
    """A copy of the cohort under new names changes intervals and counts only."""
    table = simulate().table
    copy = table.assign(
        **{name: "copy-" + table[name] for name in ("image", "patient_id", "group")}
    )

    once = _evaluate(Predictions(table=table))
    twice = _evaluate(Predictions(table=pd.concat([table, copy])))

    assert twice.n_patients == 2 * once.n_patients
    for name in ("auroc", "average_precision", "within_patient_auroc", "brier"):
        assert twice.ranking[name].value == pytest.approx(once.ranking[name].value)
    for figure in once.at_tuned.metrics:
        assert twice.at_tuned.metrics[figure.name].value == pytest.approx(figure.value)


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_is_a_report_with_reasons(simulate, label):
    """No exception and no curve: AUROC says that both classes are needed."""
    report = _evaluate(simulate(label=label))

    assert report.ranking["auroc"].reason == "slices of both classes are needed"
    assert report.roc is None
    assert report.precision_recall is None
    assert report.ranking["brier"].reason == ""
    json.dumps(report.as_dict(), allow_nan=False)


def test_one_patient_is_a_report_with_reasons(simulate):
    """One patient gives no interval, hence no figure."""
    report = _evaluate(simulate(patients=1))

    assert "at least two patients" in report.ranking["auroc"].reason
    assert report.roc is not None
    json.dumps(report.as_dict(), allow_nan=False)


def test_one_slice_is_a_report(simulate):
    """The smallest set there is."""
    report = _evaluate(simulate(patients=1, slices=1))

    assert report.n_slices == 1
    json.dumps(report.as_dict(), allow_nan=False)


def test_every_null_in_the_json_has_a_reason(simulate):
    """A null value stands beside a reason, in every figure of the report."""
    report = _evaluate(simulate(slice_index=None, threshold_probability=np.nan))

    found = json.loads(json.dumps(report.as_dict(), allow_nan=False))

    figures = [found["ranking"], found["at_half"]["metrics"]]
    figures += [found["at_tuned"]["metrics"]]
    figures += [each["ranking"] for each in found["by_fold"] + found["by_site"]]
    for figure in (each for group in figures for each in group.values()):
        assert (figure["value"] is None) == bool(figure["reason"])
    assert found["notice"] == "Research use only. Not a medical device."
    assert found["ranking"]["position_matched_auroc"]["value"] is None


def test_json_holds_the_figures_of_the_report(simulate):
    """report.json and whatever draws the report read the same numbers."""
    report = _evaluate(simulate())

    found = report.as_dict()

    auroc = report.ranking["auroc"]
    assert found["ranking"]["auroc"]["value"] == auroc.value
    assert found["ranking"]["auroc"]["low"] == auroc.low
    assert found["by_site"][1]["at_tuned"]["metrics"]["recall"]["value"] == (
        report.by_site[1].at_tuned.metrics["recall"].value
    )
    assert found["spec"]["bootstrap_draws"] == 100
    assert found["roc"]["sensitivity"][-1] == 1


def test_worst_errors_are_the_most_confident_ones(simulate):
    """False positives from the highest score down, false negatives from the lowest up."""
    labels = np.array([0, 0, 0, 1, 1, 1])
    scores = np.array([0.7, 0.9, 0.3, 0.2, 0.1, 0.8])
    predictions = simulate(
        patients=1,
        slices=6,
        label=labels,
        tumor_probability=scores,
        threshold_probability=0.5,
    )

    report = _evaluate(predictions)

    assert [each.row for each in report.worst_false_positives] == [1, 0]
    assert [each.row for each in report.worst_false_negatives] == [4, 3]
    assert report.worst_false_positives[0].image == "patient-000/1.png"
    assert report.worst_false_positives[0].tumor_probability == 0.9


def test_worst_errors_fall_back_on_one_half_and_are_limited(simulate):
    """Without a tuned threshold errors are those at 0.5; at most gallery_size each."""
    report = _evaluate(simulate(threshold_probability=np.nan, tumor_probability=0.6))

    assert len(report.worst_false_positives) == 3
    assert report.worst_false_positives[0].threshold_probability == 0.5
    assert report.worst_false_negatives == ()


def test_baselines_can_be_added(simulate):
    """The report with simple methods is a new value, and its JSON holds them."""
    predictions = simulate()
    index = predictions.table["slice_index"].to_numpy(dtype=float)
    scores = [
        BaselineScores(name="position", description="alone", scores=index / 20),
        BaselineScores(name="rank", description="no probability", scores=-index),
    ]
    plain = _evaluate(predictions)

    report = beside_baselines(plain, predictions, scores)

    found, _ = report.as_dict()["baselines"]
    assert found["name"] == "position"
    assert found["auroc"]["value"] == report.baselines[0].auroc.value
    assert plain.decision_curve.rival == ""
    assert report.decision_curve.rival == "position"
    assert report.decision_curve.points[0].over_rival is not None
    assert report.decision_curve.points[0].model == plain.decision_curve.points[0].model


def test_lesion_areas_belong_to_the_rows_of_the_predictions(simulate):
    """Areas of tuning rows are passed over, those of test rows keep their slice."""
    predictions = simulate(part=np.where(np.arange(144) < 24, "tune", "test"))
    areas = np.where(np.arange(144) < 24, 5000.0, 100.0)

    report = evaluate_predictions(
        predictions, SPEC, grouping="patient", lesion_areas_px=areas
    )

    counts = [each.n_slices for each in report.by_lesion_size.strata]
    assert counts == [40, 0, 0, 0, 0]
    with pytest.raises(DataError, match="give one for each"):
        evaluate_predictions(
            predictions, SPEC, grouping="patient", lesion_areas_px=areas[24:]
        )


def test_without_masks_sizes_cannot_be_assessed(simulate):
    """The rest of the report stands."""
    report = _evaluate(simulate())

    assert report.by_lesion_size.reason == "no lesion masks"
    assert report.at_ranked.sensitivity.reason == ""


def test_both_decisions_stand_for_patients_in_their_order(simulate):
    """First t95, then the tuned threshold."""
    report = _evaluate(simulate())

    assert [each.decision for each in report.patients] == ["ranked", "tuned"]
    assert report.calibration == report.scales[0].error


def test_version_two_keeps_what_version_one_had(simulate):
    """What reads a report of version 1 finds every key of it."""
    found = _evaluate(simulate()).as_dict()

    assert found["version"] == 2
    version_one = {
        *("kind", "version", "notice", "testing", "grouping_words", "prevalence"),
        *("part", "grouping", "unit", "resampled", "spec", "n_slices"),
        *("n_tumor_slices", "n_patients", "ranking", "at_half", "at_tuned"),
        *("calibration", "by_fold", "by_site", "by_site_reason", "roc"),
        *("precision_recall", "reliability", "worst_false_positives"),
        *("worst_false_negatives", "baselines"),
    }
    assert version_one <= set(found)
    assert set(found["calibration"]) == {"estimate", "null_mean", "null_high"}
