"""Tests of `predict --out`: the scores of `predict`, in order, whatever happens."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
import zipfile

import pandas as pd
import pyarrow.parquet as pq
import pytest

from tumorscope.domain.errors import ConfigError, DataError
from tumorscope.workflows.predict import predict
from tumorscope.workflows.score_archive import ArchiveRhythm, score_archive

pytestmark = pytest.mark.xdist_group("trained-run")

RHYTHM = ArchiveRhythm(batch=4, chunk_rows=8)
PROGRAM = """
import sys
from pathlib import Path
from tumorscope.workflows.score_archive import ArchiveRhythm, score_archive
if __name__ == "__main__":
    bundle, source, out = map(Path, sys.argv[1:])
    score_archive(bundle, source, out, rhythm=ArchiveRhythm(batch=4, chunk_rows=8))
"""


@pytest.fixture(scope="module")
def archive(cohort, tmp_path_factory):
    """Return a folder of 24 pictures, a mask and a damaged file."""
    folder = tmp_path_factory.mktemp("archive") / "scans"
    folder.mkdir()
    pictures = [one for one in sorted(cohort.rglob("*.png")) if "_mask" not in one.name]
    for number, picture in enumerate(pictures[:24]):
        shutil.copy(picture, folder / f"{number:02d}.png")
    shutil.copy(pictures[0], folder / "03_mask.png")
    (folder / "07b.png").write_bytes(pictures[0].read_bytes()[:300])
    return folder


@pytest.fixture(scope="module")
def scored(trained, archive, tmp_path_factory):
    """Return what scoring the folder in one go came to."""
    out = tmp_path_factory.mktemp("scored") / "scores.parquet"
    return score_archive(trained, archive, out, rhythm=RHYTHM)


def test_rows_are_those_of_predict_in_its_order(scored, trained, archive):
    """Whoever scores an archive gets what each file alone would have got."""
    alone = predict(trained, [archive]).slices

    table = pd.read_parquet(scored.table.path)

    assert table["image"].tolist() == [one.image.rpartition("/")[2] for one in alone]
    assert table["refused"].tolist() == [one.refused for one in alone]
    assert table["tumor_probability"].tolist() == pytest.approx(
        [one.tumor_probability or float("nan") for one in alone], abs=1e-6, nan_ok=True
    )
    for column in ("decision", "above_threshold", "input_check"):
        found = table[column].astype(object).where(table[column].notna(), None)
        assert found.tolist() == [getattr(one, column) for one in alone]


def test_what_cannot_be_scored_is_listed_with_its_reason(scored):
    """Nothing is dropped in silence: table, list and words tell the same."""
    refused = dict(scored.table.refused)

    assert "the lesion mask of 03.png" in refused["03_mask.png"]
    assert refused["07b.png"].startswith("07b.png: ")
    assert not scored.all_refused
    assert "07b.png" in scored.as_words()
    assert "Research use only" in scored.as_words()


def test_the_table_carries_its_conditions_and_leaves_nothing_beside_it(scored):
    """A table that is passed on still says what it is."""
    notes = pq.read_schema(scored.table.path).metadata

    assert b"Research use only" in notes[b"tumorscope.notice"]
    assert b"threshold_probability" in notes[b"tumorscope.notes"]
    assert [one.name for one in scored.table.path.parent.iterdir()] == [
        "scores.parquet"
    ]


def test_a_killed_run_goes_on_without_a_row_twice_or_missing(
    scored, trained, archive, tmp_path
):
    """After kill -9 the same call makes the same table, and keeps what was done."""
    out = tmp_path / "scores.parquet"
    chunks = tmp_path / ".scores.parquet.chunks"
    process = subprocess.Popen(  # noqa: S603 - the program above
        [sys.executable, "-c", PROGRAM, str(trained), str(archive), str(out)]
    )
    while process.poll() is None and not list(chunks.glob("units-*")):
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not out.exists()

    done = score_archive(trained, archive, out, rhythm=RHYTHM)

    assert done.resumed_units >= 8
    assert pq.read_table(out).equals(pq.read_table(scored.table.path))


def test_another_source_is_refused_not_mixed_in(trained, archive, tmp_path):
    """Rows of two sources never stand in one table."""
    source, out = tmp_path / "scans", tmp_path / "scores.parquet"
    shutil.copytree(archive, source)
    begun = tmp_path / ".scores.parquet.chunks"
    begun.mkdir()
    (begun / "identity.json").write_text('{"format": 1, "source": "another"}')

    with pytest.raises(ConfigError, match=r"begun with another .*source.*Remove"):
        score_archive(trained, source, out, rhythm=RHYTHM)

    shutil.rmtree(begun)
    out.write_bytes(b"whole")
    with pytest.raises(ConfigError, match="exists"):
        score_archive(trained, source, out, rhythm=RHYTHM)


def test_an_archive_scores_to_the_last_bit_as_each_file_alone(
    trained, archive, tmp_path
):
    """In batches of one not even rounding differs, and every column is the same."""
    files = sorted(archive.iterdir())[:6]
    source = tmp_path / "source.zip"
    with zipfile.ZipFile(source, "w", zipfile.ZIP_DEFLATED) as packed:
        for one in files:
            packed.write(one, one.name)
    alone = predict(trained, files).slices

    out = tmp_path / "scores.parquet"
    score_archive(trained, source, out, rhythm=ArchiveRhythm(batch=1))

    for row, entry in zip(pq.read_table(out).to_pylist(), alone, strict=True):
        assert row["tumor_probability"] == entry.tumor_probability
        assert row["decision"] == entry.decision
        assert row["reasons"] == list(entry.reasons)
        assert row["possible_labels"] == (
            None if entry.deciding_labels is None else list(entry.deciding_labels)
        )
        assert row["input_reasons"] == list(entry.input_reasons)
        assert row["refused"] == entry.refused


def test_a_table_without_paths_says_what_to_write(trained, tmp_path):
    """The message names the columns that would do."""
    source = tmp_path / "list.csv"
    source.write_text("scan\na.png\n")

    with pytest.raises(DataError, match="image, path, filename, file"):
        score_archive(trained, source, tmp_path / "scores.parquet")
