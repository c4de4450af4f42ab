"""Tests of protocol reports: averages, sites, simple methods, the drop between sites."""

from __future__ import annotations

import numpy as np
import pytest

from tumorscope.domain.errors import DataError
from tumorscope.domain.json_values import to_json_value
from tumorscope.domain.predictions import Predictions
from tumorscope.domain.protocol_spec import CandidateChoice
from tumorscope.domain.specs import EvaluateSpec
from tumorscope.evaluation.comparison import BaselineScores
from tumorscope.evaluation.leaky_comparison import LEAKY_LABEL
from tumorscope.evaluation.protocol_limits import protocol_headline, protocol_limits
from tumorscope.evaluation.protocol_report import (
    drop_not_assessed,
    measure_protocol,
    with_drop_from_cv,
    with_protocol_baselines,
)
from tumorscope.evaluation.protocol_sections import (
    choice_section,
    protocol_sections,
    repeat_section,
)
from tumorscope.evaluation.repeats import align_repeats
from tumorscope.pages.page import PageHead, render_page

SPEC = EvaluateSpec(bootstrap_draws=100)


def words(section):
    return " ".join(section.sentences)


@pytest.fixture
def repeats(simulate):
    """Return two repeats of one cohort whose scores differ."""
    first = simulate()
    scores = np.clip(first.table["tumor_probability"] ** 1.5, 0, 1)
    return first, Predictions(table=first.table.assign(tumor_probability=scores**0.9))


@pytest.fixture
def report(repeats):
    """Return the report of the two repeats."""
    return measure_protocol("cv", repeats, SPEC, grouping="patient")


def test_each_repeat_stands_beside_the_average(report):
    """The average of the repeats' own figures, each with its n."""
    for name in ("auroc", "brier", "sensitivity"):
        own = [each.figures[name].value for each in report.repeats]
        assert report.figures[name].value == pytest.approx(np.mean(own))
        assert report.figures[name].n_patients == report.n_patients == 12


def test_sites_add_up_to_the_cohort(report):
    """Each slice belongs to one site; the null stands beside each calibration error."""
    assert [each.name for each in report.sites] == ["site-0", "site-1"]
    assert sum(each.n_slices for each in report.sites) == report.n_slices
    assert sum(each.n_tumor_slices for each in report.sites) == report.n_tumor_slices
    assert all(0 < each.null.mean < each.null.high for each in report.sites)


def test_left_out_sites_are_the_folds(simulate):
    """Merged sites are shown as they were left out, not as they stand in the table."""
    found = simulate(sites=3)
    fold = found.table["site"].where(found.table["site"] == "site-0", "site-1+site-2")
    tested = Predictions(table=found.table.assign(fold="site-" + fold))

    report = measure_protocol("leave-site-out", [tested], SPEC, grouping="patient")

    assert [each.name for each in report.sites] == ["site-0", "site-1+site-2"]


def test_without_sites_there_is_no_table_of_sites(simulate):
    """Unknown sites make no section."""
    report = measure_protocol("cv", [simulate(site=None)], SPEC, grouping="patient")

    assert report.sites == ()
    assert "sites" not in [one.name for one in protocol_sections(report)]


def test_simple_methods_are_paired_with_the_model(report, repeats):
    """The model as its own simple method differs by nothing; a blank keeps its reason."""
    tables = align_repeats(repeats)
    scored = [
        [
            BaselineScores(
                name="copy",
                description="-",
                scores=table["tumor_probability"].to_numpy(),
            ),
            BaselineScores(
                name="blank", description="-", scores=np.zeros(0), reason="no position"
            ),
        ]
        for table in tables
    ]

    copy, blank = with_protocol_baselines(report, repeats, scored).baselines

    assert (copy.difference.value, copy.difference.high) == (0, 0)
    assert copy.figures["auroc"].value == report.figures["auroc"].value
    assert "position_matched_auroc" in [each.name for each in copy.figures]
    assert blank.difference.reason == blank.figures["auroc"].reason == "no position"


def test_scores_of_some_slices_only_are_refused(report, repeats):
    """A method that skipped slices cannot be compared."""
    short = BaselineScores(name="x", description="-", scores=np.zeros(3))

    with pytest.raises(DataError, match="one score is needed for each of the 144"):
        with_protocol_baselines(report, repeats, [[short], [short]])


