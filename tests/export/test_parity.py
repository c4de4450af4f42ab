"""How far an engine may differ, computed by hand."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest

from tumorscope.domain.errors import DataError
from tumorscope.domain.export_spec import ExportSpec, Tolerance
from tumorscope.domain.json_values import to_json_value
from tumorscope.export.parity import (
    ComparedSlices,
    find_breaches,
    map_correlations,
    measure_parity,
)
from tumorscope.inference.predictor import Scores

PROBABILITY = np.array([0.1, 0.2, 0.3, 0.45, 0.55, 0.7, 0.8, 0.9])
LABEL = np.array([0, 0, 1, 0, 1, 0, 1, 1])


def scores(probability) -> Scores:
    probability = np.asarray(probability, dtype=float)
    ramp = np.arange(4, dtype=np.float32).reshape(1, 2, 2)
    return Scores(
        logit=np.log(probability / (1 - probability)),
        tumor_probability=probability,
        class_map=np.repeat(ramp, len(probability), axis=0),
    )


def slices(label=LABEL, *, patients: int = 4) -> ComparedSlices:
    return ComparedSlices(
        described="eight slices",
        label=np.asarray(label),
        group=pd.Series([f"p{number % patients}" for number in range(len(label))]),
        site=pd.Series([None] * len(label), dtype=object),
    )


def spec(precision="fp32", **more) -> ExportSpec:
    return ExportSpec(
        target="openvino", precision=precision, bootstrap_draws=100, **more
    )


def compare(engine, known=None, wanted=None):
    return measure_parity(
        scores(PROBABILITY),
        scores(engine),
        known or slices(),
        wanted or spec(),
        threshold_probability=0.5,
    )


def test_equal_scores_differ_by_nothing():
    """Zero differences, perfect maps, no breach; and the intervals hold n."""
    found = compare(PROBABILITY)

    assert found.largest_probability_difference == 0
    assert found.changed_decisions == 0
    assert found.lowest_map_correlation == pytest.approx(1)
    assert found.figures["auroc_change"].value == 0
    assert found.figures["decision_change"].n_patients == 4
    assert found.figures["map_correlation"].n_slices == 8
    assert found.breaches == ()
    assert found.is_accepted


def test_differences_decisions_and_auroc_by_hand():
    """One slice crosses the threshold and falls behind a tumor-free one."""
    moved = PROBABILITY.copy()
    moved[4] = 0.44

    found = compare(moved, wanted=spec("int8"))

    # 16 pairs: torch ranks 0.3 below 0.45 and 0.7, and 0.55 below 0.7; the engine ranks
    # 0.44 below 0.45 as well.
    assert found.reference_auroc == pytest.approx(13 / 16)
    assert found.engine_auroc == pytest.approx(12 / 16)
    assert found.figures["auroc_change"].value == pytest.approx(-1 / 16)
    assert found.largest_probability_difference == pytest.approx(0.11)
    assert found.p99_probability_difference == pytest.approx(
        np.quantile([0] * 7 + [0.11], 0.99)
    )
    assert found.changed_decisions == 1
    assert found.figures["decision_change"].value == pytest.approx(1 / 8)
    assert len(found.breaches) == 2
    assert "1 of 8 decisions change (12.50%)" in found.breaches[0]
    assert "-0.0625" in found.breaches[1]


def test_full_precision_is_held_to_its_probabilities():
    """1e-4 is the limit, whatever the decisions; a reduced precision may differ more."""
    near, far = PROBABILITY.copy(), PROBABILITY.copy()
    near[0] += 0.9e-4
    far[0] += 1.1e-4

    assert compare(near).breaches == ()
    assert "0.0001 is allowed" in compare(far).breaches[0]
    assert compare(far, wanted=spec("int8")).breaches == ()


def test_a_reason_keeps_an_engine_and_hides_nothing():
    """The breach stays in the record, beside the reason."""
    far = PROBABILITY + 0.01

    found = compare(far, wanted=spec(waiver="screening study"))

    assert found.breaches
    assert found.is_accepted
    assert not compare(far).is_accepted


@pytest.mark.parametrize("label", [[1] * 8, [-1] * 8])
def test_reduced_precision_needs_both_labels(label):
    """An AUROC that cannot be assessed does not pass; full precision needs none."""
    known = slices(label)

    reduced = compare(PROBABILITY, known, spec("int8"))

    assert math.isnan(reduced.reference_auroc)
    assert "cannot be assessed: the slices lack" in reduced.breaches[0]
    assert compare(PROBABILITY, known).breaches == ()


def test_images_without_patients_have_no_intervals():
    """Slices are never resampled: the counts stand, the intervals cannot be assessed."""
    known = ComparedSlices(described="the given images", label=np.full(8, -1))

    found = compare(PROBABILITY, known)

    assert found.changed_decisions == 0
    assert {one.reason for one in found.figures} == {
        "no patients are known for these slices"
    }
    assert found.is_accepted


def test_a_single_patient_has_no_interval():
    """What one patient shows says nothing of others."""
    found = compare(PROBABILITY, slices(patients=1))

    assert "at least two patients" in found.figures["decision_change"].reason


def test_rank_correlation_of_maps_by_hand():
    """Equal order 1, reversed order -1, a flat map unknown; one exchange 0.8."""
    ramp = np.arange(4, dtype=np.float32).reshape(2, 2)
    swapped = np.array([[0, 1], [3, 2]], dtype=np.float32)
    reference = np.stack([ramp] * 4)
    engine = np.stack([7 * ramp + 1, -ramp, np.zeros_like(ramp), swapped])

    found = map_correlations(reference, engine)

    np.testing.assert_allclose(found[[0, 1, 3]], [1, -1, 0.8])
    assert math.isnan(found[2])


def test_flat_maps_are_told_as_such():
    """A map of one cell has no order."""
    flat = Scores(
        logit=np.zeros(2),
        tumor_probability=np.full(2, 0.5),
        class_map=np.zeros((2, 1, 1), dtype=np.float32),
    )

    found = measure_parity(
        flat, flat, slices([0, 1]), spec(), threshold_probability=0.5
    )

    assert found.figures["map_correlation"].reason == "no slice has two maps that vary"
    assert math.isnan(found.lowest_map_correlation)


def test_scores_of_other_slices_are_refused():
    """Nothing is compared with something else, or with nothing."""
    with pytest.raises(DataError, match="needs the same slices"):
        compare(PROBABILITY[:5])
    with pytest.raises(DataError, match="0 slices"):
        measure_parity(
            scores([]), scores([]), slices([]), spec(), threshold_probability=0.5
        )


def test_the_file_holds_every_figure_and_no_nan():
    """What cannot be assessed is null, with its reason."""
    content = to_json_value(compare(PROBABILITY, slices([1] * 8)))

    text = json.dumps(content, allow_nan=False)
    assert json.loads(text)["reference_auroc"] is None
    assert content["tolerance"]["probability_difference"] == 1e-4
    assert set(content["figures"]) == {
        "decision_change",
        "map_correlation",
        "auroc_change",
    }


def test_a_tolerance_is_met_at_its_very_limit():
    """The stated numbers are allowed, not just what lies below."""
    wide = Tolerance(probability_difference=0.25, decision_change=0.5, auroc_change=1)
    found = compare(PROBABILITY[::-1], wanted=spec("int8", tolerance=wide))

    assert found.changed_decisions == 8
    assert len(find_breaches(found, "int8")) == 1
    exact = spec("int8", tolerance=wide.model_copy(update={"decision_change": 1.0}))
    assert compare(PROBABILITY[::-1], wanted=exact).breaches == ()
