"""The files of an input by patient, and the keys of each patient."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
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
from tumorscope.io.vault import Vault

BATCH_FILES, BATCH_BYTES = 32, 16 * 2**20
READER_FAILED = "reader-failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """One file of the input.

    Attributes:
        number: Its place among the sorted files, from 1.
        path: Where it is.
        relative: Below the input.
        n_bytes: Its size.
        digest: SHA-256 of its content; empty until it was read.
    """

    number: int
    path: Path
    relative: PurePosixPath
    n_bytes: int
    digest: str = ""

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
    files = list_files(source)
    refused = [one.refused("link") for one in files if one.path.is_symlink()]
    patients: dict[tuple[str, str], SourcePatient] = {}
    real = [one for one in files if not one.path.is_symlink()]
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
        patient.files.append(_with_digest(file, digest))
    return SourceInput(
        n_files=len(files), patients=tuple(patients.values()), refused=tuple(refused)
    )


def list_files(source: Path) -> list[SourceFile]:
    """Return all files below a folder, sorted by path; or the one file.

    Raises:
        ConfigError: If there is none.
    """
    root = source if source.is_dir() else source.parent
    paths = sorted(source.rglob("*")) if source.is_dir() else [source]
    found = [path for path in paths if path.is_symlink() or path.is_file()]
    if not found:
        raise ConfigError(f"{source}: no file there")
    return [
        SourceFile(
            number=number,
            path=path,
            relative=PurePosixPath(path.relative_to(root).as_posix()),
            n_bytes=path.lstat().st_size,
        )
        for number, path in enumerate(found, 1)
    ]


def call_in_batches(
    sandbox: Sandbox, files: Sequence[SourceFile], function: Any, *arguments: Any
) -> Iterator[tuple[SourceFile, dict[str, Any]]]:
    """Call a function on many files at once; one that kills its child is found alone.

    Args:
        sandbox: Where it runs.
        files: Files.
        function: Takes paths first and returns an answer for each.
        arguments: What else it takes.

    Yields:
        Each file with its answer, in order.
    """
    for batch in batches(files):
        paths = [str(one.path) for one in batch]
        yield from zip(
            batch, answers_for(sandbox, function, paths, *arguments), strict=True
        )


def answers_for(
    sandbox: Sandbox, function: Any, paths: Sequence[str], *arguments: Any
) -> list[dict[str, Any]]:
    """Return an answer for each path; where the reader failed, that is the answer.

    Args:
        sandbox: Where it runs.
        function: Takes paths first and returns an answer for each.
        paths: Files.
        arguments: What else it takes; a list as long as `paths` is dealt out with them.
    """
    try:
        answer = sandbox.call(function, list(paths), *arguments)
    except UnreadableScanError:
        answer = None
    if _fits(answer, len(paths)):
        return list(answer)
    if len(paths) == 1:
        return [{"refused": READER_FAILED}]
    return [
        one
        for number, path in enumerate(paths)
        for one in answers_for(
            sandbox, function, [path], *_dealt(arguments, number, len(paths))
        )
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


def _dealt(arguments: tuple[Any, ...], number: int, total: int) -> tuple[Any, ...]:
    return tuple(
        [one[number]] if isinstance(one, list) and len(one) == total else one
        for one in arguments
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


def _with_digest(file: SourceFile, digest: str) -> SourceFile:
    return SourceFile(
        number=file.number,
        path=file.path,
        relative=file.relative,
        n_bytes=file.n_bytes,
        digest=digest,
    )
