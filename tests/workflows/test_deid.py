"""Tests of whole runs: from a folder of patients to a folder without them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from tumorscope.deid.keys import PatientKeys
from tumorscope.domain.errors import ConfigError
from tumorscope.io.vault import Vault
from tumorscope.io.vault_audit import audit_log_of, read_log
from tumorscope.io.vault_key import read_master_key, write_new_key
from tumorscope.workflows.deid import deidentify
from tumorscope.workflows.forget import forget
from tumorscope.workflows.reidentify import make_key, reidentify

MR_CLASS = "1.2.840.10008.5.1.4.1.1.4"
TOKENS = (b"vandermolen", b"wilhelmina", b"kx-4471", b"oosterbroek", b"petersen")

pytestmark = pytest.mark.slow


def write_slice(
    path, *, patient="KX-4471-902", name="Vandermolen^Wilhelmina", number=1, **changes
):
    """Write a slice of a made-up patient."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = MR_CLASS
    data = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
    values = {
        "SOPClassUID": MR_CLASS,
        "SOPInstanceUID": f"1.2.3.{number}",
        "StudyInstanceUID": "1.2.8",
        "SeriesInstanceUID": "1.2.9",
        "StudyDate": "20190214",
        "Modality": "MR",
        "PatientName": name,
        "PatientID": patient,
        "PatientSex": "F",
        "PatientAge": "061Y",
        "ReferringPhysicianName": "Oosterbroek^Pieter",
        "Rows": 4,
        "Columns": 4,
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": 16,
        "BitsStored": 16,
        "HighBit": 15,
        "PixelRepresentation": 0,
        "PixelData": np.arange(16, dtype="<u2").tobytes(),
    }
    for keyword, value in (values | changes).items():
        setattr(data, keyword, value)
    meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    path.parent.mkdir(parents=True, exist_ok=True)
    data.save_as(path, enforce_file_format=True)


def make_place(folder):
    """Make an input of two patients, with a reference between two files, and a key."""
    reference = pydicom.Dataset()
    reference.ReferencedSOPClassUID = MR_CLASS
    reference.ReferencedSOPInstanceUID = "1.2.3.1"
    references = pydicom.Sequence([reference])
    own = folder / "in" / "Vandermolen"
    write_slice(own / "1.dcm", number=1)
    write_slice(own / "2.dcm", number=2, ReferencedImageSequence=references)
    write_slice(
        folder / "in" / "p.dcm",
        patient="99",
        name="Petersen^Ole",
        number=3,
        PatientSex="M",
        PatientAge="091Y",
    )
    write_new_key(folder / "key")
    return folder


