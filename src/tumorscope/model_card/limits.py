"""The limits of a model, first on its card: what the data are, then what was not shown."""

from __future__ import annotations

from collections.abc import Iterator

from tumorscope.domain.grouping import GROUPING_WORDS
from tumorscope.model_card.figures import figure_at
from tumorscope.model_card.source import CardSource
from tumorscope.pages.limit import Limit
from tumorscope.pages.numbers import format_estimate

FEW_PATIENTS = 30
"""Below this, one patient more or less moves the figures visibly."""
STAGES = ("evaluate", "fairness", "robustness", "explain")


def card_limits(source: CardSource) -> tuple[Limit, ...]:
    """Collect what must be known before anything else on the card.

    Args:
        source: What the run knows.

    Returns:
        What the data can show first, then grouping, number of patients, waived gates and
        thresholds.
    """
    kinds = (_data(source), _split(source), _audit(source), _testing(source))
    return tuple(limit for kind in kinds for limit in kind)


def _data(source: CardSource) -> Iterator[Limit]:
    cohort = source.cohort
    if source.is_phantom:
        yield Limit(
            lead="Synthetic scans",
            text="Every scan is a phantom: the figures say nothing about patients.",
        )
    counts = (
        f"{source.record.importer}: {cohort.n_slices} slices of {cohort.n_owners} "
        f"{cohort.unit}, {cohort.n_tumor_slices} slices with tumor."
    )
    if cohort.all_have_tumor:
        text = (
            f"{counts} Every patient has a tumor, so the figures measure whether a slice "
            "of a tumor patient shows it, never specificity on people without a tumor. A "
            "statement on healthy brains needs another source of patients."
        )
    elif cohort.has_patients:
        text = (
            f"{counts} {cohort.n_tumor_owners} patients have a tumor. All figures are for "
            "single slices, none for a patient."
        )
    else:
        text = (
            f"{counts} Whether every patient has a tumor cannot be assessed: no "
            "`patient_id`. All figures are for single slices, none for a patient."
        )
    yield Limit(lead="What the data can show", text=text)
    for note in source.record.notes:
        if not _has_been_said(note, source):
            yield Limit(lead="Of this set", text=note)


def _has_been_said(note: str, source: CardSource) -> bool:
    """Whether the counts above say what an importer's note says."""
    return (source.is_phantom and note.startswith("Phantom scans")) or (
        source.cohort.all_have_tumor and note.startswith("Every patient")
    )


def _split(source: CardSource) -> Iterator[Limit]:
    data = source.card.data
    words = GROUPING_WORDS[data.grouping]
    if data.grouping != "patient":
        yield Limit(
            lead="No patient ids",
            text=(
                f"The slices are {words}: one patient may stand on both sides of the "
                "split, which flatters the figures."
            ),
        )
    else:
        yield Limit(lead="Split", text=f"The slices are {words}.")
    fewest = min(card.data.groups["test"] for card in source.cards)
    if source.report is not None:
        fewest = int(source.report["n_patients"])
    if fewest < FEW_PATIENTS:
        yield Limit(
            lead="Little data",
            text=(
                f"{fewest} {source.unit} were in the test part. Others may give quite "
                "other figures, and rare failures may not show at all."
            ),
        )


def _audit(source: CardSource) -> Iterator[Limit]:
    audit = source.audit
    if audit is None:
        yield Limit(
            lead="Not audited",
            text=(
                "Copies, shortcuts and leaks in the data were not measured: run "
                "`tumorscope audit RUN`."
            ),
        )
        return
    for gate in audit.gates:
        reason = audit.waivers.get(gate.gate)
        if gate.has_failed and reason:
            yield Limit(
                lead=f"Waived gate “{gate.gate}”",
                text=f"{gate.sentence} Waived: {reason}",
            )
        elif gate.has_failed:
            yield Limit(lead=f"Failed gate “{gate.gate}”", text=gate.sentence)


def _testing(source: CardSource) -> Iterator[Limit]:
    if source.report is None:
        yield Limit(
            lead="Not tested",
            text="The model was not measured: run `tumorscope evaluate RUN`.",
        )
    else:
        yield _threshold(source)
    if not source.externals:
        yield Limit(
            lead="No external testing",
            text=(
                "All figures are from internal testing: test slices come from the same "
                "source as training slices. Another hospital may give other figures."
            ),
        )
    for stage in STAGES:
        if source.is_older_than_model(stage):
            yield Limit(
                lead="Older than the model",
                text=(
                    f"The model was trained again after the last `tumorscope {stage} "
                    "RUN`: its figures belong to an earlier model. Run it again."
                ),
            )


def _threshold(source: CardSource) -> Limit:
    threshold = source.card.threshold
    metric = "recall" if threshold.target.rate == "sensitivity" else "specificity"
    fewest = min(card.threshold.tune_patients for card in source.cards)
    fixed = f"It was fixed on the tuning part ({fewest} {source.unit}) for {threshold.target}"
    reached = figure_at(source.report, "at_tuned", "metrics", metric)
    if reached is None or reached.reason:
        reason = reached.reason if reached else "no such figure in report.json"
        return Limit(
            lead="Threshold",
            text=f"{fixed}; whether that carried over cannot be assessed: {reason}.",
        )
    found = f"{fixed}; on the tested slices it is {format_estimate(reached)}."
    if reached.low <= threshold.target.value <= reached.high:
        return Limit(
            lead="Threshold",
            text=f"{found} The interval holds the target, which does not prove it.",
        )
    return Limit(lead="The threshold did not carry over", text=found)
