"""Talks to a real PACS inside a network namespace, and writes down what happened.

Run by `tests/workflows/test_pacs_round_trip.py`; no test itself. Orthanc listens on every address of
its namespace, which has none but loopback.

Usage: conversation.py FOLDER BUNDLE SOURCE
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import numpy as np
from dicomweb_client.api import DICOMwebClient
from pydicom.dataset import Dataset
from pydicom.filereader import dcmread
from pynetdicom import AE, evt
from pynetdicom.sop_class import (
    MRImageStorage,
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelMove,
    Verification,
)

from tumorscope.domain.errors import DataError
from tumorscope.io.pacs import store_files

HTTP_PORT, DICOM_PORT, OWN_PORT = 18042, 14242, 11112
BASE = f"http://127.0.0.1:{HTTP_PORT}"
WEB = f"{BASE}/dicom-web"
OWN_TITLE, THEIR_TITLE = "MESCU", "TESTPACS"
START_S = 60
SUCCESS = 0x0000
PENDING = (0xFF00, 0xFF01)


def configure(folder: Path) -> Path:
    """Write Orthanc's settings."""
    content = {
        "Name": THEIR_TITLE,
        "StorageDirectory": str(folder / "db"),
        "IndexDirectory": str(folder / "db"),
        "Plugins": ["/usr/share/orthanc/plugins/libOrthancDicomWeb.so"],
        "HttpPort": HTTP_PORT,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "DicomAet": THEIR_TITLE,
        "DicomPort": DICOM_PORT,
        "DicomAlwaysAllowStore": True,
        "DicomAlwaysAllowEcho": True,
        "DicomModalities": {"ME": [OWN_TITLE, "127.0.0.1", OWN_PORT]},
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/", "Ssl": False},
    }
    path = folder / "orthanc.json"
    path.write_text(json.dumps(content))
    return path


def wait_for_start(process: subprocess.Popen) -> None:
    """Return when the service answers."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"Orthanc ended with status {process.returncode}")
        try:
            with urlopen(f"{BASE}/system", timeout=5):  # noqa: S310 - loopback
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"Orthanc did not answer within {START_S} s")


def associate(*contexts: str):
    """Return an association with the PACS."""
    entity = AE(OWN_TITLE)
    for context in contexts:
        entity.add_requested_context(context)
    found = entity.associate("127.0.0.1", DICOM_PORT, ae_title=THEIR_TITLE)
    if not found.is_established:
        raise RuntimeError("the PACS refused an association")
    return found


def send_by_c_store(files: list[Dataset]) -> list[int]:
    """Return the status of each file, and of an echo before them."""
    association = associate(Verification, MRImageStorage)
    statuses = [association.send_c_echo().Status]
    statuses += [association.send_c_store(one).Status for one in files]
    association.release()
    return statuses


def query_by_c_find(patient_id: str) -> list[str]:
    """Return the studies of a patient."""
    wanted = Dataset()
    wanted.QueryRetrieveLevel = "STUDY"
    wanted.PatientID = patient_id
    wanted.StudyInstanceUID = ""
    association = associate(StudyRootQueryRetrieveInformationModelFind)
    answers = association.send_c_find(
        wanted, StudyRootQueryRetrieveInformationModelFind
    )
    found = [
        str(one.StudyInstanceUID)
        for status, one in answers
        if status.Status in PENDING and one is not None
    ]
    association.release()
    return found


def fetch_by_c_move(study: str, series: str) -> dict[str, str]:
    """Return the pixel digests of a series that the PACS sends to us."""
    received: dict[str, str] = {}

    def keep(event) -> int:
        data_set = event.dataset
        data_set.file_meta = event.file_meta
        received[str(data_set.SOPInstanceUID)] = digest(data_set.pixel_array)
        return SUCCESS

    own = AE(OWN_TITLE)
    own.add_supported_context(MRImageStorage)
    server = own.start_server(
        ("127.0.0.1", OWN_PORT), block=False, evt_handlers=[(evt.EVT_C_STORE, keep)]
    )
    wanted = Dataset()
    wanted.QueryRetrieveLevel = "SERIES"
    wanted.StudyInstanceUID, wanted.SeriesInstanceUID = study, series
    association = associate(StudyRootQueryRetrieveInformationModelMove)
    answers = association.send_c_move(
        wanted, OWN_TITLE, StudyRootQueryRetrieveInformationModelMove
    )
    statuses = [status.Status for status, _ in answers]
    association.release()
    server.shutdown()
    if statuses[-1] != SUCCESS:
        raise RuntimeError(f"C-MOVE ended with status 0x{statuses[-1]:04X}")
    return received


def digest(pixels: np.ndarray) -> str:
    """Return the SHA-256 of pixels."""
    return hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest()


def count_instances() -> int:
    """Return how many objects the PACS holds."""
    with urlopen(f"{BASE}/statistics", timeout=30) as answer:  # noqa: S310 - loopback
        return int(json.load(answer)["CountInstances"])


def data_of(one: Dataset) -> bytes:
    """Return the pixels of a picture or map, or a report's words."""
    for keyword in ("PixelData", "FloatPixelData"):
        if keyword in one:
            return bytes(one[keyword].value)
    return str(one.ContentSequence).encode()


