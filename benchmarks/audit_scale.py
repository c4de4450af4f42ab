"""Time and peak memory of the search for copies in a large set.

The set is made as it goes: phantom slices, bent so that each is another head's, with some
changed copies planted among them. Making the slices is counted apart, as decoding files
would be. The goal is 600 s and 4 GB for 100,000 slices on 2 cores.

    python benchmarks/audit_scale.py [--slices 100000] [--json FILE.json]
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from cohorts import read_cohort
from copy_changes import CHANGES
from numpy.typing import NDArray
from reporting import Figure, make_result, report

from tumorscope.audit.copies.fingerprint import (
    CopyFingerprint,
    fingerprint_slice,
    stack_fingerprints,
)
from tumorscope.audit.copies.search import find_copies
from tumorscope.domain.copy_spec import CopySpec
from tumorscope.io.images import read_image

GOAL_S = 600.0
GOAL_GB = 4.0
COPIES_SHARE = 0.01
CHUNK = 512


@dataclass(slots=True)
class Clock:
    """Seconds on the clock and of the processors, by what they were spent on."""

    wall_s: dict[str, float] = field(default_factory=dict)
    processor_s: dict[str, float] = field(default_factory=dict)

    def time(self, name: str, work: Any) -> Any:
        """Do the work and add its time to a name."""
        wall, processor = time.perf_counter(), time.process_time()
        result = work()
        self.wall_s[name] = self.wall_s.get(name, 0) + time.perf_counter() - wall
        spent = time.process_time() - processor
        self.processor_s[name] = self.processor_s.get(name, 0) + spent
        return result


def bend(pixels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return another head's slice: bent by up to a tenth of its side, with new noise."""
    height, width = pixels.shape[:2]
    shift = rng.normal(scale=height / 40, size=(2, 6, 6)).astype(np.float32)
    wide = [
        cv2.resize(each, (width, height), interpolation=cv2.INTER_CUBIC)
        for each in shift
    ]
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    bent = cv2.remap(pixels, columns + wide[0], rows + wide[1], cv2.INTER_LINEAR)
    grain = rng.integers(0, 5, (height, width, 1), dtype=np.uint8)
    return np.asarray(cv2.add(bent, np.repeat(grain, bent.shape[2], axis=2)), np.uint8)


def make_slices(
    bases: Sequence[NDArray[np.uint8]], count: int, rng: np.random.Generator
) -> Iterator[tuple[NDArray[np.uint8], int]]:
    """Yield slices, and for a planted copy the number of its original, else -1."""
    kept: list[tuple[int, NDArray[np.uint8]]] = []
    changes = list(CHANGES.values())
    for number in range(count):
        if kept and rng.random() < COPIES_SHARE:
            original, pixels = kept[int(rng.integers(len(kept)))]
            change = changes[int(rng.integers(len(changes)))]
            yield change(pixels, rng), original
            continue
        pixels = bend(bases[int(rng.integers(len(bases)))], rng)
        if rng.random() < 2 * COPIES_SHARE and len(kept) < 2000:
            kept.append((number, pixels))
        yield pixels, -1


def fingerprint_all(
    slices: Iterator[tuple[NDArray[np.uint8], int]], clock: Clock, originals: list[int]
) -> Iterator[CopyFingerprint]:
    """Yield fingerprints, made on all cores; fills the originals as it goes."""
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        while True:
            chunk = clock.time(
                "making slices",
                lambda: [each for _, each in zip(range(CHUNK), slices, strict=False)],
            )
            if not chunk:
                return
            originals += [original for _, original in chunk]
            pictures = [pixels for pixels, _ in chunk]
            yield from clock.time(
                "fingerprints",
                lambda each=pictures: list(pool.map(fingerprint_slice, each)),
            )


def measure(
    bases: Sequence[NDArray[np.uint8]], count: int, seed: int
) -> tuple[list[Figure], dict[str, Any]]:
    """Search a set that is made up, and see what it took and what was found."""
    clock, originals = Clock(), []
    slices = make_slices(bases, count, np.random.default_rng(seed))
    prints = stack_fingerprints(
        fingerprint_all(slices, clock, originals), [f"{row}" for row in range(count)]
    )
    pairs = clock.time("search", lambda: find_copies(prints, CopySpec()))
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    planted = {
        frozenset((row, original))
        for row, original in enumerate(originals)
        if original >= 0
    }
    found = {
        frozenset(pair)
        for pair in zip(pairs.first.tolist(), pairs.second.tolist(), strict=True)
    }
    # Two copies of one original are copies of each other as well.
    family = {row: row if each < 0 else each for row, each in enumerate(originals)}
    right = [pair for pair in found if len({family[row] for row in pair}) == 1]
    steps = ("fingerprints", "search")
    note = f"{count} slices, {os.cpu_count()} cores"
    large = count >= 100_000
    figures = [
        Figure(
            name="time without making the slices",
            value=sum(clock.wall_s[each] for each in steps),
            unit="s",
            goal=GOAL_S if large else None,
            note=note,
        ),
        Figure(
            name="processor time without making the slices",
            value=sum(clock.processor_s[each] for each in steps),
            unit="s",
            note=note,
        ),
        Figure(
            name="peak memory",
            value=peak_gb,
            unit="GB",
            goal=GOAL_GB if large else None,
            note=note,
        ),
        Figure(
            name="planted copies that were found",
            value=len(planted & found) / max(len(planted), 1),
            note=f"{len(planted)} planted, of {len(CHANGES)} kinds",
        ),
        Figure(
            name="pairs found that are copies",
            value=len(right) / max(len(found), 1),
            note=f"{len(found)} pairs found",
        ),
    ]
    return figures, {"wall_s": clock.wall_s, "processor_s": clock.processor_s}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, write the JSON where wanted."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--slices", type=int, default=100_000)
    parser.add_argument("--patients", type=int, default=24, help="of the phantom")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="write the figures there")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        manifest = read_cohort(
            "phantom", scratch=Path(scratch), patients=options.patients
        )
        bases = [read_image(manifest.image_path(row)) for row in range(len(manifest))]
    figures, details = measure(bases, options.slices, options.seed)
    report(make_result("audit_scale", figures, details=details), options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
