"""A folder of patients' files -> a folder without identifiers: deid.html, deid.json."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Any

from platformdirs import user_data_path

from tumorscope.deid.anonymity import measure_anonymity
from tumorscope.deid.claims import CLAIMS
from tumorscope.deid.dicom_file import PatientJob
from tumorscope.deid.pixels.kept_voxels import KeptVoxels
from tumorscope.deid.reasons import REASONS
from tumorscope.deid.report import (
    DeidReport,
    FaceRecord,
    Quarantined,
    SelfCheck,
    count_actions,
)
from tumorscope.deid.report_sections import deid_limits, deid_sections
from tumorscope.domain.card import RESEARCH_USE
from tumorscope.domain.counted import counted
from tumorscope.domain.deid_spec import DeidSettings, DeidSpec
from tumorscope.domain.json_values import to_json_value
from tumorscope.domain.progress import Progress, silent
from tumorscope.io.deid_files import (
    CheckTask,
    DeidTask,
    check_files,
    deidentify_files,
)
from tumorscope.io.deid_output import (
    REPORT_HTML,
    REPORT_JSON,
    JournalHead,
    JournalLine,
    OutputFolder,
    refuse_overlap,
)
from tumorscope.io.sandbox import Sandbox, SandboxLimits
from tumorscope.io.scan_files import ScanFile
from tumorscope.io.vault import Vault
from tumorscope.io.vault_key import read_master_key
from tumorscope.io.whole_files import write_json, write_text
from tumorscope.pages.page import PageHead, render_page
from tumorscope.workflows.deid_faces import PatientFaces, treat_faces
from tumorscope.workflows.deid_patients import (
    BATCH_FILES,
    SourceFile,
    SourceInput,
    SourcePatient,
    answers_for,
    batches,
    make_jobs,
    read_input,
)
from tumorscope.workflows.recording import now
from tumorscope.workflows.settings import read_settings

DEID_VERSION = 1
_LIMITS = SandboxLimits(wall_s=60.0, processor_s=60)
"""For a batch of files; one file alone is done within milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenDeid:
    """Where the output is, and what was done in short.

    Attributes:
        html: The page.
        json: The same numbers.
        report: The values.
        summary: A few lines for a terminal.
        origins: For each written file, below the output folder, the file that it was
            made from, below the input. It leads back, and is never stored.
    """

    html: Path
    json: Path
    report: DeidReport
    summary: str
    origins: Mapping[str, PurePosixPath] = field(repr=False)


@dataclass(slots=True, kw_only=True)
class _Run:
    """What one run collects; `owners` says which source a path was written from."""

    output: OutputFolder
    sandbox: Sandbox
    refused: list[Quarantined]
    owners: dict[str, SourceFile] = field(default_factory=dict)
    faces: list[FaceRecord] = field(default_factory=list)
    kept: dict[int, KeptVoxels] = field(default_factory=dict)
    n_same: int = 0


def default_vault() -> Path:
    """Return where the vault stands unless another place is named."""
    return user_data_path("tumorscope") / "deid-vault.sqlite"


def deidentify(
    source: Path,
    out: Path,
    *,
    vault: Path | None = None,
    key_file: Path | None = None,
    assignments: Sequence[str] = (),
    progress: Progress = silent,
) -> WrittenDeid:
    """De-identify the files below a folder; the source is never touched.

    The same command goes on after a stop, where the keys are kept.

    Args:
        source: Folder, or one file.
        out: New folder, or one that the same command began.
        vault: File of the vault; the user's own unless set. `research` only.
        key_file: File of its key; else the environment or the keyring.
        assignments: Changes of settings, each `deid.key=value`.
        progress: Shows how far it got.

    Returns:
        What was done, also left in `out`.

    Raises:
        ConfigError: If a setting, a folder, the vault or its key cannot be used.
        DataError: If the vault or the journal is damaged.
    """
    spec = read_settings(DeidSettings, file=None, assignments=assignments).deid
    place = (vault or default_vault()) if spec.mode.needs_vault else None
    refuse_overlap(source, out, place)
    opened = None if place is None else Vault(place, read_master_key(key_file))
    head = JournalHead(
        settings=_settings_digest(spec),
        vault="" if opened is None else opened.vault_id,
    )
    with Sandbox(_LIMITS) as sandbox:
        output = OutputFolder(out, head, resumes=opened is not None)
        found = read_input(source, spec, sandbox, progress)
        run = _Run(output=output, sandbox=sandbox, refused=list(found.refused))
        jobs = make_jobs(found.patients, spec, opened, out)
        for job, patient in progress(jobs, total=len(jobs), label="de-identifying"):
            _write_patient(run, job, patient)
        check = _check_output(run, jobs, progress)
    return _write_report(run, found, check, spec)


