"""How far columns go with the label, as tables."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tumorscope.audit.ties import LabelTie
from tumorscope.pages.numbers import format_number, format_share, format_small
from tumorscope.pages.section import Table

MOST_VALUES = 12


def tie_table(caption: str, ties: Sequence[LabelTie], unit: str) -> Table:
    """Return one row for each column.

    Args:
        caption: What the columns are.
        ties: How far each goes with the label.
        unit: What is counted as a patient.
    """
    return Table(
        caption=caption,
        columns=(
            "Column",
            "Values",
            "Balanced accuracy, slices",
            f"Balanced accuracy, {unit}",
            f"p over {unit}",
            "p, adjusted",
            "Compared",
        ),
        rows=tuple(
            (
                tie.column,
                len(tie.counts),
                _separation(tie.slice_separation),
                _separation(tie.patient_separation),
                format_small(tie.p_value) if not tie.reason else "—",
                format_small(tie.p_adjusted) if not tie.reason else "—",
                tie.reason or compared(tie, unit),
            )
            for tie in ties
        ),
    )


def value_table(tie: LabelTie, unit: str) -> Table:
    """Return one row for each value of a column, the commonest first."""
    shown = tie.counts[:MOST_VALUES]
    more = len(tie.counts) - len(shown)
    return Table(
        caption=f"{tie.column[0].upper()}{tie.column[1:]} and label"
        + (f", the {len(shown)} commonest of {len(tie.counts)}" if more else ""),
        columns=(
            "Value",
            "Slices",
            "With tumor",
            "Share",
            unit.capitalize(),
            "With tumor",
        ),
        rows=tuple(
            (
                each.value,
                each.n_slices,
                each.n_tumor_slices,
                format_share(each.n_tumor_slices / each.n_slices),
                each.n_patients,
                each.n_tumor_patients,
            )
            for each in shown
        ),
    )


def compared(tie: LabelTie, unit: str) -> str:
    """Return which patients the p-value rests on, in words."""
    parts = []
    if not math.isnan(tie.p_within):
        parts.append(f"within {tie.n_within} {unit}")
    if tie.n_between:
        parts.append(f"between {tie.n_between} {unit}")
    return ", ".join(parts)


def _separation(value: float) -> str:
    return "one class only" if math.isnan(value) else format_number(value, 2)
