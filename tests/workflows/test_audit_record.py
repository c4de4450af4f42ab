"""Tests of an audit read back: training and reports trust only the one of their run."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tumorscope.domain.errors import DataError, GateError
from tumorscope.io.artifacts import split_digest
from tumorscope.workflows.audit_record import read_audit, refuse_failed_audit
from tumorscope.workflows.run_folder import SPLIT, open_run

GATE = {"gate": "source-is-class", "has_failed": True, "sentence": "Site is class."}


@pytest.fixture
def write(prepared, own):
    """Return a function that puts an audit.json into a copy of a run, and opens it."""

    def put(**changes):
        run = open_run(own(prepared))
        content = {
            "format": 1,
            "created": "2026-11-23T10:12:00+00:00",
            "outcome": "failed",
            "gates": [GATE],
            "waivers": [],
            "audited": {
                "manifest_digest": run.manifest.digest,
                "split_digest": split_digest(run.folder / SPLIT),
            },
        } | changes
        (run.folder / "audit.json").write_text(json.dumps(content))
        return run

    return put


def test_a_run_without_audit_has_none(prepared):
    """Not audited is neither passed nor an error."""
    assert read_audit(open_run(prepared)) is None
    assert refuse_failed_audit(open_run(prepared)) is None


def test_a_failed_audit_is_refused_with_the_way_out(write):
    """The message names gate, finding and the command that waives it."""
    run = write()

    with pytest.raises(GateError) as caught:
        refuse_failed_audit(run)

    message = str(caught.value)
    assert caught.value.exit_status == 3
    assert "source-is-class: Site is class." in message
    assert f'tumorscope audit {run.folder} --waive source-is-class="REASON"' in message


def test_a_waived_gate_is_let_through_and_kept(write):
    """The reason travels on."""
    waiver = {"gate": "source-is-class", "reason": "a study of scanners"}

    summary = refuse_failed_audit(write(outcome="waived", waivers=[waiver]))

    assert summary.waivers == {"source-is-class": "a study of scanners"}
    assert summary.failed == ()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 99}, "newer tumorscope"),
        ({"gates": [{"gate": "x"}]}, "damaged audit"),
        ({"waivers": [{}]}, "damaged audit"),
        ({"audited": {"manifest_digest": "", "split_digest": ""}}, "another manifest"),
    ],
)
def test_an_audit_that_cannot_be_trusted_is_an_error(write, changes, message):
    """A copied, damaged or newer file is no pass."""
    run = write(**changes)

    with pytest.raises(DataError, match=message):
        read_audit(run)


def test_an_audit_of_another_split_is_an_error(write):
    """Dealing patients anew makes the audit stale."""
    run = write()
    (run.folder / SPLIT).unlink()
    (run.folder / SPLIT).write_text("another")

    with pytest.raises(DataError, match="belongs to another manifest or split"):
        read_audit(replace(run))
