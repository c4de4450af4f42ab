"""Tests of the audit as a whole: faults are found, waivers stand, training obeys."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from tumorscope.domain.errors import ConfigError, GateError
from tumorscope.io.artifacts import read_record
from tumorscope.io.bundle import read_card
from tumorscope.io.images import read_image, write_png
from tumorscope.workflows.audit import audit
from tumorscope.workflows.audit_record import read_audit
from tumorscope.workflows.evaluate import evaluate_run
from tumorscope.workflows.prepare import prepare
from tumorscope.workflows.run_folder import open_run
from tumorscope.workflows.train import describe_models, train

pytestmark = [pytest.mark.xdist_group("trained-run"), pytest.mark.slow]

QUICK = [
    "audit.permutations=999",
    "audit.bootstrap_draws=100",
    "audit.shortcuts.permutations=99",
    "audit.shortcuts.bootstrap_draws=100",
    "audit.canary.relabellings=20",
]
REASON = "a toy set that nobody will publish"


@pytest.fixture(scope="module")
def audited(tmp_path_factory, prepared):
    """Return a prepared run that was audited; nobody may write to it."""
    folder = tmp_path_factory.mktemp("audited") / "run"
    shutil.copytree(prepared, folder)
    audit(folder, assignments=QUICK)
    return folder


@pytest.fixture
def framed(tmp_path):
    """Return class folders in which every tumor slice has a bright frame."""
    generator = np.random.default_rng(0)
    for name in ("yes", "no"):
        (tmp_path / "framed" / name).mkdir(parents=True)
        for number in range(14):
            pixels = np.zeros((48, 48), np.uint8)
            pixels[8:40, 8:40] = generator.integers(60, 256, (32, 32))
            if name == "yes":
                pixels[[0, -1]] = 240
                pixels[:, [0, -1]] = 240
            write_png(tmp_path / "framed" / name / f"{number}.png", pixels)
    return tmp_path / "framed"


def gates(report):
    return {each.gate: each for each in report.gates}


def test_a_clean_run_passes_and_both_files_say_so(audited):
    """The numbers and the page stand in the run's folder."""
    content = json.loads((audited / "audit.json").read_text())
    page = (audited / "audit.html").read_text()

    assert content["outcome"] == "passed"
    assert content["findings"]["cohort"]["everyone"]["n_patients"] == 14
    assert content["audited"]["manifest_digest"] == open_run(audited).manifest.digest
    assert {"unreadable-files", "source-is-class"} <= {
        gate["gate"] for gate in content["gates"]
    }
    assert "Not a medical device" in page
    assert "cannot be assessed" in page or "All" in page
    assert "http" not in page.replace("http-equiv", "")


def test_the_record_of_the_run_tells_the_audit(audited):
    """Who asks the run learns the outcome without opening the page."""
    stage = read_record(audited / "run.json").stages[-1]

    assert stage.stage == "audit"
    assert stage.details["outcome"] == "passed"
    assert read_audit(open_run(audited)).outcome == "passed"


def test_a_planted_fault_in_a_source_fails(framed, tmp_path):
    """A frame around every tumor slice is found without any patient id."""
    written = audit(framed, out=tmp_path / "audit", assignments=QUICK)

    assert written.has_failed
    assert gates(written.report)["suspicious-files"].has_failed
    lines = written.as_text().splitlines()
    assert lines[0] == "audit of framed: failed"
    assert lines[1].startswith("  failed: suspicious-files: The label goes with")
    assert max(map(len, lines)) <= 100
    assert not written.is_of_run
    assert {path.name for path in (tmp_path / "audit").iterdir()} == {
        "audit.json",
        "audit.html",
    }


def test_a_picture_under_both_labels_fails(classes, tmp_path):
    """`prepare` refuses such a source; the audit names the two files."""
    pixels = read_image(classes / "yes" / "1.png")
    write_png(classes / "no" / "copy.png", pixels)

    report = audit(classes, out=tmp_path / "audit", assignments=QUICK).report

    assert gates(report)["contradicting-duplicates"].has_failed
    (found,) = report.findings.copies.contradictions
    assert set(found.images) == {"yes/1.png", "no/copy.png"}


def test_slices_of_another_set_are_found(prepared, classes, tmp_path):
    """The same cohort against itself overlaps wholly, against another one not at all."""
    itself = audit(
        prepared, against=prepared, out=tmp_path / "itself", assignments=QUICK
    ).report
    other = audit(
        prepared, against=classes, out=tmp_path / "other", assignments=QUICK
    ).report

    assert gates(itself)["overlap"].has_failed
    assert itself.findings.overlap.n_other_slices == 84
    assert len(itself.findings.overlap.other_patients) == 14
    assert not gates(other)["overlap"].has_failed
    assert other.findings.overlap.n_other == 24


