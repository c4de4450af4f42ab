"""Whole patients through the command, twice: an answer key for what must stay and what go.

Each patient has two visits, and each visit images, a structured report and a parametric
map that refer to them. The visits go through two processes with one vault. Patients are
told apart afterwards by their weight, which is kept; everything else is compared with the
answer key. A file that is missing counts against every class it should have been in.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from deid_plant import make_image, to_bytes
from pydicom import Dataset, FileDataset
from pydicom.sequence import Sequence

from tumorscope.deid.identity import is_registered
from tumorscope.io.vault_key import write_new_key

RESULTS = Path(__file__).parent / "results"
IMAGES = 3
REPORT, MAP = "1.2.840.10008.5.1.4.1.1.88.34", "1.2.840.10008.5.1.4.1.1.30"
KEPT = ("PatientSex", "PatientWeight", "EchoTime", "Rows", "Modality", "InstanceNumber")
DATES = ("StudyDate", "SeriesDate", "AcquisitionDate")
LEAST_OFFSET, MOST_OFFSET = 1, 3650


def main() -> None:
    """Make patients, run both visits, and write the counts of each class."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=200)
    parser.add_argument("--out", type=Path, default=RESULTS / "deid_study.json")
    options = parser.parse_args()
    result = measure(options.patients)
    options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(result, indent=1) + "\n")


