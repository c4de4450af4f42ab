"""The gates that copies can fail."""

from __future__ import annotations

from tumorscope.audit.copies.report import CopyReport, OverlapReport
from tumorscope.audit.gates import GateOutcome

CONTRADICTING = "contradicting-duplicates"
ACROSS_PARTS = "duplicates-across-parts"
OVERLAP = "overlap"


def copy_gates(report: CopyReport) -> tuple[GateOutcome, GateOutcome]:
    """Judge the copies in a cohort.

    Equal pixels under two labels are an error of the source: one of the labels is wrong.
    Copies in two parts of a split are a leak, equal or changed.

    Args:
        report: The copies.

    Returns:
        The gates on labels and on parts.
    """
    return _contradicting(report), _across_parts(report)


def overlap_gate(report: OverlapReport) -> GateOutcome:
    """Judge whether another set can test a model of this one.

    Args:
        report: Which of its slices are in this set.
    """
    count = report.n_other_slices
    if not count:
        sentence = (
            f"None of {report.n_other} slices of the other set is in this one, neither "
            "with equal pixels nor as a changed copy."
        )
    else:
        patients = (
            f", of {len(report.other_patients)} of its {report.n_other_patients} patients"
            if report.n_other_patients
            else ""
        )
        sentence = (
            f"{count} of {report.n_other} slices of the other set are in this one"
            f"{patients}: a model of one set has seen them. Leave these patients out "
            "before testing."
        )
    return GateOutcome(gate=OVERLAP, has_failed=count > 0, sentence=sentence)


def _contradicting(report: CopyReport) -> GateOutcome:
    count = len(report.contradictions)
    if not report.has_labels:
        return GateOutcome(
            gate=CONTRADICTING,
            has_failed=False,
            is_assessed=False,
            sentence="Contradicting labels cannot be assessed: no `label`.",
        )
    sentence = (
        f"{count} slices have the pixels of another slice and the other label: one of "
        "the two is wrong. Decide which holds and remove the others."
        if count
        else f"No two of {report.n_slices} slices with equal pixels have different labels."
    )
    return GateOutcome(gate=CONTRADICTING, has_failed=count > 0, sentence=sentence)


def _across_parts(report: CopyReport) -> GateOutcome:
    torn = report.across_parts
    if torn is None:
        return GateOutcome(
            gate=ACROSS_PARTS,
            has_failed=False,
            is_assessed=False,
            sentence="Copies across parts cannot be assessed: there is no split.",
        )
    slices = len({row for each in torn for row in each.rows})
    sentence = (
        f"{slices} slices have a copy in another part of the split ({len(torn)} pairs): "
        "the test would ask for what training has shown. Split by groups that keep "
        "copies together."
        if torn
        else "No copy of a slice stands in another part of the split."
    )
    return GateOutcome(gate=ACROSS_PARTS, has_failed=bool(torn), sentence=sentence)
