"""Opens every file of a cohort once for all checks of an audit."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from tumorscope.audit.canary import canary_picture
from tumorscope.audit.copies.fingerprint import (
    CopyFingerprint,
    CopyFingerprints,
    fingerprint_slice,
    stack_fingerprints,
)
from tumorscope.audit.shortcuts.features import (
    SMALLEST_SIDE_PX,
    ProbeFeatures,
    probe_features,
)
from tumorscope.audit.shortcuts.traits import SliceTraits, traits_of
from tumorscope.audit.slice_facts import SliceFacts, look_at_slice
from tumorscope.domain.manifest import Manifest
from tumorscope.domain.progress import Progress, silent
from tumorscope.io.images import encode_png, read_image

Seen = TypeVar("Seen")
SHOWN_PX = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceLook:
    """What the checks take from one file.

    Attributes:
        facts: Of its pixels.
        traits: Of its bytes.
        features: For the shortcut probes; None where they do not look at this slice, or
            it is too small for them.
        thumbnail: For the leak canary, shape (3072,); None where it does not look.
    """

    facts: SliceFacts
    traits: SliceTraits
    features: ProbeFeatures | None
    thumbnail: NDArray[np.float32] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedAt:
    """Which slices the costly checks look at; the others look at all.

    Attributes:
        probed: Rows of the manifest for the shortcut probes.
        thumbnails: Rows of the manifest for the leak canary.
    """

    probed: NDArray[np.int64]
    thumbnails: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """What all files told.

    Attributes:
        slices: For each slice what the checks take from it.
        prints: What copies of slices are searched by.
    """

    slices: tuple[SliceLook, ...]
    prints: CopyFingerprints


def look_at_files(
    manifest: Manifest, chosen: LookedAt, *, progress: Progress = silent
) -> Looks:
    """Read and decode each file, in the order of the manifest.

    Args:
        manifest: A cohort whose files can be used.
        chosen: Which slices the costly checks look at.
        progress: Shows how far it got.

    Returns:
        One look and one fingerprint for each slice.

    Raises:
        UnreadableScanError: If a file changed since it was imported and cannot be used.
    """
    probed, thumbnails = set(chosen.probed.tolist()), set(chosen.thumbnails.tolist())

    def look(row: int) -> tuple[SliceLook, CopyFingerprint]:
        path = manifest.image_path(row)
        pixels = read_image(path)
        is_probed = row in probed and min(pixels.shape[:2]) >= SMALLEST_SIDE_PX
        seen = SliceLook(
            facts=look_at_slice(pixels),
            traits=traits_of(path.read_bytes(), pixels),
            features=probe_features(pixels) if is_probed else None,
            thumbnail=canary_picture(pixels) if row in thumbnails else None,
        )
        return seen, fingerprint_slice(pixels)

    slices: list[SliceLook] = []

    def fingerprints() -> Iterator[CopyFingerprint]:
        """Hand on fingerprints one by one, so that they are in memory once."""
        for seen, fingerprint in _each(manifest, look, progress, "looking at files"):
            slices.append(seen)
            yield fingerprint

    prints = stack_fingerprints(fingerprints(), _digests(manifest))
    return Looks(slices=tuple(slices), prints=prints)


def fingerprint_files(
    manifest: Manifest,
    *,
    label: str = "looking at the other set",
    progress: Progress = silent,
) -> CopyFingerprints:
    """Read and decode each file of a set, for the search of copies alone.

    Args:
        manifest: The set.
        label: What the progress bar says.
        progress: Shows how far it got.

    Raises:
        UnreadableScanError: If a file changed since it was imported and cannot be used.
    """

    def take(row: int) -> CopyFingerprint:
        return fingerprint_slice(read_image(manifest.image_path(row)))

    taken = _each(manifest, take, progress, label)
    return stack_fingerprints(taken, _digests(manifest))


def _each(
    manifest: Manifest, look: Callable[[int], Seen], progress: Progress, label: str
) -> Iterator[Seen]:
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        results = pool.map(look, range(len(manifest)))
        yield from progress(results, total=len(manifest), label=label)


def _digests(manifest: Manifest) -> list[str]:
    return [str(each) for each in manifest.table["pixel_digest"]]


def picture_of(manifest: Manifest, row: int) -> bytes:
    """Return one slice as a PNG of at most `SHOWN_PX` pixels, brightened to be seen."""
    pixels = read_image(manifest.image_path(row)).astype(np.float32)
    low, high = float(pixels.min()), float(np.percentile(pixels, 99.8))
    top = max(high, low + 1e-6)
    shown = np.clip((pixels - low) / (top - low) * 255, 0, 255)
    scale = min(1.0, SHOWN_PX / max(shown.shape[:2]))
    size = (
        max(1, round(shown.shape[1] * scale)),
        max(1, round(shown.shape[0] * scale)),
    )
    small: NDArray[np.generic] = cv2.resize(shown, size, interpolation=cv2.INTER_AREA)
    return encode_png(small.astype(np.uint8))
