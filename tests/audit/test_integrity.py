"""Tests of the check of files: what is unlike the others, and when that is a fault."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.audit.integrity import check_integrity, integrity_gates
from tumorscope.audit.slice_facts import COLOR, GREY_AS_COLOR, NEARLY_GREY
from tumorscope.domain.audit_spec import AuditSpec
from tumorscope.domain.run_record import LeftOut

SPEC = AuditSpec(permutations=999)


def kinds(report):
    return {kind.name: kind for kind in report.kinds}


def outcomes(report, spec=SPEC):
    return {gate.gate: gate for gate in integrity_gates(report, spec)}


def test_ordinary_files_pass_both_gates(cohort, patients):
    """Nothing is found, and all traits of the files are alike."""
    report = check_integrity(cohort(patients(6)), SPEC)

    assert [kind.name for kind in report.kinds if kind.rows] == []
    assert ("picture size", "128 x 128") in report.uniform
    assert report.mixes == ()
    assert not any(gate.has_failed for gate in outcomes(report).values())


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("tiny", {"height_px": 50, "width_px": 50}),
        ("elongated", {"width_px": 300}),
        ("faint", {"contrast": 0.01}),
        ("bright edge", {"has_bright_edge": True}),
        ("marks off the head", {"marks_px": 12}),
    ],
)
def test_each_kind_of_unlike_slice_is_found(cohort, patients, facts, *, name, change):
    """The slice, its file and its patient are named; one slice alone fails no gate."""
    looks = [facts(**change)] + [facts()] * 35

    report = check_integrity(cohort(patients(6), facts=looks), SPEC)

    found = kinds(report)[name]
    assert (found.rows, found.images, found.n_patients) == ((0,), ("0.png",), 1)
    assert [kind.name for kind in report.kinds if kind.rows] == [name]
    assert not outcomes(report)["suspicious-files"].has_failed


def test_color_is_judged_by_what_the_set_is(cohort, patients, facts):
    """Color marks and color pictures are unusual among grey slices only."""
    grey = facts(channels=GREY_AS_COLOR, colored_share=0.0)
    marked = facts(channels=NEARLY_GREY, colored_share=0.001)
    odd = [marked, facts(channels=COLOR)]

    among_grey = check_integrity(cohort(patients(6), facts=odd + [grey] * 34), SPEC)
    among_color = check_integrity(cohort(patients(6), facts=odd + [facts()] * 34), SPEC)

    assert kinds(among_grey)["colored marks"].rows == (0,)
    assert kinds(among_grey)["color picture"].rows == (1,)
    assert not kinds(among_color)["colored marks"].rows
    assert not kinds(among_color)["color picture"].rows


def test_transparency_and_false_names_are_found(cohort, patients, traits):
    """A PNG with alpha, a TIFF with a fourth sample, and a JPEG named .png."""
    files = [traits(mode="color+alpha"), traits(mode="color x4", format="TIFF")]
    files += [traits(format="JPEG")] + [traits()] * 33
    table = patients(6)
    table["image"] = ["0.png", "1.tif", *(f"{row}.png" for row in range(2, 36))]

    found = kinds(check_integrity(cohort(table, traits=files), SPEC))

    assert found["alpha channel"].rows == (0, 1)
    assert found["wrong ending"].images == ("2.png",)


def test_a_frame_that_goes_with_the_label_fails(cohort, patients, facts):
    """The planted border cue: most tumor slices have a frame, no other one has."""
    table = patients(20)
    framed = [
        facts(has_bright_edge=bool(label) and row % 5 > 0)
        for row, label in enumerate(table["label"])
    ]

    gate = outcomes(check_integrity(cohort(table, facts=framed), SPEC))[
        "suspicious-files"
    ]

    assert gate.has_failed
    assert "“bright edge”" in gate.sentence
    assert "n = 20" in gate.sentence


def test_a_size_that_goes_with_the_label_fails(cohort, patients, traits):
    """The planted size cue: tumor slices were stored smaller."""
    table = patients(20)
    files = [
        traits(width_px=112, height_px=112) if label else traits()
        for label in table["label"]
    ]

    report = check_integrity(cohort(table, traits=files), SPEC)

    (mix,) = report.mixes
    assert mix.column == "picture size"
    assert mix.slice_separation == 1
    assert outcomes(report)["suspicious-files"].has_failed


def test_a_size_that_differs_by_chance_passes(cohort, patients, traits, rng):
    """Two sizes over the patients are usual, and do not go with the label."""
    table = patients(20)
    large = rng.permutation(20) < 10
    files = [
        traits(width_px=512) if large[row // 6] else traits()
        for row in range(len(table))
    ]

    report = check_integrity(cohort(table, traits=files), SPEC)

    assert [mix.column for mix in report.mixes] == ["picture size"]
    assert not outcomes(report)["suspicious-files"].has_failed


def test_marks_that_come_with_the_height_are_not_judged(cohort, patients, facts):
    """Loose pieces below the brain never coincide with tumors: that is anatomy."""
    table = patients(20)
    looks = [facts(marks_px=0 if label else 30) for label in table["label"]]

    report = check_integrity(cohort(table, facts=looks), SPEC)

    found = kinds(report)["marks off the head"]
    assert found.tie.p_adjusted < 0.01
    assert not found.is_judged
    assert not outcomes(report)["suspicious-files"].has_failed


@pytest.mark.parametrize(("count", "has_failed"), [(0, False), (1, True)])
def test_unusable_files_fail_above_their_share(cohort, patients, count, has_failed):
    """One of 37 is more than 1 %; who says nothing is not counted as fine."""
    left_out = (LeftOut(image="x.png", reason="truncated"),) * count

    report = check_integrity(cohort(patients(6), left_out=left_out), SPEC)

    gate = outcomes(report)["unreadable-files"]
    assert gate.has_failed == has_failed
    assert f"{count} of {36 + count} files" in gate.sentence


def test_without_patients_single_slices_are_compared(cohort, traits):
    """A set of files without ids: a format that is the class fails all the same."""
    labels = np.arange(40) % 2
    table = {
        "label": labels,
        "image": [
            f"{row}.jpg" if label else f"{row}.png" for row, label in enumerate(labels)
        ],
    }
    files = [traits(format="JPEG" if label else "PNG") for label in labels]

    report = check_integrity(
        cohort(table, traits=files, grouping="near-duplicates"), SPEC
    )

    assert report.unit == "near-duplicate groups"
    assert outcomes(report)["suspicious-files"].has_failed


def test_a_trait_with_a_value_for_each_patient_is_no_category(cohort, patients, traits):
    """Every patient has another size: that names patients and is left out."""
    files = [traits(width_px=100 + row // 6) for row in range(36)]

    report = check_integrity(cohort(patients(6), traits=files), SPEC)

    assert report.mixes == ()
