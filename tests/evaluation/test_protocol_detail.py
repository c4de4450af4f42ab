"""Tests of what a protocol reports beside the family: each repeat, then the average."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.domain.errors import DataError
from tumorscope.domain.predictions import Predictions
from tumorscope.domain.specs import EvaluateSpec
from tumorscope.evaluation.comparison import BaselineScores
from tumorscope.evaluation.protocol_report import (
    measure_protocol,
    with_protocol_baselines,
)
from tumorscope.evaluation.protocol_sections import protocol_sections
from tumorscope.evaluation.repeats import align_repeats
from tumorscope.evaluation.report import evaluate_predictions

SPEC = EvaluateSpec(bootstrap_draws=100)


@pytest.fixture
def repeats(simulate):
    """Return two repeats of one cohort whose scores differ, in another order."""
    first = simulate()
    scores = first.table["tumor_probability"] ** 1.3
    other = first.table.assign(tumor_probability=scores).sample(frac=1, random_state=0)
    return first, Predictions(table=other.reset_index(drop=True))


@pytest.fixture
def areas(repeats):
    """Return the lesion areas in the order of the aligned repeats."""
    table = align_repeats(repeats)[0]
    area = 150.0 + 300 * (table["slice_index"].to_numpy(dtype=float) - 4)
    return np.where(table["label"] == 1, area, np.nan)


@pytest.fixture
def detail(repeats, areas):
    """Return what the protocol of two repeats found."""
    found = measure_protocol(
        "cv", repeats, SPEC, grouping="patient", lesion_areas_px=areas
    )
    return found.detail


@pytest.fixture
def own(repeats, areas):
    """Return the report of each repeat, judged like a single split."""
    return [
        evaluate_predictions(
            Predictions(table=table), SPEC, grouping="patient", lesion_areas_px=areas
        )
        for table in align_repeats(repeats)
    ]


def mean(values):
    return pytest.approx(np.mean(list(values)), nan_ok=True)


def test_decisions_are_the_mean_of_the_repeats(detail, own):
    """Every figure at 0.5, at the tuned threshold and at t95, and the two rankings."""
    for name in ("accuracy", "precision", "recall", "f1", "specificity", "npv"):
        assert detail.at_half[name].value == mean(
            each.at_half.metrics[name].value for each in own
        )
        assert detail.at_tuned[name].value == mean(
            each.at_tuned.metrics[name].value for each in own
        )
    for name in ("average_precision", "log_loss"):
        assert detail.ranking[name].value == mean(
            each.ranking[name].value for each in own
        )
    sensitivity, specificity = detail.at_ranked
    assert sensitivity.value == mean(each.at_ranked.sensitivity.value for each in own)
    assert specificity.value == mean(each.at_ranked.specificity.value for each in own)
    assert detail.t95 == tuple(each.at_ranked.threshold_probability for each in own)


def test_patients_are_the_mean_of_the_repeats(detail, own):
    """Hits with the exact interval; false positives at t95 and at the tuned threshold."""
    for place, found in enumerate(detail.patients):
        single = [each.patients[place] for each in own]
        assert found.decision == single[0].decision
        assert found.n_hit == tuple(each.n_hit for each in single)
        assert found.hit.value == mean(each.hit.value for each in single)
        assert found.hit.low == pytest.approx(min(each.hit.low for each in single))
        assert found.hit.high == pytest.approx(max(each.hit.high for each in single))
        for name in ("false_positives", "without_false_positive"):
            assert getattr(found, name).value == mean(
                getattr(each, name).value for each in single
            )


def test_lesion_sizes_are_the_mean_of_the_repeats(detail, own):
    """Each stratum at each repeat's own t95; an empty stratum says so."""
    for place, found in enumerate(detail.by_lesion_size.strata):
        single = [each.by_lesion_size.strata[place] for each in own]
        assert (found.name, found.n_slices) == (single[0].name, single[0].n_slices)
        assert found.ranked.reason == single[0].ranked.reason
        assert found.ranked.value == mean(each.ranked.value for each in single)
        assert found.tuned.value == mean(each.tuned.value for each in single)
    assert [each.n_slices for each in detail.by_lesion_size.strata] == [
        12,
        12,
        24,
        0,
        0,
    ]


def test_calibration_and_net_benefit_are_the_mean_of_the_repeats(detail, own):
    """Slope, intercept, Brier score, error and ten net benefits."""
    (first, second), (scale, raw) = [each.scales[0] for each in own], detail.scales
    for name, values in {
        "calibration_slope": (first.slope.value, second.slope.value),
        "calibration_intercept": (first.intercept.value, second.intercept.value),
        "brier": (first.brier.value, second.brier.value),
        "ece": (first.error.estimate.value, second.error.estimate.value),
    }.items():
        assert scale.figures[name].value == mean(values)
    assert (scale.scale, raw.scale) == ("calibrated", "raw")
    points = [each.decision_curve.points for each in own]
    assert len(detail.decision_curve.points) == 10
    for place, found in enumerate(detail.decision_curve.points):
        assert found.model.value == mean(each[place].model.value for each in points)
        assert found.over_all.value == mean(
            each[place].over_all.value for each in points
        )


