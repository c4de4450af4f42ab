"""DICOM frames to series: grouped by identity, ordered by where they lie.

File names, instance numbers and the order of files play no part. Frames of one series are
told apart by orientation and grid first (a localizer has three orientations in one
series). Where several frames lie at one position, the series holds several volumes, and
echo, diffusion weighting, time point, kind of image and acquisition are tried in this
order until every position is unique.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from tumorscope.domain.errors import DataError
from tumorscope.io.dicom_files import DicomFrame, DicomHeader
from tumorscope.io.scan_files import ScanFile

MAX_VOLUMES = 8
"""More volumes in one series are a time series: perfusion, functional, tensor."""
LOCALIZER_SLICES = 9
"""A series of three orientations or more with so few slices each plans other series."""
_SAME_PLACE_MM = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class FramePlace:
    """One frame, and the file that it is in.

    Attributes:
        file: The file.
        header: Of the file.
        number: Of the frame in the file, from 0.
    """

    file: ScanFile
    header: DicomHeader
    number: int

    @property
    def frame(self) -> DicomFrame:
        """The frame's own facts."""
        return self.header.frames[self.number]


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameGroup:
    """Frames that make one volume, in order along their normal.

    Attributes:
        frames: At least one.
        part: Which volume of its series this is, in words; empty for the only one.
        notes: Gaps, copies and uneven distances.
    """

    frames: tuple[FramePlace, ...]
    part: str = ""
    notes: tuple[str, ...] = ()

    @property
    def files(self) -> int:
        """Number of files."""
        return len({place.file for place in self.frames})


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusable:
    """Frames of a series that make no volume, and why."""

    frames: tuple[FramePlace, ...]
    reason: str


_Key = Callable[[FramePlace], Hashable]
_SPLITS: tuple[tuple[str, _Key], ...] = (
    ("echo", lambda place: place.frame.echo),
    ("b value", lambda place: place.frame.b_value),
    ("time point", lambda place: place.frame.time_point),
    ("kind of image", lambda place: place.header.image_type),
    ("acquisition", lambda place: place.header.acquisition_number),
)


def group_frames(places: Iterable[FramePlace]) -> list[FrameGroup | Unusable]:
    """Make volumes of the frames of one series.

    Args:
        places: All frames of one series, in any order.

    Returns:
        Volumes, and what makes none with its reason. Every frame is in one of them.
    """
    unique, copies = _without_copies(places)
    no_geometry = [place for place in unique if not _has_geometry(place)]
    found: list[FrameGroup | Unusable] = []
    if no_geometry:
        reason = "its position in the patient is not stated"
        found.append(Unusable(frames=tuple(no_geometry), reason=reason))
    grids: dict[Hashable, list[FramePlace]] = defaultdict(list)
    for place in unique:
        if _has_geometry(place):
            grids[_grid(place)].append(place)
    if len(grids) >= 3 and max(map(len, grids.values())) <= LOCALIZER_SLICES:
        frames = tuple(place for members in grids.values() for place in members)
        reason = "a localizer: few slices in each of several orientations"
        found.append(Unusable(frames=frames, reason=reason))
        grids.clear()
    for number, members in enumerate(grids.values(), start=1):
        part = f"orientation {number} of {len(grids)}" if len(grids) > 1 else ""
        found += _volumes(members, part)
    if copies:
        note = f"{copies} copies of its pictures were passed over"
        found = [_with_note(one, note) for one in found]
    return found


def _without_copies(places: Iterable[FramePlace]) -> tuple[list[FramePlace], int]:
    seen: dict[Hashable, FramePlace] = {}
    count = 0
    for place in places:
        count += 1
        uid = place.header.instance_uid or place.file
        seen.setdefault((uid, place.number), place)
    return list(seen.values()), count - len(seen)


