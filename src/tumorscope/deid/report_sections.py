"""The page of a de-identification: what it promises first, then what was done."""

from __future__ import annotations

from collections import Counter

from tumorscope.deid.claims import CLAIMS
from tumorscope.deid.reasons import REASONS
from tumorscope.deid.report import ACTION_WORDS, DeidReport, FaceRecord
from tumorscope.deid.statement import CODES, earned_codes
from tumorscope.deid.table import TABLE_EDITION
from tumorscope.domain.counted import counted
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
        _face_section(report),
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
            f"{len(report.quarantine)} of {counted(report.n_files, 'file')} stayed in the "
            "input. "
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
            "Finished files are read again to their last byte and searched for "
            f"everything known of their patients: {check.n_read}. One of each series is "
            f"also read by pydicom: {check.n_witnessed}. Did not pass and were taken back: "
            f"{check.n_withdrawn}.",
        ),
    )


def _face_section(report: DeidReport) -> Section:
    """Tell every volume whose face was judged; what was not looked at is said, too."""
    if report.spec.face_free:
        sentence = (
            "Volumes were not looked at: deid.face_free states that no face is seen."
        )
        return Section(name="faces", title="Faces", sentences=(sentence,))
    flagged = [one for one in report.faces if one.is_flagged]
    outcomes = Counter(one.outcome for one in flagged)
    told = ", ".join(f"{number} {word}" for word, number in sorted(outcomes.items()))
    return Section(
        name="faces",
        title="Faces",
        status="warning" if outcomes["let through"] else "passed",
        sentences=(
            f"{len(flagged)} of {len(report.faces)} series and volumes show or may show a "
            f"face{': ' + told if told else ''} (deid.faces={report.spec.faces}). Series "
            "of fewer than three slices are not judged. The rim is tissue as bright as "
            "brain within 3 mm outside what was kept: not more brain than that was cut "
            "off there, and more often it is scalp.",
        ),
        tables=(
            Table(
                caption="Series and volumes, by the number of their first file",
                columns=(
                    *("number", "slices", "verdict", "because", "outcome"),
                    *("kept, ml", "removed of the head, ml", "rim, ml"),
                ),
                rows=tuple(_face_row(one) for one in report.faces),
            ),
        ),
        is_folded=True,
    )


def _face_row(one: FaceRecord) -> tuple[str, ...]:
    numbers = (one.brain_ml, one.removed_ml, one.rim_ml)
    borrowed = " by the mask of another sequence" if one.is_borrowed else ""
    return (
        *(str(one.number), str(one.n_slices), one.verdict, one.because),
        one.outcome + borrowed,
        *("" if number is None else f"{number:.0f}" for number in numbers),
    )


def _anonymity_section(report: DeidReport) -> Section:
    found = report.anonymity
    return Section(
        name="anonymity",
        title="Groups by age and sex",
        sentences=(
            f"{counted(found.n_patients, 'patient')}. The smallest group with the same age "
            f"and sex has {found.smallest}. Alone in their group: {found.n_alone}. "
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
            f"{counted(report.n_written, 'file')} of "
            f"{counted(report.n_patients, 'patient')}. Elements that stand nowhere in this "
            "table were kept as they were.",
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
