"""Fitting: the same numbers whatever happens on the way."""

from __future__ import annotations

import csv
import logging
import shutil
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from sklearn.metrics import roc_auc_score

from tumorscope.domain.errors import ConfigError
from tumorscope.domain.specs import TrainSpec
from tumorscope.learning.data import LearningData
from tumorscope.learning.network import build_network, forward_with_map
from tumorscope.learning.training import (
    BEST_WEIGHTS,
    CHECKPOINT,
    METRICS,
    TrainedModel,
    TrainingInterruptedError,
    _build_task,
    _device,
    _precision,
    fit,
)

pytestmark = pytest.mark.slow

SEED = TrainSpec.model_validate(
    {
        "epochs": 2,
        "batch_size": 8,
        "initial_weights": "scratch",
        "precision": "32",
        "device": "cpu",
        "threads": 1,
        "optimizer": {"plateau_patience_epochs": 0},
    }
)
STRONG = TrainSpec.model_validate(
    {
        "recipe": "strong",
        "epochs": 2,
        "batch_size": 8,
        "initial_weights": "scratch",
        "precision": "32",
        "device": "cpu",
        "threads": 1,
        "dropout": 0.2,
        "low_resolution_px": 32,
        "low_resolution_share": 0.5,
        "ema_decay": 0.5,
    }
)


class _Trap:
    """Pixels that send a signal when they are read for the n-th time."""

    def __init__(self, pixels: np.ndarray, *, reads: int, number: int) -> None:
        self.shape = pixels.shape
        self._pixels = pixels
        self._reads = reads
        self._number = number

    def __getitem__(self, rows):
        self._reads -= 1
        if self._reads == 0:
            signal.raise_signal(self._number)
        return self._pixels[rows]


@dataclass
class _Run:
    model: TrainedModel
    folder: Path
    warned: list[str]
    logged: list[str]
    level_after: int


