"""A comparison of models as sections of a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tumorscope.domain.estimates import MetricEstimate
from tumorscope.evaluation.metric_family import FAMILY
from tumorscope.evaluation.run_comparison import COMPARED, Difference, RunComparison
from tumorscope.pages.forest_figure import ForestRow, draw_forest
from tumorscope.pages.limit import Limit
from tumorscope.pages.numbers import (
    format_difference,
    format_estimate,
    format_interval,
    format_small,
)
from tumorscope.pages.plot import Plot
from tumorscope.pages.section import Section, Table


def comparison_sections(comparison: RunComparison) -> tuple[Section, ...]:
    """Return the page's sections: differences first, then each model's own figures."""
    return (
        difference_section(comparison),
        own_figures_section(comparison),
        definition_section(),
    )


def comparison_limits(comparison: RunComparison) -> tuple[Limit, ...]:
    """Return what a reader must know before the differences."""
    limits = [
        Limit(
            lead="No difference found is not no difference",
            text=(
                f"With {comparison.n_patients} {comparison.unit}, every difference "
                "inside an interval remains possible."
            ),
        )
    ]
    if any(each.n_repeats == 1 for each in comparison.contenders):
        single = Limit(
            lead="Trained models, not recipes",
            text=(
                "The intervals cover other patients of the same kind. They do not cover "
                "another seed, another split or other training data: for a statement on "
                "recipes compare repeated cross-validations."
            ),
        )
        limits.insert(0, single)
    if not comparison.pixels_checked:
        limits.append(
            Limit(
                lead="Pixels could not be compared",
                text=(
                    "Slices were matched by image, frame, label and patient. Results of "
                    "external testing keep no digest of the pixels."
                ),
            )
        )
    return tuple(limits)


def describe_difference(difference: Difference) -> str:
    """Return a difference in words, as in "higher by 0.03 [0.01, 0.05] on the same ..."."""
    estimate = difference.estimate
    if estimate.reason:
        return format_estimate(estimate)
    if difference.verdict == "no difference was found":
        shown = f"{format_difference(estimate)} {format_interval(estimate)}"
        return f"no difference was found ({shown})"
    unit = estimate.resampled.split(" within ")[0]
    return (
        f"{difference.verdict} by {format_estimate(_without_sign(estimate))} on the same "
        f"{unit}"
    )


def _without_sign(estimate: MetricEstimate) -> MetricEstimate:
    if estimate.value >= 0:
        return estimate
    return replace(
        estimate, value=-estimate.value, low=-estimate.high, high=-estimate.low
    )


def difference_section(comparison: RunComparison) -> Section:
    """Return what differs between the models, in words, a table and a figure each."""
    first = comparison.contenders[0].name
    others = [each.name for each in comparison.contenders[1:]]
    return Section(
        name="differences",
        title=f"Differences from {first}",
        sentences=(
            f"Each line is the figure of the other model minus that of {first}, on the "
            f"same {comparison.n_slices} slices of {comparison.n_patients} "
            f"{comparison.unit} and the same {comparison.spec.bootstrap_draws} draws "
            f"({comparison.resampled}). The figures were listed before any model was "
            f"seen; Holm's correction counts all {comparison.n_tests} of them.",
            *(f"{name}: {_headline(comparison, name)}" for name in others),
        ),
        tables=tuple(_difference_table(comparison, name) for name in others),
        plots=tuple(
            _difference_plot(comparison, name, number)
            for number, name in enumerate(others)
        ),
    )


def own_figures_section(comparison: RunComparison) -> Section:
    """Return each model's own figures side by side."""
    return Section(
        name="own-figures",
        title="Figures of each model",
        sentences=(
            "Intervals that overlap say nothing about a difference: models are judged on "
            "the same patients, so read the paired differences above.",
        ),
        tables=(
            Table(
                caption="Figures of each model",
                columns=("Figure", *(each.name for each in comparison.contenders)),
                rows=tuple(
                    (
                        _label(name),
                        *(each.figures[name] for each in comparison.contenders),
                    )
                    for name in COMPARED
                ),
            ),
            Table(
                caption="Where the scores come from",
                columns=("Model", "Scores of", "Repeats"),
                rows=tuple(
                    (each.name, each.kind, each.n_repeats)
                    for each in comparison.contenders
                ),
            ),
        ),
    )


def definition_section() -> Section:
    """Return how each figure is defined."""
    return Section(
        name="definitions",
        title="Definitions",
        sentences=(
            "p is two-sided, from the sign of the difference in the draws: twice the "
            "smaller share of draws at or beyond zero.",
        ),
        tables=(
            Table(
                caption="Figures",
                columns=("Figure", "Definition"),
                rows=tuple(
                    (_label(name), FAMILY[name].definition) for name in COMPARED
                ),
            ),
        ),
        is_folded=True,
    )


def _label(name: str) -> str:
    words = FAMILY[name]
    return words.label if words.rises else f"{words.label}; lower is wanted"


def _of(comparison: RunComparison, name: str) -> Sequence[Difference]:
    return [each for each in comparison.differences if each.contender == name]


def _headline(comparison: RunComparison, name: str) -> str:
    (found,) = [each for each in _of(comparison, name) if each.metric == COMPARED[0]]
    return f"AUROC {describe_difference(found)}."


def _difference_table(comparison: RunComparison, name: str) -> Table:
    first = comparison.contenders[0].name
    return Table(
        caption=f"{name} minus {first}",
        columns=("Figure", "Difference", "p", "p, Holm", "In words"),
        rows=tuple(
            (
                _label(each.metric),
                each.estimate,
                format_small(each.p),
                format_small(each.p_holm),
                describe_difference(each),
            )
            for each in _of(comparison, name)
        ),
    )


def _difference_plot(comparison: RunComparison, name: str, number: int) -> Plot:
    first = comparison.contenders[0].name
    found = _of(comparison, name)
    title = f"{name} minus {first}"
    return Plot(
        name=f"difference-{number}",
        title=title,
        svg=draw_forest(
            [
                ForestRow(
                    label=FAMILY[each.metric].short,
                    estimate=each.estimate,
                    is_reference=not FAMILY[each.metric].rises,
                )
                for each in found
            ],
            axis_label="difference, 0 is none",
            alt=f"Differences of {len(found)} figures with intervals: {title}.",
            name=f"difference-{number}",
        ),
        caption=(
            "Right of 0: higher than the first model. Hollow squares are errors, where "
            "lower is wanted."
        ),
        columns=("Figure", "Difference"),
        rows=tuple(
            (FAMILY[each.metric].label, format_estimate(each.estimate))
            for each in found
        ),
    )
