"""Tests of ties between a column and the label: patients count, slices do not."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tumorscope.audit.ties import adjust, permuted_p, separation, tie_to_label


def tie(values, labels, owners, rng, *, permutations=999):
    return tie_to_label(
        "column",
        [str(each) for each in values],
        labels=np.array(labels),
        owners=np.array(owners, dtype=object),
        permutations=permutations,
        generator=rng,
    )


def test_a_permuted_p_value_is_never_zero():
    """Nine draws below the observation leave one in ten (Phipson and Smyth 2010)."""
    assert permuted_p(5.0, np.arange(5.0)) == pytest.approx(1 / 6)
    assert permuted_p(0.3, np.array([0.1 + 0.2])) == 1


def test_separation_is_the_balanced_accuracy_of_the_best_rule():
    """Three of four tumor slices and one of four others hold "a": 0.75."""
    held = np.array([[1, 0]] * 3 + [[0, 1]] + [[1, 0]] + [[0, 1]] * 3, dtype=float)
    is_tumor = np.array([True] * 4 + [False] * 4)

    assert separation(held, is_tumor) == pytest.approx(0.75)
    assert separation(held[:, [0]] * 0 + 1, is_tumor) == pytest.approx(0.5)
    assert math.isnan(separation(held, np.ones(8, dtype=bool)))


def test_a_column_that_is_the_label_within_patients_is_found(rng):
    """Every patient's tumor slices have another size: p is as small as it can be."""
    labels = [0, 0, 1, 1] * 12
    owners = np.repeat(np.arange(12), 4)

    found = tie(labels, labels, owners, rng)

    assert found.slice_separation == 1
    assert found.n_within == 12
    assert found.p_within < 0.01
    assert math.isnan(found.p_between)
    assert found.p_value == found.p_within
    assert math.isnan(found.patient_separation)


def test_a_column_that_is_the_label_between_patients_is_found(rng):
    """Tumor patients come from one site: slices of healthy patients are all of another."""
    owners = np.repeat(np.arange(16), 3)
    labels = (owners < 8).astype(int)

    found = tie(owners < 8, labels, owners, rng)

    assert found.patient_separation == 1
    assert found.n_between == 16
    assert found.p_value < 0.01
    assert found.n_within == 0


def test_many_slices_of_two_patients_are_no_evidence(rng):
    """A thousand slices of two patients are two observations: nothing is compared."""
    owners = np.repeat([0, 1], 500)

    found = tie(owners, owners, owners, rng)

    assert found.slice_separation == 1
    assert math.isnan(found.p_value)
    assert found.reason == "too few to compare: 2"


def test_one_value_only_says_so(rng):
    """Nothing can go with a column that never changes."""
    found = tie(["a"] * 8, [0, 1] * 4, np.arange(8), rng)

    assert found.reason == "there is one value only"
    assert found.counts[0].n_slices == 8


def test_both_comparisons_together_cost_a_factor_of_two(rng):
    """The smaller of two p-values is doubled."""
    owners = np.repeat(np.arange(16), 4)
    labels = np.where(owners < 8, np.tile([0, 0, 1, 1], 16), 0)
    values = np.where(labels == 1, "a", "b")

    found = tie(values, labels, owners, rng)

    assert found.p_value == pytest.approx(
        min(1, 2 * min(found.p_within, found.p_between))
    )


def test_counts_are_by_hand(rng):
    """Slices and patients of each value, the commonest first."""
    found = tie("aabbb", [1, 0, 0, 0, 1], ["p", "p", "q", "r", "r"], rng)

    first, second = found.counts
    assert (first.value, first.n_slices, first.n_tumor_slices) == ("b", 3, 1)
    assert (first.n_patients, first.n_tumor_patients) == (2, 1)
    assert (second.value, second.n_patients, second.n_tumor_patients) == ("a", 1, 1)


@pytest.mark.slow
def test_p_values_are_uniform_where_nothing_is_tied():
    """Sites dealt at random over patients: at most 5 of 100 p-values below 0.05."""
    generator = np.random.default_rng(3)
    owners = np.repeat(np.arange(30), 8)
    p_values = []
    for _ in range(200):
        labels = np.where(
            generator.permutation(30)[owners] < 15, generator.integers(0, 2, 240), 0
        )
        values = generator.integers(0, 3, 30)[owners]
        p_values.append(
            tie(values, labels, owners, generator, permutations=199).p_value
        )

    assert np.mean(np.array(p_values) <= 0.05) <= 0.09
    assert np.mean(np.array(p_values) <= 0.5) >= 0.35


def test_a_family_is_corrected_together(rng):
    """The more columns are looked at, the larger the p-value of each."""
    owners = np.repeat(np.arange(16), 3)
    labels = (owners < 8).astype(int)
    strong = tie(owners < 8, labels, owners, rng)
    weak = tie(owners % 2, labels, owners, rng)

    first, second = adjust([strong, weak])

    assert first.p_adjusted == pytest.approx(min(1, 2 * strong.p_value))
    assert second.p_adjusted >= weak.p_value


def test_very_many_groups_stay_within_memory(rng):
    """Sixty thousand single slices are exchanged as often as any other cohort."""
    labels = np.arange(60_000) % 2

    found = tie(labels, labels, np.arange(60_000), rng, permutations=9999)

    assert found.p_value == pytest.approx(1 / 10_000)


def test_one_value_for_each_patient_gives_the_exact_p_value(rng):
    """Two of three tumor patients of eight hold "a", no other does.

    Of the 56 ways to choose three patients, 6 hold both: p is 6 / 56 by hand.
    """
    values = ["a", "a", "b", "b", "b", "b", "b", "b"]

    found = tie(
        values, [1, 1, 1, 0, 0, 0, 0, 0], np.arange(8), rng, permutations=20_000
    )

    assert found.p_between == pytest.approx(6 / 56, abs=0.01)


def test_mixed_values_give_the_same_p_value_as_whole_ones(rng):
    """Shares that are almost whole are exchanged by the general way, with the same end."""
    owners = np.repeat(np.arange(20), 20)
    labels = (owners < 10).astype(int)
    whole = np.where(owners % 20 < 5, "a", "b")
    mixed = whole.copy()
    mixed[-1] = "a"

    one = tie(whole, labels, owners, rng, permutations=5000)
    other = tie(mixed, labels, owners, rng, permutations=5000)

    assert one.p_between == pytest.approx(0.033, abs=0.012)
    assert other.p_between == pytest.approx(one.p_between, abs=0.02)


def test_where_every_patient_has_a_tumor_the_share_of_tumor_slices_is_compared(rng):
    """One site holds those with many tumor slices, though all have some."""
    owners = np.repeat(np.arange(20), 10)
    place = np.tile(np.arange(10), 20)
    labels = (place < np.where(owners < 10, 7, 2)).astype(int)

    tied = tie(owners < 10, labels, owners, rng)
    other = tie(owners % 2, labels, owners, rng)

    assert tied.n_between == 20
    assert tied.p_value < 0.01
    assert math.isnan(tied.patient_separation)
    assert tied.slice_separation == pytest.approx(0.5 * (70 / 90 + 80 / 110))
    assert other.p_value > 0.1


def test_patients_that_are_all_alike_say_so(rng):
    """Each has one tumor slice of two, and the column never changes within them."""
    found = tie(np.repeat(range(6), 2) % 2, [0, 1] * 6, np.repeat(range(6), 2), rng)

    assert found.reason == "all have the same share of tumor slices"
