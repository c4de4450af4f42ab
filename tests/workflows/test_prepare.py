"""Tests of `prepare`: a run that is complete, says what it is, and never leaks."""

from __future__ import annotations

import json
import re
from datetime import datetime

import pandas as pd
import pytest

from tumorscope.domain.errors import ConfigError, DataError
from tumorscope.domain.specs import RunSpec
from tumorscope.io.images import read_image, write_png
from tumorscope.workflows.prepare import SourceOptions, prepare, read_source
from tumorscope.workflows.run_folder import open_run

SMALL = RunSpec.model_validate({"preprocess": {"size_px": 32}})


@pytest.fixture
def broken(classes):
    """Return a source of which one file is cut off and one is blank."""
    whole = (classes / "yes" / "3.png").read_bytes()
    (classes / "yes" / "3.png").write_bytes(whole[: len(whole) // 2])
    write_png(classes / "no" / "5.png", read_image(classes / "no" / "5.png") * 0)
    return classes


def test_the_record_says_who_what_when_and_where(prepared, spec):
    """A run can be told from any other one, and made again."""
    record = json.loads((prepared / "run.json").read_text())
    manifest = open_run(prepared).manifest

    (stage,) = record["stages"]
    assert record["name"] == "run"
    assert RunSpec.model_validate(record["spec"]) == spec
    assert record["spec"]["split"]["seed"] == 0
    assert record["manifest_digest"] == manifest.digest
    assert stage["stage"] == "prepare"
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", stage["version"])
    assert re.fullmatch(r"|[0-9a-f]{40}", stage["commit"])
    assert set(stage["host"]) == {"system", "machine", "python", "processors"}
    assert datetime.fromisoformat(stage["started"]).tzinfo is not None
    assert stage["seconds"] > 0


def test_no_patient_stands_on_two_sides(prepared):
    """Patients are dealt whole, in the shares that were asked for."""
    run = open_run(prepared)
    parts = pd.DataFrame(
        {"patient": run.manifest.table["patient_id"], "part": run.split.part[:, 0]}
    )

    assert (parts.groupby("patient")["part"].nunique() == 1).all()
    assert parts["part"].value_counts(normalize=True).round(1).to_dict() == {
        "train": 0.4,
        "tune": 0.3,
        "test": 0.3,
    }


def test_the_pixels_are_stored_for_training(prepared):
    """Training starts without decoding: the store is part of the run."""
    run = open_run(prepared)

    (store,) = (prepared / "store").iterdir()
    assert run.store().pixels.shape == (84, 32, 32, 3)
    assert store.name.removeprefix("store-") in run.store().digest


def test_a_run_is_never_overwritten(prepared, cohort, tmp_path):
    """A folder in use is refused before anything is read, even a source that is absent."""
    before = (prepared / "run.json").read_bytes()
    (tmp_path / "file").touch()

    for place in (prepared, tmp_path / "file"):
        with pytest.raises(ConfigError, match="never overwritten"):
            prepare(tmp_path / "absent", place, SMALL)

    assert (prepared / "run.json").read_bytes() == before


@pytest.mark.parametrize(
    ("change", "error"),
    [({"split": {"folds": 40}}, "too few"), ({}, "cannot be used")],
)
def test_a_failing_import_leaves_nothing_behind(broken, tmp_path, change, error):
    """Neither a bad file nor a split that cannot be made leaves a folder."""
    options = SourceOptions(skip_unreadable=bool(change))
    spec = RunSpec.model_validate(change)

    with pytest.raises(DataError, match=error):
        prepare(broken, tmp_path / "runs" / "new", spec, options=options)

    assert [path.name for path in tmp_path.iterdir()] == ["classes"]


def test_unusable_files_are_listed_together_by_name_and_reason(broken, tmp_path):
    """One look tells all that has to be repaired, and the way around it."""
    with pytest.raises(DataError) as caught:
        prepare(broken, tmp_path / "run", SMALL)

    message = str(caught.value)
    assert message.startswith("2 of 24 files cannot be used:")
    assert re.search(r"yes/3\.png: .*truncated", message)
    assert re.search(r"no/5\.png: .*constant", message)
    assert "--skip-unreadable" in message
    assert caught.value.exit_status == 2


def test_skipped_files_are_recorded(broken, tmp_path):
    """Going on without files leaves a trace in the record and on the screen."""
    options = SourceOptions(skip_unreadable=True)

    run = prepare(broken, tmp_path / "run", SMALL, options=options)

    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert {entry["image"] for entry in record["left_out"]} == {"yes/3.png", "no/5.png"}
    assert all(entry["reason"] for entry in record["left_out"])
    assert len(run.manifest) == 22
    assert "left out: 2 unusable files" in run.describe()


def test_without_patient_ids_near_duplicates_stay_together(classes, tmp_path):
    """Copies under other names share a side, and the words say what was grouped."""
    for number in range(4):
        pixels = read_image(classes / "yes" / f"{number}.png")
        write_png(classes / "yes" / f"copy{number}.png", pixels)

    run = prepare(classes, tmp_path / "run", SMALL)

    side = dict(zip(run.manifest.table["image"], run.split.part[:, 0], strict=True))
    for number in range(4):
        assert side[f"yes/copy{number}.png"] == side[f"yes/{number}.png"]
    assert "grouped by near-duplicates, not by patient" in run.describe()
    assert "24 groups" in run.describe()
    details = run.record.stages[0].details
    assert details["grouping"] == "grouped by near-duplicates, not by patient"


def test_leave_out_site_makes_each_site_a_test_part(cohort, tmp_path):
    """One fold for each site, tested on that site alone."""
    spec = RunSpec.model_validate(
        {"preprocess": {"size_px": 32}, "split": {"leave_out": "site"}}
    )

    run = prepare(cohort, tmp_path / "run", spec)

    sites = run.manifest.table["site"]
    assert len(run.split.fold_names) == sites.nunique() == 3
    tested = [set(sites.iloc[run.split.rows("test", fold)]) for fold in range(3)]
    assert sorted(tested, key=str) == [{"A"}, {"B"}, {"C"}]


def test_the_seed_fixes_the_split(cohort, prepared, spec, tmp_path):
    """The same source and settings give the same files; another seed another split."""
    again = prepare(cohort, tmp_path / "again", spec)
    other = prepare(
        cohort,
        tmp_path / "other",
        RunSpec.model_validate(spec.model_dump() | {"split": {"seed": 1}}),
    )

    same = (prepared / "split.json").read_bytes()
    assert (again.folder / "split.json").read_bytes() == same
    assert (other.folder / "split.json").read_bytes() != same


def test_a_source_can_be_read_without_making_a_run(cohort, tmp_path):
    """A notebook looks at the manifest first."""
    imported = read_source(cohort)

    assert len(imported.manifest) == 84
    assert imported.left_out == ()
    assert list(tmp_path.iterdir()) == []


def test_an_absent_source_is_named(tmp_path):
    """A wrong path is the commonest error of all."""
    with pytest.raises(DataError, match="absent: no such file or folder"):
        prepare(tmp_path / "absent", tmp_path / "run", SMALL)
