"""Groups for slices without patient id: pseudo-patients, or near-duplicates."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tumorscope.audit.copies.search import find_copies
from tumorscope.audit.pseudo_patients.copies import join_copies
from tumorscope.audit.pseudo_patients.file_order import natural_order
from tumorscope.audit.pseudo_patients.finding import (
    PseudoPatients,
    find_pseudo_patients,
)
from tumorscope.audit.pseudo_patients.fingerprints import (
    HeadFingerprint,
    fingerprint_head,
)
from tumorscope.domain.copy_spec import CopySpec
from tumorscope.domain.manifest import Manifest
from tumorscope.domain.progress import Progress, silent
from tumorscope.domain.pseudo_patient_spec import PseudoPatientSpec
from tumorscope.domain.specs import SplitSpec
from tumorscope.domain.split import Split
from tumorscope.importers.inspection import Imported, Unreadable
from tumorscope.io.images import read_image
from tumorscope.pages.numbers import format_share
from tumorscope.splitting import split_cohort
from tumorscope.workflows.audit_files import fingerprint_files

UNASSIGNED = (
    "belongs to no pseudo-patient: it could show any head, on any side of the split"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PseudoPatientCohort:
    """A cohort whose slices are grouped by head.

    Attributes:
        imported: The slices that can be split, and those left out.
        group: Shape (slices,), int64, pseudo-patient of each slice that can be split.
    """

    imported: Imported
    group: NDArray[np.int64]


def wants_pseudo_patients(manifest: Manifest, spec: PseudoPatientSpec) -> bool:
    """Return whether this cohort is to be split by pseudo-patients.

    Args:
        manifest: The cohort.
        spec: `auto` chooses by the number of slices: in a small set the distances of
            heads cannot be learned.
    """
    if manifest.has_patients:
        return False
    if spec.grouping == "auto":
        return len(manifest) >= spec.min_set_slices
    return spec.grouping == "pseudo-patients"


def look_for_pseudo_patients(
    manifest: Manifest, spec: PseudoPatientSpec, *, progress: Progress = silent
) -> PseudoPatients:
    """Read every slice and link those that seem to come from one head.

    Args:
        manifest: At least two slices. Labels and patient ids are not looked at; of the
            paths, only the order counts.
        spec: How slices are linked.
        progress: Shows how far it got.

    Returns:
        A group for each slice.
    """

    def look_at(row: int) -> HeadFingerprint:
        return fingerprint_head(read_image(manifest.image_path(row)))

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        results = pool.map(look_at, range(len(manifest)))
        label = "looking for pseudo-patients"
        prints = list(progress(results, total=len(manifest), label=label))
    return find_pseudo_patients(prints, spec, position=file_positions(manifest))


def file_positions(manifest: Manifest) -> NDArray[np.int64]:
    """Return the place of each slice in the natural order of the files.

    Slices of one file follow each other by frame. Shape (slices,), int64.
    """
    frames = manifest.table["frame"].fillna(0)
    names = [
        f"{image}/{frame}"
        for image, frame in zip(manifest.table["image"], frames, strict=True)
    ]
    return natural_order(names)


def group_by_head(
    imported: Imported, spec: PseudoPatientSpec, *, progress: Progress = silent
) -> PseudoPatientCohort:
    """Group a cohort without patient ids by head, and leave out what fits no head.

    Args:
        imported: A source without patient ids.
        spec: How slices are linked, and whether unassigned ones are left out.
        progress: Shows how far it got.

    Returns:
        The slices that can be split, their groups, and a note that says what was done.
        Copies of one slice, changed or not, are in one group.
        Unassigned slices stay if they are more than `max_left_out_share` of the set.
    """
    manifest = imported.manifest
    linked = look_for_pseudo_patients(manifest, spec, progress=progress)
    prints = fingerprint_files(manifest, label="looking for copies", progress=progress)
    copies = find_copies(prints, CopySpec(), progress=progress)
    found = join_copies(linked, copies.first, copies.second, spec)
    stray_share = float((~found.is_assigned).mean())
    leaves_out = (
        spec.leave_out_unassigned and 0 < stray_share <= spec.max_left_out_share
    )
    kept = found.is_assigned if leaves_out else np.ones(len(found), dtype=np.bool_)
    images = manifest.table["image"]
    left_out = tuple(
        Unreadable(image=str(images.iat[row]), reason=UNASSIGNED)
        for row in np.flatnonzero(~kept).tolist()
    )
    return PseudoPatientCohort(
        imported=replace(
            imported,
            manifest=(manifest.subset(np.flatnonzero(kept)) if left_out else manifest),
            left_out=imported.left_out + left_out,
            notes=(*imported.notes, _note(found, len(left_out))),
        ),
        group=found.group[kept],
    )


def split_by_head(
    manifest: Manifest, group: NDArray[np.int64], spec: SplitSpec
) -> Split:
    """Deal whole pseudo-patients to the parts.

    Args:
        manifest: Slices of which not all have a patient id.
        group: Shape (slices,), pseudo-patient of each slice.
        spec: Shares and folds.

    Returns:
        A split that says that it went by pseudo-patients.
    """
    split = split_cohort(manifest, group, spec)
    return replace(split, grouping="pseudo-patients")


def _note(found: PseudoPatients, left_out: int) -> str:
    unassigned = int((~found.is_assigned).sum())
    text = (
        "No patient ids: slices that seem to come from one head were kept together "
        f"({len(found.sizes)} pseudo-patients). A patient may still stand on both sides "
        "of the split, which flatters the figures."
    )
    if unassigned == 0:
        return text
    share = format_share(unassigned / len(found))
    if left_out:
        return f"{text} {left_out} slices ({share}) fit no head and were left out."
    return f"{text} {unassigned} slices ({share}) fit no head and were split singly."