@pytest.fixture
def place(tmp_path):
    """Return a folder with an input and a key."""
    return make_place(tmp_path)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Return a folder, what its input was, and one finished run, for looking at."""
    folder = make_place(tmp_path_factory.mktemp("finished"))
    before = {
        path: (path.read_bytes(), path.stat().st_mtime_ns)
        for path in (folder / "in").rglob("*.dcm")
    }
    return folder, before, run(folder)


def run(place, out="out", **options):
    chosen = {"vault": place / "vault.sqlite", "key_file": place / "key"} | options
    return deidentify(place / "in", place / out, **chosen)


def outputs(place, out="out"):
    return sorted(path for path in (place / out / "data").rglob("*") if path.is_file())


def tokens_in(folder):
    found = []
    for path in folder.rglob("*"):
        content = str(path.relative_to(folder)).encode()
        content += path.read_bytes() if path.is_file() else b""
        found += [token for token in TOKENS if token in content.lower()]
    return found


def test_nothing_of_a_patient_is_left_anywhere(finished):
    """Not in files, names, folders, journal, reports or the summary."""
    folder, _, written = finished

    assert written.report.n_written == 3
    assert written.report.n_patients == 2
    assert tokens_in(folder / "out") == []
    assert not any(token.decode() in written.summary.lower() for token in TOKENS)


def test_the_source_is_not_touched(finished):
    """Bytes and times of the input are what they were."""
    _, before, _ = finished

    assert before == {
        path: (path.read_bytes(), path.stat().st_mtime_ns) for path in before
    }


def test_another_run_maps_the_same(finished):
    """Same vault, same pseudonyms, identifiers and bytes."""
    folder, _, _ = finished
    run(folder, out="again")

    first, second = (
        {
            path.relative_to(folder / out): path.read_bytes()
            for path in outputs(folder, out)
        }
        for out in ("out", "again")
    )
    assert {path.relative_to("data") for path in first} == {
        path.relative_to("data") for path in second
    }
    assert list(first.values()) == list(second.values())


def test_the_report_counts_tags_and_groups(finished):
    """Tags and actions, the self-check, and groups that are too small."""
    report = finished[2].report

    counted = {(one.field, one.action): one.elements for one in report.actions}
    assert counted["(0010,0020) PatientID", "pseudonym"] == 3
    assert counted["(0008,0020) StudyDate", "date"] == 3
    assert (report.check.n_read, report.check.n_witnessed) == (3, 2)
    assert report.check.n_withdrawn == 0
    assert report.anonymity.n_alone == 2
    assert {(one.age, one.sex) for one in report.anonymity.small_cells} == {
        ("61", "F"),
        ("90", "M"),
    }


def test_references_between_objects_hold(finished):
    """A reference to another instance of the patient still leads to it."""
    read = [pydicom.dcmread(path) for path in outputs(finished[0])]

    instances = {one.SOPInstanceUID for one in read}
    referring = next(one for one in read if "ReferencedImageSequence" in one)
    assert referring.ReferencedImageSequence[0].ReferencedSOPInstanceUID in instances
    # Two people under one study UID, a fault of the source, are taken apart.
    assert len({one.StudyInstanceUID for one in read}) == 2


def test_reidentify_leads_back_and_is_logged(finished):
    """Only with vault and key, and never without a line in the log."""
    folder = finished[0]
    pseudonym = outputs(folder)[0].relative_to(folder / "out" / "data").parts[0]
    options = {"vault": folder / "vault.sqlite", "key_file": folder / "key"}

    found = reidentify(pseudonym, why="incidental finding", **options)

    assert (found.patient_id, found.names) in {
        ("KX-4471-902", ("Vandermolen^Wilhelmina",)),
        ("99", ("Petersen^Ole",)),
    }
    assert "KX-4471" not in repr(found)
    lines = read_log(audit_log_of(folder / "vault.sqlite"))
    assert [(one.action, one.pseudonym, one.why) for one in lines] == [
        ("reidentify", pseudonym, "incidental finding")
    ]
    with pytest.raises(ConfigError, match="--why is empty"):
        reidentify(pseudonym, why=" ", **options)
    with pytest.raises(ConfigError, match="made with another vault, or forgotten"):
        reidentify("P" + 16 * "A", why="x", **options)


def test_a_stopped_run_goes_on_with_what_is_missing(place):
    """Finished files are not written again; a missing one is."""
    run(place)
    kept, lost, _ = outputs(place)
    stamp = kept.stat().st_mtime_ns
    lost.unlink()

    written = run(place)

    assert written.report.n_written == 3
    assert kept.stat().st_mtime_ns == stamp
    assert lost.exists()


def test_one_way_keeps_no_key(place):
    """No vault is made, and a second run knows nobody."""
    options = {"assignments": ["deid.mode=one-way"], "vault": place / "none.sqlite"}
    first = run(place, **options)
    names = {path.name for path in outputs(place)}

    run(place, out="again", **options)

    assert "No key was kept" in first.summary
    assert not (place / "none.sqlite").exists()
    assert names.isdisjoint(path.name for path in outputs(place, "again"))


def test_safe_harbor_needs_a_word_on_faces(place):
    """Without it every head stays in quarantine; with it the report carries it."""
    chosen = ["deid.mode=safe-harbor"]
    refused = run(place, assignments=chosen)

    done = run(place, out="b", assignments=[*chosen, 'deid.face_free="stripped"'])

    assert {one.code for one in refused.report.quarantine} == {"face-not-removed"}
    assert done.report.n_written == 3
    assert "stripped" in done.html.read_text()
    assert "Safe Harbor" in done.summary


def test_quarantine_names_no_file(place):
    """Reasons have codes, and files have numbers and digests."""
    (place / "in" / "Vandermolen.doc").write_bytes(b"letter")
    write_slice(place / "in" / "x.dcm", patient="", number=7)
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(place / "in" / "a.png")
    (place / "in" / "link.dcm").symlink_to(place / "in" / "p.dcm")
    (place / "in" / "cut.dcm").write_bytes((place / "in" / "p.dcm").read_bytes()[:500])
    write_slice(place / "in" / "y.dcm", number=1, InstanceNumber="9")
    shutil.copy(place / "in" / "p.dcm", place / "in" / "z.dcm")

    written = run(place, assignments=["deid.faces=flag"])

    codes = sorted(one.code for one in written.report.quarantine)
    assert codes == [
        "instance-twice",
        "link",
        "no-patient-id",
        "no-patient-id",
        "truncated",
        "unknown-kind",
    ]
    assert written.report.n_same == 1
    report = json.loads(written.json.read_text())
    assert report["report"]["quarantine"][0]["sha256"]
    assert "Vandermolen" not in written.json.read_text()


def test_files_that_name_nobody_belong_to_their_folder(place):
    """Pictures and volumes take the folder's name for the patient where that is said."""
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(
        place / "in" / "Vandermolen" / "a.png"
    )

    with_folder = run(place, assignments=["deid.patient_from=folder"])

    assert with_folder.report.n_written == 4
    assert tokens_in(place / "out") == []


