"""The report as one page: values in, HTML out."""

from tumorscope.evaluation.rendering.context import (
    DataPart,
    LocalizationRow,
    Picture,
    ReportContext,
    TrainingEpoch,
)
from tumorscope.evaluation.rendering.html import render_report

__all__ = [
    "DataPart",
    "LocalizationRow",
    "Picture",
    "ReportContext",
    "TrainingEpoch",
    "render_report",
]
