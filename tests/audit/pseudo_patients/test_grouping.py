"""Tests of how links become groups without chains."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tumorscope.audit.pseudo_patients.grouping import group_slices
from tumorscope.audit.pseudo_patients.linking import Links
from tumorscope.domain.pseudo_patient_spec import PseudoPatientSpec

SPEC = PseudoPatientSpec(small_group=3, max_group_slices=20)
STRONG, WEAK, FAR = 0.8, 1.4, 9.0


def _run(start, length):
    return [(row, row + 1, STRONG) for row in range(start, start + length - 1)]


@pytest.fixture
def group(order):
    """Return a function that groups (first, second, distance) links."""

    def run(links, count, *, supported=(), steps=(), spec=SPEC):
        first, second, distance = (np.array(part) for part in zip(*links, strict=True))
        pairs = list(zip(first, second, strict=True))
        return group_slices(
            Links(
                first=first,
                second=second,
                distance=distance.astype(np.float32),
                is_strong=distance < spec.strong_distance,
                is_supported=np.array([pair in supported for pair in pairs]),
                is_step=np.array([pair in steps for pair in pairs]),
                order=replace(order, is_informative=bool(supported or steps)),
            ),
            count,
            spec,
        )

    return run


def test_strong_links_join_groups_of_any_size(group):
    """A chain of neighboring slices is one head, though its ends look different."""
    groups, _ = group(_run(0, 12), 12)

    assert set(groups) == {0}


def test_a_weak_link_does_not_chain_two_heads(group):
    """One doubtful pair between large groups joins nothing."""
    groups, _ = group([*_run(0, 6), *_run(6, 6), (5, 6, WEAK)], 12)

    assert groups.tolist() == [0] * 6 + [1] * 6


def test_a_small_group_joins_its_nearest_one(group):
    """Three slices at the end of a head are not left alone, and go to one head only."""
    links = [*_run(0, 6), *_run(6, 3), *_run(9, 6), (5, 6, 1.3), (8, 9, 1.45)]

    groups, _ = group(links, 15)

    assert groups.tolist() == [0] * 9 + [1] * 6


def test_two_agreeing_supported_links_join_large_groups(group):
    """Second passes over one head are joined where the file order agrees."""
    links = [*_run(0, 6), *_run(6, 6), (1, 7, WEAK), (3, 9, WEAK)]

    groups, _ = group(links, 12, supported={(1, 7), (3, 9)})

    assert set(groups) == {0}


@pytest.mark.parametrize("second", [(1, 9), (3, 7)])
def test_links_that_share_an_end_do_not_agree(group, second):
    """One odd slice that resembles a whole head is one witness, not two."""
    links = [*_run(0, 6), *_run(6, 6), (1, 7, WEAK), (*second, WEAK)]

    groups, _ = group(links, 12, supported={(1, 7), second})

    assert len(set(groups)) == 2


def test_no_group_outgrows_a_head(group):
    """What a head cannot hold is not joined, and both sides are marked."""
    groups, capped = group([*_run(0, 15), *_run(15, 15), (14, 15, 1.1)], 31)

    assert np.bincount(groups).tolist() == [15, 15, 1]
    assert capped.tolist() == [True] * 30 + [False]


def test_what_is_too_far_stays_alone(group):
    """A blank slice that resembles nothing is not forced into a head."""
    groups, _ = group([*_run(0, 6), (5, 6, FAR)], 7)

    assert groups.tolist() == [0] * 6 + [1]


def test_an_order_that_tells_heads_apart_reaches_further(group):
    """Where files follow each other, a small group joins at a larger distance."""
    links = [*_run(0, 6), (5, 6, 3.0)]

    assert len(set(group(links, 7)[0])) == 2
    assert len(set(group(links, 7, steps={(5, 6)})[0])) == 1


def _met(share):
    """Two heads that meet at two places of the file order, joined up to a share."""
    links = [*_run(0, 6), *_run(6, 6), (1, 7, 3.0), (3, 9, 3.5)]
    steps = {(1, 7), (3, 9)}
    return links, steps, PseudoPatientSpec(small_group=3, max_joined_share=share)


@pytest.mark.parametrize(("share", "groups"), [(0.2, 1), (0.1, 2), (0.0, 2)])
def test_groups_that_meet_twice_are_joined_as_far_as_enough_remain(
    group, share, groups
):
    """Twelve of a hundred slices fit into a fifth of the set, not into a tenth."""
    links, steps, spec = _met(share)

    found, _ = group(links, 100, steps=steps, spec=spec)

    assert len(set(found[:12])) == groups


def test_groups_that_meet_once_stay_apart(group):
    """One head follows another: that is no reason to join them."""
    links, steps, spec = _met(0.5)

    found, _ = group(links[:-1], 100, steps=steps, spec=spec)

    assert len(set(found[:12])) == 2