def test_one_repeat_is_the_report_of_a_single_split(repeats, areas, own):
    """With one repeat the very same values and intervals come out, by other code."""
    found = measure_protocol(
        "cv", repeats[:1], SPEC, grouping="patient", lesion_areas_px=areas
    ).detail

    single = own[0]
    pairs = [
        *zip(found.at_half, single.at_half.metrics, strict=True),
        *zip(found.tumor_shares, single.reliability_band, strict=True),
        (found.patients[0].hit, single.patients[0].hit),
        (found.patients[0].false_positives, single.patients[0].false_positives),
        (
            found.patients[1].without_false_positive,
            single.patients[1].without_false_positive,
        ),
        (
            found.by_lesion_size.strata[1].ranked,
            single.by_lesion_size.strata[1].ranked,
        ),
        (found.scales[0].figures["calibration_slope"], single.scales[0].slope),
        (found.decision_curve.points[3].model, single.decision_curve.points[3].model),
    ]
    for here, there in pairs:
        assert (here.value, here.low, here.high, here.n_slices) == pytest.approx(
            (there.value, there.low, there.high, there.n_slices), nan_ok=True
        )


def test_the_best_simple_method_enters_the_net_benefit(repeats):
    """Of two methods the one with the higher AUROC; its gains are paired by draw."""
    report = measure_protocol("cv", repeats, SPEC, grouping="patient")
    scored = [
        [
            BaselineScores(
                name=name, description="-", scores=table[column].to_numpy(dtype=float)
            )
            for name, column in (("same", "tumor_probability"), ("label", "label"))
        ]
        for table in align_repeats(repeats)
    ]

    curve = with_protocol_baselines(report, repeats, scored).detail.decision_curve

    prevalence = report.n_tumor_slices / report.n_slices
    assert curve.rival == "label"
    for point in curve.points:
        assert point.rival.value == pytest.approx(prevalence)
        assert point.over_rival.value == pytest.approx(point.model.value - prevalence)


def test_what_is_unknown_is_said(simulate):
    """No patient ids, no thresholds, no masks: reasons on the page, and no figure."""
    predictions = simulate(patient_id=None, threshold_probability=np.nan)

    report = measure_protocol("cv", [predictions], SPEC, grouping="near-duplicates")

    ranked, tuned = report.detail.patients
    assert ranked.hit.reason == ranked.false_positives.reason == "no `patient_id`"
    assert ranked.n_hit == ()
    assert tuned.without_false_positive.reason == "no `patient_id`"
    assert "have no threshold" in report.detail.at_tuned["recall"].reason
    assert report.detail.by_lesion_size.reason == "no lesion masks"
    (section,) = [one for one in protocol_sections(report) if one.name == "detection"]
    words = " ".join(section.sentences)
    assert "size cannot be assessed: no lesion masks" in words
    assert "hits cannot be assessed: no `patient_id`" in words
    assert "not computed under protocols" in words


def test_tumor_slices_alone_have_no_false_positives(simulate):
    """One class: the figures of the other one carry their reason."""
    predictions = simulate(label=1)

    detail = measure_protocol("cv", [predictions], SPEC, grouping="patient").detail

    assert detail.patients[1].false_positives.reason == "no tumor-free slice"
    assert detail.patients[1].hit.value > 0.5
    assert detail.at_half["specificity"].reason == "no tumor-free slice"
    assert "separates" in detail.scales[0].figures["calibration_slope"].reason


def test_areas_of_other_slices_are_refused(repeats):
    """One area for each slice, or none at all."""
    with pytest.raises(DataError, match=r"areas of shape \(3,\) for 144"):
        measure_protocol(
            "cv", repeats, SPEC, grouping="patient", lesion_areas_px=np.zeros(3)
        )


def test_every_part_has_its_section(repeats, areas):
    """Decisions, lesions and patients, calibration and net benefit are on the page."""
    report = measure_protocol(
        "cv", repeats, SPEC, grouping="patient", lesion_areas_px=areas
    )

    sections = {one.name: one for one in protocol_sections(report)}

    assert {"decisions", "detection", "calibration", "benefit"} <= set(sections)
    assert len(sections["benefit"].tables[0].rows) == 10
    assert len(sections["detection"].tables[1].rows) == 5
    assert [row[0] for row in sections["calibration"].tables[0].rows][2] == (
        "Calibration slope"
    )
    assert sections["detection"].plots[0].rows[0][0] == "all tumor slices"
