"""The files that a DICOM series was made from, for results that go back to their study."""

from __future__ import annotations

from tumorscope.domain.errors import DataError
from tumorscope.domain.scan_origin import ScanOrigin, SourceFrame
from tumorscope.importers.dicom_series import FrameGroup
from tumorscope.io.dicom_origin import read_origins
from tumorscope.io.sandbox import Sandbox


def read_scan_origin(group: FrameGroup, sandbox: Sandbox) -> ScanOrigin:
    """Read what results repeat of the files of a volume.

    Args:
        group: The frames of the volume.
        sandbox: Parses the files.

    Returns:
        Heads of the files, and the frames that belong to the volume.

    Raises:
        DataError: If a file cannot be read any more, or a frame has no position.
    """
    files = list(dict.fromkeys(place.file for place in group.frames))
    frames = []
    for place in group.frames:
        frame = place.frame
        position, orientation = frame.position_mm, frame.orientation
        if position is None or orientation is None or frame.spacing_mm is None:
            raise DataError("its position in the patient is not stated")
        frames.append(
            SourceFrame(
                instance=files.index(place.file),
                number=place.number + 1,
                position_mm=position,
                orientation=orientation,
                spacing_mm=frame.spacing_mm,
            )
        )
    return ScanOrigin(heads=read_origins(files, sandbox), frames=tuple(frames))