def _with_note(one: FrameGroup | Unusable, note: str) -> FrameGroup | Unusable:
    if isinstance(one, Unusable):
        return one
    return FrameGroup(frames=one.frames, part=one.part, notes=(*one.notes, note))


def _has_geometry(place: FramePlace) -> bool:
    frame = place.frame
    return None not in (frame.position_mm, frame.orientation, frame.spacing_mm)


def _grid(place: FramePlace) -> Hashable:
    frame, header = place.frame, place.header
    return (
        tuple(round(one, 2) + 0.0 for one in frame.orientation or ()),
        tuple(round(one, 4) for one in frame.spacing_mm or ()),
        header.rows,
        header.columns,
    )


def _volumes(places: Sequence[FramePlace], part: str) -> list[FrameGroup | Unusable]:
    try:
        at = {id(place): position for place, position in _positions(places)}
    except DataError as error:
        return [Unusable(frames=tuple(places), reason=str(error))]
    volumes = {"": list(places)}
    for word, key in _SPLITS:
        if all(_is_unique(members, at) for members in volumes.values()):
            break
        volumes = _split(volumes, word, key)
    if len(volumes) > MAX_VOLUMES:
        reason = f"a series of {len(volumes)} volumes (perfusion, diffusion or alike)"
        return [Unusable(frames=tuple(places), reason=reason)]
    found: list[FrameGroup | Unusable] = []
    for word, members in volumes.items():
        if not _is_unique(members, at):
            reason = "several slices at one position, and nothing tells them apart"
            found.append(Unusable(frames=tuple(members), reason=reason))
            continue
        members.sort(key=lambda place: at[id(place)])
        found.append(
            FrameGroup(
                frames=tuple(members),
                part=", ".join(one for one in (part, word) if one),
                notes=_describe_distances([at[id(place)] for place in members]),
            )
        )
    return found


def _positions(places: Sequence[FramePlace]) -> list[tuple[FramePlace, float]]:
    """Return each frame with its position along the common normal, in mm."""
    directions = np.array(places[0].frame.orientation, dtype=np.float64).reshape(2, 3)
    normal = np.cross(directions[0], directions[1])
    length = float(np.linalg.norm(normal))
    if not 0.9 < length < 1.1:
        raise DataError("its orientation in the patient cannot be")
    normal /= length
    return [
        (place, float(np.array(place.frame.position_mm) @ normal)) for place in places
    ]


def _is_unique(places: Sequence[FramePlace], at: dict[int, float]) -> bool:
    positions = np.sort([at[id(place)] for place in places])
    return bool((np.diff(positions) > _SAME_PLACE_MM).all())


def _split(
    volumes: dict[str, list[FramePlace]], word: str, key: _Key
) -> dict[str, list[FramePlace]]:
    parts: dict[str, list[FramePlace]] = {}
    for name, members in volumes.items():
        by_value: dict[Hashable, list[FramePlace]] = defaultdict(list)
        for place in members:
            by_value[key(place)].append(place)
        if len(by_value) == 1:
            parts[name] = members
            continue
        for number, chosen in enumerate(by_value.values(), start=1):
            one = f"{word} {number} of {len(by_value)}"
            parts[f"{name}, {one}" if name else one] = chosen
    return parts


def _describe_distances(positions_mm: Sequence[float]) -> tuple[str, ...]:
    if len(positions_mm) < 3:
        return ()
    steps = np.diff(positions_mm)
    usual = float(np.median(steps))
    gaps = np.flatnonzero(steps > 1.5 * usual)
    if gaps.size:
        missing = int(np.rint(steps[gaps] / usual - 1).sum())
        return (
            f"{gaps.size} gaps: about {missing} slices are missing between others "
            f"{usual:.1f} mm apart",
        )
    if float(steps.max() - steps.min()) > 0.05 * usual:
        low, high = float(steps.min()), float(steps.max())
        return (f"slices lie between {low:.2f} and {high:.2f} mm apart",)
    return ()