def test_forgetting_breaks_every_way_back(place):
    """No lookup, no re-derivation: importing the patient again gives other names."""
    run(place)
    options = {"vault": place / "vault.sqlite", "key_file": place / "key"}
    vault = Vault(place / "vault.sqlite", read_master_key(place / "key"))
    before = vault.find("", "KX-4471-902")

    done = forget("KX-4471-902", why="consent withdrawn", **options)

    assert done.erasure.is_proven
    assert str(place / "out") in done.as_text()
    with pytest.raises(ConfigError, match="forgotten"):
        reidentify(before.pseudonym, why="x", **options)
    run(place, out="again")
    after = vault.find("", "KX-4471-902")
    old, new = PatientKeys(secret=before.secret), PatientKeys(secret=after.secret)
    assert old.pseudonym != new.pseudonym
    assert old.replace_uid("1.2.3.1") != new.replace_uid("1.2.3.1")
    with pytest.raises(ConfigError, match="no such patient"):
        forget("nobody", why="x", **options)


def test_a_run_needs_its_key(place, monkeypatch):
    """Without key or with another one nothing is written."""
    monkeypatch.delenv("TUMORSCOPE_VAULT_KEY", raising=False)
    write_new_key(place / "other")
    run(place)

    with pytest.raises(ConfigError, match="not the key"):
        run(place, out="b", key_file=place / "other")
    assert not (place / "b").exists()
    with pytest.raises(ConfigError, match="new file for the key"):
        make_key(None, in_keyring=False)
    assert make_key(place / "third", in_keyring=False) == os.fspath(place / "third")


def test_an_empty_input_is_refused(tmp_path):
    """Nothing to do is said, not reported as done."""
    (tmp_path / "in").mkdir()
    write_new_key(tmp_path / "key")

    with pytest.raises(ConfigError, match="no file there"):
        run(tmp_path)


def test_a_run_that_was_killed_goes_on(tmp_path):
    """kill -9 leaves whole files only; the same command writes what is missing."""
    for number in range(1, 121):
        path = tmp_path / "in" / f"{number}.dcm"
        write_slice(path, number=number, SeriesInstanceUID=f"1.2.9.{number}")
    write_new_key(tmp_path / "key")
    words = ("deid", tmp_path / "in", tmp_path / "out", "--key-file", tmp_path / "key")
    command = [sys.executable, "-m", "tumorscope", *map(str, words)]
    command += ["--vault", str(tmp_path / "vault.sqlite")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as started:  # noqa: S603
        while len(outputs(tmp_path)) < 20 and started.poll() is None:
            time.sleep(0.005)
        started.kill()
    kept = {path: path.stat().st_mtime_ns for path in outputs(tmp_path)}
    partial = [path for path in kept if path.name.endswith(".partial")]

    done = run(tmp_path)

    assert started.returncode == -signal.SIGKILL
    assert 20 <= len(kept) < 120
    assert done.report.n_written == done.report.check.n_read == 120
    assert len(outputs(tmp_path)) == 120
    whole = [path for path in kept if path not in partial]
    again = sum(path.stat().st_mtime_ns != kept[path] for path in whole)
    assert again <= 1  # written, but killed before the journal told so
    assert tokens_in(tmp_path / "out") == []