def predict(folder: Path, bundle: Path, fetched: Path) -> dict[str, object]:
    """Run the command as a user does."""
    command = [sys.executable, "-m", "tumorscope", "predict", str(bundle), str(fetched)]
    options = ["--dicom-out", str(folder / "results"), "--stow", WEB, "--json"]
    answer = subprocess.run(  # noqa: S603 - our own command
        [*command, *options], capture_output=True, text=True, check=False
    )
    if answer.returncode:
        raise RuntimeError(f"predict: {answer.stderr}")
    return json.loads(answer.stdout)


def talk(folder: Path, bundle: Path, source: Path) -> dict[str, object]:
    """Go the whole way, and return what was seen."""
    files = [dcmread(path) for path in sorted(source.iterdir())]
    sent = {str(one.SOPInstanceUID): digest(one.pixel_array) for one in files}
    study, series = files[0].StudyInstanceUID, files[0].SeriesInstanceUID
    half = len(files) // 2
    client = DICOMwebClient(WEB)
    found: dict[str, object] = {"c_store": send_by_c_store(files[:half])}
    stored = client.store_instances(files[half:])
    found["stow_failed"] = len(stored.get("FailedSOPSequence") or [])
    found["held"] = [len(files), count_instances()]
    studies = client.search_for_studies(
        search_filters={"PatientID": files[0].PatientID}
    )
    found["study"] = str(study)
    found["qido"] = [Dataset.from_json(one).StudyInstanceUID for one in studies]
    found["c_find"] = query_by_c_find(files[0].PatientID)
    found["c_move_same"] = fetch_by_c_move(study, series) == sent
    fetched = client.retrieve_series(study, series)
    found["wado_same"] = {
        str(one.SOPInstanceUID): digest(one.pixel_array) for one in fetched
    } == sent
    (folder / "fetched").mkdir()
    for number, one in enumerate(fetched):
        one.save_as(folder / "fetched" / f"{number}.dcm", enforce_file_format=True)
    found["predicted"] = predict(folder, bundle, folder / "fetched")
    results = sorted((folder / "results").iterdir())
    found["after"] = [len(files) + len(results), count_instances()]
    again = store_files(WEB, results)
    found["again"] = [len(again.instances), count_instances()]
    found["results"] = [read_back(client, dcmread(path)) for path in results]
    found["garbage"] = send_garbage(folder)
    return found


def read_back(client: DICOMwebClient, own: Dataset) -> dict[str, object]:
    """Fetch one result, and compare it with the file that was sent."""
    theirs = client.retrieve_instance(
        own.StudyInstanceUID, own.SeriesInstanceUID, own.SOPInstanceUID
    )
    return {
        "kind": own.SOPClassUID.name,
        "study": str(theirs.StudyInstanceUID),
        "patient": theirs.PatientID,
        "description": theirs.SeriesDescription,
        "same": data_of(theirs) == data_of(own),
    }


def send_garbage(folder: Path) -> str:
    """Return what is said of a file that is no DICOM."""
    path = folder / "2.25.99.dcm"
    path.write_bytes(b"no DICOM")
    try:
        store_files(WEB, [path])
    except DataError as error:
        return str(error)
    return ""


def main() -> None:
    """Start the PACS, talk, and stop it, whatever happens."""
    folder, bundle, source = map(Path, sys.argv[1:])
    (folder / "db").mkdir()
    with (folder / "orthanc.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - a known program
            ["/usr/sbin/Orthanc", str(configure(folder))], stdout=log, stderr=log
        )
        try:
            wait_for_start(process)
            found = talk(folder, bundle, source)
        finally:
            process.terminate()
            process.wait(timeout=30)
    (folder / "found.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main()
