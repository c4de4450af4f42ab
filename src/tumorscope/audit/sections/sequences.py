"""Missing sequences as a section."""

from __future__ import annotations

from tumorscope.audit.sequences import Association, SequenceReport
from tumorscope.pages.limit import Limit
from tumorscope.pages.numbers import format_number, format_small
from tumorscope.pages.section import Section, Status, Table


def sequences_section(report: SequenceReport, *, status: Status) -> Section:
    """Draw which sequences are missing, and with what that goes.

    Args:
        report: What was found.
        status: Outcome of the gate.
    """
    tables = (
        Table(
            caption="Sequences that are missing",
            columns=("Sequence", "How", report.unit.capitalize(), "Slices", "Who"),
            rows=tuple(
                (
                    each.sequence,
                    each.how,
                    len(each.patients),
                    each.n_slices,
                    ", ".join(each.patients[:10])
                    + (" and more" if len(each.patients) > 10 else ""),
                )
                for each in report.missing
            ),
        ),
        Table(
            caption=f"{report.unit.capitalize()} that lack a sequence, by site",
            columns=("Site", "Lack one", "Of"),
            rows=report.by_site if report.missing else (),
        ),
        Table(
            caption="Does that go with something else?",
            columns=("With", "Difference", "p", "p, adjusted", "Lack one", "Compared"),
            rows=tuple(
                _association_row(each) for each in report.associations if report.missing
            ),
        ),
    )
    return Section(
        name="sequences",
        title="Sequences",
        status=status,
        sentences=_sentences(report),
        limits=_limits(report),
        tables=tuple(table for table in tables if table.rows),
        is_folded=bool(report.missing) and status != "failed",
    )


def _sentences(report: SequenceReport) -> tuple[str, ...]:
    if report.is_single_sequence:
        return (
            f"All {report.n_slices} slices are grey, or grey stored as color: the set "
            "shows one sequence, and no channel is a copy that stands for another one.",
        )
    told = (
        f"The channels show {', '.join(report.names)}."
        if report.has_names
        else "What the channels show is not told by the source."
    )
    if not report.missing:
        return (
            told,
            f"No sequence is missing: none of {report.n_patients} {report.unit} has a "
            "channel that is blank, or a copy of another one, in most slices.",
        )
    lines = [
        f"{each.sequence} is missing in {len(each.patients)} of {report.n_patients} "
        f"{report.unit} ({each.how}; {each.n_slices} slices)."
        for each in report.missing
    ]
    return (told, *lines, *(_association_words(each) for each in report.associations))


def _association_words(each: Association) -> str:
    if each.reason:
        return (
            f"Whether that goes with the {each.what} cannot be assessed: {each.reason}."
        )
    measure = (
        "the share on one site" if each.what == "site" else "the share of tumor slices"
    )
    return (
        f"Between those {each.n_missing} and the other {each.n_patients - each.n_missing}, "
        f"{measure} differs by up to {each.difference:.2f} (p = "
        f"{format_small(each.p_value)}, adjusted {format_small(each.p_adjusted)})."
    )


def _association_row(each: Association) -> tuple[str | int, ...]:
    if each.reason:
        told = f"cannot be assessed: {each.reason}"
        return (each.what, told, "—", "—", each.n_missing, each.n_patients)
    return (
        each.what,
        format_number(each.difference, 2),
        format_small(each.p_value),
        format_small(each.p_adjusted),
        each.n_missing,
        each.n_patients,
    )


def _limits(report: SequenceReport) -> tuple[Limit, ...]:
    if not report.missing:
        return ()
    return (
        Limit(
            lead="Missing sequences",
            text=(
                f"{report.n_missing_patients} of {report.n_patients} {report.unit} lack "
                "a sequence: a channel is a copy or blank, and a model sees that."
            ),
        ),
    )