def _write_patient(run: _Run, job: PatientJob, patient: SourcePatient) -> None:
    """Write the files of one patient that are not there yet."""
    faces = treat_faces(patient.files, job.spec, run.sandbox)
    run.faces += faces.records
    run.kept |= faces.kept
    waiting = []
    for file in patient.files:
        key = _journal_key(job, file)
        if file.number in faces.held:
            run.refused.append(file.refused(faces.held[file.number]))
        elif run.output.is_done(key):
            run.owners[run.output.lines[key].path] = file
        else:
            waiting.append(file)
    for batch in batches(waiting):
        tasks = [_task(one, run.kept) for one in batch]
        answers = answers_for(run.sandbox, deidentify_files, tasks, job)
        for file, answer in zip(batch, answers, strict=True):
            code = _refusal(file, answer, faces)
            if code:
                run.refused.append(file.refused(code))
            else:
                _write_file(run, job, file, answer)


def _task(file: SourceFile, kept: dict[int, KeptVoxels]) -> DeidTask:
    return DeidTask(file=file.scan, name=file.stem, kept=kept.get(file.number))


def _refusal(file: SourceFile, answer: dict[str, Any], faces: PatientFaces) -> str:
    if "refused" in answer:
        return str(answer["refused"])
    return "face-held" if file.number in faces.unjudged else ""


def _write_file(
    run: _Run, job: PatientJob, file: SourceFile, answer: dict[str, Any]
) -> None:
    """Write one finished file, unless another file has its place."""
    parts = (job.keys.pseudonym, *answer["folders"], answer["name"])
    relative = PurePosixPath(*map(_safe_part, parts))
    earlier = run.owners.get(f"data/{relative}")
    if earlier is not None:
        if earlier.digest == file.digest:
            run.n_same += 1
        else:
            run.refused.append(file.refused("instance-twice"))
        return
    content = bytes(answer["content"])
    written = run.output.write(relative, content)
    run.owners[written] = file
    run.output.record(
        JournalLine(
            key=_journal_key(job, file),
            path=written,
            sha256=hashlib.sha256(content).hexdigest(),
            pseudonym=job.keys.pseudonym,
            counts=tuple(
                (str(tag), str(action), int(number))
                for tag, action, number in json.loads(answer["counts"])
            ),
            group=str(answer["group"]),
            age=str(answer["age"]),
            sex=str(answer["sex"]),
        )
    )


def _safe_part(text: str) -> str:
    """Return a part of a path; only letters, digits, dots and hyphens can be in one."""
    kept = "".join(one for one in text if one.isalnum() or one in ".-")
    return kept.lstrip(".")[:120] or "unnamed"


def _check_output(
    run: _Run,
    jobs: Sequence[tuple[PatientJob, SourcePatient]],
    progress: Progress,
) -> SelfCheck:
    """Read every finished file again, and take back what does not pass."""
    n_read = n_witnessed = n_withdrawn = 0
    for job, _ in progress(jobs, total=len(jobs), label="reading again"):
        lines = [
            one
            for one in run.output.lines.values()
            if one.pseudonym == job.keys.pseudonym and one.path in run.owners
        ]
        firsts = {one.group: one.path for one in reversed(lines)}
        witnessed = [firsts[one.group] == one.path for one in lines]
        for line, wrong in zip(lines, _judge(run, job, lines, witnessed), strict=True):
            if wrong:
                run.output.withdraw(line)
                run.refused.append(run.owners[line.path].refused("self-check"))
        n_read += len(lines)
        n_witnessed += sum(witnessed)
        n_withdrawn += sum(line.key not in run.output.lines for line in lines)
    return SelfCheck(n_read=n_read, n_witnessed=n_witnessed, n_withdrawn=n_withdrawn)


