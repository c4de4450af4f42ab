"""The verdict on a mitigation as a part of a page."""

from __future__ import annotations

from tumorscope.evaluation.fairness.mitigation import (
    Change,
    MitigationVerdict,
    Verdict,
)
from tumorscope.pages.section import Section, Status, Table, TableCell

_STATUS: dict[Verdict, Status] = {
    "accepted": "passed",
    "undecided": "warning",
    "rejected": "failed",
    "cannot be assessed": "cannot be assessed",
}


def mitigation_section(verdict: MitigationVerdict, *, against: str) -> Section:
    """Return the comparison of a mitigated model with a plain one.

    Args:
        verdict: What came of it.
        against: Name of the run without mitigation.
    """
    changes = (verdict.overall, verdict.worst, *verdict.groups)
    table = Table(
        caption="AUROC without and with the mitigation, same patients, same draws",
        columns=("Slices", "Patients", f"Before ({against})", "After", "Difference"),
        rows=tuple(_change_row(one) for one in changes),
    )
    return Section(
        name="mitigation",
        title="Was the mitigation worth it?",
        sentences=(verdict.sentence[0].upper() + verdict.sentence[1:],),
        status=_STATUS[verdict.verdict],
        tables=(table,),
    )


def _change_row(change: Change) -> tuple[TableCell, ...]:
    return (
        change.name,
        change.before.n_patients,
        change.before,
        change.after,
        change.difference,
    )
