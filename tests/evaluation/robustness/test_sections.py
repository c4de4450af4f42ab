"""Corrupted slices on the page."""

from tumorscope.evaluation.robustness.scores import CorruptedScores
from tumorscope.evaluation.robustness.sections import (
    robustness_section,
    robustness_sections,
)
from tumorscope.evaluation.robustness.words import robustness_limits, severity_words


def test_the_page_has_every_artifact_at_every_severity(make_scores, measure):
    """One table for each figure, a row for each artifact, and each number its estimate."""
    report = measure(make_scores(lambda _: 0.3))

    parts = {one.name: one for one in robustness_sections(report)}

    tables = parts["robustness-artifacts"].tables
    assert [len(one.rows) for one in tables] == [9] * 7
    assert tables[0].columns == (
        "Artifact",
        *(f"Severity {one}" for one in range(1, 6)),
    )
    assert parts["robustness-relative"].status == "cannot be assessed"
    assert parts["robustness-missing"].status == "cannot be assessed"
    assert len(parts["robustness-summary"].plots) == 1


def test_the_report_gets_one_folded_part(make_scores, measure):
    """Sentences name the clean AUROC, its n, the worst artifact and the new errors."""
    harm = {"ghost": 0.9}

    section = robustness_section(measure(make_scores(lambda name: harm.get(name, 0))))

    assert section.is_folded
    text = " ".join(section.sentences)
    assert "144 slices, 12 patients" in text
    assert "worst: ghost" in text
    assert "abstained on" in text


def test_blank_slices_are_counted(make_scores, measure):
    """The reader learns of slices that a corruption emptied."""
    scores = make_scores()
    gone = CorruptedScores(
        name="post replaced by zeros", severity=0, probabilities=scores.clean, n_blank=4
    )
    emptied = CorruptedScores(
        name="motion", severity=1, probabilities=scores.clean, n_blank=3
    )
    corrupted = (emptied, *scores.corrupted[1:])

    parts = robustness_sections(
        measure(make_scores(missing=(gone,), corrupted=corrupted))
    )

    assert any("motion at severity 1 (3)" in one for one in parts[1].sentences)
    assert parts[3].tables[0].rows[0][:2] == ("post replaced by zeros", 4)


def test_limits_and_words(make_scores, measure):
    """Limits come first: simulated, how many patients, a chosen worst."""
    leads = [one.lead for one in robustness_limits(measure(make_scores()))]

    assert leads[:2] == ["Simulated artifacts", "12 patients"]
    assert severity_words((1, 2)) == "severity 1-2"
    assert severity_words((3,)) == "severity 3"
