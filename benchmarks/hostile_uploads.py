"""Uploads that a hostile sender would make, beyond damaged files: the rows A1 to A13.

Every input is a list of files, as one upload. What stands in a text is a mark that must
never be run, and never be a path.
"""

from __future__ import annotations

import gzip
import io
import os
import stat
import struct
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from hostile_files import AFFINE, MR_PIXELS, Hostile
from PIL import Image
from synthetic_scans import make_file, make_head, make_nifti, to_bytes

from tumorscope.domain.volume import volume_from_affine

SCRIPT = "<script>alert(1)</script>"
LONG_UID = "1.2." + "3" * 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One upload.

    Attributes:
        row: Of the test matrix.
        kind: What is wrong with it.
        files: Name and content of each file.
        may_pass: Whether a result is no fault.
        headers: Sent with each file.
    """

    row: str
    kind: str
    files: tuple[tuple[str, bytes], ...]
    may_pass: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


def of_files(row: str, files: list[Hostile], *, size: int = 1) -> Iterator[Upload]:
    """Yield hostile files as uploads of several files each."""
    for start in range(0, len(files), size):
        part = files[start : start + size]
        yield Upload(
            row=row,
            kind=part[0].kind,
            files=tuple(
                (f"{number}-{one.name}", one.content) for number, one in enumerate(part)
            ),
            may_pass=any(one.may_be_read for one in part),
        )


def plain_damage() -> Iterator[Upload]:
    """Yield A1: what is no scan at all."""
    random = np.random.default_rng(3)
    yield Upload(row="A1", kind="empty file", files=(("a.dcm", b""),))
    yield Upload(row="A1", kind="random bytes", files=(("a.dcm", random.bytes(9999)),))
    noise = b"\0" * 128 + b"DICM" + random.bytes(5000)
    yield Upload(row="A1", kind="random after DICM", files=(("a.dcm", noise),))
    for name in ("a.png", "a.jpg", "a.tif", "a.nii", "a.nii.gz", "a.zip", "a.exe"):
        yield Upload(
            row="A1", kind=f"random {name}", files=((name, random.bytes(4096)),)
        )


def archives() -> Iterator[Upload]:
    """Yield A3 and the archives of A2."""
    plain = to_bytes(make_file(MR_PIXELS))
    for kind, name in (
        ("zip slip", "../../../slip.dcm"),
        ("zip slip, backslash", "..\\..\\slip.dcm"),
        ("zip absolute", "/tmp/tumorscope-slip.dcm"),  # noqa: S108 - inside an archive
        ("zip of Windows", "C:\\slip.dcm"),
        ("zip of a script", f"{SCRIPT}.dcm"),
    ):
        yield _archive("A3", kind, {name: plain})
    yield _archive(
        "A3", "zip link", {"link": b"/etc/passwd"}, mode=stat.S_IFLNK | 0o777
    )
    yield _archive("A3", "zip device", {"device": b""}, mode=stat.S_IFCHR | 0o666)
    crowd = {str(number): b"" for number in range(100_001)}
    yield _archive("A3", "zip crowd", crowd)
    inner = _zip({"a.dcm": plain})
    yield _archive("A3", "zip in zip", {"inner.zip": inner})
    bomb = _zip({"bomb.dcm": bytes(300 * 2**20)})
    yield Upload(row="A2", kind="zip bomb", files=(("a.zip", bomb),))
    lying = bytearray(_zip({"a.dcm": plain * 50}))
    place = lying.rindex(b"PK\1\2") + 24
    lying[place : place + 4] = struct.pack("<I", 10)
    yield Upload(row="A2", kind="forged zip size", files=(("a.zip", bytes(lying)),))
    quine = _zip({"a.png": b"\0" * 2**20, "a.PNG": b"\0"})
    yield Upload(row="A2", kind="zip of one name twice", files=(("a.zip", quine),))


def pictures() -> Iterator[Upload]:
    """Yield the pictures of A2, A7 and A9."""
    for side in (13_000, 20_000):
        content = _png(np.zeros((side, side), np.uint8))
        yield Upload(row="A2", kind=f"png of {side} px", files=(("a.png", content),))
    head = bytearray(_png(np.zeros((64, 64), np.uint8)))
    head[16:24] = struct.pack(">II", 60_000, 60_000)
    yield Upload(row="A2", kind="png header lie", files=(("a.png", bytes(head)),))
    random = np.random.default_rng(4)
    for kind, pixels in (
        ("constant picture", np.full((96, 96), 90, np.uint8)),
        ("black picture", np.zeros((96, 96), np.uint8)),
    ):
        yield Upload(row="A7", kind=kind, files=(("a.png", _png(pixels)),))
    color = random.integers(0, 255, (96, 96, 3)).astype(np.uint8)
    yield Upload(
        row="A8", kind="color photo", files=(("a.png", _png(color)),), may_pass=True
    )
    noise = random.integers(0, 255, (96, 96)).astype(np.uint8)
    yield Upload(row="A8", kind="noise", files=(("a.png", _png(noise)),), may_pass=True)


def texts() -> Iterator[Upload]:
    """Yield A4 and A5: hostile texts and polyglots that are else whole scans."""
    for kind, values in (
        ("script in names", {"PatientName": SCRIPT, "SeriesDescription": SCRIPT}),
        (
            "script in the sequence",
            {"ProtocolName": SCRIPT, "StudyDescription": SCRIPT},
        ),
        ("dots in UIDs", {"SeriesInstanceUID": "../../../slip"}),
        ("CR LF in UIDs", {"StudyInstanceUID": "1.2\r\nX: y"}),
        ("long UIDs", {"SeriesInstanceUID": LONG_UID, "StudyInstanceUID": LONG_UID}),
        ("NUL in the patient ID", {"PatientID": "a\0b"}),
        ("path as patient ID", {"PatientID": "../../../../slip"}),
        ("formula as patient ID", {"PatientID": "=cmd|' /C calc'!A0"}),
    ):
        content = to_bytes(make_file(MR_PIXELS, **values))
        yield Upload(row="A4", kind=kind, files=(("a.dcm", content),), may_pass=True)
    plain = to_bytes(make_file(MR_PIXELS))
    for kind, start in (
        ("ELF preamble", b"\x7fELF"),
        ("HTML preamble", b"<html><script>alert(1)</script>"),
        ("TIFF preamble", b"II*\0\x08\0\0\0"),
        ("MZ preamble", b"MZ"),
    ):
        content = start.ljust(128, b"\0") + plain[128:]
        yield Upload(row="A5", kind=kind, files=(("a.dcm", content),), may_pass=True)
    for name in (
        f"{SCRIPT}.dcm",
        "../../../slip.dcm",
        "a\r\nX-Y: z.dcm",
        "\u202egnp.dcm",
    ):
        yield Upload(
            row="A4",
            kind="hostile file name",
            files=((name, plain),),
            may_pass=True,
        )


def orthanc_classes() -> Iterator[Upload]:
    """Yield A6: the classes of CVE-2026-5437 to 5445, one input for each."""
    plain = to_bytes(make_file(MR_PIXELS))
    packed = _gzip_bomb()
    yield Upload(
        row="A6",
        kind="gzip body",
        files=(("a.dcm", packed),),
        headers={"Content-Encoding": "gzip"},
    )
    lying = bytearray(_zip({"a.dcm": plain}))
    for mark, shift in ((b"PK\1\2", 24), (b"PK\3\4", 22)):
        place = lying.rindex(mark) + shift
        lying[place : place + 4] = struct.pack("<I", 2**32 - 2)
    yield Upload(row="A6", kind="zip size lie", files=(("a.zip", bytes(lying)),))
    place = plain.index(b"\2\0\1\0OB") + 8
    endless = plain[:place] + struct.pack("<I", 2**32 - 1) + plain[place + 4 :]
    yield Upload(row="A6", kind="unbounded meta length", files=(("a.dcm", endless),))
    for tag, word in ((b"\x28\0\x10\0", "rows"), (b"\x28\0\x11\0", "columns")):
        where = plain.index(tag + b"US")
        changed = (
            plain[:where]
            + tag
            + b"UL\4\0"
            + struct.pack("<I", 2**31 - 1)
            + plain[where + 10 :]
        )
        yield Upload(row="A6", kind=f"UL-typed {word}", files=(("a.dcm", changed),))
    for kind, entries in (("palette", 256), ("LUT index", 2)):
        values = {
            "PhotometricInterpretation": "PALETTE COLOR",
            **{
                f"{color}PaletteColorLookupTableDescriptor": [entries, 0, 16]
                for color in ("Red", "Green", "Blue")
            },
            **{
                f"{color}PaletteColorLookupTableData": b"\0\1" * entries
                for color in ("Red", "Green", "Blue")
            },
        }
        content = to_bytes(make_file(MR_PIXELS, **values))
        yield Upload(row="A6", kind=kind, files=(("a.dcm", content),))
    pam = (
        b"P7\nWIDTH 65535\nHEIGHT 65535\nDEPTH 4\nMAXVAL 65535\n"
        b"TUPLTYPE RGB_ALPHA\nENDHDR\n\0\0"
    )
    for name in ("a.pam", "a.png", "a.dcm"):
        yield Upload(row="A6", kind=f"PAM as {name}", files=((name, pam),))
    frames = to_bytes(make_file(MR_PIXELS, NumberOfFrames=10**9))
    yield Upload(row="A6", kind="frame count", files=(("a.dcm", frames),))


def volumes() -> Iterator[Upload]:
    """Yield the volumes of A1, A7 and A13."""
    head = volume_from_affine(make_head().astype(np.float32), AFFINE)
    for kind, value, share in (
        ("all NaN", np.nan, 1.0),
        ("all Inf", np.inf, 1.0),
        ("1 % NaN", np.nan, 0.01),
        ("all zero", 0.0, 1.0),
    ):
        voxels = make_head().astype(np.float32)
        chosen = np.random.default_rng(5).random(voxels.shape) < share
        voxels[chosen] = value
        content = make_nifti(volume_from_affine(voxels, AFFINE))
        yield Upload(
            row="A7",
            kind=kind,
            files=(("a_flair.nii.gz", content),),
            may_pass=share < 1,
        )
    for dim in ([3, -5, 5, 5, 1, 1, 1, 1], [7, 2, 2, 2, 2, 2, 2, 2], [0] * 8):
        content = make_nifti(head, dim=dim)
        yield Upload(
            row="A1", kind="odd dimensions", files=(("a_flair.nii.gz", content),)
        )
    for modality in ("CT", "US", "CR", "SEG"):
        content = to_bytes(make_file(MR_PIXELS, Modality=modality))
        yield Upload(row="A8", kind=f"modality {modality}", files=(("a.dcm", content),))
    color = to_bytes(
        make_file(
            MR_PIXELS,
            SamplesPerPixel=3,
            PhotometricInterpretation="RGB",
            PlanarConfiguration=0,
        )
    )
    yield Upload(row="A9", kind="color DICOM", files=(("a.dcm", color),))


def _archive(
    row: str, kind: str, members: Mapping[str, bytes], *, mode: int = 0
) -> Upload:
    return Upload(row=row, kind=kind, files=(("a.zip", _zip(members, mode=mode)),))


def _zip(members: Mapping[str, bytes], *, mode: int = 0) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            info.filename = name
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = mode << 16
            made.writestr(info, content)
    return out.getvalue()


def _gzip_bomb() -> bytes:
    return gzip.compress(bytes(256 * 2**20), compresslevel=9)


def _png(pixels: np.ndarray) -> bytes:
    Image.MAX_IMAGE_PIXELS = None
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def leftovers(marks: tuple[str, ...] = ("slip", "tumorscope-slip")) -> list[str]:
    """Return files that an archive or a name wrote where nothing may be written."""
    places = ("/tmp", "/", "/etc", os.getcwd(), os.path.dirname(os.getcwd()))  # noqa: S108, PTH109, PTH120 - looked at only
    return [
        f"{place}/{mark}.dcm"
        for place in places
        for mark in marks
        if os.path.exists(f"{place}/{mark}.dcm")  # noqa: PTH110
    ]