def _judge(
    run: _Run, job: PatientJob, lines: list[JournalLine], witnessed: list[bool]
) -> list[bool]:
    """Return for each finished file whether anything is wrong with it."""
    wrong: list[bool] = []
    tasks = [
        CheckTask(
            file=ScanFile(path=run.output.place / line.path, name=line.path),
            is_witnessed=is_witnessed,
            kept=run.kept.get(run.owners[line.path].number),
        )
        for line, is_witnessed in zip(lines, witnessed, strict=True)
    ]
    for start in range(0, len(lines), BATCH_FILES):
        part = lines[start : start + BATCH_FILES]
        chosen = tasks[start : start + BATCH_FILES]
        answers = answers_for(run.sandbox, check_files, chosen, job)
        wrong += [
            answer.get("wrong") != "" or answer.get("digest") != line.sha256
            for line, answer in zip(part, answers, strict=True)
        ]
    return wrong


def _write_report(
    run: _Run, found: SourceInput, check: SelfCheck, spec: DeidSpec
) -> WrittenDeid:
    lines = [one for one in run.output.lines.values() if one.path in run.owners]
    released: dict[str, tuple[str, str]] = {}
    for line in lines:
        known = released.get(line.pseudonym, ("", ""))
        ages = [one for one in (known[0], line.age) if one]
        released[line.pseudonym] = (min(ages, default=""), known[1] or line.sex)
    report = DeidReport(
        spec=spec,
        n_files=found.n_files,
        n_written=len(lines),
        n_patients=len(released),
        n_same=run.n_same,
        actions=count_actions(count for line in lines for count in line.counts),
        quarantine=tuple(sorted(run.refused, key=lambda one: one.number)),
        check=check,
        faces=tuple(run.faces),
        anonymity=measure_anonymity(released, limit=spec.small_cell),
    )
    origins = {line.path: run.owners[line.path].relative for line in lines}
    return _write_pages(run.output.place, report, origins)


def _write_pages(
    place: Path, report: DeidReport, origins: Mapping[str, PurePosixPath]
) -> WrittenDeid:
    created, ours = now(), version("tumorscope")
    claims = CLAIMS[report.spec.mode]
    head = PageHead(
        title=f"De-identification: {report.spec.mode.value}",
        lede=(
            f"{report.n_written} of {counted(report.n_files, 'file')} written, "
            f"{counted(report.n_patients, 'patient')}; "
            f"{counted(len(report.quarantine), 'file')} in quarantine, "
            f"{counted(report.n_same, 'repeat')} of another file"
        ),
        created=created,
        version=ours,
        limits_title="What this does not promise",
        limits=deid_limits(report),
    )
    content = {
        "kind": "tumorscope-deid",
        "version": DEID_VERSION,
        "notice": RESEARCH_USE,
        "created": created,
        "tumorscope_version": ours,
        "promises": claims.promises,
        "promises_not": claims.promises_not,
        "report": to_json_value(report),
    }
    write_json(place / REPORT_JSON, content)
    write_text(place / REPORT_HTML, render_page(head, deid_sections(report)))
    reasons = Counter(one.code for one in report.quarantine).most_common()
    lines = (
        head.lede,
        *(f"! {counted(n, 'file')}: {REASONS[code]} ({code})" for code, n in reasons),
        *(f"+ {text}" for text in claims.promises),
        *(f"- {text}" for text in claims.promises_not),
        RESEARCH_USE,
    )
    return WrittenDeid(
        html=place / REPORT_HTML,
        json=place / REPORT_JSON,
        report=report,
        summary="\n".join(lines),
        origins=origins,
    )


def _journal_key(job: PatientJob, file: SourceFile) -> str:
    return job.keys.name_file("journal", f"{file.relative}\n{file.digest}")


def _settings_digest(spec: DeidSpec) -> str:
    text = f"{version('tumorscope')}\n{spec.model_dump_json()}"
    return hashlib.sha256(text.encode()).hexdigest()