def test_a_failed_run_is_not_trained_until_it_is_waived(framed, tmp_path, spec):
    """Refused with the way out; then the reason stands on card, record and report."""
    shares = {"split": {"test_share": 0.2, "tune_share": 0.2}}
    settings = type(spec).model_validate(spec.model_dump() | shares)
    run = prepare(framed, tmp_path / "run", settings).folder
    failed = audit(run, assignments=QUICK)
    named = [gate.gate for gate in failed.report.gates if gate.has_failed]

    with pytest.raises(GateError, match="suspicious-files: The label goes with"):
        train(run)
    waived = audit(
        run, waivers=[f"{gate}={REASON}" for gate in named], assignments=QUICK
    )
    train(run)
    page = evaluate_run(run).html.read_text()

    assert waived.report.outcome == "waived"
    assert not waived.has_failed
    card = read_card(run / "bundle")
    assert card.audit.waivers["suspicious-files"] == REASON
    assert read_record(run / "run.json").stages[2].details["waivers"] == dict.fromkeys(
        named, REASON
    )
    assert REASON in page
    assert REASON in (run / "audit.html").read_text()
    assert "note: not audited" not in describe_models(open_run(run))


def test_a_run_that_was_never_audited_trains_and_says_so(trained, evaluated):
    """No gate is forced on anybody; nobody can mistake silence for a pass."""
    run = open_run(trained)

    assert "not audited" in run.record.stages[-1].details["audit"]
    assert "note: not audited" in describe_models(run)
    assert read_card(trained / "bundle").audit is None
    assert "Not audited" in (evaluated / "report.html").read_text()


def test_an_audit_after_training_reaches_the_bundle(trained, own):
    """A model that is handed on carries what was found, whenever it was found."""
    run = own(trained)

    audit(run, assignments=QUICK)

    assert read_card(run / "bundle").audit.outcome == "passed"


def test_a_waiver_that_was_not_needed_is_dropped(prepared, own):
    """Only failed gates are waived; the screen tells that the other was not needed."""
    written = audit(
        own(prepared), waivers=[f"unreadable-files={REASON}"], assignments=QUICK
    )

    assert written.report.waivers == ()
    assert "not needed: the waiver of unreadable-files" in written.as_text()


def test_wrong_waivers_and_settings_fail_before_any_work(prepared, tmp_path):
    """A typing error costs a second, not the time of an audit."""
    with pytest.raises(ConfigError, match="no such gate"):
        audit(prepared, waivers=[f"unknown={REASON}"])
    with pytest.raises(ConfigError, match="at least 10"):
        audit(prepared, waivers=["unreadable-files=why not"])
    with pytest.raises(ConfigError, match="max_pp"):
        audit(prepared, assignments=["audit.max_pp=1"])


def test_a_trial_elsewhere_leaves_the_run_alone(prepared, tmp_path):
    """With --out, neither the record nor the folder of the run changes."""
    before = sorted(path.name for path in prepared.iterdir())
    stages = len(read_record(prepared / "run.json").stages)

    audit(prepared, out=tmp_path / "trial", assignments=QUICK)

    assert sorted(path.name for path in prepared.iterdir()) == before
    assert len(read_record(prepared / "run.json").stages) == stages
    assert (tmp_path / "trial" / "audit.html").is_file()


def test_an_audit_replaces_only_an_audit(cohort, tmp_path):
    """A folder with other files, or a file, is refused before any work."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").touch()

    with pytest.raises(ConfigError, match=r"holds other files \(thesis.txt\)"):
        audit(cohort, out=tmp_path / "full")
    with pytest.raises(ConfigError, match="is a file"):
        audit(cohort, out=tmp_path / "full" / "thesis.txt")


def test_a_source_is_audited_beside_the_caller(framed, tmp_path, monkeypatch):
    """Without --out the folder is named after the source, and can be written again."""
    monkeypatch.chdir(tmp_path)

    audit(framed, assignments=QUICK)
    again = audit(framed, assignments=QUICK)

    assert str(again.html) == "audit-framed/audit.html"


def test_the_same_audit_twice_gives_the_same_numbers(prepared, tmp_path):
    """Seeds are in the spec: only the time differs."""
    first, second = (
        json.loads(
            audit(prepared, out=tmp_path / name, assignments=QUICK).json.read_text()
        )
        for name in ("one", "two")
    )

    assert first.pop("created") <= second.pop("created")
    assert first == second