def measure(patients: int) -> dict[str, Any]:
    """Return for each class how many were checked, and how many failed."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        write_new_key(place / "key")
        said = []
        for visit in (1, 2):
            _write_visit(place / f"in{visit}", patients, visit)
            said.append(_run(place, visit))
        checked, failed = _compare(place, patients)
        tokens = _tokens(patients)
        leaks = {
            "output and its names": _leaks(_files(place, "out1", "out2"), tokens),
            "logs and messages": _leaks(iter(said), tokens),
            "vault and its log": _leaks(_files(place, "vault"), tokens),
            "temporary files": _leaks(_files(place, "tmp1", "tmp2"), tokens),
        }
    return {
        "patients": patients,
        "files": patients * 2 * (IMAGES + 2) + patients // 10,
        "checked": dict(sorted(checked.items())),
        "failed": {kind: failed[kind] for kind in sorted(checked)},
        "share_right": 1 - sum(failed.values()) / max(sum(checked.values()), 1),
        "identifiers_found": leaks,
    }


def _write_visit(folder: Path, patients: int, visit: int) -> None:
    folder.mkdir()
    for number in range(patients):
        for data in _visit(number, visit):
            name = f"{number:03d}-{data.SeriesNumber}-{data.InstanceNumber}.dcm"
            (folder / name).write_bytes(to_bytes(data))


def _visit(number: int, visit: int) -> Iterator[FileDataset]:
    images = [_image(number, visit, slice_) for slice_ in range(1, IMAGES + 1)]
    yield from images
    yield _refer(_image(number, visit, 1), images, REPORT, 5)
    yield _refer(_image(number, visit, 1), images, MAP, 6)
    if visit == 1 and number % 10 == 0:
        burned = _image(number, visit, 9)
        burned.BurnedInAnnotation = "YES"
        yield burned


def _image(number: int, visit: int, slice_: int) -> FileDataset:
    """Return one slice; all that identifies a patient follows from its number."""
    data = make_image(32, number=slice_)
    family, given = _name(number)
    day = _day(number, visit)
    data.PatientName, data.PatientID = f"{family}^{given}", _patient_id(number)
    data.PatientWeight = f"{40 + number / 10:.1f}"
    data.AccessionNumber = f"ACC{number:05d}X{visit}"
    data.StudyDescription = f"t1 tse sag {family}"
    data.ImageComments = f"pat {_patient_id(number)} seen {day:%d.%m.%Y}"
    for keyword in DATES:
        setattr(data, keyword, f"{day:%Y%m%d}")
    data.StudyInstanceUID = f"1.2.826.0.1.9.{number}.{visit}"
    data.SeriesInstanceUID = f"1.2.826.0.1.9.{number}.{visit}.1"
    data.FrameOfReferenceUID = f"1.2.826.0.1.9.{number}.99"
    data.SOPInstanceUID = f"1.2.826.0.1.9.{number}.{visit}.1.{slice_}"
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    data.ReferringPhysicianName = f"{family}son^Doctor"
    return data


def _refer(
    data: FileDataset, images: list[FileDataset], sop_class: str, series: int
) -> FileDataset:
    """Turn a slice into a report or a map that refers to all images of the visit."""
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = sop_class
    data.SeriesNumber, data.Modality = series, "SR" if sop_class == REPORT else "MR"
    data.SeriesInstanceUID = f"{images[0].StudyInstanceUID}.{series}"
    data.SOPInstanceUID = f"{data.SeriesInstanceUID}.1"
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    references = [_reference(image) for image in images]
    if sop_class == MAP:
        source = Dataset()
        source.SourceImageSequence = Sequence(references)
        group = Dataset()
        group.DerivationImageSequence = Sequence([source])
        data.PerFrameFunctionalGroupsSequence = Sequence([group])
        return data
    del data.PixelData
    items = []
    for reference in references:
        item = Dataset()
        item.RelationshipType, item.ValueType = "SELECTED FROM", "IMAGE"
        item.ReferencedSOPSequence = Sequence([reference])
        items.append(item)
    data.ValueType, data.ContinuityOfContent = "CONTAINER", "SEPARATE"
    data.ContentSequence = Sequence(items)
    return data


def _reference(image: FileDataset) -> Dataset:
    found = Dataset()
    found.ReferencedSOPClassUID = image.SOPClassUID
    found.ReferencedSOPInstanceUID = image.SOPInstanceUID
    return found


def _run(place: Path, visit: int) -> bytes:
    """Run the command in a process of its own, and return all that it said."""
    temporary = place / f"tmp{visit}"
    temporary.mkdir()
    folders = [str(place / f"in{visit}"), str(place / f"out{visit}")]
    keys = ["--vault", str(place / "vault" / "v.sqlite"), "--key-file", f"{place}/key"]
    done = subprocess.run(  # noqa: S603 - our own command
        [
            *(sys.executable, "-m", "tumorscope", "deid", *folders, *keys),
            *("--set", "deid.faces=flag"),
        ],
        capture_output=True,
        env=os.environ | {"TMPDIR": str(temporary)},
        check=True,
    )
    return done.stdout + done.stderr


def _compare(place: Path, patients: int) -> tuple[Counter[str], Counter[str]]:
    checked: Counter[str] = Counter()
    failed: Counter[str] = Counter()

    def check(kind: str, holds: bool) -> None:  # noqa: FBT001 - what was found
        checked[kind] += 1
        failed[kind] += not holds

    found = [_read_output(place / f"out{visit}") for visit in (1, 2)]
    for number in range(patients):
        uids: dict[str, set[str]] = defaultdict(set)
        names, offsets = set(), set()
        for visit in (1, 2):
            for source in _visit(number, visit):
                key = (f"{40 + number / 10:.1f}", *_place(source))
                new = found[visit - 1].get(key)
                if source.get("BurnedInAnnotation") == "YES":
                    check("pixels_hidden", new is None)
                    continue
                check("file_there", new is not None)
                if new is None:
                    continue
                names.add((str(new.PatientName), str(new.PatientID)))
                _check_file(check, source, new, number)
                offsets |= _offsets(source, new)
                for old, replaced in zip(_uids(source), _uids(new), strict=True):
                    uids[old].add(replaced)
        check("patid_consistent", len(names) == 1 and len(*names) == 2)
        check(
            "date_shifted",
            len(offsets) == 1 and LEAST_OFFSET <= min(offsets) <= MOST_OFFSET,
        )
        _check_uids(check, uids)
    return checked, failed


def _check_uids(check: Any, uids: dict[str, set[str]]) -> None:
    targets = [min(new) for new in uids.values()]
    for old, new in uids.items():
        if is_registered(old):
            check("uid_of_registry_kept", new == {old})
            continue
        check("uid_changed", old not in new)
        check("uid_consistent", len(new) == 1 and targets.count(min(new)) == 1)


def _check_file(check: Any, source: FileDataset, new: FileDataset, number: int) -> None:
    for keyword in KEPT:
        check("tag_retained", source.get(keyword) == new.get(keyword))
    check("text_notnull", bool(new.StudyInstanceUID and new.SOPInstanceUID))
    check("text_retained", str(new.get("StudyDescription", "")).lower() == "t1 tse sag")
    text = new.to_json().lower()
    told = [*_name(number), _patient_id(number), f"acc{number:05d}", "doctor"]
    check("text_removed", not any(one.lower() in text for one in told))
    if "PixelData" in source:
        check("pixels_retained", source.PixelData == new.get("PixelData"))


def _offsets(source: FileDataset, new: FileDataset) -> set[int]:
    """Return by how many days each date moved; times must not move."""
    moved = {
        (_date(source[keyword].value) - _date(new[keyword].value)).days
        for keyword in DATES
    }
    same_time = source.StudyTime == new.StudyTime
    return moved if same_time else {*moved, -1}


def _date(text: str) -> date:
    return date(int(text[:4]), int(text[4:6]), int(text[6:8]))


def _uids(data: FileDataset) -> list[str]:
    return [str(one.value) for one in data.iterall() if one.VR == "UI" and one.VM == 1]


def _place(data: FileDataset) -> tuple[str, str]:
    return str(data.SeriesNumber), str(data.InstanceNumber)


def _read_output(out: Path) -> dict[tuple[str, ...], FileDataset]:
    read = [pydicom.dcmread(path) for path in (out / "data").rglob("*.dcm")]
    return {(f"{float(one.PatientWeight):.1f}", *_place(one)): one for one in read}


def _files(place: Path, *folders: str) -> Iterator[bytes]:
    for folder in folders:
        for path in (place / folder).rglob("*"):
            content = path.read_bytes() if path.is_file() else b""
            yield str(path.relative_to(place)).encode() + b"\n" + content


def _leaks(contents: Iterator[bytes], tokens: list[bytes]) -> int:
    """Return how often an identifier of any patient stands in some files."""
    return sum(
        token in small
        for content in contents
        for small in [content.lower()]
        for token in tokens
    )


def _tokens(patients: int) -> list[bytes]:
    return [
        token.lower().encode()
        for number in range(patients)
        for token in (*_name(number), _patient_id(number), f"ACC{number:05d}X")
    ]


def _name(number: int) -> tuple[str, str]:
    """Return a name that is none of the words of MRI."""
    letters = np.random.default_rng([7, number]).integers(0, 26, 14)
    text = "".join(chr(97 + int(one)) for one in letters)
    return f"Zq{text[:7]}".title(), f"Xj{text[7:]}".title()


def _patient_id(number: int) -> str:
    return f"KV-{number * 7919 % 100_000:05d}-{number:03d}"


def _day(number: int, visit: int) -> date:
    first = date(2015, 1, 1) + timedelta(days=number * 11)
    return first if visit == 1 else first + timedelta(days=30 + number)


if __name__ == "__main__":
    main()
