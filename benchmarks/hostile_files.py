"""Damaged and hostile scans: does the parent live, and is no stump accepted?

Truncations and bit flips of every encoding that is read, deflate, gzip and zip bombs, deep
nesting, impossible sizes and lying lengths. Each file is read as `predict` and `prepare`
read it, header and pixels, in the sandbox.

    python benchmarks/hostile_files.py [--truncations 200] [--flips 2000] [--json FILE]
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)
from reporting import Figure, make_result, report
from synthetic_scans import (
    compress,
    compress_jpeg_lossless,
    make_enhanced,
    make_file,
    make_head,
    make_nifti,
    make_series,
    nest,
    to_bytes,
)

from tumorscope.domain.errors import DataError, UnreadableScanError
from tumorscope.domain.volume import volume_from_affine
from tumorscope.importers.dicom_exclusions import exclusion_reason
from tumorscope.io.dicom_files import read_frames, read_headers
from tumorscope.io.nifti_files import read_nifti
from tumorscope.io.sandbox import Sandbox
from tumorscope.io.scan_files import ScanFile, files_of_zip
from tumorscope.workflows.convert import convert

GOAL_S, GOAL_GB = 10.0, 1.5 * 2**30 / 1e9
_GZIP = 16 + zlib.MAX_WBITS
AFFINE = np.array([[0, 0, 1.0, -10], [0, 1.5, 0, -20], [3.0, 0, 0, 5], [0, 0, 0, 1]])
MR_PIXELS = np.random.default_rng(0).integers(0, 4096, (64, 64)).astype(np.uint16)


@dataclass(slots=True, kw_only=True)
class Tally:
    """What happened to the files.

    Attributes:
        outcomes: How many files of each kind ended how.
        longest_s: Of one file.
        longest_kind: Kind of that file.
        surprises: Errors in the parent that are no `DataError`.
        accepted: Stumps and lies that were read as whole.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    longest_s: float = 0.0
    longest_kind: str = ""
    surprises: list[str] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hostile:
    """One file.

    Attributes:
        kind: What was done to it.
        name: File name; its ending says how it is read.
        content: Its bytes.
        may_be_read: Whether reading it is no fault: a flipped pixel is a pixel.
    """

    kind: str
    name: str
    content: bytes
    may_be_read: bool = False


def make_seeds(folder: Path) -> dict[str, bytes]:
    """Return a whole file of each encoding."""
    head = volume_from_affine(make_head(), AFFINE)
    plain = to_bytes(make_file(MR_PIXELS))
    seeds = {
        "explicit.dcm": plain,
        "enhanced.dcm": to_bytes(make_enhanced(head)),
        "jpeg-lossless.dcm": compress_jpeg_lossless(plain, folder),
        "plain.nii": make_nifti(head, packed=False),
        "packed.nii.gz": make_nifti(head),
    }
    for word, syntax in (
        ("implicit", ImplicitVRLittleEndian),
        ("deflated", DeflatedExplicitVRLittleEndian),
    ):
        file = make_file(MR_PIXELS)
        file.file_meta.TransferSyntaxUID = syntax
        seeds[f"{word}.dcm"] = to_bytes(file)
    for word, syntax in (
        ("rle", RLELossless),
        ("jpeg-ls", JPEGLSLossless),
        ("jpeg-2000", JPEG2000Lossless),
    ):
        seeds[f"{word}.dcm"] = to_bytes(compress(make_file(MR_PIXELS), syntax))
    return seeds


def make_truncations(seeds: dict[str, bytes], count: int) -> Iterator[Hostile]:
    """Yield stumps, spread over all encodings and lengths."""
    generator = np.random.default_rng(1)
    names = list(seeds)
    for number in range(count):
        name = names[number % len(names)]
        length = int(generator.integers(0, len(seeds[name])))
        yield Hostile(kind="truncation", name=name, content=seeds[name][:length])


def make_flips(seeds: dict[str, bytes], count: int) -> Iterator[Hostile]:
    """Yield files with one to eight flipped bits."""
    generator = np.random.default_rng(2)
    names = list(seeds)
    for number in range(count):
        name = names[number % len(names)]
        content = bytearray(seeds[name])
        for _ in range(int(generator.integers(1, 9))):
            content[int(generator.integers(len(content)))] ^= 1 << int(
                generator.integers(8)
            )
        yield Hostile(
            kind="bit flips", name=name, content=bytes(content), may_be_read=True
        )


