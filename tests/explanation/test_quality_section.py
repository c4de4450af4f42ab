"""The report's part on trust: words that follow from the figures, and tables."""

from dataclasses import replace

import pytest

from tumorscope.domain.estimates import MetricEstimate
from tumorscope.domain.specs import ExplainSpec
from tumorscope.explanation.order_tests import OrderTest
from tumorscope.explanation.quality import (
    MethodQuality,
    QualityReport,
    SliceGroup,
    judge_randomization,
)
from tumorscope.explanation.quality_figures import LOCALIZATION, QUALITY_FIGURES
from tumorscope.explanation.quality_section import quality_section, summarize_quality


def figure(name, value=0.5):
    """Return an estimate."""
    return MetricEstimate(
        name=name,
        value=value,
        low=value - 0.05,
        high=value + 0.05,
        level=0.95,
        n_slices=20,
        n_patients=8,
        resampled="patients",
    )


def quality_of(method, rho):
    """Return the quality of a method; None is a trivial map."""
    values = dict.fromkeys(QUALITY_FIGURES, 0.5)
    values["randomized_rank_correlation"] = 0.5 if rho is None else rho
    figures = tuple(figure(name, value) for name, value in values.items())
    randomized = figures[list(values).index("randomized_rank_correlation")]
    groups = tuple(
        SliceGroup(
            kind="size",
            name=name,
            n_slices=n_slices,
            figures=tuple(figure(each) for each in LOCALIZATION),
        )
        for name, n_slices in (("small", 20), ("large", 0))
    )
    return MethodQuality(
        method=method,
        verdict="no model" if rho is None else judge_randomization(randomized),
        figures=figures,
        groups=groups,
    )


def order_test(method, p_value, *, difference=-0.1):
    """Return two tests of a method's deletion."""
    return [
        OrderTest(
            method=method,
            curve="deletion",
            against=against,
            difference=figure("deletion", difference),
            p_value=p_value,
            p_holm=min(1, 4 * p_value),
            n_patients=8,
        )
        for against in ("random", "brightness")
    ]


@pytest.fixture
def report():
    """Return a report in which one method passes and one fails."""
    return QualityReport(
        spec=ExplainSpec(),
        grouping_words="split by patient",
        resampled="patients",
        methods=(
            quality_of("cam", 0.6),
            quality_of("integrated_gradients", 0.05),
            quality_of("brightness", None),
        ),
        random_order=(figure("deletion"), figure("insertion")),
        tests=(
            *order_test("cam", 0.5),
            *order_test("integrated_gradients", 0.0004),
        ),
        completeness_error=2e-6,
        completeness_slices=24,
        against="",
    )


def test_what_failed_is_said_first_and_as_a_limit(report):
    """A reader sees it before any map."""
    section = quality_section(report)

    assert section.sentences[0].startswith(
        "Not to be trusted as reasons for a score: cam."
    )
    assert section.status == "warning"
    (limit,) = section.limits
    assert limit.text.startswith("cam: ")
    first_cells = [row[0] for table in section.tables for row in table.rows]
    assert "cam (not to be trusted)" in first_cells
    assert "integrated gradients" in first_cells
    assert "brightness (trivial map)" in first_cells


def test_the_summary_names_maps_that_lower_the_score_faster(report):
    """Both references must be beaten, in the right direction."""
    text = " ".join(summarize_quality(report))
    assert "the maps of integrated gradients lower the score faster than both" in text
    assert "differs from the logit by 2e-06 at most, over 24 slices" in text

    tests = tuple(order_test("cam", 0.0001, difference=0.2))
    worse = " ".join(summarize_quality(replace(report, tests=tests)))
    assert "no map lowers the score faster than both" in worse


def test_without_a_failure_there_is_no_limit(report):
    """Passed is said too, and nothing is called untrusted."""
    section = quality_section(replace(report, methods=report.methods[1:]))

    assert section.status == "passed"
    assert section.limits == ()
    assert section.sentences[0].startswith("Passed the weight-randomization check")


def test_a_check_that_did_not_run_is_no_pass(report):
    """Silence would read as trust."""
    blank = replace(
        figure("randomized_rank_correlation"),
        value=float("nan"),
        reason="no slice was checked",
    )
    cam = report.methods[0]
    figures = tuple(blank if one.name == blank.name else one for one in cam.figures)
    unchecked = replace(cam, verdict="cannot be assessed", figures=figures)

    section = quality_section(
        replace(report, methods=(unchecked,), tests=(), completeness_error=float("nan"))
    )

    assert section.status == "cannot be assessed"
    assert "not to be trusted as reasons" in section.sentences[0]
    assert "Deletion and insertion cannot be assessed" in section.sentences[1]


def test_groups_without_a_slice_are_named_and_not_drawn(report):
    """A column of blanks tells nothing that its name does not."""
    tables = [
        table
        for table in quality_section(report).tables
        if "lesion size" in table.caption
    ]

    assert len(tables) == len(LOCALIZATION)
    assert all(table.columns == ("Map", "small (20 slices)") for table in tables)
    assert all(table.caption.endswith("no slice: large") for table in tables)


def test_a_second_run_gets_its_columns(report):
    """Agreement across seeds stands only where a second run was named."""
    head = quality_section(report).tables[0].columns
    named = quality_section(replace(report, against="“b”, trained with seed 1"))

    assert not any("second run" in column for column in head)
    assert any("second run" in column for column in named.tables[0].columns)
    assert "The second run is “b”, trained with seed 1." in named.sentences[-1]
