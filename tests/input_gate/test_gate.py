"""Tests of fitting and judging: near is accepted, far is not, patients are respected."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.domain.errors import DataError
from tumorscope.domain.gate_spec import GateSpec
from tumorscope.input_gate.distance import DistanceModel
from tumorscope.input_gate.fitting import (
    DescribedPart,
    fit_gate,
    pick_spread,
    weighted_quantile,
)
from tumorscope.input_gate.judging import InputGate, describe_slice
from tumorscope.input_gate.words import NO_GATE, describe_gate


def part(heads, sequences=1, owners=10):
    names = np.array([f"p{i % owners}" for i in range(len(heads))], dtype=object)
    described = tuple(describe_slice(one, sequences=sequences) for one in heads)
    return DescribedPart(slices=described, owners=names)


@pytest.fixture(scope="module")
def gate(make_head):
    """Return a gate of 60 training and 30 tuning heads."""
    return fit_gate(
        part([make_head(i) for i in range(60)]),
        part([make_head(100 + i) for i in range(30)]),
        GateSpec(),
        sequences=1,
    )


def test_new_heads_are_accepted(gate, make_head):
    """Heads that were not fitted pass, apart from the share that is flagged on purpose."""
    outcomes = [gate.judge(make_head(200 + i)) for i in range(30)]

    assert sum(one.outcome == "accept" for one in outcomes) >= 27
    assert all(one.outcome != "refuse" for one in outcomes)
    assert all((one.outcome == "accept") == (not one.reasons) for one in outcomes)


def test_what_is_far_is_refused_with_its_reason(gate):
    """Vertical stripes inside a head's outline are no head, though its outline is."""
    y, x = np.mgrid[-1:1:128j, -1:1:128j]
    inside = np.hypot(x / 0.62, y / 0.78) < 1
    stripes = (128 + 120 * np.sin(40 * x)) * inside

    found = gate.judge(stripes.astype(np.uint8))

    assert found.outcome == "refuse"
    assert any("unlike the training slices" in one for one in found.reasons)
    assert found.score > 1.6


def test_a_check_can_be_made_lenient_or_silent(gate, head):
    """A refusing check that training slices fail too flags only, or says nothing."""
    small = head[::3, ::3]

    def outcome(**changes):
        rules = gate.rules.model_copy(
            update={"flag_distance": 1e6, "refuse_distance": None} | changes
        )
        return InputGate(rules=rules, model=gate.model).judge(small)

    assert outcome().outcome == "refuse"
    assert outcome(lenient=("too small",)).outcome == "flag"
    assert outcome(silent=("too small",)).outcome == "accept"


def test_checks_that_training_slices_fail_are_softened(make_head):
    """A cohort of tiny pictures silences the check of the size, and no other."""
    tiny = [make_head(i, size=40) for i in range(24)]

    rules = fit_gate(part(tiny), part(tiny), GateSpec(), sequences=1).rules

    assert rules.silent == ("too small",)
    assert rules.lenient == ()


def test_few_tuning_patients_never_refuse_by_distance(make_head):
    """Four patients do not say how far a fifth may lie."""
    heads = [make_head(i) for i in range(16)]

    rules = fit_gate(part(heads), part(heads, owners=4), GateSpec(), sequences=1).rules

    assert rules.refuse_distance is None
    assert "too few for refusing" in describe_gate(rules, "patients")


def test_arrays_come_back(gate, head):
    """What a bundle stores gives the very same distance."""
    again = DistanceModel.from_arrays(gate.model.as_arrays())
    features = describe_slice(head, sequences=1).features

    assert again.distance(features) == gate.model.distance(features)
    assert all(one.dtype == np.float32 for one in gate.model.as_arrays().values())


def test_foreign_arrays_are_refused(gate):
    """A missing or an unknown array is an error, not another gate."""
    arrays = gate.model.as_arrays()
    for changed in (
        {name: one for name, one in arrays.items() if not name.endswith("mean")},
        arrays | {"other.thing": np.zeros(1, np.float32)},
        {},
    ):
        with pytest.raises(DataError, match="input gate's arrays"):
            DistanceModel.from_arrays(changed)


def test_three_sequences_and_their_copies_have_distances(make_head):
    """A slice with a copied sequence lacks the relation block and is still judged."""

    def three(i):
        head = make_head(i)
        return np.stack(
            [head, 255 - (255 - head) // 2 * (head > 20), head // 2], axis=2
        )

    heads = [three(i) for i in range(24)]
    gate = fit_gate(part(heads, 3), part(heads, 3), GateSpec(), sequences=3)
    copied = heads[0].copy()
    copied[..., 2] = copied[..., 1]

    assert set(gate.model.blocks) == {
        *("sequence 0", "sequence 1", "sequence 2"),
        "relation",
    }
    assert np.isfinite(gate.judge(copied).distance)
    assert gate.judge(heads[1][..., 0]).outcome != "accept"


def test_each_patient_weighs_the_same_in_the_quantile():
    """One long series does not fix the cut-off: by patients, half lies at 1."""
    values = np.array([1.0] * 2 + [9.0] * 98)
    owners = np.array(["a"] * 2 + ["b"] * 98, dtype=object)

    assert weighted_quantile(values, owners, share=0.5) == 1.0
    assert weighted_quantile(values, owners, share=0.6) == 9.0
    assert weighted_quantile(np.array([3.0]), owners[:1], share=0.99) == 3.0


def test_picked_rows_are_spread_over_the_patients():
    """Every patient gives its share, and a small part is taken whole."""
    owners = np.array([f"p{i // 50}" for i in range(200)], dtype=object)

    few = pick_spread(np.arange(200), owners, 20)

    assert len(set(few)) == 20
    assert set(np.bincount(few // 50)) == {5}
    assert len(pick_spread(np.arange(7), owners, 20)) == 7


def test_an_empty_part_is_an_error():
    """There is no gate without slices."""
    with pytest.raises(DataError, match="needs slices and an owner"):
        part([])


def test_a_picture_of_another_shape_is_an_error(gate):
    """Two channels are neither grey nor color."""
    with pytest.raises(DataError, match="1 or 3 channels"):
        gate.judge(np.zeros((64, 64, 2), np.uint8))


def test_no_gate_is_said():
    """A bundle without a gate does not pass it over in silence."""
    assert describe_gate(None, "patients") == NO_GATE
