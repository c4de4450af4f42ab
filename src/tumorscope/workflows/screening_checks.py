"""What is known of an input before its score, each as a finding in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tumorscope.domain.left_out_scan import LeftOutScan
from tumorscope.domain.screening import CheckOutcome, InputCheck, ScreenedSeries
from tumorscope.workflows.slice_prediction import SlicePrediction

_LIKELY = ("certain", "likely")
_MAX_REASONS = 3


def check_input(
    series: Sequence[ScreenedSeries],
    left_out: Sequence[LeftOutScan],
    entries: Sequence[SlicePrediction],
    *,
    patients: int,
) -> tuple[InputCheck, ...]:
    """Return the findings about an input.

    Args:
        series: What could be shown.
        left_out: What was not used.
        entries: What the input gate said of each slice.
        patients: How many different ones the files name.
    """
    return (
        _files(left_out),
        _sequence(series),
        _orientation(series),
        _head(entries),
        _gate(entries),
        *_patients(patients),
    )


def _check(name: str, outcome: CheckOutcome, words: str) -> InputCheck:
    return InputCheck(name=name, outcome=outcome, words=words)


def _files(left_out: Sequence[LeftOutScan]) -> InputCheck:
    damaged = sum(one.files for one in left_out if one.damaged)
    unused = sum(one.files for one in left_out if not one.damaged)
    if damaged:
        words = f"{damaged} files could not be read; they are listed with their reasons"
        return _check("files", "flag", words)
    words = "all files could be read"
    if unused:
        words += f"; {unused} of them are of no use here and are listed"
    return _check("files", "accept", words)


def _sequence(series: Sequence[ScreenedSeries]) -> InputCheck:
    missing = [
        note
        for one in series
        for note in one.notes
        if " is missing: " in note or "was trained on" in note
    ]
    unsure = [
        one.label
        for one in series
        if not any(word in one.sequence_words for word in _LIKELY)
    ]
    if missing:
        return _check("sequence", "flag", missing[0])
    if unsure:
        words = (
            "the sequence could not be told from the files: compare with what the model "
            "was trained on"
        )
        return _check("sequence", "flag", words)
    names = ", ".join(dict.fromkeys(one.sequence_words for one in series))
    return _check("sequence", "accept", f"recognized: {names}")


def _orientation(series: Sequence[ScreenedSeries]) -> InputCheck:
    if any(one.edge_labels is None for one in series):
        words = "orientation and scale unknown: no side of the patient is shown"
        return _check("orientation and spacing", "flag", words)
    words = "stated by the files; pictures are in the radiological convention"
    return _check("orientation and spacing", "accept", words)


def _head(entries: Sequence[SlicePrediction]) -> InputCheck:
    scored = sum(one.tumor_probability is not None for one in entries)
    words = f"{scored} of {len(entries)} slices show enough of a head to be scored"
    return _check("head", "accept" if scored else "refuse", words)


def _gate(entries: Sequence[SlicePrediction]) -> InputCheck:
    name = "resemblance to the training data"
    judged = [one for one in entries if one.input_check is not None]
    if not judged:
        return _check(name, "flag", "not checked: this bundle has no input gate")
    counts = Counter(one.input_check for one in judged)
    reasons = Counter(reason for one in judged for reason in one.input_reasons)
    told = "; ".join(reason for reason, _ in reasons.most_common(_MAX_REASONS))
    words = (
        f"of {len(judged)} slices {counts['accept']} resemble the training data, "
        f"{counts['flag']} are read with care, {counts['refuse']} are refused"
    )
    if counts["refuse"] == len(judged):
        return _check(name, "refuse", f"{words}: {told}")
    if counts["refuse"] or counts["flag"]:
        return _check(name, "flag", f"{words}: {told}")
    return _check(name, "accept", words)


def _patients(count: int) -> list[InputCheck]:
    if count <= 1:
        return []
    words = f"the files name {count} different patients: send one at a time"
    return [_check("patients", "flag", words)]
