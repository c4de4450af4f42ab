"""Tests of `predict` on studies: every slice, every series, and a reason for all else."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pyarrow.parquet as pq
import pytest

from tumorscope.domain.errors import DataError
from tumorscope.domain.volume import volume_from_affine
from tumorscope.io.bundle import read_card, update_card
from tumorscope.io.images import read_image
from tumorscope.workflows.predict import predict
from tumorscope.workflows.score_archive import ArchiveRhythm, score_archive

AFFINE = np.array([[0, 0, 1.0, -10], [0, 1.0, 0, -20], [3.0, 0, 0, 5], [0, 0, 0, 1]])


SEQUENCES = ("t1", "flair", "t1c")


@pytest.fixture(scope="module")
def heads(cohort):
    """Return a phantom head for each sequence, with an empty slice at its lower end."""
    files = [cohort / "P0001" / f"P0001_{number}.png" for number in range(6)]
    slices = np.stack([read_image(file) for file in files])  # (6, 64, 64, 3)
    voxels = np.concatenate([np.zeros_like(slices[:1]), slices]).astype(np.uint16)
    return {
        name: volume_from_affine(voxels[..., channel], AFFINE)
        for channel, name in enumerate(SEQUENCES)
    }


@pytest.fixture
def study(scan_makers, heads, tmp_path):
    """Return a folder with FLAIR, T1 and a CT."""
    folder = tmp_path / "study"
    folder.mkdir()
    files = [
        *scan_makers.make_series(heads["flair"], "flair", SeriesNumber=4),
        *scan_makers.make_series(heads["t1"], "t1", SeriesNumber=6),
        *scan_makers.make_series(heads["t1"], "t2", SeriesNumber=9, Modality="CT"),
    ]
    for number, file in enumerate(files):
        (folder / f"{number:02d}.dcm").write_bytes(scan_makers.to_bytes(file))
    return folder


def test_every_slice_and_the_series_are_answered(trained, study):
    """Slices from the lowest upwards, figures of the series, and what was left out."""
    found = predict(trained, [study])

    assert [one.slice_index for one in found.slices] == list(range(7))
    assert found.slices[0].refused.startswith("shows almost nothing")
    scores = [one.tumor_probability for one in found.slices[1:]]
    (series,) = found.series
    assert series.highest_tumor_probability == max(scores)
    assert series.highest_slice_index == 1 + int(np.argmax(scores))
    assert series.mean_tumor_probability == pytest.approx(np.mean(scores))
    assert series.slices_above_threshold == sum(
        one.above_threshold for one in found.slices[1:]
    )
    assert (series.slices, series.scored_slices) == (7, 6)
    assert (series.orientation, series.spacing_mm) == ("LPS", (1.0, 1.0))
    assert [(one.label, one.files, one.reason) for one in found.left_out] == [
        ("series 9", 7, "CT, not MR")
    ]


def test_a_model_of_other_sequences_says_so(trained, study):
    """The phantom's model wants T1 after contrast; this study has none."""
    (series,) = predict(trained, [study]).series

    assert series.sequences == ("t1", "flair", "t1c")
    assert "this study lacks one of them" in series.notes[0]
    assert "t1c is missing: its channel holds a copy of flair" in series.notes


def test_the_table_and_the_json_tell_all(trained, study):
    """Sequence with its certainty, series rule, left-out series, and the notice."""
    found = predict(trained, [study])

    table = found.as_table()
    assert "series 4 [t1,flair,t1c; flair, certain (named like flair" in table
    assert "left out: series 9: CT, not MR" in table
    assert "no series is called positive or negative" in table
    content = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert content["series"][0]["scored_slices"] == 6
    assert content["left_out"][0]["reason"] == "CT, not MR"
    assert "Not a medical device" in content["notice"]


def test_zip_and_volume_score_as_the_folder_does(trained, scan_makers, heads, tmp_path):
    """The way a scan is handed over changes no score."""
    series = scan_makers.make_series(heads["flair"])
    with zipfile.ZipFile(tmp_path / "study.zip", "w") as packed:
        for number, file in enumerate(series):
            packed.writestr(f"{number}", scan_makers.to_bytes(file))
    packed_volume = scan_makers.make_nifti(heads["flair"])
    (tmp_path / "x_flair.nii.gz").write_bytes(packed_volume)

    ways = [
        [one.tumor_probability for one in predict(trained, [tmp_path / name]).slices]
        for name in ("study.zip", "x_flair.nii.gz")
    ]

    assert len(ways[0]) == 7
    assert ways[0][0] is None
    assert ways[0] == ways[1]


