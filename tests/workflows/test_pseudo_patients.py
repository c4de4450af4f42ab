"""Tests of splits by pseudo-patients, where no patient id exists."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tumorscope.audit.pseudo_patients.agreement import compare_with_patients
from tumorscope.domain.grouping import GROUPING_WORDS
from tumorscope.domain.manifest import Manifest
from tumorscope.domain.pseudo_patient_spec import PseudoPatientSpec
from tumorscope.domain.specs import RunSpec
from tumorscope.importers.inspection import Imported
from tumorscope.io.images import read_image, write_png
from tumorscope.workflows.prepare import prepare, read_source
from tumorscope.workflows.pseudo_patients import (
    UNASSIGNED,
    file_positions,
    group_by_head,
    look_for_pseudo_patients,
    split_by_head,
    wants_pseudo_patients,
)

SETTINGS = {
    "preprocess": {"size_px": 32},
    "split": {"test_share": 0.25, "tune_share": 0.25},
    "pseudo_patients": {"grouping": "pseudo-patients", "max_group_slices": 12},
}


@pytest.fixture
def nameless(cohort, tmp_path):
    """Return class folders of a phantom cohort's slices, and whose each slice is."""
    for folder in ("yes", "no"):
        (tmp_path / "nameless" / folder).mkdir(parents=True)
    table = read_source(cohort).manifest.table
    owner = {}
    for number, (image, label, patient) in enumerate(
        zip(table["image"], table["label"], table["patient_id"], strict=True)
    ):
        name = f"{'yes' if label else 'no'}/{number}.png"
        write_png(tmp_path / "nameless" / name, read_image(cohort / image))
        owner[name] = patient
    return tmp_path / "nameless", owner


def _imported(images, **columns):
    table = pd.DataFrame({"image": images, "source": "test"} | columns)
    return Imported(manifest=Manifest(table=table, root="."), left_out=())


@pytest.mark.slow
def test_a_run_without_ids_is_split_by_pseudo_patients(nameless, tmp_path):
    """Every word about the split says what was kept together, and what was left out."""
    source, _ = nameless

    run = prepare(source, tmp_path / "run", RunSpec.model_validate(SETTINGS))

    assert run.split.grouping == "pseudo-patients"
    assert "grouped by pseudo-patients, not by patient" in run.describe()
    (note,) = (each for each in run.record.notes if "pseudo-patients" in each)
    assert "may still stand on both sides" in note
    assert len(run.manifest) + len(run.record.left_out) == 84
    assert {each.reason for each in run.record.left_out} <= {UNASSIGNED}


@pytest.mark.slow
def test_pseudo_patients_tear_fewer_heads_than_single_slices(nameless):
    """Measured against the ids that the search never saw."""
    source, owner = nameless
    manifest = read_source(source).manifest
    patient = np.array([owner[image] for image in manifest.table["image"]])

    found = look_for_pseudo_patients(manifest, PseudoPatientSpec(max_group_slices=12))

    kept = found.is_assigned
    groups = compare_with_patients(found.group[kept], patient[kept], dealings=50)
    single = compare_with_patients(np.arange(len(patient)), patient, dealings=50)
    assert groups.seen_share < single.seen_share / 2


def test_a_small_set_is_split_by_near_duplicates_unless_asked_otherwise():
    """Distances of heads cannot be learned from a few slices."""
    few = _imported(["a.png", "b.png"]).manifest
    many = _imported([f"{number}.png" for number in range(500)]).manifest
    known = _imported(["a.png", "b.png"], patient_id=["p", "q"]).manifest
    auto = PseudoPatientSpec()
    asked = PseudoPatientSpec(grouping="pseudo-patients")

    assert not wants_pseudo_patients(few, auto)
    assert wants_pseudo_patients(few, asked)
    assert wants_pseudo_patients(many, auto)
    assert not wants_pseudo_patients(
        many, PseudoPatientSpec(grouping="near-duplicates")
    )
    assert not wants_pseudo_patients(known, asked)


def test_files_are_ordered_by_number_and_frame():
    """image10 comes after Image2, and frames of one file follow each other."""
    manifest = _imported(
        ["image10.tif", "Image2.tif", "image10.tif"], frame=[1, 0, 0]
    ).manifest

    assert file_positions(manifest).tolist() == [2, 0, 1]


@pytest.mark.slow
@pytest.mark.parametrize(("share", "left"), [(0.9, True), (0.0, False)])
def test_unassigned_slices_are_left_out_or_kept_as_asked(nameless, share, left):
    """Either way the note counts them, and a split can be made."""
    source, _ = nameless
    blank = source / "no" / "zz.png"
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3)).astype(np.uint8)
    write_png(blank, noise)
    imported = read_source(source)
    spec = PseudoPatientSpec(max_group_slices=12, max_left_out_share=share)

    cohort = group_by_head(imported, spec)

    names = {each.image for each in cohort.imported.left_out}
    assert ("no/zz.png" in names) is left
    assert ("left out" in cohort.imported.notes[-1]) is left
    assert len(cohort.group) == len(cohort.imported.manifest) == 85 - len(names)
    split = split_by_head(
        cohort.imported.manifest,
        cohort.group,
        RunSpec.model_validate(SETTINGS).split,
    )
    assert (
        GROUPING_WORDS[split.grouping] == "grouped by pseudo-patients, not by patient"
    )
