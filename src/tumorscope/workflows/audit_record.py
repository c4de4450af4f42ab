"""The audit of a run, read back by training and reports."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from tumorscope.domain.audit_summary import AUDIT_FORMAT, AuditSummary
from tumorscope.domain.errors import DataError, GateError
from tumorscope.io.artifacts import read_json, split_digest
from tumorscope.workflows.run_folder import SPLIT, Run

AUDIT_JSON, AUDIT_HTML = "audit.json", "audit.html"
NOT_AUDITED = (
    "not audited: `tumorscope audit RUN` looks for leaks, copies and shortcuts before "
    "anything is trained on them"
)


def read_audit(run: Run) -> AuditSummary | None:
    """Read what the audit of a run found.

    Args:
        run: The run.

    Returns:
        Outcome, gates and waivers; None where the run was not audited.

    Raises:
        DataError: If the file is damaged, of a newer version, or belongs to another
            manifest or split.
    """
    path = run.folder / AUDIT_JSON
    if not path.is_file():
        return None
    content = read_json(path)
    try:
        if content["format"] > AUDIT_FORMAT:
            raise DataError(
                f"{path}: written by a newer tumorscope: update this one, or audit again"
            )
        digests = tuple(
            content["audited"][key] for key in ("manifest_digest", "split_digest")
        )
        summary = AuditSummary.model_validate(
            {key: content[key] for key in ("outcome", "created", "gates")}
            | {"waivers": _waivers(content["waivers"])}
        )
    except (KeyError, TypeError, ValidationError) as error:
        raise DataError(f"{path}: damaged audit: {error!r}; audit again") from error
    if digests != (run.manifest.digest, split_digest(run.folder / SPLIT)):
        raise DataError(
            f"{path}: belongs to another manifest or split: run `tumorscope audit "
            f"{run.folder}` again"
        )
    return summary


def refuse_failed_audit(run: Run) -> AuditSummary | None:
    """Refuse a run whose audit failed; one that was never audited passes.

    Args:
        run: The run that is to be trained.

    Returns:
        What the audit found; None where the run was not audited.

    Raises:
        GateError: If a gate failed and was not waived.
        DataError: If the audit cannot be read.
    """
    summary = read_audit(run)
    if summary is None or not summary.failed:
        return summary
    lines = [f"  {gate.gate}: {gate.sentence}" for gate in summary.failed]
    waivers = " ".join(f'--waive {gate.gate}="REASON"' for gate in summary.failed)
    raise GateError(
        f"{run.folder}: {len(lines)} gates of its audit failed:\n"
        + "\n".join(lines)
        + "\nRepair the data and prepare it again. If you can defend it, waive them with "
        f"reasons that will stand in every report: tumorscope audit {run.folder} "
        f"{waivers}"
    )


def _waivers(entries: list[dict[str, Any]]) -> dict[str, str]:
    return {entry["gate"]: entry["reason"] for entry in entries}
