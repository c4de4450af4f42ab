"""Who is in a cohort, as a section."""

from __future__ import annotations

from matplotlib.figure import Figure

from tumorscope.audit.cohort_table import CohortRow, CohortTable
from tumorscope.pages.limit import Limit
from tumorscope.pages.numbers import format_count, format_share
from tumorscope.pages.plot import Plot
from tumorscope.pages.section import Section, Table, TableCell
from tumorscope.pages.svg import MODEL, draw_inline_svg


def cohort_section(table: CohortTable) -> Section:
    """Draw patients, slices, prevalence and lesion sizes, by group.

    Args:
        table: What was counted.
    """
    everyone = table.everyone
    return Section(
        name="cohort",
        title="Cohort",
        sentences=(
            f"{format_count(everyone.n_slices)} slices of "
            f"{format_count(everyone.n_patients)} {table.unit}; "
            f"{format_count(everyone.n_tumor_slices)} slices "
            f"({format_share(everyone.n_tumor_slices / everyone.n_slices)}) and "
            f"{format_count(everyone.n_tumor_patients)} {table.unit} with tumor.",
            _lesion_sentence(everyone),
        ),
        limits=_limits(table),
        tables=(_count_table(table), *_lesion_tables(table)),
        plots=_plots(table),
    )


def _lesion_sentence(row: CohortRow) -> str:
    if row.lesions.reason:
        return f"Lesion sizes cannot be assessed: {row.lesions.reason}."
    low, lower, middle, upper, high = row.lesions.quantiles_px
    return (
        f"Lesions cover {middle:.0f} pixels at 256 x 256 in the median slice (quartiles "
        f"{lower:.0f} and {upper:.0f}, range {low:.0f} to {high:.0f}; "
        f"{format_count(row.lesions.n_slices)} slices of {row.lesions.n_patients} "
        "patients)."
    )


def _count_table(table: CohortTable) -> Table:
    rows: list[tuple[TableCell, ...]] = [_count_row("all", table.everyone)]
    for group in table.groups:
        if group.reason:
            why = f"cannot be assessed: {group.reason}"
            rows.append((group.column, why, "—", "—", "—", "—", "—"))
        rows += [_count_row(f"{group.column}: {row.value}", row) for row in group.rows]
    return Table(
        caption="Patients, slices and prevalence",
        columns=(
            "Group",
            "Prevalence in slices",
            table.unit.capitalize(),
            "With tumor",
            "Slices",
            "With tumor",
            "Slices each: least, median, most",
        ),
        rows=tuple(rows),
    )


def _count_row(name: str, row: CohortRow) -> tuple[TableCell, ...]:
    least, median, most = row.slices_per_patient
    return (
        name,
        row.prevalence,
        row.n_patients,
        row.n_tumor_patients,
        row.n_slices,
        row.n_tumor_slices,
        f"{least}, {median:g}, {most}",
    )


def _lesion_tables(table: CohortTable) -> tuple[Table, ...]:
    if table.everyone.lesions.reason:
        return ()
    named = [("all", table.everyone)]
    named += [
        (f"{group.column}: {row.value}", row)
        for group in table.groups
        for row in group.rows
    ]
    known = [(name, row.lesions) for name, row in named if not row.lesions.reason]
    return (
        Table(
            caption="Lesion sizes in pixels at 256 x 256",
            columns=(
                "Group",
                "Slices",
                table.unit.capitalize(),
                "Smallest",
                "Quarter",
                "Median",
                "Three quarters",
                "Largest",
            ),
            rows=tuple(
                (
                    name,
                    sizes.n_slices,
                    sizes.n_patients,
                    *(round(each) for each in sizes.quantiles_px),
                )
                for name, sizes in known
            ),
        ),
        Table(
            caption="Slices in each stratum of lesion size, in pixels at 256 x 256",
            columns=("Group", *table.strata),
            rows=tuple((name, *sizes.n_by_stratum) for name, sizes in known),
        ),
    )


def _plots(table: CohortTable) -> tuple[Plot, ...]:
    lesions = table.everyone.lesions
    if lesions.reason:
        return ()

    def paint(figure: Figure) -> None:
        axes = figure.add_subplot()
        places = range(len(table.strata))
        axes.bar(places, lesions.n_by_stratum, color=MODEL, width=0.7)
        axes.set_xticks(places, [*table.strata])
        axes.set_xlabel("Lesion size, pixels at 256 x 256")
        axes.set_ylabel("Slices")
        axes.grid(visible=False, axis="x")

    return (
        Plot(
            name="lesion-sizes",
            title="How large the lesions are",
            svg=draw_inline_svg(
                paint,
                name="lesion-sizes",
                alt="Bars: slices in each stratum of lesion size",
                size_in=(5.2, 2.7),
            ),
            caption="Small lesions are what models miss; 1,024 pixels are one cell of a "
            "network's last layer at stride 32.",
            columns=("Pixels at 256 x 256", "Slices"),
            rows=tuple(zip(table.strata, lesions.n_by_stratum, strict=True)),
        ),
    )


def _limits(table: CohortTable) -> tuple[Limit, ...]:
    everyone, limits = table.everyone, []
    if table.unit == "patients" and everyone.n_tumor_patients == everyone.n_patients:
        limits.append(
            Limit(
                lead="No patient without a tumor",
                text=(
                    f"All {everyone.n_patients} patients have tumor slices: this set "
                    "measures detection on slices, never specificity on healthy people."
                ),
            )
        )
    if table.unit != "patients":
        limits.append(
            Limit(
                lead="No patient ids",
                text=(
                    "The source does not tell which slices belong to one patient; "
                    f"{table.unit} stand in. p-values and intervals are too optimistic "
                    "where one patient is in several of them."
                ),
            )
        )
    unknown = [group.column for group in table.groups if group.reason]
    if unknown:
        names = ", ".join(f"`{each}`" for each in unknown)
        limits.append(
            Limit(
                lead="Not known",
                text=(
                    f"No {names}: whether the cohort is balanced in these, and whether a "
                    "model works alike for all, cannot be assessed."
                ),
            )
        )
    return tuple(limits)
