"""The plots of training, simple methods, subgroups and maps."""

from dataclasses import replace

import pytest

from tumorscope.evaluation.rendering.plots import (
    plot_baselines,
    plot_localization,
    plot_subgroups,
    plot_training,
)


def test_training_tells_which_weights_were_kept(context, minimal):
    """The epoch with the highest tuning AUROC is named for each fold."""
    losses, ranking = plot_training(context)

    assert len(losses.rows) == len(ranking.rows) == 4
    assert "fold-0, epoch 2 (0.900); fold-1, epoch 1 (0.890)" in ranking.caption
    assert plot_training(minimal) == ()
    assert plot_training(replace(minimal, history={"fold-0": ()})) == ()


def test_forests_carry_the_values_of_the_report(report, context):
    """Lines of a forest plot are estimates of the report, in its order."""
    baselines = plot_baselines(report)
    sites = plot_subgroups(report, report.by_site, "site")
    pointing, dice = plot_localization(context.localization)

    assert [row[1] for row in baselines.rows] == [
        report.ranking["auroc"].value,
        report.baselines[0].auroc.value,
    ]
    assert [row[0] for row in sites.rows] == [
        "all slices",
        "site-0 (6 patients)",
        "site-1 (6 patients)",
    ]
    assert [row[1] for row in pointing.rows] == pytest.approx([0.41, 0.52])
    assert dice.rows[1][1] == "no mask"


def test_nothing_to_show_is_no_plot(evaluate):
    """An empty plot would read as a result."""
    report = evaluate()

    assert plot_baselines(report) is None
    assert plot_subgroups(report, (), "site") is None
    assert plot_localization(()) == ()
