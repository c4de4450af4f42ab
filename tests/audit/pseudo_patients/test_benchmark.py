"""Tests that the benchmark of pseudo-patients measures what it says, on invented heads."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

from tumorscope.domain.pseudo_patient_spec import PseudoPatientSpec

SPEC = PseudoPatientSpec()


@pytest.fixture
def bench(repository, monkeypatch):
    """Return the script as a module."""
    monkeypatch.syspath_prepend(str(repository / "benchmarks"))
    return importlib.import_module("pseudo_patients")


@pytest.fixture
def looked(bench, heads):
    """Return twelve invented heads of fourteen slices."""
    prints, owner = heads(12, 14)
    return bench.Looked(
        prints=prints,
        patient=owner,
        height=np.tile(np.linspace(0, 1, 14), 12),
        duplicate=np.arange(len(owner)),
        phase=np.tile(np.linspace(-2, 2, 14), 12),
    )


@pytest.mark.slow
def test_every_grouping_is_compared_in_every_order(bench, looked):
    """Pseudo-patients leak less than slices at random, whatever the order."""
    results = bench.compare("heads", looked, SPEC)

    orders = {each["order"] for each in results}
    assert len(results) == len(orders) * len(bench.GROUPINGS) == 4 * 6
    for order in orders:
        leak = {
            each["method"]: each["leaked_share"]
            for each in results
            if each["order"] == order
        }
        assert leak["pseudo-patients"] < leak["slices at random"]
    assert len(bench.to_figures(results)) == len(results)


def test_three_passes_go_over_every_patient_three_times(bench, looked):
    """Eleven of fourteen slices lie between the ends; a third come in each pass."""
    rows = bench.in_passes(looked)

    patients = looked.patient[rows]
    assert np.array_equal(np.bincount(patients), np.full(12, 11))
    assert (np.diff(patients) < 0).sum() == 2
    assert len(set(rows)) == len(rows)


def test_both_spaces_are_scored_by_the_nearest_slice(bench, looked):
    """Invented heads are told apart in each space."""
    figures = bench.compare_spaces("heads", looked, looked)

    assert [each.value > 0.9 for each in figures] == [True] * 4


def test_scale_is_measured_on_other_heads(bench, looked):
    """Heads are multiplied, and found again."""
    figures = bench.measure_scale(looked, 400)

    assert figures[-1].value > 0.9
    assert figures[-1].note.startswith("29 invented heads")


def test_a_set_without_truth_is_described(bench, looked):
    """Counts and distances in files, no precision that nobody can know."""
    figures, details = bench.describe_unknown("heads", looked, SPEC)

    assert figures[0].value == 12
    assert details["files_apart"][0]["from"] == 0
    torn = {each.name.split("that ")[1]: each.value for each in figures[-3:]}
    assert torn["pseudo-patients tear"] == 0
    assert torn["slices at random tear"] == 1


def test_phase_rises_from_cerebellum_to_vertex(bench):
    """Small and low, then large, then small and central."""
    pictures = [np.zeros((100, 100), dtype=np.uint8) for _ in range(3)]
    pictures[0][55:75, 40:60] = 200
    pictures[1][15:90, 10:90] = 200
    pictures[2][40:60, 40:60] = 200

    assert (np.diff(bench.brain_phase(pictures)) > 0).all()