class _Listener(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@pytest.fixture(scope="module")
def whole(tiny_data, tmp_path_factory) -> Iterator[_Run]:
    """Return an uninterrupted run of the seed recipe, and what it told its user."""
    folder = tmp_path_factory.mktemp("whole")
    logger, listener = logging.getLogger("lightning.pytorch"), _Listener()
    before = logger.level
    logger.addHandler(listener)
    logger.setLevel(logging.INFO)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model = fit(tiny_data, SEED, folder=folder)
        level_after = logger.level
    finally:
        logger.setLevel(before)
        logger.removeHandler(listener)
    yield _Run(
        model=model,
        folder=folder,
        warned=[str(one.message) for one in caught],
        logged=listener.messages,
        level_after=level_after,
    )
    shutil.rmtree(folder)


def _rows(folder: Path) -> list[dict[str, str]]:
    with (folder / METRICS).open(newline="") as file:
        return list(csv.DictReader(file))


def _assert_same(model: TrainedModel, expected: TrainedModel) -> None:
    assert model.records == expected.records
    assert model.best_epoch == expected.best_epoch
    assert model.weights.keys() == expected.weights.keys()
    for name, value in expected.weights.items():
        torch.testing.assert_close(model.weights[name], value, rtol=0, atol=0)


def _tune_auroc(model: TrainedModel, data: LearningData) -> float:
    network = build_network().eval()
    network.load_state_dict(dict(model.weights))
    images = torch.from_numpy(data.pixels[data.tune_rows]).permute(0, 3, 1, 2)
    with torch.no_grad():
        logit, _ = forward_with_map(network, images.float() / 127.5 - 1)
    return float(roc_auc_score(data.labels[data.tune_rows], logit.numpy()))


def test_log_holds_every_epoch_once(whole):
    """metrics.csv has one row for each epoch, with the numbers of the result."""
    rows = _rows(whole.folder)

    assert [int(row["epoch"]) for row in rows] == [1, 2]
    for row, record in zip(rows, whole.model.records, strict=True):
        assert {name: float(text) for name, text in row.items()} == record
    assert list((whole.folder / "tensorboard").iterdir())
    assert not list(whole.folder.glob(".*partial"))


def test_best_weights_belong_to_the_best_tuning_auroc(whole, tiny_data):
    """The weights that come back score what the log says of the best epoch."""
    aurocs = [record["tune_auroc"] for record in whole.model.records]

    assert whole.model.best_epoch == int(np.argmax(aurocs)) + 1
    assert _tune_auroc(whole.model, tiny_data) == pytest.approx(max(aurocs), abs=1e-6)
    stored = load_file(whole.folder / BEST_WEIGHTS)
    assert set(stored) == set(build_network().state_dict())


def test_user_is_not_told_what_does_not_concern_them(whole):
    """No hint of the framework reaches the user, and its logger is left as it was."""
    assert whole.logged == []
    assert whole.warned == []
    assert whole.level_after == logging.INFO


def test_result_says_what_was_trained_on_what(whole):
    """Precision, device and first weights go to the card."""
    model = whole.model

    assert (model.precision, model.device) == ("32", "cpu")
    assert model.first_weights == "random initialization"


def test_seed_fixes_the_result(whole, tiny_data, tmp_path):
    """The same seed gives the same numbers to the last digit, another one others."""
    one_epoch = SEED.model_copy(update={"epochs": 1})

    again = fit(tiny_data, one_epoch, folder=tmp_path / "again")
    other = fit(
        tiny_data, one_epoch.model_copy(update={"seed": 1}), folder=tmp_path / "other"
    )

    assert again.records == whole.model.records[:1]
    assert other.records != again.records


def test_killed_run_resumes_to_the_same_result(whole, tiny_data, tmp_path):
    """kill -9 in the middle of epoch 2, then --resume: as if it had never happened."""
    np.savez(
        tmp_path / "data.npz",
        pixels=tiny_data.pixels,
        labels=tiny_data.labels,
        train_rows=tiny_data.train_rows,
        tune_rows=tiny_data.tune_rows,
    )
    script = f"""
import os, signal
from pathlib import Path
import numpy as np
from tumorscope.domain.specs import TrainSpec
from tumorscope.learning.data import LearningData
from tumorscope.learning.training import fit

class Trap:
    def __init__(self, pixels):
        self.shape, self.pixels, self.reads = pixels.shape, pixels, 0

    def __getitem__(self, rows):
        self.reads += 1
        if self.reads == 7:  # the third batch of epoch 2
            os.kill(os.getpid(), signal.SIGKILL)
        return self.pixels[rows]

values = dict(np.load({str(tmp_path / "data.npz")!r}))
values["pixels"] = Trap(values["pixels"])
spec = TrainSpec.model_validate_json({SEED.model_dump_json()!r})
fit(LearningData(**values), spec, folder=Path({str(tmp_path / "run")!r}))
"""
    killed = subprocess.run([sys.executable, "-c", script], check=False)  # noqa: S603 - the script above
    assert killed.returncode == -signal.SIGKILL
    assert len(_rows(tmp_path / "run")) == 1

    model = fit(tiny_data, SEED, folder=tmp_path / "run", resume=True)

    _assert_same(model, whole.model)
    assert _rows(tmp_path / "run") == _rows(whole.folder)


def test_interrupt_leaves_a_checkpoint_to_go_on_from(whole, tiny_data, tmp_path):
    """Ctrl-C ends with a message and status 130; --resume ends with the same result."""
    trapped = replace(
        tiny_data, pixels=_Trap(tiny_data.pixels, reads=7, number=signal.SIGINT)
    )
    before = signal.getsignal(signal.SIGINT)

    with pytest.raises(
        TrainingInterruptedError, match=r"after 1 of 2 epochs.*--resume"
    ):
        fit(trapped, SEED, folder=tmp_path)

    assert TrainingInterruptedError.exit_status == 130
    assert signal.getsignal(signal.SIGINT) is before
    assert (tmp_path / CHECKPOINT).is_file()
    _assert_same(fit(tiny_data, SEED, folder=tmp_path, resume=True), whole.model)


def test_interrupt_before_the_first_checkpoint_starts_anew(tiny_data, tmp_path):
    """Stopped in the first epoch, --resume begins again instead of failing."""
    one_epoch = SEED.model_copy(update={"epochs": 1})
    trapped = replace(
        tiny_data, pixels=_Trap(tiny_data.pixels, reads=2, number=signal.SIGINT)
    )
    with pytest.raises(TrainingInterruptedError, match="after 0 of 1 epochs"):
        fit(trapped, one_epoch, folder=tmp_path)

    model = fit(tiny_data, one_epoch, folder=tmp_path, resume=True)

    assert len(model.records) == 1


@pytest.mark.exhaustive
def test_strong_recipe_resumes_to_the_same_result(tiny_data, tmp_path):
    """Averaged weights, cosine schedule, low resolution and dropout all go on."""
    data = replace(
        tiny_data, pixels=np.kron(tiny_data.pixels, np.ones((1, 2, 2, 1), "u1"))
    )
    uninterrupted = fit(data, STRONG, folder=tmp_path / "whole")
    trapped = replace(data, pixels=_Trap(data.pixels, reads=7, number=signal.SIGINT))
    with pytest.raises(TrainingInterruptedError, match="after 1 of 2"):
        fit(trapped, STRONG, folder=tmp_path / "run")

    resumed = fit(data, STRONG, folder=tmp_path / "run", resume=True)

    _assert_same(resumed, uninterrupted)
    assert _tune_auroc(resumed, data) == pytest.approx(
        max(record["tune_auroc"] for record in resumed.records), abs=1e-6
    )
    rates = [record["learning_rate"] for record in resumed.records]
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] < 0.2 * STRONG.optimizer.learning_rate