def test_the_drop_is_paired_with_the_cross_validation(repeats):
    """AUROC of the cross-validation minus that of the left-out sites."""
    first, second = repeats
    report = measure_protocol("leave-site-out", [second], SPEC, grouping="patient")
    cv = measure_protocol("cv", [first, second], SPEC, grouping="patient")

    drop = with_drop_from_cv(report, [second], [first, second]).drop_from_cv

    assert drop.value == pytest.approx(
        cv.figures["auroc"].value - report.figures["auroc"].value
    )
    assert drop.low <= drop.value <= drop.high
    with pytest.raises(DataError, match="other slices"):
        with_drop_from_cv(report, [second], [Predictions(table=first.table[:-1])])


def test_a_missing_cross_validation_is_said(report):
    """No drop without something to drop from; the reason is on the page."""
    found = drop_not_assessed(report, "no finished cross-validation")

    (section,) = [one for one in protocol_sections(found) if one.name == "sites"]
    assert "cannot be assessed: no finished cross-validation" in words(section)


def test_the_page_holds_every_part(report, repeats):
    """Figures with definitions, sites, repeats, five headline numbers, and limits."""
    head = PageHead(
        title="Protocol",
        lede="x",
        created="2026-11-23T10:12:00+00:00",
        version="1",
        limits=protocol_limits(report, ["Every patient has a tumor."]),
        headline=protocol_headline(report),
    )

    page = render_page(head, protocol_sections(report))

    assert len(protocol_headline(report)) == 5
    for text in (
        "averaged over 2 repeats",
        "Sensitivity at 95 % specificity",
        "Every patient has a tumor.",
        "Internal testing",
        "no test on a new hospital",
    ):
        assert text in page


def test_one_repeat_and_missing_ids_are_limits(simulate):
    """A reader sees before the numbers what they cannot say."""
    report = measure_protocol("cv", [simulate()], SPEC, grouping="near-duplicates")

    leads = [one.lead for one in protocol_limits(report, [])]

    assert leads == ["Internal testing", "No patient ids", "One repeat"]
    assert report.unit == "near-duplicate groups"


@pytest.mark.parametrize(("patients", "is_warned"), [(5, True), (6, False)])
def test_a_handful_of_patients_has_no_trustworthy_interval(
    simulate, patients, is_warned
):
    """Where simulated intervals say nothing or mislead, the page says so."""
    report = measure_protocol(
        "cv", [simulate(patients=patients)], SPEC, grouping="patient"
    )

    leads = [one.lead for one in protocol_limits(report, [])]

    assert ("Too few for a trustworthy interval" in leads) == is_warned


def test_repeats_that_were_dealt_alike_are_a_limit(report, simulate):
    """Names of folds do not matter: what was tested together does."""
    first = simulate()
    renamed = first.table.assign(fold=first.table["fold"].str.replace("fold", "part"))
    other = first.table.assign(
        fold=np.where(first.table["patient_id"] < "patient-003", "a", "b")
    )
    repeats = [first, *(Predictions(table=table) for table in (renamed, other))]

    found = measure_protocol("cv", repeats, SPEC, grouping="patient")

    assert found.n_dealings == 2
    (limit,) = [
        one
        for one in protocol_limits(found, [])
        if one.lead == "Repeats with the same folds"
    ]
    assert limit.text.startswith("1 of 3 repeats")
    assert report.n_dealings == 1


def test_choices_show_how_often_each_candidate_won():
    """The tuning AUROC is called optimistic, and disagreement is named."""
    choices = [
        CandidateChoice(
            repeat=0,
            fold=f"fold{at}",
            chosen=chosen,
            inner_tune_aurocs=((0.7,), (0.8,)),
        )
        for at, chosen in enumerate((1, 1, 0))
    ]

    section = choice_section(choices, ["run", "train.epochs=9"])

    assert section.tables[0].rows == (("0", "run", 1), ("1", "train.epochs=9", 2))
    assert section.tables[1].rows[0] == ("0, fold0", "1", 1, 0.7, 0.8)
    assert "train.epochs=9 was chosen in 2 of 3 outer folds" in words(section)
    assert "optimistic" in words(section)


def test_repeats_have_a_row_each(report):
    """The spread between repeats is shown, and not called an interval."""
    section = repeat_section(report)

    assert [row[0] for row in section.tables[0].rows] == ["0", "1"]
    assert "no confidence interval" in words(section)


def test_the_report_becomes_json(report):
    """Every figure keeps value, interval, n and reason."""
    content = to_json_value(report)

    assert content["figures"]["auroc"]["n_slices"] == 144
    assert content["leaky"] is None
    assert content["sites"][0]["figures"]["ece"]["value"] >= 0


def test_the_leaky_label_is_the_one_that_was_promised():
    """Nobody can read the column without it."""
    assert LEAKY_LABEL == "leaky, for comparison"
