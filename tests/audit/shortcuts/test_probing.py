"""All probes on cohorts whose shortcuts are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tumorscope.audit.shortcuts.probing import probe_shortcuts
from tumorscope.domain.errors import DataError


def _of(report, target, probe):
    results = {
        "label": report.label_probes,
        "patient": report.patient_probes,
        "site": report.site_probes,
    }[target]
    return next(each for each in results if each.probe == probe)


def _failed(report):
    results = (*report.label_probes, *report.patient_probes)
    return {each.probe for each in results if each.verdict == "failed"}


def test_a_clean_cohort_passes(make_cohort, spec):
    """Nothing fails; position alone predicts the label and is a warning, no failure."""
    report = probe_shortcuts(make_cohort(), spec)

    assert _failed(report) == set()
    assert _of(report, "label", "position").verdict == "warning"
    assert _of(report, "label", "position").auroc.value > 0.6
    assert _of(report, "label", "file").auroc.value == 0.5


def test_a_border_cue_is_found_by_the_border_alone(make_cohort, spec):
    """A brighter border on tumor slices fails the border and no other gate."""
    cohort = make_cohort()
    labels = cohort.manifest.labels
    features = [
        replace(each, border=each.border + 9 * label)
        for each, label in zip(cohort.features, labels, strict=True)
    ]

    report = probe_shortcuts(replace(cohort, features=features), spec)

    assert _failed(report) == {"border"}
    found = _of(report, "label", "border")
    assert found.auroc.value > 0.99
    # Nothing is missed in 20 patients: as much as that many can prove, and no more.
    assert 0.8 < found.auroc.low < 0.9
    assert found.auroc.high == 1
    assert found.floor < 0.7
    assert found.p_value == 0.002
    assert (found.auroc.n_slices, found.auroc.n_patients) == (160, 20)


def test_a_size_cue_is_found_by_the_file(make_cohort, spec, traits):
    """A smaller matrix on tumor slices fails the file traits, and width is named."""
    cohort = make_cohort()
    small = replace(traits, width_px=56)
    files = [small if label else traits for label in cohort.manifest.labels]

    report = probe_shortcuts(replace(cohort, traits=files), spec)

    assert _failed(report) == {"file"}
    found = _of(report, "label", "file")
    assert found.auroc.value == 1
    assert [each.name for each in found.used] == ["width"]
    assert found.used[0].share == pytest.approx(1)


def test_a_site_that_goes_with_the_disease_is_found(make_cohort, with_columns, spec):
    """Where tumor patients come from one site, the scanner gate fails for patients."""
    cohort = make_cohort(patients=30)
    sick = np.arange(30) % 5 < 3
    site = np.where(sick, "A", "B")
    site[:3] = "B"  # not even all of them
    tied = with_columns(cohort, site=np.repeat(site, 8))

    report = probe_shortcuts(tied, spec)

    assert _failed(report) == {"scanner"}
    assert _of(report, "patient", "scanner").auroc.value > 0.8
    assert _of(report, "patient", "scanner").auroc.n_patients == 30


@pytest.mark.slow
def test_a_trait_that_follows_height_is_anatomy(make_cohort, spec):
    """A background that grows in mid-head predicts the label, and is not held against it."""
    cohort = make_cohort(patients=30)
    middle = 1 - 2 * np.abs(cohort.height - 0.5)
    features = [
        replace(each, background=each.background + 4 * level)
        for each, level in zip(cohort.features, middle, strict=True)
    ]

    report = probe_shortcuts(replace(cohort, features=features), spec)

    found = _of(report, "label", "background")
    assert found.auroc.low > 0.6
    assert found.floor > 0.6
    assert found.verdict == "passed"


def test_the_site_is_told_from_its_scanner_noise(make_cohort, spec):
    """A site with another background is told, as a warning and from tumor-free slices."""
    cohort = make_cohort(patients=24)
    level = cohort.manifest.table["site"].map({"A": -9, "B": 0, "C": 9})
    features = [
        replace(each, background=each.background + more)
        for each, more in zip(cohort.features, level, strict=True)
    ]

    report = probe_shortcuts(replace(cohort, features=features), spec)

    found = _of(report, "site", "background")
    assert found.verdict == "warning"
    assert found.auroc.value > 0.9
    assert found.auroc.n_patients == 24
    assert found.auroc.n_slices == int((cohort.manifest.labels == 0).sum())
    assert report.sites == ("A", "B", "C")


def test_what_is_missing_cannot_be_assessed(make_cohort, with_columns, spec):
    """Each missing input is named where its figure would stand."""
    bare = with_columns(
        replace(make_cohort(), traits=(), features=()),
        site=None,
        sex=None,
        age_years=np.nan,
        slice_index=None,
    )

    report = probe_shortcuts(bare, spec)

    reasons = {each.probe: each.auroc.reason for each in report.label_probes}
    assert reasons["file"] == "the files were not read"
    assert reasons["border"] == "the pixels were not read"
    assert reasons["person"] == "no `sex`, `age_years`"
    assert reasons["scanner"] == "one value only in `source`"
    assert reasons["position"] == "no `slice_index` and `slice_count`"
    assert {each.auroc.reason for each in report.site_probes} == {"no `site`"}
    assert not report.has_heights


@pytest.mark.parametrize(
    ("label", "reason"),
    [
        (1, "slices without tumor in 0 of 12 patients"),
        (0, "slices with tumor in 0 of 12 patients"),
    ],
)
def test_one_class_cannot_be_assessed(make_cohort, spec, label, reason):
    """A cohort of one class says so, and fails nothing."""
    report = probe_shortcuts(make_cohort(patients=12, label=label), spec)

    assert {each.auroc.reason for each in report.label_probes} == {reason}
    assert _failed(report) == set()


def test_too_few_patients_cannot_be_assessed(make_cohort, spec):
    """Six patients cannot carry a verdict of any kind."""
    report = probe_shortcuts(make_cohort(patients=6), spec)

    reasons = {each.auroc.reason for each in report.label_probes}
    assert reasons == {"6 patients, but 10 are needed"}
    assert {each.verdict for each in report.patient_probes} == {"cannot be assessed"}


def test_patients_who_all_have_a_tumor_are_not_told_apart(
    make_cohort, with_columns, spec
):
    """Where everyone has a tumor, only slices can be told."""
    cohort = make_cohort()
    labels = np.where(cohort.height == 1, 1, cohort.manifest.labels)

    report = probe_shortcuts(with_columns(cohort, label=labels), spec)

    reasons = {each.auroc.reason for each in report.patient_probes}
    assert reasons == {"fewer than 5 patients with, or without, tumor"}
    assert not _of(report, "label", "border").auroc.reason


def test_small_sites_are_left_out_by_name(make_cohort, with_columns, spec):
    """A site of one patient cannot be learned, and is said to be left out."""
    site = np.repeat(["A", "B"] * 9 + ["A", "Z"], 8)

    report = probe_shortcuts(with_columns(make_cohort(), site=site), spec)

    assert (report.sites, report.sites_left_out) == (("A", "B"), ("Z",))
    assert _of(report, "site", "border").auroc.n_patients == 19


def test_groups_that_are_no_patients_say_so(make_cohort, spec):
    """Near-duplicate groups can tell slices, but nothing of patients."""
    cohort = replace(make_cohort(), grouping="near-duplicates")

    report = probe_shortcuts(cohort, spec)

    (reason,) = {each.auroc.reason for each in report.patient_probes}
    assert "near-duplicate groups are not patients" in reason
    assert report.unit == "near-duplicate groups"


def test_a_large_cohort_is_probed_in_part(make_cohort, spec):
    """Whole patients are drawn up to the limit, and the number is told."""
    part = spec.model_copy(update={"max_slices": 100})

    report = probe_shortcuts(make_cohort(), part)

    assert (report.slices, report.slices_probed) == (160, 96)


def test_slices_without_a_label_stay_out(make_cohort, with_columns, spec):
    """Unknown labels enter no probe; a cohort without any is an error."""
    cohort = make_cohort()
    some = np.where(np.arange(160) < 16, np.nan, cohort.manifest.labels)

    report = probe_shortcuts(with_columns(cohort, label=some), spec)

    assert report.slices_probed == 144
    with pytest.raises(DataError, match="none of 160 slices has a label"):
        probe_shortcuts(with_columns(cohort, label=np.nan), spec)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_report(make_cohort, spec):
    """Nothing depends on anything but cohort and settings."""
    assert probe_shortcuts(make_cohort(), spec) == probe_shortcuts(make_cohort(), spec)
