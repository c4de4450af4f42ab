"""Files that cannot be used or look unlike the others, as a section."""

from __future__ import annotations

from collections.abc import Mapping

from tumorscope.audit.integrity import IntegrityReport, SuspiciousKind
from tumorscope.audit.sections.tie_table import tie_table, value_table
from tumorscope.pages.picture import Picture
from tumorscope.pages.section import Section, Status, Table

MOST_FILES = 20


def integrity_section(
    report: IntegrityReport, *, status: Status, pictures: Mapping[int, bytes]
) -> Section:
    """Draw what is wrong with the files.

    Args:
        report: What was found.
        status: The worse outcome of both gates.
        pictures: PNG or JPEG of some rows of the manifest.
    """
    found = [kind for kind in report.kinds if kind.rows]
    tables = [_kinds_table(report)]
    if report.mixes:
        tables.append(
            tie_table("Traits of files that differ", report.mixes, report.unit)
        )
        tables += [value_table(tie, report.unit) for tie in report.mixes]
    tables.append(
        Table(
            caption="Traits in which all files are alike",
            columns=("Trait", "Value"),
            rows=report.uniform,
        )
    )
    tables += _file_tables(report, found)
    return Section(
        name="integrity",
        title="Files",
        status=status,
        sentences=(_sentence(report, found), _meaning(found)),
        tables=tuple(table for table in tables if table.rows),
        pictures=tuple(_pictures(found, pictures)),
        is_folded=status != "failed",
    )


def _sentence(report: IntegrityReport, found: list[SuspiciousKind]) -> str:
    usable = f"{report.n_slices} usable slices of {report.n_patients} {report.unit}"
    lost = f"{len(report.unusable)} files could not be used."
    if not found:
        return f"{usable}. {lost} No file looks unlike the others."
    kinds = ", ".join(
        f"{kind.name} ({len(kind.rows)} slices, {kind.n_patients} {report.unit})"
        for kind in found
    )
    return f"{usable}. {lost} Some look unlike the others: {kinds}."


def _meaning(found: list[SuspiciousKind]) -> str:
    if not found:
        return (
            "Looked for: frames, burned-in marks, color, transparency, thumbnails, "
            "cut-outs, empty slices and names that do not fit the content."
        )
    return (
        "A few such files are usual. The gate fails only where the label goes with them "
        "over patients; what comes with the height in the head is listed and not judged."
    )


def _kinds_table(report: IntegrityReport) -> Table:
    return Table(
        caption="Slices that look unlike the others",
        columns=(
            "Kind",
            "It may be",
            "Slices",
            report.unit.capitalize(),
            "Goes with the label",
            "Judged",
        ),
        rows=tuple(
            (
                kind.name,
                kind.meaning,
                len(kind.rows),
                kind.n_patients,
                _tie_words(kind, report.unit),
                "yes" if kind.is_judged else "no",
            )
            for kind in report.kinds
        ),
    )


def _tie_words(kind: SuspiciousKind, unit: str) -> str:
    if kind.tie is None:
        return "no slice" if not kind.rows else "every slice"
    if kind.tie.reason:
        return f"cannot be assessed: {kind.tie.reason}"
    n = max(kind.tie.n_between, kind.tie.n_within)
    return (
        f"balanced accuracy {kind.tie.separation:.2f}, adjusted p = "
        f"{kind.tie.p_adjusted:.2g} ({n} {unit})"
    )


def _file_tables(report: IntegrityReport, found: list[SuspiciousKind]) -> list[Table]:
    unusable = [(each.image, each.reason) for each in report.unusable]
    unlike = [
        (image, kind.name) for kind in found for image in kind.images[:MOST_FILES]
    ]
    return [
        Table(
            caption=_caption("Files that could not be used", len(unusable)),
            columns=("File", "Why"),
            rows=tuple(unusable[:MOST_FILES]),
        ),
        Table(
            caption=f"Files unlike the others, at most {MOST_FILES} of each kind",
            columns=("File", "Kind"),
            rows=tuple(unlike),
        ),
    ]


def _caption(what: str, count: int) -> str:
    return f"{what}: the first {MOST_FILES} of {count}" if count > MOST_FILES else what


def _pictures(
    found: list[SuspiciousKind], pictures: Mapping[int, bytes]
) -> list[Picture]:
    return [
        Picture(caption=f"{kind.name}: {image}", content=pictures[row])
        for kind in found
        for row, image in zip(kind.rows, kind.images, strict=True)
        if row in pictures
    ]
