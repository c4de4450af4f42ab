"""The files of an input by patient, and the keys of each patient."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from tumorscope.deid.dates import CAPPED_AGE_YEARS
from tumorscope.deid.dicom_file import PatientJob
from tumorscope.deid.identity import KINDS, IdentityTokens
from tumorscope.deid.keys import PatientKeys, new_secret
from tumorscope.deid.report import Quarantined
from tumorscope.domain.deid_spec import DeidMode, DeidSpec
from tumorscope.domain.errors import ConfigError, UnreadableScanError
from tumorscope.domain.progress import Progress
from tumorscope.io.deid_files import inspect_files
from tumorscope.io.sandbox import Sandbox
from tumorscope.io.scan_files import ScanFile, files_of_zip
from tumorscope.io.vault import Vault

BATCH_FILES, BATCH_BYTES = 32, 16 * 2**20
READER_FAILED = "reader-failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """One file of the input.

    Attributes:
        number: Its place among the sorted files, from 1.
        scan: Where it is.
        relative: Below the input.
        n_bytes: Its size.
        digest: SHA-256 of its content; empty until it was read.
        head: What it may be a volume of a head with: the frame of reference or series of
            an MR image, or itself for a NIfTI file; empty for anything else.
        is_volume: Whether it is a NIfTI file.
    """

    number: int
    scan: ScanFile
    relative: PurePosixPath
    n_bytes: int
    digest: str = ""
    head: str = field(default="", repr=False)
    is_volume: bool = False

    @property
    def stem(self) -> str:
        """The path below the input without ending: a volume and its side-car share it."""
        return str(self.relative.parent / self.relative.name.split(".")[0])

    def refused(self, code: str, digest: str = "") -> Quarantined:
        """Return the entry of this file in the list of quarantine."""
        return Quarantined(number=self.number, sha256=digest or self.digest, code=code)


@dataclass(slots=True, kw_only=True)
class SourcePatient:
    """One patient of the input while files are being read.

    Attributes:
        issuer: Issuer of the patient ID.
        patient_id: Patient ID, or the name of the folder.
        values: Texts by kind, from all files.
        names: The patient's own names, for re-identification.
        files: Files.
        is_over_89: Whether any file says so.
    """

    issuer: str = field(repr=False)
    patient_id: str = field(repr=False)
    values: dict[str, dict[str, None]] = field(repr=False)
    names: set[str] = field(default_factory=set, repr=False)
    files: list[SourceFile]
    is_over_89: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceInput:
    """An input, read through once.

    Attributes:
        n_files: All files.
        patients: Patients, in the order of their first file.
        refused: Files that cannot go on.
    """

    n_files: int
    patients: tuple[SourcePatient, ...]
    refused: tuple[Quarantined, ...]


def read_input(
    source: Path, spec: DeidSpec, sandbox: Sandbox, progress: Progress
) -> SourceInput:
    """Read every file once, and gather what is known of each patient.

    Args:
        source: Folder, or one file.
        spec: Settings.
        sandbox: Where files are opened.
        progress: Shows how far it got.

    Raises:
        ConfigError: If there is no file.
    """
    files = list_files(source, sandbox)
    links = [
        one for one in files if one.scan.member is None and one.scan.path.is_symlink()
    ]
    refused = [one.refused("link") for one in links]
    patients: dict[tuple[str, str], SourcePatient] = {}
    numbers = {one.number for one in links}
    real = [one for one in files if one.number not in numbers]
    answers = call_in_batches(sandbox, real, inspect_files)
    for file, answer in progress(answers, total=len(real), label="reading"):
        digest = str(answer.get("digest", ""))
        owner = _owner(file, answer, spec)
        if "refused" in answer or owner is None:
            code = str(answer.get("refused", "no-patient-id"))
            refused.append(file.refused(code, digest))
            continue
        patient = patients.setdefault(owner, _new_patient(owner))
        for kind in KINDS:
            texts = answer.get("values", {}).get(kind, ())
            patient.values[kind].update(dict.fromkeys(map(str, texts)))
        patient.names.update({str(answer.get("patient_name", ""))} - {""})
        patient.is_over_89 |= (answer.get("age_years") or 0) >= CAPPED_AGE_YEARS
        patient.files.append(_read(file, answer))
    return SourceInput(
        n_files=len(files), patients=tuple(patients.values()), refused=tuple(refused)
    )


def list_files(source: Path, sandbox: Sandbox) -> list[SourceFile]:
    """Return all files below a folder or in a zip archive, sorted by path; or the one file.

    Args:
        source: Folder, archive or file.
        sandbox: Reads the directory of an archive, which is never unpacked to the disk.

    Raises:
        ConfigError: If there is none.
        DataError: If an archive is damaged, or not to be trusted.
    """
    found = _scan_files(source, sandbox)
    if not found:
        raise ConfigError(f"{source}: no file there")
    return [
        SourceFile(
            number=number,
            scan=one,
            relative=PurePosixPath(one.name),
            n_bytes=one.path.lstat().st_size
            if one.member is None
            else one.member.size_bytes,
        )
        for number, one in enumerate(found, 1)
    ]


def _scan_files(source: Path, sandbox: Sandbox) -> list[ScanFile]:
    if source.is_dir():
        return [
            ScanFile(path=path, name=path.relative_to(source).as_posix())
            for path in sorted(source.rglob("*"))
            if path.is_symlink() or path.is_file()
        ]
    if source.suffix.lower() == ".zip":
        members = files_of_zip(source, sandbox)
        return sorted(members, key=lambda one: PurePosixPath(one.name))
    return [ScanFile(path=source, name=source.name)]


def call_in_batches(
    sandbox: Sandbox, files: Sequence[SourceFile], function: Any, *arguments: Any
) -> Iterator[tuple[SourceFile, dict[str, Any]]]:
    """Call a function on many files at once; one that kills its child is found alone.

    Args:
        sandbox: Where it runs.
        files: Files.
        function: Takes files first and returns an answer for each.
        arguments: What else it takes.

    Yields:
        Each file with its answer, in order.
    """
    for batch in batches(files):
        scans = [one.scan for one in batch]
        yield from zip(
            batch, answers_for(sandbox, function, scans, *arguments), strict=True
        )


def answers_for(
    sandbox: Sandbox, function: Any, tasks: Sequence[Any], *arguments: Any
) -> list[dict[str, Any]]:
    """Return an answer for each task; where the reader failed, that is the answer.

    Args:
        sandbox: Where it runs.
        function: Takes tasks first and returns an answer for each.
        tasks: Files, or what is to be done with them.
        arguments: What else it takes.
    """
    try:
        answer = sandbox.call(function, list(tasks), *arguments)
    except UnreadableScanError:
        answer = None
    if _fits(answer, len(tasks)):
        return list(answer)
    if len(tasks) == 1:
        return [{"refused": READER_FAILED}]
    return [
        one
        for task in tasks
        for one in answers_for(sandbox, function, [task], *arguments)
    ]


def batches(files: Sequence[SourceFile]) -> Iterator[list[SourceFile]]:
    """Yield files in groups that are neither too many nor too large."""
    batch: list[SourceFile] = []
    n_bytes = 0
    for file in files:
        full = len(batch) >= BATCH_FILES or n_bytes + file.n_bytes > BATCH_BYTES
        if batch and full:
            yield batch
            batch, n_bytes = [], 0
        batch.append(file)
        n_bytes += file.n_bytes
    if batch:
        yield batch


def make_jobs(
    patients: Iterable[SourcePatient],
    spec: DeidSpec,
    vault: Vault | None,
    out: Path,
) -> list[tuple[PatientJob, SourcePatient]]:
    """Return settings, keys and tokens for each patient.

    Args:
        patients: Patients.
        spec: Settings.
        vault: Where secrets are kept; None for secrets that end with this process.
        out: Output folder, remembered with the patient.
    """
    return [(_job(patient, spec, vault, out), patient) for patient in patients]


def _job(
    patient: SourcePatient, spec: DeidSpec, vault: Vault | None, out: Path
) -> PatientJob:
    if vault is None:
        secret = new_secret()
    else:
        secret = vault.entry_of(
            patient.issuer,
            patient.patient_id,
            names=tuple(patient.names),
            output=str(out.resolve()),
        ).secret
    return PatientJob(
        spec=spec,
        keys=PatientKeys(secret=secret),
        tokens=IdentityTokens.from_values(patient.values),
        hides_years=spec.mode is DeidMode.safe_harbor and patient.is_over_89,
    )


def _fits(answer: Any, total: int) -> bool:
    """Return whether an answer has a mapping for each file: a child may be fooled."""
    return (
        isinstance(answer, list)
        and len(answer) == total
        and all(isinstance(one, dict) for one in answer)
    )


def _owner(
    file: SourceFile, answer: dict[str, Any], spec: DeidSpec
) -> tuple[str, str] | None:
    """Return issuer and patient ID; None where a file names nobody."""
    patient_id = str(answer.get("patient_id", ""))
    if patient_id:
        return str(answer.get("issuer", "")), patient_id
    folders = file.relative.parts[:-1]
    if spec.patient_from == "folder" and folders:
        return "", folders[0]
    return None


def _new_patient(owner: tuple[str, str]) -> SourcePatient:
    values: dict[str, dict[str, None]] = {kind: {} for kind in KINDS}
    values["ids"][owner[1]] = None
    return SourcePatient(issuer=owner[0], patient_id=owner[1], values=values, files=[])


def _read(file: SourceFile, answer: dict[str, Any]) -> SourceFile:
    """Return a file with what its content says."""
    is_volume = answer.get("kind") == "nifti"
    return replace(
        file,
        digest=str(answer.get("digest", "")),
        head=str(file.relative) if is_volume else str(answer.get("head", "")),
        is_volume=is_volume,
    )
