"""Permutations that keep what lies inside a patient."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.audit.shortcuts.permutation import (
    label_sequences,
    permutation_test,
    shift_sequences,
    swap_sequences,
)
from tumorscope.domain.shortcut_spec import ShortcutSpec

SPEC = ShortcutSpec(permutations=99, exceedances=10)


def _heads(patients=10, slices=6):
    """Return labels with one run for each patient, patients, and heights."""
    patient = np.repeat(np.arange(patients), slices)
    rank = np.tile(np.arange(slices), patients)
    labels = ((rank >= patient % 3) & (rank < patient % 3 + patient % 4)).astype(int)
    return labels, patient, rank / (slices - 1)


def _sequences_of(labels, patient):
    return [tuple(labels[patient == one]) for one in np.unique(patient)]


def test_a_swap_gives_whole_sequences_to_other_patients():
    """Every labeling holds the same sequences, each with another patient."""
    labels, patient, height = _heads()
    sequences = label_sequences(labels, patient, height)

    swapped = swap_sequences(sequences, np.random.default_rng(0), 20)

    assert swapped.shape == (60, 20)
    expected = sorted(_sequences_of(labels, patient))
    for column in swapped.T:
        assert sorted(_sequences_of(column, patient)) == expected
    assert (swapped != labels[:, None]).any(axis=0).all()


def test_a_swap_follows_height_and_not_the_order_of_rows():
    """Shuffled rows get the same labelings as sorted ones."""
    labels, patient, height = _heads()
    order = np.random.default_rng(1).permutation(len(labels))
    straight = label_sequences(labels, patient, height)
    shuffled = label_sequences(labels[order], patient[order], height[order])

    first = swap_sequences(straight, np.random.default_rng(0), 5)
    second = swap_sequences(shuffled, np.random.default_rng(0), 5)

    np.testing.assert_array_equal(first[order], second)


def test_a_longer_head_gets_the_sequence_stretched():
    """Six slices with tumor in the upper half become three of six, or six of twelve."""
    size = np.array([6, 12] * 8)
    patient = np.repeat(np.arange(16), size)
    height = np.concatenate([np.linspace(0, 1, one) for one in size])
    labels = (height >= 0.5).astype(int)

    swapped = swap_sequences(
        label_sequences(labels, patient, height), np.random.default_rng(0), 10
    )

    np.testing.assert_array_equal(swapped, np.tile(labels[:, None], (1, 10)))


def test_patients_are_exchanged_with_those_of_a_like_size():
    """Ten large patients with tumor never hand their labels to ten small ones."""
    size = np.array([20] * 10 + [2] * 10)
    patient = np.repeat(np.arange(20), size)
    labels = (patient < 10).astype(int)
    sequences = label_sequences(labels, patient, np.full(len(labels), np.nan))

    swapped = swap_sequences(sequences, np.random.default_rng(0), 10)

    np.testing.assert_array_equal(swapped, np.tile(labels[:, None], (1, 10)))


def test_a_few_patients_of_odd_size_are_exchanged_all_the_same():
    """Strata with hardly anyone are joined, at either end."""
    size = np.array([1, 1, *[8] * 9, 40])
    patient = np.repeat(np.arange(len(size)), size)
    sequences = label_sequences(patient % 2, patient, np.full(len(patient), np.nan))

    assert len(np.unique(sequences.stratum)) == 1


def test_a_shift_keeps_the_sequence_of_each_patient():
    """Each patient keeps the number of tumor slices, in another place of the circle."""
    labels, patient, height = _heads()
    sequences = label_sequences(labels, patient, height)

    shifted = shift_sequences(sequences, np.random.default_rng(0), 30)

    for one in np.unique(patient):
        own = labels[patient == one]
        turns = {tuple(np.roll(own, -step)) for step in range(len(own))}
        assert {tuple(column) for column in shifted[patient == one].T} <= turns
    assert (shifted != labels[:, None]).any()


def test_p_is_the_share_of_figures_as_large():
    """None of 99 as large gives 1 / 100; ties count as being as large."""
    rare = permutation_test(1.0, np.zeros, SPEC)
    tied = permutation_test(0.0, np.zeros, SPEC)

    assert (rare.p_value, rare.permutations, rare.floor) == (0.01, 99, 0.0)
    assert (tied.p_value, tied.permutations) == (1.0, 10)


def test_a_test_ends_after_enough_exceedances():
    """The tenth exceedance at the twentieth labeling gives p = 10 / 20."""

    def alternating(count):
        return np.arange(count) % 2.0

    found = permutation_test(0.5, alternating, SPEC)

    assert (found.p_value, found.permutations) == (0.5, 20)


@pytest.mark.slow
def test_p_is_uniform_under_the_null():
    """A trait that follows patient and height, but no label, is significant as often as p says.

    Labels come in runs around mid-head, the trait has a patient's own level, and grows in
    the middle of the head: permuting single slices would call it significant most times.
    """
    p_values = [_p_under_the_null(seed) for seed in range(400)]

    for level in (0.05, 0.1, 0.25, 0.5, 0.75):
        share = np.mean(np.array(p_values) <= level)
        noise = 3 * np.sqrt(level * (1 - level) / len(p_values))
        assert share <= level + noise
        assert share >= level - noise - 0.03


def _p_under_the_null(seed):
    rng = np.random.default_rng(seed)
    slices = 10
    patient = np.repeat(np.arange(24), slices)
    rank = np.tile(np.arange(slices), 24)
    start, length = rng.integers(2, 5, 24)[patient], rng.integers(0, 4, 24)[patient]
    labels = ((rank >= start) & (rank < start + length)).astype(int)
    middle = -np.abs(rank - 4.5)
    trait = rng.normal(size=24)[patient] + 0.4 * middle + rng.normal(size=len(rank))
    sequences = label_sequences(labels, patient, rank / (slices - 1))
    ranks = trait.argsort().argsort()

    def figures(targets):
        return (ranks[:, None] * targets).sum(axis=0) / targets.sum(axis=0)

    return permutation_test(
        float(figures(labels[:, None])[0]),
        lambda count: figures(swap_sequences(sequences, rng, count)),
        ShortcutSpec(permutations=199, exceedances=20),
    ).p_value
