"""Tests of nested cross-validation: chosen inside, tested once."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tumorscope.domain.errors import ConfigError, DataError
from tumorscope.domain.progress import silent
from tumorscope.domain.protocol_spec import ProtocolRequest, ProtocolSpec
from tumorscope.workflows.protocols_layout import ProtocolJob, deal_repeat
from tumorscope.workflows.protocols_nested import (
    candidate_settings,
    inner_split,
    nested_steps,
    outer_folder,
    read_choice,
    refuse_candidates,
)
from tumorscope.workflows.run_folder import open_run

pytestmark = pytest.mark.xdist_group("trained-run")
CANDIDATES = ("run", "train.batch_size=8; train.optimizer.learning_rate=1e-5")


def make_job(folder, **settings):
    run = open_run(folder)
    return ProtocolJob(
        run=run,
        request=ProtocolRequest(
            name="nested-cv",
            settings=ProtocolSpec(**({"folds": 2, "inner_folds": 2} | settings)),
            candidates=CANDIDATES,
            run=run.record.spec,
            manifest_digest=run.manifest.digest,
        ),
        show_bar=False,
        progress=silent,
    )


@pytest.fixture
def job(own, prepared):
    """Return a nested protocol of a run of its own."""
    return make_job(own(prepared))


def test_no_inner_training_sees_an_outer_test_patient(job):
    """Inner folds tune and train on the other patients only, each tuned on once."""
    outer, _, _ = deal_repeat(job, 0)

    inner = inner_split(job, outer, 1, seed=0)

    tested = outer.rows("test", 1)
    for fold in range(2):
        assert inner.rows("test", fold).tolist() == tested.tolist()
    tuned = np.concatenate([inner.rows("tune", fold) for fold in range(2)])
    rest = np.flatnonzero(outer.part[:, 1] != "test")
    assert sorted(tuned) == rest.tolist()


def test_too_few_patients_for_inner_folds_are_refused(own, prepared):
    """The message names what to lower."""
    job = make_job(own(prepared), inner_folds=20)
    outer, _, _ = deal_repeat(job, 0)

    with pytest.raises(DataError, match=r"lower protocol\.inner_folds"):
        inner_split(job, outer, 0, seed=0)


@pytest.mark.exhaustive
def test_an_outer_fold_is_trained_with_what_its_inner_folds_chose(job):
    """The higher mean inner tuning AUROC decides; a second pass does nothing anew."""
    outer, _, _ = deal_repeat(job, 0)
    steps = nested_steps(job, 0, outer)
    assert len(steps) == 2 * (len(CANDIDATES) + 1)

    for step in steps[:3]:
        step()

    choice = read_choice(job, 0, "fold0")
    means = [np.mean(aurocs) for aurocs in choice.inner_tune_aurocs]
    assert [len(aurocs) for aurocs in choice.inner_tune_aurocs] == [2, 2]
    assert choice.chosen == int(np.argmax(means))
    run = open_run(outer_folder(job, 0, "fold0"))
    assert run.record.spec.train.batch_size == (16, 8)[choice.chosen]
    assert run.split.rows("test").tolist() == outer.rows("test", 0).tolist()
    assert not list(job.folder.rglob("candidate-*"))
    weights = run.folder / "bundle" / "weights.safetensors"
    before = weights.stat().st_mtime_ns
    for step in steps[:3]:
        step()
    assert weights.stat().st_mtime_ns == before


def test_of_equal_candidates_the_first_listed_is_taken(job):
    """A damaged note of a choice is refused, and a whole one is read back."""
    place = job.repeat_folder(0) / "inner" / "fold0"
    place.mkdir(parents=True)
    note = {"repeat": 0, "fold": "fold0", "chosen": 0, "inner_tune_aurocs": [[0.5]]}
    (place / "choice.json").write_text(json.dumps(note))
    assert read_choice(job, 0, "fold0").inner_tune_aurocs == ((0.5,),)

    (place / "choice.json").write_text("{}")

    with pytest.raises(DataError, match="damaged choice"):
        read_choice(job, 0, "fold0")


def test_a_candidate_is_settings_or_the_run_itself(spec):
    """Several settings are separated by semicolons; unknown ones are refused."""
    found = candidate_settings(spec, CANDIDATES[1])

    assert found.batch_size == 8
    assert found.optimizer.learning_rate == 1e-5
    assert candidate_settings(spec, "run") == spec.train
    with pytest.raises(ConfigError, match="did you mean batch_size"):
        candidate_settings(spec, "train.batch_sze=8")


@pytest.mark.parametrize(
    "candidates", [(), ("run",), ("run", "train.batch_size=16")], ids=str
)
def test_candidates_must_leave_a_choice(spec, candidates):
    """None, one, or one twice under two names is nothing to choose among."""
    with pytest.raises(ConfigError, match="at least two different candidates"):
        refuse_candidates(spec, candidates)
