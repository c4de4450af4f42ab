"""Who, what and when of a run."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tumorscope.domain.run_record import RunRecord, StageRecord
from tumorscope.domain.specs import RunSpec


def _record() -> RunRecord:
    stage = StageRecord(
        stage="prepare",
        started="2026-01-01T00:00:00+00:00",
        seconds=1.5,
        version="0.1.0",
        host={"system": "Linux"},
        details={"slices": 12},
    )
    return RunRecord(
        name="run",
        spec=RunSpec.model_validate({"train": {"recipe": "strong"}}),
        importer="folder",
        root="cohort",
        manifest_digest="0" * 64,
        stages=(stage,),
    )


def test_record_comes_back_as_it_was_written():
    """run.json holds everything that the run was asked to do."""
    record = _record()

    assert RunRecord.model_validate_json(record.model_dump_json()) == record


def test_record_with_unknown_key_is_refused():
    """A key from another program or version is not passed over."""
    values = _record().model_dump()
    values["spec"]["train"]["augment"]["gama"] = 0.1

    with pytest.raises(ValidationError, match="gama"):
        RunRecord.model_validate(values)
