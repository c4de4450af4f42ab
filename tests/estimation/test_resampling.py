"""Patients drawn with replacement within their site."""

import numpy as np
import pandas as pd
import pytest

from tumorscope.domain.errors import DataError
from tumorscope.domain.specs import EvaluateSpec
from tumorscope.estimation.resampling import CHUNK_WEIGHTS, draw_patients

SPEC = EvaluateSpec(bootstrap_draws=200)


def _draws(groups, sites, spec=SPEC):
    return draw_patients(
        pd.Series(groups, dtype="str"),
        pd.Series(sites, dtype="str"),
        spec,
        grouping="patient",
    )


def test_every_draw_holds_as_many_patients_of_a_site_as_the_set():
    """Sites of 2 and 3 patients keep their sizes in all draws; row 0 is the set."""
    draws = _draws(list("abcdeab"), list("xxyyyxx"))

    assert draws.counts.shape == (201, 5)
    assert (draws.counts[0] == 1).all()
    assert (draws.counts[:, :2].sum(axis=1) == 2).all()
    assert (draws.counts[:, 2:].sum(axis=1) == 3).all()
    assert draws.counts.max() == 3
    assert draws.resampled == "patients within site"
    assert draws.patient_of_slice.tolist() == [0, 1, 2, 3, 4, 0, 1]


def test_without_sites_all_patients_are_one_stratum():
    """Null sites: the result says that patients were drawn, and not within site."""
    draws = _draws(list("abcd"), [None] * 4)

    assert draws.resampled == "patients"
    assert (draws.counts.sum(axis=1) == 4).all()
    assert draws.counts[1:].max() > 1


def test_sites_of_one_patient_are_pooled_so_that_they_vary():
    """Two lone sites form one stratum; a single lone site joins the smallest other."""
    two_lone = _draws(list("abcd"), list("xxyz"))
    one_lone = _draws(list("abcdef"), list("xxyzzz"))

    assert (two_lone.counts[:, 2:].sum(axis=1) == 2).all()
    assert set(two_lone.counts[1:, 2]) == {0, 1, 2}
    assert (one_lone.counts[:, :3].sum(axis=1) == 3).all()
    assert "sites of one patient pooled" in two_lone.resampled


def test_draws_depend_on_the_seed_and_not_on_the_order_of_slices():
    """The same seed gives the same draws for shuffled rows; another seed does not."""
    groups, sites = np.array(list("abcabcd")), np.array(list("xxyxxyy"))
    order = np.random.default_rng(0).permutation(7)

    first = _draws(groups, sites)
    again = _draws(groups[order], sites[order])
    other = _draws(groups, sites, EvaluateSpec(bootstrap_draws=200, seed=1))

    np.testing.assert_array_equal(first.counts, again.counts)
    assert (first.counts != other.counts).any()


def test_slice_weights_come_in_bounded_chunks_that_hold_every_draw():
    """A slice weighs as often as its patient was drawn, chunk after chunk."""
    groups = np.arange(50).repeat(200).astype(str)
    draws = _draws(groups, [None] * len(groups))
    rows = np.arange(len(groups))[::-1].copy()

    chunks = list(draws.slice_weights(rows))

    assert len(chunks) > 1
    assert max(chunk.size for chunk in chunks) <= CHUNK_WEIGHTS
    np.testing.assert_array_equal(
        np.concatenate(chunks), draws.counts[:, draws.patient_of_slice[rows]]
    )


def test_sums_by_patient_add_the_slices_of_each():
    """Values 1, 2, 4 of patients a, b, a sum to 5 and 2."""
    draws = _draws(list("aba"), [None] * 3)

    assert draws.sum_by_patient(np.array([[1.0], [2.0], [4.0]])).tolist() == [[5], [2]]


def test_one_patient_can_be_drawn():
    """A single patient is drawn once in every draw."""
    assert (_draws(["a", "a"], ["x", "x"]).counts == 1).all()


def test_missing_group_is_an_error():
    """A slice without a group cannot be resampled."""
    with pytest.raises(DataError, match="1 of 2 slices have no group"):
        _draws(["a", None], ["x", "x"])
