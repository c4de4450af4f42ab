"""Checkpoints: whole, of the moment they were asked for, and failures are told."""

from __future__ import annotations

import threading

import pytest
import torch
from lightning.fabric.plugins import TorchCheckpointIO

from tumorscope.learning.checkpoints import BackgroundCheckpoints


def _read(path):
    return TorchCheckpointIO().load_checkpoint(path)


def test_a_checkpoint_holds_the_weights_of_its_moment(tmp_path):
    """Training goes on while it is written, and changes nothing in it."""
    weights = torch.zeros(3)
    plugin = BackgroundCheckpoints()

    plugin.save_checkpoint({"weights": weights, "epoch": 1}, tmp_path / "last.ckpt")
    weights += 1
    plugin.teardown()

    found = _read(tmp_path / "last.ckpt")
    assert found["weights"].tolist() == [0, 0, 0]
    assert found["epoch"] == 1
    assert [one.name for one in tmp_path.iterdir()] == ["last.ckpt"]


def test_the_last_of_several_stays_and_the_writer_ends(tmp_path):
    """One is written after the other, and no thread outlives the training."""
    before = threading.active_count()
    plugin = BackgroundCheckpoints()

    for epoch in range(3):
        plugin.save_checkpoint({"epoch": epoch}, tmp_path / "last.ckpt")
    plugin.teardown()

    assert _read(tmp_path / "last.ckpt")["epoch"] == 2
    assert threading.active_count() == before


def test_a_failure_of_the_disk_is_not_silent(tmp_path):
    """A training whose checkpoint could not be written says so."""
    target = tmp_path / "taken"
    target.mkdir()
    (target / "in the way").touch()
    plugin = BackgroundCheckpoints()

    plugin.save_checkpoint({"epoch": 0}, target)

    with pytest.raises(OSError, match="taken"):
        plugin.teardown()
