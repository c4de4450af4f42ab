"""Tests of who is in a cohort, and that faults are planted only where asked for."""

from __future__ import annotations

from collections import Counter

import pytest

from tumorscope.phantom import PhantomSpec, plan_cohort


def enrolments(**settings):
    return plan_cohort(PhantomSpec(**settings)).enrolments


def test_a_plain_cohort_has_no_faults():
    """Without options each person comes once and no slice is copied."""
    plan = plan_cohort(PhantomSpec(patients=10))

    assert [entry.patient_id for entry in plan.enrolments][:2] == ["P0001", "P0002"]
    assert len({entry.person for entry in plan.enrolments}) == 10
    assert all(entry.repeat_of == "" for entry in plan.enrolments)
    assert plan.copies == ()


@pytest.mark.parametrize(("share", "expected"), [(0.0, 0), (0.6, 6), (1.0, 10)])
def test_the_share_of_tumor_patients_is_exact(share, expected):
    """The share is dealt, not drawn: 0.6 of 10 persons are 6."""
    found = sum(entry.has_tumor for entry in enrolments(patients=10, tumor_share=share))

    assert found == expected


def test_sites_are_balanced_for_the_label():
    """Untied, each site sees as many tumours as the others, give or take one."""
    people = enrolments(patients=60, sites=3, seed=5)

    with_tumor = Counter(entry.site for entry in people if entry.has_tumor)
    without = Counter(entry.site for entry in people if not entry.has_tumor)

    assert set(with_tumor) == {"A", "B", "C"}
    assert max(with_tumor.values()) - min(with_tumor.values()) <= 1
    assert max(without.values()) - min(without.values()) <= 1


def test_a_full_tie_lets_the_site_give_the_label_away():
    """At strength 1 no site has both patients with and without a tumour."""
    people = enrolments(patients=40, sites=3, site_label_tie=1)

    with_tumor = {entry.site for entry in people if entry.has_tumor}
    without = {entry.site for entry in people if not entry.has_tumor}

    assert with_tumor == {"A", "B"}
    assert without == {"C"}


def test_repeated_patients_name_the_id_that_they_repeat():
    """A quarter of 12 persons is enrolled twice, three ids more, each named."""
    people = enrolments(patients=12, repeated_patients=0.25)
    by_id = {entry.patient_id: entry for entry in people}
    repeats = [entry for entry in people if entry.repeat_of]

    assert len(people) == len(by_id) == 15
    assert len(repeats) == 3
    assert all(by_id[entry.repeat_of].person == entry.person for entry in repeats)
    assert all(by_id[entry.repeat_of].has_tumor == entry.has_tumor for entry in repeats)


def test_copies_go_to_another_person_of_the_same_tumor_state():
    """A copied slice is a leak across patients, and its label stays true."""
    spec = PhantomSpec(patients=10, slices_per_patient=8, near_duplicates=0.25)
    plan = plan_cohort(spec)

    assert len(plan.copies) == 20
    for copy in plan.copies:
        source = plan.enrolments[copy.source_index]
        target = plan.enrolments[copy.target_index]
        assert source.person != target.person
        assert source.has_tumor == target.has_tumor
    places = {(copy.target_index, copy.position) for copy in plan.copies}
    assert len(places) == 20


def test_the_plan_depends_on_the_seed_only():
    """The same spec gives the same plan, another seed another one."""
    spec = PhantomSpec(patients=30, seed=3)
    plan_cohort.cache_clear()
    before = plan_cohort(spec)
    plan_cohort.cache_clear()

    assert plan_cohort(spec) == before
    assert plan_cohort(PhantomSpec(patients=30, seed=4)) != before
