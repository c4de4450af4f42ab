"""A phantom cohort and a run trained on it, each made once for all tests of a worker."""

from __future__ import annotations

import json
import os
import shutil

import numpy as np
import pytest

from tumorscope.domain.specs import RunSpec
from tumorscope.io.images import write_png
from tumorscope.phantom import PhantomSpec
from tumorscope.workflows.evaluate import evaluate_run
from tumorscope.workflows.phantom import make_phantom
from tumorscope.workflows.prepare import prepare
from tumorscope.workflows.train import train

COHORT = PhantomSpec(patients=14, slices_per_patient=6, size_px=64)
SETTINGS = {
    "split": {"test_share": 0.3, "tune_share": 0.3},
    "preprocess": {"size_px": 32},
    "train": {"epochs": 1, "batch_size": 16, "initial_weights": "scratch"},
    "evaluate": {"bootstrap_draws": 100},
    "explain": {
        "methods": ["cam", "occlusion"],
        "overlays": 3,
        "occlusion_window_px": 16,
        "tumor_free_slices": 3,
        "check_slices": 3,
        "deletion_slices": 1,
    },
}


@pytest.fixture(scope="session")
def spec():
    """Return the settings of the smallest run."""
    return RunSpec.model_validate(SETTINGS)


@pytest.fixture(scope="session")
def cohort(tmp_path_factory):
    """Return the folder of a phantom cohort; nobody may write to it."""
    return make_phantom(tmp_path_factory.mktemp("cohort") / "ph", COHORT, workers=1)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory, cohort, spec):
    """Return the folder of a prepared run; nobody may write to it."""
    return prepare(cohort, tmp_path_factory.mktemp("prepared") / "run", spec).folder


@pytest.fixture(scope="session")
def trained(tmp_path_factory, prepared):
    """Return the folder of a trained run; nobody may write to it."""
    folder = linked(prepared, tmp_path_factory.mktemp("trained") / "run")
    return train(folder).folder


@pytest.fixture(scope="session")
def evaluated(tmp_path_factory, trained):
    """Return the folder of an evaluated run; nobody may write to it."""
    folder = linked(trained, tmp_path_factory.mktemp("evaluated") / "run")
    return evaluate_run(folder).html.parent


@pytest.fixture
def own(tmp_path):
    """Return a function that copies a run for a test that writes to it."""
    return lambda run: linked(run, tmp_path / "own" / run.name)


@pytest.fixture
def classes(tmp_path):
    """Return a folder with the classes yes and no, without patient ids."""
    return write_classes(tmp_path / "classes")


@pytest.fixture(scope="session")
def without_patients(tmp_path_factory, spec):
    """Return a run trained on pictures without patient ids; nobody may write to it."""
    place = tmp_path_factory.mktemp("without_patients")
    shares = {"split": {"test_share": 0.2, "tune_share": 0.2}}
    settings = RunSpec.model_validate(spec.model_dump() | shares)
    return train(
        prepare(write_classes(place / "classes"), place / "run", settings).folder
    ).folder


@pytest.fixture
def edit_split():
    """Return a function that changes the groups of a split file."""

    def edit(run, change):
        path = run / "split.json"
        content = json.loads(path.read_text())
        change(content["groups"])
        path.unlink()
        path.write_text(json.dumps(content))

    return edit


@pytest.fixture
def leak(edit_split):
    """Return a function that moves one training slice of a run to its test part."""

    def move(groups):
        giver, taker = (
            next(one for one in groups if one["parts"] == [part])
            for part in ("train", "test")
        )
        taker["rows"].append(giver["rows"].pop())

    return lambda run: edit_split(run, move)


@pytest.fixture
def deal_again(edit_split):
    """Return a function that exchanges a training and a test patient of a run."""

    def exchange(groups):
        one, other = (
            next(group for group in groups if group["parts"] == [part])
            for part in ("train", "test")
        )
        one["parts"], other["parts"] = other["parts"], one["parts"]

    return lambda run: edit_split(run, exchange)


def linked(run, place):
    """Copy a run by hard links: every file of a run is replaced, none is changed."""
    shutil.copytree(run, place, copy_function=os.link)
    return place


def write_classes(folder):
    """Write 12 unlike pictures into each of the class folders yes and no."""
    generator = np.random.default_rng(0)
    for name in ("yes", "no"):
        (folder / name).mkdir(parents=True)
        for number in range(12):
            pixels = generator.integers(0, 256, (24, 20)).astype(np.uint8)
            write_png(folder / name / f"{number}.png", pixels)
    return folder
