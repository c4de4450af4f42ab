"""All objects of one series: its report, its map and its pictures."""

from __future__ import annotations

import warnings

from pydicom.dataset import Dataset

from tumorscope.domain.errors import DataError
from tumorscope.domain.series_result import SeriesResult
from tumorscope.io.dicom_results.identifiers import run_key
from tumorscope.io.dicom_results.images import make_map, make_picture
from tumorscope.io.dicom_results.report import make_report
from tumorscope.io.dicom_results.source import frames_of_slices, read_heads


def make_objects(result: SeriesResult) -> list[Dataset]:
    """Make what is filed of one series.

    Args:
        result: Scores, maps, pictures and origin.

    Returns:
        Report, map, then a Secondary Capture for each overlay. Each kind is a new series
        of the source's study.

    Raises:
        DataError: If the source does not say what a result must repeat.
    """
    heads = read_heads(result.origin)
    further = [head for origin in result.further for head in read_heads(origin)]
    everything = [*heads, *further]
    if len({head.StudyInstanceUID for head in everything}) != 1:
        raise DataError("its files belong to several studies")
    frames = frames_of_slices(result.origin, heads, result.stack)
    uids = sorted(str(head.SOPInstanceUID) for head in everything)
    key = run_key(result, tuple(uids))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a warning could quote a patient's values
            return [
                make_report(result, everything, frames, key=key),
                make_map(result, heads, further, key=key),
                *[
                    make_picture(
                        result,
                        overlay,
                        (heads[0], frames.get(overlay.index)),
                        key=key,
                        number=number,
                    )
                    for number, overlay in enumerate(result.overlays, start=1)
                ],
            ]
    except ValueError as error:
        raise DataError(
            "no result can be made for it: the source's header breaks the standard "
            f"({type(error).__name__})"
        ) from error
