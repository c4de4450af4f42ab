"""The page of a de-identification: what it promises first, then what was done."""

from __future__ import annotations

from collections import Counter

from tumorscope.deid.claims import CLAIMS
from tumorscope.deid.reasons import REASONS
from tumorscope.deid.report import ACTION_WORDS, DeidReport
from tumorscope.deid.statement import CODES, earned_codes
from tumorscope.deid.table import TABLE_EDITION
from tumorscope.pages.limit import Limit
from tumorscope.pages.section import Section, Table

_LEADS = ("Not anonymous", "Pixels", "Compliance", "This mode")


def deid_sections(report: DeidReport) -> tuple[Section, ...]:
    """Return the parts of the page.

    Args:
        report: What was done.
    """
    return (
        _promise_section(report),
        _quarantine_section(report),
        _check_section(report),
        _anonymity_section(report),
        _action_section(report),
    )


def deid_limits(report: DeidReport) -> tuple[Limit, ...]:
    """Return what the mode does not promise."""
    texts = CLAIMS[report.spec.mode].promises_not
    return tuple(
        Limit(lead=lead, text=text) for lead, text in zip(_LEADS, texts, strict=True)
    )


def _promise_section(report: DeidReport) -> Section:
    spec = report.spec
    stated = [
        f"Stated by whoever ran the command, and not checked: {what}: {words}."
        for what, words in (
            ("no face can be seen", spec.face_free),
            ("images were looked at for text", spec.pixels_reviewed),
        )
        if words
    ]
    codes = earned_codes(spec, is_report=False)
    return Section(
        name="promise",
        title=f"What {spec.mode.value} promises",
        sentences=(*CLAIMS[spec.mode].promises, *stated),
        tables=(
            Table(
                caption=f"Options of PS3.15, Annex E (table {TABLE_EDITION}) that each "
                "image carries",
                columns=("code", "option"),
                rows=tuple((code, CODES[code]) for code in codes),
            ),
        ),
    )


def _quarantine_section(report: DeidReport) -> Section:
    reasons = Counter(one.code for one in report.quarantine)
    listed = tuple(
        (str(one.number), one.code, one.sha256[:16]) for one in report.quarantine
    )
    return Section(
        name="quarantine",
        title="Files that were not written",
        sentences=(
            f"{len(report.quarantine)} of {report.n_files} files stayed in the input. "
            "They are told by their number among the sorted files and by the first "
            "digits of their SHA-256, because file names may hold names.",
        ),
        tables=(
            Table(
                caption="Reasons",
                columns=("code", "meaning", "files"),
                rows=tuple(
                    (code, REASONS[code], number)
                    for code, number in sorted(reasons.items())
                ),
            ),
            Table(
                caption="Files",
                columns=("number", "code", "SHA-256 begins with"),
                rows=listed,
            ),
        ),
        is_folded=True,
    )


def _check_section(report: DeidReport) -> Section:
    check = report.check
    return Section(
        name="self-check",
        title="The output, read again",
        status="passed" if check.n_withdrawn == 0 else "warning",
        sentences=(
            f"{check.n_read} finished files were read again to their last byte and "
            "searched for everything known of their patients. "
            f"{check.n_witnessed} of them, one of each series, were also read by "
            f"pydicom. {check.n_withdrawn} did not pass and were taken back.",
        ),
    )


def _anonymity_section(report: DeidReport) -> Section:
    found = report.anonymity
    return Section(
        name="anonymity",
        title="Groups by age and sex",
        sentences=(
            f"{found.n_patients} patients. The smallest group with the same age and sex "
            f"has {found.smallest}; {found.n_alone} patients share theirs with nobody. "
            f"Groups below {found.limit} are listed: whoever knows age, sex and that a "
            "person took part may recognize them.",
        ),
        tables=(
            Table(
                caption=f"Groups of fewer than {found.limit} patients",
                columns=("age in years", "sex", "patients"),
                rows=tuple(
                    (one.age, one.sex, one.n_patients) for one in found.small_cells
                ),
            ),
        ),
        is_folded=True,
    )


def _action_section(report: DeidReport) -> Section:
    return Section(
        name="actions",
        title="What was changed",
        sentences=(
            f"{report.n_written} files of {report.n_patients} patients. Elements that "
            "stand nowhere in this table were kept as they were.",
        ),
        tables=(
            Table(
                caption="By tag and action",
                columns=("field", "action", "meaning", "elements"),
                rows=tuple(
                    (one.field, one.action, ACTION_WORDS[one.action], one.elements)
                    for one in report.actions
                ),
            ),
        ),
        is_folded=True,
    )
