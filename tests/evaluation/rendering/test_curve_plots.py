"""The plots of curves and scores."""

import numpy as np

from tumorscope.evaluation.rendering.curve_plots import plot_curves


def test_numbers_beside_a_curve_are_points_of_it(report):
    """The table picks points of the curve and keeps both ends."""
    roc = plot_curves(report)[0]
    points = set(
        zip(report.roc.false_positive_rate, report.roc.sensitivity, strict=True)
    )
    told = [row[1:] for row in roc.rows]

    assert set(told) <= points
    assert told[-1] == (1.0, 1.0)
    assert roc.rows[0][1] == 0


def test_one_class_leaves_the_plots_that_can_be_drawn(evaluate):
    """Without tumor slices there is no ROC, but there are scores."""
    assert [plot.name for plot in plot_curves(evaluate(label=0))] == ["scores"]


def test_score_counts_add_up_to_the_slices(report):
    """Every slice is in one bar, as tumor or as tumor-free."""
    scores = plot_curves(report)[-1]
    free, tumor = np.sum([row[2:] for row in scores.rows], axis=0)

    assert (free, tumor) == (
        report.n_slices - report.n_tumor_slices,
        report.n_tumor_slices,
    )