@pytest.mark.exhaustive
def test_group_dro_resumes_to_the_same_result(tiny_data, tmp_path):
    """The groups' weights and draws of a stopped run go on as if it had not stopped."""
    spec = SEED.model_copy(
        update={"mitigation": "group-dro", "group_dro_step": 0.5, "batch_size": 12}
    )
    data = replace(tiny_data, groups=np.arange(40) % 3)
    uninterrupted = fit(data, spec, folder=tmp_path / "whole")
    trapped = replace(data, pixels=_Trap(data.pixels, reads=5, number=signal.SIGINT))
    with pytest.raises(TrainingInterruptedError, match="after 1 of 2"):
        fit(trapped, spec, folder=tmp_path / "run")

    resumed = fit(data, spec, folder=tmp_path / "run", resume=True)

    _assert_same(resumed, uninterrupted)


def test_finished_run_is_not_trained_again(whole, tiny_data):
    """Resuming what is done changes nothing and returns the same model."""
    stamp = (whole.folder / BEST_WEIGHTS).stat().st_mtime_ns

    _assert_same(fit(tiny_data, SEED, folder=whole.folder, resume=True), whole.model)

    assert (whole.folder / BEST_WEIGHTS).stat().st_mtime_ns == stamp


def test_folder_with_a_training_is_not_overwritten(whole, tiny_data):
    """Hours of training cannot be lost to a forgotten --resume."""
    with pytest.raises(ConfigError, match=r"already holds a training: .*--resume"):
        fit(tiny_data, SEED, folder=whole.folder)


@pytest.mark.exhaustive
def test_bf16_run_has_a_bar_and_class_weights(tiny_data, tmp_path, capsys):
    """The mixed precision path works on a CPU, and shows how far it got."""
    spec = SEED.model_copy(
        update={"epochs": 1, "precision": "bf16", "balance": "weights"}
    )

    model = fit(tiny_data, spec, folder=tmp_path, show_bar=True)

    assert model.precision == "bf16"
    assert model.weights["fc.weight"].dtype == torch.float32
    assert np.isfinite(model.records[0]["train_loss"])


def test_class_weights_balance_the_classes(tiny_data):
    """Sixteen slices without and eight with tumor: weights 24/32 and 24/16."""
    spec = SEED.model_copy(update={"balance": "weights"})

    weighted = _build_task(tiny_data, spec)
    plain = _build_task(tiny_data, SEED)

    torch.testing.assert_close(weighted._class_weights, torch.tensor([0.75, 1.5]))
    torch.testing.assert_close(plain._class_weights, torch.tensor([1.0, 1.0]))
    assert weighted._total_steps == 6


def test_low_resolution_is_for_the_first_epochs_only(tiny_data):
    """Half of two epochs: the first on the reduced image."""
    data = replace(tiny_data, pixels=np.zeros((40, 64, 64, 3), dtype=np.uint8))
    task = _build_task(data, STRONG)

    assert task._epoch_size_px() == 32
    assert _build_task(data, SEED)._epoch_size_px() == 64


@pytest.mark.skipif(torch.cuda.is_available(), reason="a CUDA device is there")
def test_absent_device_is_a_clear_error():
    """Asking for a GPU that is not there never falls back in silence."""
    with pytest.raises(ConfigError, match="no CUDA device"):
        _device(SEED.model_copy(update={"device": "cuda"}))
    assert _device(SEED.model_copy(update={"device": "auto"})) == "cpu"


def test_precision_is_the_one_asked_for():
    """`auto` decides by the hardware, anything else is an order."""
    assert _precision(SEED, "cpu") == "32"
    assert _precision(SEED.model_copy(update={"precision": "bf16"}), "cpu") == "bf16"
    assert _precision(SEED.model_copy(update={"precision": "auto"}), "cpu") in {
        "32",
        "bf16",
    }


@pytest.mark.gpu
def test_training_on_a_gpu(tiny_data, tmp_path):
    """The whole path runs on CUDA in bf16, and its weights come back to the CPU."""
    spec = SEED.model_copy(update={"epochs": 1, "precision": "auto", "device": "cuda"})

    model = fit(tiny_data, spec, folder=tmp_path)

    assert model.device == "cuda"
    assert {value.device.type for value in model.weights.values()} == {"cpu"}
