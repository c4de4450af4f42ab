"""An upload loses its identifiers, names of files included, and keeps order and sequence."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from tumorscope.domain.errors import UnreadableScanError
from tumorscope.domain.volume import volume_from_affine
from tumorscope.serve.deidentify import CLEAN, deidentify_study
from tumorscope.workflows.clean_upload import clean_upload
from tumorscope.workflows.reidentify import make_key

AFFINE = np.array([[0, 0, 1.0, -10], [0, 1.5, 0, -20], [3.0, 0, 0, 5], [0, 0, 0, 1]])
NAME = "Mueller^Anna"


@pytest.fixture(scope="module")
def sent(tmp_path_factory, scan_makers):
    """Return a folder as a sender would make it: an archive, volumes, pictures, a stump."""
    folder = tmp_path_factory.mktemp("sent") / "study-1"
    folder.mkdir()
    series = scan_makers.make_series(
        volume_from_affine(scan_makers.make_head(), AFFINE),
        PatientName=NAME,
        PatientID="4711",
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        for number, one in enumerate(series):
            made.writestr(f"{NAME}/IM{number}", scan_makers.to_bytes(one))
    (folder / f"{NAME}.zip").write_bytes(packed.getvalue())
    nifti = scan_makers.make_nifti(volume_from_affine(scan_makers.make_head(), AFFINE))
    for word in ("flair", "t1"):
        (folder / f"Mueller_Anna_{word}.nii.gz").write_bytes(nifti)
    random = np.random.default_rng(0)
    for number in (2, 10, 1):
        pixels = random.integers(0, 255, (32, 32)).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"mueller-{number:03d}.png")
    (folder / "broken.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"Mueller")
    return folder


@pytest.fixture(scope="module")
def cleaned(sent, tmp_path_factory):
    """Return what is left of it."""
    place = tmp_path_factory.mktemp("clean")
    make_key(place / "key", in_keyring=False)
    return clean_upload(
        sent.parent, place / "out", vault=place / "vault", key_file=place / "key"
    )


def test_no_name_is_left_in_names_or_bytes(cleaned):
    """Neither a path nor a byte of the clean files names the patient."""
    files = [path for path in cleaned.folder.rglob("*") if path.is_file()]

    assert len(files) == 6 + 2 + 3
    for path in files:
        assert "mueller" not in str(path).lower()
        assert b"Mueller" not in path.read_bytes()


def test_the_archive_is_unpacked_and_its_patient_has_a_pseudonym(cleaned):
    """Files of a zip are de-identified like any others, under the header's patient."""
    assert len(cleaned.pseudonyms) == 2
    assert all(one.startswith("P") for one in cleaned.pseudonyms)
    assert len(list(cleaned.folder.rglob("*.dcm"))) == 6


def test_volumes_keep_their_sequence_and_pictures_their_order(cleaned):
    """A reader of names finds case and sequence; pictures sort as they did."""
    volumes = sorted(path.name for path in cleaned.folder.rglob("*.nii.gz"))
    pictures = sorted(path.name for path in cleaned.folder.rglob("*.png"))

    assert volumes == ["case0000_flair.nii.gz", "case0000_t1.nii.gz"]
    assert len(pictures) == 3
    assert all(name[:5].isdigit() for name in pictures)


def test_what_was_left_out_is_named_by_number_and_reason(cleaned):
    """A file that cannot be de-identified is left out, and its name is not told."""
    (one,) = cleaned.left_out

    assert one.label.startswith("file ")
    assert one.reason.startswith("de-identification: ")
    assert "broken" not in one.label + one.reason


def test_where_nothing_can_be_de_identified_nothing_goes_on(tmp_path):
    """No file that may hold a name is passed on."""
    folder = tmp_path / "in" / "study"
    folder.mkdir(parents=True)
    (folder / "a.dcm").write_bytes(b"no scan")
    make_key(tmp_path / "key", in_keyring=False)

    with pytest.raises(UnreadableScanError, match="none of 1 files"):
        clean_upload(
            folder.parent,
            tmp_path / "out",
            vault=tmp_path / "vault",
            key_file=tmp_path / "key",
        )


def test_a_study_is_cleaned_once_and_half_a_run_leaves_nothing(tmp_path):
    """A second call reads what is there; a failure leaves no folder that looks clean."""
    study = tmp_path / "studies" / "abc"
    study.mkdir(parents=True)
    calls = []

    def lay_out(folder):
        calls.append(folder)
        if len(calls) == 1:
            raise OSError("stopped")
        Image.fromarray(np.eye(32, dtype=np.uint8) * 200).save(folder / "a.png")

    with pytest.raises(OSError, match="stopped"):
        deidentify_study(study, data=tmp_path, owner="one", lay_out=lay_out)
    assert list(study.iterdir()) == []
    first = deidentify_study(study, data=tmp_path, owner="two", lay_out=lay_out)
    again = deidentify_study(study, data=tmp_path, owner="three", lay_out=lay_out)

    assert first == again
    assert len(calls) == 2
    assert [path.name for path in study.iterdir()] == [CLEAN]
