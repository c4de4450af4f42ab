"""How each figure is named and defined."""

from tumorscope.evaluation.rendering.metric_words import (
    DECISION_ORDER,
    METRIC_WORDS,
    RANKING_ORDER,
    method_name,
    metric_label,
)


def test_every_figure_of_a_report_is_shown_and_defined(report):
    """A new metric cannot stay off the page or without a definition."""
    assert {each.name for each in report.ranking} == set(RANKING_ORDER)
    assert {each.name for each in report.at_half.metrics} == set(DECISION_ORDER)
    scale, patients = report.scales[0], report.patients[0]
    others = (
        report.at_ranked.sensitivity,
        report.decision_curve.points[0].model,
        *(scale.error.estimate, scale.slope, scale.intercept),
        *(patients.hit, patients.false_positives, patients.without_false_positive),
    )
    named = {*RANKING_ORDER, *DECISION_ORDER, *(each.name for each in others)}
    assert named | {"pointing", "dice"} == set(METRIC_WORDS)


def test_names_are_readable():
    """Known figures have a label; an unknown one keeps its own name."""
    assert metric_label("recall") == "Sensitivity (recall)"
    assert metric_label("new_metric") == "new_metric"
    assert method_name("integrated_gradients") == "integrated gradients"
