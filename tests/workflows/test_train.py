"""Tests of `train`: one bundle for each fold, never from a split that leaks."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pandas as pd
import pytest

from tumorscope.domain.card import CARD_FORMAT
from tumorscope.domain.errors import BundleError, ConfigError, LeakageError
from tumorscope.domain.specs import RunSpec
from tumorscope.io.bundle import read_bundle
from tumorscope.workflows.evaluate import evaluate_run
from tumorscope.workflows.predict import predict
from tumorscope.workflows.prepare import prepare
from tumorscope.workflows.run_folder import open_run
from tumorscope.workflows.train import describe_models, train

pytestmark = pytest.mark.xdist_group("trained-run")


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_bundle_tells_where_it_comes_from(trained, spec):
    """Preprocessing, recipe, data and threshold travel with the weights."""
    run = open_run(trained)
    card = read_bundle(trained / "bundle").card

    assert card.preprocess == spec.preprocess
    assert card.train == spec.train
    assert card.sequences == ("t1", "flair", "t1c")
    assert not card.single_sequence_repeated
    assert card.data.manifest_digest == run.manifest.digest
    assert card.data.slices == {"train": 36, "tune": 24, "test": 24}
    assert card.data.groups == {"train": 6, "tune": 4, "test": 4}
    assert len(card.data.seen_owner_digests) == 10
    assert card.epochs_done == card.best_epoch == 1
    assert "Not a medical device" in card.notice


def test_a_card_names_no_patient(trained):
    """A bundle can be handed on: patients stand in it as digests only."""
    text = (trained / "bundle" / "card.json").read_text()

    patients = open_run(trained).manifest.table["patient_id"].unique()
    assert not [patient for patient in patients if patient in text]


def test_a_bundle_holds_no_pickle(trained):
    """Nothing in a bundle can run code."""
    names = {path.name for path in (trained / "bundle").iterdir()}

    assert names == {"card.json", "gate.safetensors", "weights.safetensors"}


def test_training_is_recorded_and_described(trained):
    """Record and screen tell epochs, and that the tuning AUROC is optimistic."""
    run = open_run(trained)
    card = read_bundle(trained / "bundle").card

    stage = run.record.stages[-1]
    assert stage.stage == "train"
    assert stage.details["holdout"]["epochs"] == 1
    text = describe_models(run)
    assert f"{card.threshold.threshold_probability:.3f}" in text
    assert "optimistic" in text
    assert "21 tumor-free tuning slices of 4 patients" in text
    assert "a slice is referred if" in text


def test_all_rules_are_fixed_on_the_tuning_part(trained, spec):
    """Calibration, sets and referral stand on the card with their n."""
    card = read_bundle(trained / "bundle").card

    assert card.format == CARD_FORMAT
    assert card.threshold.target == spec.operating_target
    assert card.calibration.method == "temperature"
    assert (card.calibration.tune_slices, card.calibration.tune_patients) == (24, 4)
    assert [one.level for one in card.conformal.levels] == [0.9, 0.95]
    assert not any(one.is_promised for one in card.conformal.levels)
    assert card.conformal.slices == (21, 3)
    assert card.referral.refer_when == "either"
    assert card.referral.tune_slices == 24


def test_a_run_without_models_says_so(prepared):
    """An untrained run is no empty success."""
    with pytest.raises(BundleError, match="not a bundle"):
        describe_models(open_run(prepared))


def test_a_trained_run_is_not_trained_again(trained, own):
    """Neither by accident nor with other settings under --resume."""
    run = own(trained)
    other = open_run(run).record.spec.train.model_copy(update={"epochs": 2})
    before = (run / "run.json").read_bytes()

    with pytest.raises(ConfigError, match="trained already: go on with --resume"):
        train(run)
    with pytest.raises(ConfigError, match="other training settings"):
        train(run, spec=other, resume=True)

    assert (run / "run.json").read_bytes() == before


def test_resuming_a_finished_run_keeps_its_model(trained, own):
    """Nothing is left to do, and nothing is done anew."""
    run = own(trained)
    before = digest(run / "bundle" / "weights.safetensors")

    train(run, resume=True, spec=open_run(run).record.spec.train)

    assert digest(run / "bundle" / "weights.safetensors") == before


# Lightning notes that the copied run lies elsewhere than the one that was trained.
@pytest.mark.filterwarnings("ignore:The dirpath has changed:UserWarning")
def test_a_bundle_lost_after_training_is_written_again(trained, own):
    """A stop between the last epoch and the bundle costs nothing but the command."""
    run = own(trained)
    before = digest(run / "bundle" / "weights.safetensors")
    for file in (run / "bundle").iterdir():
        file.unlink()
    (run / "bundle").rmdir()

    train(run, resume=True)

    assert digest(run / "bundle" / "weights.safetensors") == before


def test_a_leaking_split_is_not_trained_on(prepared, own, leak):
    """A split edited by hand is refused before the first step, with exit status 3."""
    run = own(prepared)
    leak(run)

    with pytest.raises(LeakageError) as caught:
        train(run)

    assert caught.value.exit_status == 3
    assert not (run / "training").exists()


@pytest.fixture(scope="module")
def folded(tmp_path_factory, cohort, spec):
    """Return a run of two folds, trained with other settings than it was prepared."""
    two_folds = RunSpec.model_validate(spec.model_dump() | {"split": {"folds": 2}})
    folder = tmp_path_factory.mktemp("folded") / "run"
    prepare(cohort, folder, two_folds)
    train(folder, spec=spec.train.model_copy(update={"batch_size": 32}))
    return folder


@pytest.mark.slow
def test_each_fold_has_a_bundle_and_the_evaluation_pools_them(folded):
    """Every slice is tested once, by the fold that never saw its patient."""
    written = evaluate_run(folded)

    run = open_run(folded)
    table = pd.read_parquet(folded / "predictions.parquet")
    tested = table[table["part"] == "test"]
    names = list(run.split.fold_names)
    assert sorted(path.name for path in (folded / "bundles").iterdir()) == names
    assert sorted(tested["image"]) == sorted(run.manifest.table["image"])
    assert written.report.n_patients == 14
    assert (
        len(written.report.by_fold)
        == len(json.loads(written.json.read_text())["by_fold"])
        == 2
    )
    for fold, name in enumerate(names):
        card = read_bundle(folded / "bundles" / name).card
        mine = tested[tested["fold"] == name]
        assert set(mine["image"]) == set(
            run.manifest.table["image"].iloc[run.split.rows("test", fold)]
        )
        assert np.unique(mine["threshold_probability"]) == pytest.approx(
            card.threshold.threshold_probability
        )


@pytest.mark.slow
def test_other_settings_of_training_are_recorded(folded):
    """The record tells what was done, not what was planned."""
    assert open_run(folded).record.spec.train.batch_size == 32


@pytest.mark.slow
def test_a_run_of_folds_names_its_bundles(folded, cohort):
    """Which fold predicts is the user's choice, not a silent one."""
    with pytest.raises(BundleError, match="one bundle for each fold; name one of"):
        predict(folded, [cohort / "P0001"])
