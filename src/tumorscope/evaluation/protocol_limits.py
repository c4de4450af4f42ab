"""What stands above a protocol's sections: five numbers and the limits."""

from __future__ import annotations

from collections.abc import Sequence

from tumorscope.domain.grouping import GROUPING_WORDS
from tumorscope.evaluation.few_patients import few_patients_limit
from tumorscope.evaluation.metric_family import FAMILY
from tumorscope.evaluation.protocol_report import ProtocolReport
from tumorscope.pages.headline import HeadlineFigure
from tumorscope.pages.limit import Limit
from tumorscope.pages.numbers import format_number

HEADLINE = (
    ("auroc", "all slices; 0.5 is chance"),
    ("position_matched_auroc", "slices of like height only"),
    ("sensitivity", "at each fold's tuned threshold"),
    ("specificity", "at each fold's tuned threshold"),
)


def protocol_headline(report: ProtocolReport) -> tuple[HeadlineFigure, ...]:
    """Return the five numbers that matter most."""
    found = [
        HeadlineFigure(
            label=FAMILY[name].label, estimate=report.figures[name], note=note
        )
        for name, note in HEADLINE
    ]
    null = format_number(report.null.high)
    error = HeadlineFigure(
        label=FAMILY["ece"].label,
        estimate=report.figures["ece"],
        note=f"up to {null} by chance; 0 is best",
    )
    return (*found, error)


def protocol_limits(report: ProtocolReport, notes: Sequence[str]) -> tuple[Limit, ...]:
    """Return what a reader must know before the numbers.

    Args:
        report: What was found.
        notes: Limits that the importer knows of.
    """
    limits = [
        Limit(
            lead="Internal testing",
            text=(
                "Every slice was tested by a model that never saw its patient, but all "
                "patients come from one collection."
            ),
        )
    ]
    few = few_patients_limit(report.n_patients, report.unit)
    limits += [few] if few else []
    if report.grouping != "patient":
        limits.append(
            Limit(
                lead="No patient ids",
                text=(
                    f"The folds are {GROUPING_WORDS[report.grouping]}: slices of one "
                    "patient may stand on both sides, and figures may be too high."
                ),
            )
        )
    if len(report.repeats) == 1:
        limits.append(
            Limit(
                lead="One repeat",
                text="How much another dealing or seed would change is not known.",
            )
        )
    alike = len(report.repeats) - report.n_dealings
    if alike and report.name != "leave-site-out":
        limits.append(
            Limit(
                lead="Repeats with the same folds",
                text=(
                    f"{alike} of {len(report.repeats)} repeats got the very folds of an "
                    "earlier one, because patients of unequal size can be dealt evenly "
                    "in few ways. Only the seed of the training differs in them."
                ),
            )
        )
    limits += [Limit(lead="The data", text=note) for note in notes]
    return tuple(limits)
