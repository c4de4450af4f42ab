"""Tests of missing sequences: copies and blanks, by patient, and what they go with."""

from __future__ import annotations

import math

import pytest

from tumorscope.audit.sequences import check_sequences, sequence_gate
from tumorscope.audit.slice_facts import GREY_AS_COLOR
from tumorscope.domain.audit_spec import AuditSpec

SPEC = AuditSpec(permutations=999)
POST = (False, False, True)
PRE = (True, False, False)
ALL = (True, True, True)


@pytest.fixture
def named(cohort, patients, facts):
    """Return a maker: equal pairs of each patient, and further columns."""

    def make(
        equal, *, slices=4, blank=(), tumor=lambda patient, place: place % 2, **more
    ):
        table = patients(len(equal), slices=slices, tumor=tumor).assign(
            sequences="t1,flair,t1c", **more
        )
        looks = [
            facts(equal_pairs=pairs, blank_channels=(False, False, patient in blank))
            for patient, pairs in enumerate(equal)
            for _ in range(slices)
        ]
        return cohort(table, facts=looks)

    return make


NONE = (False, False, False)


def test_a_copy_of_flair_is_a_missing_sequence(named):
    """One patient lacks the post channel, one the pre channel, one both."""
    report = check_sequences(named([NONE, POST, PRE, ALL, NONE]), SPEC)

    found = {each.sequence: each for each in report.missing}
    assert found["t1c"].patients == ("p1", "p3")
    assert found["t1"].patients == ("p2", "p3")
    assert found["t1c"].how == "copy of flair"
    assert found["t1"].n_slices == 8
    assert (report.n_missing_patients, report.n_patients) == (3, 5)


def test_two_copies_that_are_not_of_flair_are_told(named):
    """Pre and post are the same while FLAIR differs: post was never scanned."""
    report = check_sequences(named([NONE, (False, True, False), NONE]), SPEC)

    (found,) = report.missing
    assert (found.sequence, found.how) == ("t1c", "copy of t1")


def test_a_blank_channel_is_missing_too(named):
    """A channel of one value in all slices of a patient holds nothing."""
    report = check_sequences(named([NONE] * 3, blank={1}), SPEC)

    (found,) = report.missing
    assert (found.sequence, found.how, found.patients) == ("t1c", "blank", ("p1",))


def test_more_than_nine_tenths_of_the_slices_must_be_copies(named, facts):
    """Nine of ten are not enough, ten of ten are."""
    nine, ten = named([NONE, POST], slices=10), named([NONE, POST], slices=10)
    nine.facts[-1] = facts()

    assert check_sequences(nine, SPEC).missing == ()
    assert check_sequences(ten, SPEC).n_missing_patients == 1


def test_grey_pictures_are_one_sequence_and_no_copies(cohort, patients, facts):
    """Grey stored as color has equal channels in every slice: nothing is missing."""
    grey = facts(channels=GREY_AS_COLOR, equal_pairs=ALL)

    report = check_sequences(cohort(patients(4), facts=[grey] * 24), SPEC)

    assert report.is_single_sequence
    assert report.missing == ()
    gate = sequence_gate(report, SPEC)
    assert not gate.has_failed
    assert "one sequence" in gate.sentence


def test_a_missing_sequence_that_goes_with_the_label_fails(named):
    """Only patients with many tumor slices lack a sequence."""
    equal = [POST if patient < 8 else NONE for patient in range(24)]

    report = check_sequences(
        named(equal, tumor=lambda patient, place: patient < 8 and place > 0), SPEC
    )

    gate = sequence_gate(report, SPEC)
    assert gate.has_failed
    assert "8 of 24 patients lack a sequence" in gate.sentence
    assert report.associations[1].difference == pytest.approx(0.75)


def test_a_tie_to_the_site_is_told_and_not_judged(named):
    """One site never scanned a sequence: sites differ, and folds can leave them out."""
    equal = [POST if patient % 2 else NONE for patient in range(24)]
    site = [["A", "B"][patient % 2] for patient in range(24) for _ in range(4)]

    report = check_sequences(named(equal, site=site), SPEC)

    with_site, with_label = report.associations
    assert with_site.p_adjusted < 0.01
    assert with_site.difference == 1
    assert with_label.p_value == 1
    assert report.by_site == (("A", 0, 12), ("B", 12, 12))
    assert not sequence_gate(report, SPEC).has_failed


@pytest.mark.parametrize(
    ("equal", "site", "reason"),
    [
        ([NONE] * 6, "A", "one site only"),
        ([POST] + [NONE] * 5, "A", "one site only"),
        ([POST] + [NONE] * 5, None, "no `site`"),
    ],
)
def test_what_cannot_be_compared_says_why(named, equal, site, reason):
    """Neither one site nor none is a finding."""
    with_site, with_label = check_sequences(named(equal, site=site), SPEC).associations

    assert with_site.reason == reason
    assert math.isnan(with_site.p_value)
    assert (with_label.reason == "") == (POST in equal)


def test_one_patient_is_no_comparison(named):
    """A single patient with a copy is counted and not tested."""
    report = check_sequences(named([POST]), SPEC)

    assert report.n_missing_patients == 1
    assert report.associations[1].reason == "too few patients to compare"


def test_unknown_channels_get_numbers(cohort, patients, facts):
    """Where the source does not tell the sequences, the first equal channel is kept."""
    looks = [facts(equal_pairs=POST)] * 6 + [facts()] * 6

    report = check_sequences(cohort(patients(2), facts=looks), SPEC)

    assert not report.has_names
    assert report.missing[0].sequence == "channel 3"
    assert report.missing[0].how == "copy of channel 2"
