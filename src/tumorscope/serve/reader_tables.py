"""Tables that leave the service: readings, and labels from feedback."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tumorscope.serve.database.clock import iso_time

READER_COLUMNS = (
    *("study_id", "title", "account_id", "created", "opinion", "seconds_open"),
    *("decision", "tumor_probability", "agreement", "reader_first", "model_id"),
)
CORRECTION_COLUMNS = (
    *("study_id", "series", "slice", "label", "kind", "mark", "x0", "y0", "x1", "y1"),
    *("comment", "decision", "model_id", "account_id", "created"),
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_LABEL_OF = {
    ("agree", "above threshold"): 1,
    ("agree", "not above"): 0,
    ("disagree", "above threshold"): 0,
    ("disagree", "not above"): 1,
}


def as_csv(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    """Return a table; no cell is a formula for a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_plain(row.get(name)) for name in columns])
    return out.getvalue()


def correction_rows(feedback: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a row for each mark, or one for the study.

    A marked slice shows a tumor. Without marks the label follows from agreement with the
    decision on the whole study, and stays empty where that says nothing.

    Args:
        feedback: Its columns, with decision and model of the study.
    """
    common = dict(feedback) | {"created": iso_time(feedback["created"])}
    marks = feedback["marks"]
    if not marks:
        label = _LABEL_OF.get((feedback["kind"], feedback["decision"] or ""))
        yield common | {"label": label}
    for mark in marks:
        yield (
            common
            | mark
            | {
                "kind": feedback["kind"],
                "mark": mark["kind"],
                "label": 1,
            }
        )


def _plain(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return "" if value is None else value
