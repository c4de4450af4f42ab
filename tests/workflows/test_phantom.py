"""Tests of a written phantom cohort: complete or absent, and true to its table."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from tumorscope.domain.errors import ConfigError
from tumorscope.io.images import read_image, read_mask
from tumorscope.phantom import PhantomSpec
from tumorscope.workflows.phantom import make_phantom

TINY = PhantomSpec(patients=3, slices_per_patient=3, size_px=64, tumor_share=0.67)
FAULTY = TINY.model_copy(
    update={
        "patients": 4,
        "tumor_share": 0.5,
        "repeated_patients": 0.25,
        "near_duplicates": 0.4,
        "border_cue": 1.0,
        "size_cue": 1.0,
    }
)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """Return a cohort without faults."""
    return make_phantom(tmp_path_factory.mktemp("plain") / "out", TINY, workers=1)


@pytest.fixture(scope="module")
def faulty(tmp_path_factory):
    """Return a cohort with every fault planted."""
    return make_phantom(tmp_path_factory.mktemp("faulty") / "out", FAULTY, workers=1)


def test_the_table_tells_what_the_files_hold(plain):
    """One row for each slice; label 1 exactly where the mask is not empty."""
    table = pd.read_csv(plain / "phantom.csv")

    assert len(table) == 9
    for row in table.itertuples():
        pixels, mask = read_image(plain / row.image), read_mask(plain / row.mask)
        assert pixels.shape == (64, 64, 3)
        assert mask.any() == bool(row.label)
    assert table.groupby("patient_id")["label"].max().sum() == 2
    assert table["slice_index"].tolist() == [0, 1, 2] * 3
    assert (table.loc[table["label"] == 1, "has_tumor_patient"] == 1).all()


def test_mask_files_hold_0_and_255_only(plain):
    """A mask can be looked at with any viewer."""
    masks = [
        read_image(path, allow_constant=True) for path in plain.rglob("*_mask.png")
    ]

    assert set(np.unique(np.stack(masks))) == {0, 255}


def test_nothing_is_planted_unless_asked_for(plain):
    """A plain cohort's truth is empty, and holds the spec that made it."""
    truth = json.loads((plain / "phantom.json").read_text(encoding="utf-8"))

    assert PhantomSpec(**truth["spec"]) == TINY
    planted = dict(truth["planted"])
    assert planted.pop("site_label_tie") == 0
    assert not any(planted.values())


def test_every_planted_fault_is_in_the_truth_and_in_the_files(faulty):
    """What the truth names is there: ids, copies, frames and sizes."""
    table = pd.read_csv(faulty / "phantom.csv").set_index("image")
    planted = json.loads((faulty / "phantom.json").read_text())["planted"]

    assert table["patient_id"].nunique() == 5
    assert len(planted["repeated_patients"]) == 1
    assert len(table) == 15 + len(planted["near_duplicates"])
    assert len(planted["near_duplicates"]) == 6
    for copy in planted["near_duplicates"]:
        assert (
            table.at[copy["image"], "patient_id"] != table.at[copy["of"], "patient_id"]
        )
        assert table.at[copy["image"], "label"] == table.at[copy["of"], "label"]
    copies = {copy["image"] for copy in planted["near_duplicates"]}
    tumor_slices = set(table.index[table["label"] == 1]) - copies
    assert set(planted["framed"]) == set(planted["shrunk"]) == tumor_slices
    for image in planted["shrunk"]:
        assert read_image(faulty / image).shape == (56, 56, 3)


def test_each_patient_has_one_site_sex_and_age(faulty):
    """A copied slice bears its new owner's data, so that the table gives nothing away."""
    table = pd.read_csv(faulty / "phantom.csv")

    for column in ("site", "scanner", "sex", "age_years", "has_tumor_patient"):
        assert (table.groupby("patient_id")[column].nunique() == 1).all()


@pytest.mark.slow
def test_the_number_of_workers_changes_nothing(plain, tmp_path):
    """Two processes write the same bytes as one."""
    other = make_phantom(tmp_path / "out", TINY, workers=2)

    names = sorted(path.relative_to(plain) for path in plain.rglob("*.*"))
    assert names == sorted(path.relative_to(other) for path in other.rglob("*.*"))
    for name in names:
        assert (plain / name).read_bytes() == (other / name).read_bytes()


def test_an_occupied_folder_is_refused_and_left_alone(tmp_path):
    """Nobody's files are mixed with a phantom's."""
    (tmp_path / "mine.txt").write_text("kept")

    with pytest.raises(ConfigError, match="not empty: name another folder"):
        make_phantom(tmp_path, TINY, workers=1)

    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("workers", [-1])
def test_negative_workers_are_refused(tmp_path, workers):
    """A wrong number stops before anything is written."""
    with pytest.raises(ConfigError, match="workers is -1"):
        make_phantom(tmp_path / "out", TINY, workers=workers)

    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_cohort_leaves_nothing_behind(tmp_path):
    """What looks like a cohort is a whole one."""

    def stop_at_second(items, *, total, label):
        yield next(iter(items))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_phantom(tmp_path / "out", TINY, workers=1, progress=stop_at_second)

    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_is_used_and_progress_counts_patients(tmp_path):
    """An empty OUT is fine, and the bar knows its length."""
    seen = []

    def watch(items, *, total, label):
        for item in items:
            seen.append((total, label))
            yield item

    (tmp_path / "out").mkdir()
    out = make_phantom(tmp_path / "out", TINY, workers=1, progress=watch)

    assert (out / "phantom.csv").is_file()
    assert seen == [(3, "making phantom patients")] * 3
