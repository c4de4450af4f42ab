"""What the probes found, in words, gates and sections."""

from __future__ import annotations

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest

from tumorscope.audit.shortcuts import (
    probe_features,
    probe_pictures,
    probe_shortcuts,
    shortcut_gates,
    shortcut_section,
    site_section,
)
from tumorscope.domain.json_values import to_json_value
from tumorscope.pages.page import PageHead, render_page


@pytest.fixture(scope="module")
def framed(make_cohort):
    """Return a cohort whose tumor slices have a brighter border."""
    cohort = make_cohort()
    features = [
        replace(each, border=each.border + 9 * label)
        for each, label in zip(cohort.features, cohort.manifest.labels, strict=True)
    ]
    return replace(cohort, features=features)


@pytest.fixture(scope="module")
def framed_report(framed, spec):
    """Return what the probes found there."""
    return probe_shortcuts(framed, spec)


def test_each_probe_has_one_gate(framed_report):
    """The border gate fails and says by how much and what to do; floors never fail."""
    gates = {each.gate: each for each in shortcut_gates(framed_report)}

    assert [name for name, gate in gates.items() if gate.has_failed] == [
        "shortcut-border"
    ]
    said = gates["shortcut-border"].sentence
    assert "160 slices of 20 patients" in said
    assert "by slice height alone" in said
    assert "crop or blank the border" in said
    assert "anatomy and no fault" in gates["shortcut-position"].sentence
    assert not gates["shortcut-position"].has_failed


def test_a_gate_that_could_not_look_says_so(make_cohort, with_columns, spec):
    """Without files the file gate has neither passed nor failed."""
    report = probe_shortcuts(replace(make_cohort(), traits=()), spec)

    gate = next(each for each in shortcut_gates(report) if each.gate == "shortcut-file")

    assert (gate.has_failed, gate.is_assessed) == (False, False)
    assert "cannot be assessed" in gate.sentence


def test_a_failure_without_heights_names_the_doubt(framed, with_columns, spec):
    """Where height is unknown, the sentence says that anatomy may be part of it."""
    blind = with_columns(framed, slice_index=None)

    report = probe_shortcuts(blind, spec)

    border = next(each for each in shortcut_gates(report) if each.has_failed)
    assert "may be anatomy" in border.sentence
    assert "by chance" in border.sentence
    section = shortcut_section(report)
    assert section.limits[0].lead == "Slice height is not known"


def test_sections_lead_with_the_fault(framed_report):
    """The failed probe stands first, then the floors; the page holds all of it."""
    section, sites = shortcut_section(framed_report), site_section(framed_report)

    assert section.status == "failed"
    assert section.sentences[0].startswith("Border of the picture: tells")
    assert not section.is_folded
    assert len(section.tables[0].rows) == 17
    html = render_page(
        PageHead(title="x", lede="x", created="2026-01-01T00:00:00+00:00", version="0"),
        [section, sites],
    )
    assert "Border of the picture" in html
    assert "Traces of the site" in html


def test_a_clean_cohort_is_not_called_free_of_shortcuts(
    make_cohort, with_columns, spec
):
    """Nothing found is said with the doubt that belongs to it."""
    cohort = with_columns(make_cohort(), slice_index=None)

    section = shortcut_section(probe_shortcuts(cohort, spec))

    assert section.status == "passed"
    assert "Little data also finds nothing" in section.sentences[0]


def test_small_sites_are_named_on_the_page(make_cohort, with_columns, spec):
    """A reader sees which sites did not enter."""
    site = np.repeat(["A", "B"] * 9 + ["A", "Z"], 8)
    report = probe_shortcuts(with_columns(make_cohort(), site=site), spec)

    assert any(said.endswith("patients: Z.") for said in site_section(report).sentences)


def test_a_cohort_without_sites_says_so(make_cohort, with_columns, spec):
    """The section stands, with the reason in it and no empty table."""
    section = site_section(
        probe_shortcuts(with_columns(make_cohort(), site=None), spec)
    )

    assert section.status == "cannot be assessed"
    assert section.sentences[0] == "Cannot be assessed: no `site`."
    assert section.plots == ()


def test_a_part_of_a_cohort_is_a_limit(make_cohort, spec):
    """What was not looked at is said before the numbers."""
    part = spec.model_copy(update={"max_slices": 100})

    section = shortcut_section(probe_shortcuts(make_cohort(), part))

    assert section.limits[0].text.startswith("96 of 160 slices")


def test_the_report_is_json(framed, spec):
    """Every number can be written; a missing one is null with its reason."""
    report = probe_shortcuts(replace(framed, traits=()), spec)

    written = json.loads(json.dumps(to_json_value(report), allow_nan=False))

    file = next(each for each in written["label_probes"] if each["probe"] == "file")
    assert file["p_value"] is None
    assert file["auroc"]["reason"] == "the files were not read"


def _decoded(picture):
    return cv2.imdecode(np.frombuffer(picture.content, np.uint8), cv2.IMREAD_COLOR)


def test_pictures_show_the_border_of_tumor_slices(make_cohort):
    """Above, tumor slices have a bright frame; below, the others have none."""
    cohort = make_cohort(patients=5)
    labels = cohort.manifest.labels

    def load(row):
        image = np.zeros((64, 64), np.uint8)
        image[20:44, 20:44] = 150
        if labels[row]:
            image[:2], image[-2:], image[:, :2], image[:, -2:] = 200, 200, 200, 200
        return image

    features = [probe_features(load(row)) for row in range(len(labels))]
    pictures = probe_pictures(replace(cohort, features=features), load)

    border, outside, means, weights = (_decoded(each) for each in pictures)
    half = border.shape[0] // 2
    assert border[:half].max() == 200
    assert border[half + 4 :, 5:190].min() == 0
    assert outside.shape == border.shape
    assert means.shape[1] == weights.shape[1]
    middle = border[half // 2, 99]
    np.testing.assert_array_equal(middle, 0)  # the head is not shown


@pytest.mark.parametrize("label", [0, 1])
def test_no_pictures_without_both_classes(make_cohort, with_columns, label):
    """There is nothing to compare, and nothing is drawn."""
    cohort = with_columns(make_cohort(patients=5), label=label)

    assert probe_pictures(cohort, lambda _row: np.zeros((64, 64), np.uint8)) == ()
