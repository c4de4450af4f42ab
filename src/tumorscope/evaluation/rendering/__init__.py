"""The report as one page: values in, HTML out."""

from tumorscope.evaluation.rendering.context import (
    DataPart,
    LocalizationRow,
    ReportContext,
    TrainingEpoch,
)
from tumorscope.evaluation.rendering.html import render_report
from tumorscope.pages.picture import Picture

__all__ = [
    "DataPart",
    "LocalizationRow",
    "Picture",
    "ReportContext",
    "TrainingEpoch",
    "render_report",
]