def test_a_zipped_patient_folder_of_brats_scores_as_the_folder_does(
    trained, scan_makers, heads, tmp_path
):
    """Sequences of a case belong together, and the archive is named as it was given."""
    folder, archive = tmp_path / "given", tmp_path / "patient.zip"
    case = "BraTS-GLI-00001-000"
    (folder / case).mkdir(parents=True)
    with zipfile.ZipFile(archive, "w") as packed:
        for sequence, word in (("t1", "t1n"), ("flair", "t2f"), ("t1c", "t1c")):
            name = f"{case}/{case}-{word}.nii.gz"
            content = scan_makers.make_nifti(heads[sequence])
            (folder / name).write_bytes(content)
            packed.writestr(name, content)

    ways = [predict(trained, [one]) for one in (folder, archive)]

    assert ways[1].series[0].sequences == SEQUENCES
    assert ways[1].series[0].source == str(archive)
    scores = [[one.tumor_probability for one in found.slices] for found in ways]
    with pytest.raises(DataError, match="unpack it"):
        score_archive(trained, archive, tmp_path / "scores.parquet")
    assert len(scores[0]) == 7
    assert scores[0] == scores[1]


def test_zipped_pictures_score_as_files_and_bear_the_name_of_the_archive(
    trained, cohort, tmp_path
):
    """Beside what cannot be read, which is listed under its name in the archive, too."""
    files = [cohort / "P0001" / f"P0001_{number}.png" for number in range(2)]
    archive = tmp_path / "pictures.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for file in files:
            packed.write(file, f"a/{file.name}")
        packed.writestr("a/z.png", b"no picture")

    found = predict(trained, [archive]).slices

    alone = [one.tumor_probability for one in predict(trained, files).slices]
    assert [one.tumor_probability for one in found] == [*alone, None]
    assert [one.image for one in found][::2] == [
        str(archive / "a" / files[0].name),
        str(archive / "a" / "z.png"),
    ]
    assert found[-1].refused
    assert "/tumorscope-" not in found[-1].refused


def test_an_archive_without_anything_to_score_is_refused(trained, tmp_path):
    """What it holds is listed with a reason; an empty one is one clear error."""
    for name in ("texts", "empty"):
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as packed:
            if name == "texts":
                packed.writestr("notes.txt", "none")

    found = predict(trained, [tmp_path / "texts.zip"])

    assert found.all_refused
    assert found.left_out[0].label == "notes.txt"
    with pytest.raises(DataError, match=r"empty\.zip: holds no PNG"):
        predict(trained, [tmp_path / "empty.zip"])


def test_a_model_of_unknown_sequence_scores_every_series(trained, own, study):
    """Each series stands for itself, and a note says what that is worth."""
    run = own(trained)
    card = read_card(run / "bundle")
    update_card(run / "bundle", card.model_copy(update={"sequences": ()}))

    found = predict(run, [study])

    assert [one.sequences for one in found.series] == [("flair",), ("t1",)]
    assert "trained on pictures of an unknown sequence" in found.series[0].notes[0]


def test_a_study_without_a_usable_series_is_refused_with_reasons(trained, study):
    """Nothing scored: the caller can turn it into an exit status."""
    for file in study.glob("*"):
        if int(file.stem) < 14:
            file.unlink()

    found = predict(trained, [study])

    assert found.all_refused
    assert found.series == ()
    assert found.left_out[0].reason == "CT, not MR"


@pytest.mark.slow
def test_a_study_scores_into_a_table_as_it_does_by_itself(trained, study, tmp_path):
    """Slices of a series keep window, order and place, and what is left out is a row."""
    alone = predict(trained, [study])

    done = score_archive(
        trained, study, tmp_path / "scores.parquet", rhythm=ArchiveRhythm(batch=1)
    )

    rows = pq.read_table(done.table.path).to_pylist()
    assert len(rows) == len(alone.slices) + len(alone.left_out)
    for row, entry in zip(rows, alone.slices, strict=False):
        assert row["image"] == entry.image
        assert row["slice_index"] == entry.slice_index
        assert row["position_mm"] == entry.position_mm
        assert row["tumor_probability"] == entry.tumor_probability
        assert row["refused"] == entry.refused
    assert rows[-1]["refused"] == "left out: CT, not MR"