def make_bombs(seeds: dict[str, bytes], *, mib: int) -> Iterator[Hostile]:
    """Yield files that are small and want much."""
    start = seeds["deflated.dcm"].index(b"1.2.840.10008.1.2.1.99") + 22
    meta_end = _meta_end(seeds["deflated.dcm"], start)
    content = seeds["deflated.dcm"][:meta_end] + _pack(b"", mib, -zlib.MAX_WBITS)
    yield Hostile(kind="deflate bomb", name="bomb.dcm", content=content)
    packed = _pack(seeds["plain.nii"], mib, _GZIP)
    yield Hostile(kind="gzip bomb", name="bomb.nii.gz", content=packed)
    head_volume = volume_from_affine(make_head(), AFFINE)
    for dim in ([3, 512, 512, 512, 1, 1, 1, 1], [3, 32767, 32767, 32767, 1, 1, 1, 1]):
        content = make_nifti(head_volume, dim=dim)
        yield Hostile(kind="huge dimensions", name="huge.nii.gz", content=content)
    large = [3, 700, 700, 250, 1, 1, 1, 1]
    header = make_nifti(head_volume, packed=False, dim=large)[:352]
    content = _pack(header, mib, _GZIP)
    yield Hostile(kind="gzip bomb", name="declared.nii.gz", content=content)
    rle = compress(make_file(np.zeros((4096, 4096), np.uint16)), RLELossless)
    rle.NumberOfFrames = 20
    content = to_bytes(rle)
    yield Hostile(kind="huge dimensions", name="rle.dcm", content=content)
    for depth in (33, 190, 200, 5_000, 100_000):
        content = nest(seeds["explicit.dcm"], depth)
        yield Hostile(kind="deep nesting", name=f"nest{depth}.dcm", content=content)


def make_lies(seeds: dict[str, bytes]) -> Iterator[Hostile]:
    """Yield files whose declared sizes are not the actual ones."""
    changes: list[dict[str, object]] = [
        {"Rows": 65_535, "Columns": 65_535, "NumberOfFrames": 1_000},
        {"Rows": 128},
        {"NumberOfFrames": 2},
        {"Rows": 32},
        {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7},
        {"Rows": 0},
        {"NumberOfFrames": 0},
        {"BitsStored": 99},
    ]
    for change in changes:
        content = to_bytes(make_file(MR_PIXELS, **change))
        yield Hostile(kind="lying sizes", name="lie.dcm", content=content)
    plain = seeds["explicit.dcm"]
    place = plain.index(b"\xe0\x7f\x10\x00OW") + 8
    for length in (0, 10, 2**31 - 2, 2**32 - 2, 2**32 - 1):
        content = plain[:place] + length.to_bytes(4, "little") + plain[place + 4 :]
        yield Hostile(kind="lying sizes", name="length.dcm", content=content)


def read(file: Hostile, folder: Path, sandbox: Sandbox) -> bool:
    """Read a file as the importers do; return whether it passed as a whole scan."""
    path = folder / file.name
    path.write_bytes(file.content)
    if ".nii" in file.name:
        read_nifti(path, sandbox)
        return True
    scan = ScanFile(path=path, name=file.name)
    (header,) = read_headers([scan], sandbox, workers=1)
    if isinstance(header, UnreadableScanError):
        raise header
    if exclusion_reason(header) is not None:
        return False
    read_frames(scan, range(len(header.frames)), header, sandbox)
    return True


def try_files(
    files: Iterator[Hostile], folder: Path, sandbox: Sandbox, tally: Tally
) -> None:
    """Read files one after the other, and count how they end."""
    for file in files:
        start = time.monotonic()
        try:
            passed = read(file, folder, sandbox)
        except DataError as error:
            word = "crash of the child" if "crashed" in str(error) else "refused"
        except Exception as error:  # noqa: BLE001 - this is what is counted
            tally.surprises.append(f"{file.kind}: {type(error).__name__}")
            word = "surprise"
        else:
            word = "read" if passed else "left out"
            if passed and not file.may_be_read:
                tally.accepted.append(f"{file.kind} {file.name}")
        elapsed_s = time.monotonic() - start
        tally.outcomes[f"{file.kind}: {word}"] += 1
        if elapsed_s > tally.longest_s:
            tally.longest_s, tally.longest_kind = elapsed_s, file.kind


def try_archives(folder: Path, sandbox: Sandbox, tally: Tally) -> None:
    """Try to open archives that want to write, or to swell."""
    makers: dict[str, Callable[[zipfile.ZipFile], None]] = {
        "zip slip": lambda made: made.writestr("../../slip", b"x"),
        "zip absolute": lambda made: made.writestr("/tmp/slip", b"x"),  # noqa: S108 - a name inside an archive
        "zip bomb": lambda made: made.writestr("bomb", bytes(100 * 2**20)),
        "zip crowd": lambda made: (
            [made.writestr(str(number), b"") for number in range(100_001)] and None
        ),
    }
    for kind, fill in makers.items():
        path = folder / "hostile.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
            fill(made)
        start = time.monotonic()
        try:
            files_of_zip(path, sandbox)
            tally.accepted.append(kind)
            tally.outcomes[f"{kind}: read"] += 1
        except DataError:
            tally.outcomes[f"{kind}: refused"] += 1
        tally.longest_s = max(tally.longest_s, time.monotonic() - start)
        path.unlink()


def count_partial_outputs(seeds: dict[str, bytes], folder: Path, count: int) -> int:
    """Convert studies with one damaged file each; return how many left anything."""
    head = volume_from_affine(make_head(), AFFINE)
    left = 0
    for number, stump in enumerate(make_truncations(seeds, count)):
        study = folder / f"study{number}"
        study.mkdir()
        for index, file in enumerate(make_series(head)):
            (study / f"{index}.dcm").write_bytes(to_bytes(file))
        (study / f"stump-{stump.name}").write_bytes(
            b"\0" * 128 + b"DICM" + stump.content
        )
        out = folder / f"out{number}"
        try:
            convert(study, out)
            left += 1
        except DataError:
            left += bool(list(folder.glob(f"*out{number}*")))
    return left


def measure(
    truncations: int, flips: int, *, mib: int = 1024
) -> tuple[list[Figure], dict[str, object]]:
    """Try the whole corpus.

    Args:
        truncations: Number of stumps.
        flips: Number of files with flipped bits.
        mib: Size that a bomb inflates to.
    """
    tally = Tally()
    with tempfile.TemporaryDirectory() as scratch, Sandbox() as sandbox:
        folder = Path(scratch)
        seeds = make_seeds(folder)
        whole = Tally()
        unchanged = (Hostile(kind="whole", name=n, content=c) for n, c in seeds.items())
        try_files(unchanged, folder, sandbox, whole)
        for corpus in (
            make_truncations(seeds, truncations),
            make_flips(seeds, flips),
            make_bombs(seeds, mib=mib),
            make_lies(seeds),
        ):
            try_files(corpus, folder, sandbox, tally)
        try_archives(folder, sandbox, tally)
        (folder / "outputs").mkdir()
        partial = count_partial_outputs(
            seeds, folder / "outputs", max(truncations // 20, 2)
        )
    peak_gb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e9
    tried = sum(tally.outcomes.values())
    figures = [
        Figure(name="files tried", value=tried),
        Figure(
            name="whole files that were read",
            value=whole.outcomes["whole: read"],
            goal=len(seeds),
            at_least=True,
        ),
        Figure(
            name="crashes of the parent and foreign errors",
            value=len(tally.surprises),
            goal=0,
        ),
        Figure(
            name="crashes of the child that were caught",
            value=sum(
                count for word, count in tally.outcomes.items() if "crash" in word
            ),
        ),
        Figure(
            name="longest time for one file",
            value=tally.longest_s,
            unit="s",
            goal=GOAL_S,
            note=tally.longest_kind,
        ),
        Figure(
            name="highest memory of a child", value=peak_gb, unit="GB", goal=GOAL_GB
        ),
        Figure(
            name="stumps, bombs and lies accepted", value=len(tally.accepted), goal=0
        ),
        Figure(name="partial outputs", value=partial, goal=0),
    ]
    details = {
        "outcomes": dict(sorted(tally.outcomes.items())),
        "surprises": tally.surprises,
        "accepted": tally.accepted,
    }
    return figures, details


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, write the JSON where wanted."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--truncations", type=int, default=200)
    parser.add_argument("--flips", type=int, default=2_000)
    parser.add_argument("--mib", type=int, default=1024, help="a bomb inflates to")
    parser.add_argument("--json", type=Path, help="write the figures there")
    options = parser.parse_args(arguments)
    figures, details = measure(options.truncations, options.flips, mib=options.mib)
    report(make_result("hostile_files", figures, details=details), options.json)
    return 0


def _pack(start: bytes, mib: int, window: int) -> bytes:
    """Deflate some bytes and many zeros, without holding them: the parent stays small."""
    packer, zeros = zlib.compressobj(9, zlib.DEFLATED, window), bytes(2**20)
    parts = [packer.compress(start), *(packer.compress(zeros) for _ in range(mib))]
    return b"".join(parts) + packer.flush()


def _meta_end(content: bytes, start: int) -> int:
    """Return where the file meta group ends: behind its last element."""
    length_place = content.index(b"\2\0\0\0UL\4\0") + 8
    length = int.from_bytes(content[length_place : length_place + 4], "little")
    return max(start, length_place + 4 + length)


if __name__ == "__main__":
    sys.exit(main())
