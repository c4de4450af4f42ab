"""Chunks of scores: whole, in a row, and of one identity."""

from __future__ import annotations

import pyarrow.parquet as pq
import pytest

from tumorscope.domain.errors import ConfigError
from tumorscope.io.score_table import ScoreChunks

IDENTITY = {"source": "a", "bundle": "b"}


@pytest.fixture
def chunks(tmp_path):
    """Return the chunks of a table that is not there yet."""
    return ScoreChunks.beside(tmp_path / "scores.parquet")


def row(image, refused=""):
    return {"image": image, "refused": refused, "reasons": [], "input_reasons": []}


def test_a_table_is_its_chunks_in_order_and_nothing_else_is_left(chunks):
    """The last step makes one file with notes, and removes the parts."""
    assert chunks.begin(IDENTITY) == 0
    chunks.write([row("a"), row("b", "blank")], first=0, end=2)
    chunks.write([row("c")], first=2, end=3)

    done = chunks.finish({"notice": "Research use only"})

    table = pq.read_table(done.path)
    assert table["image"].to_pylist() == ["a", "b", "c"]
    assert done.refused == (("b", "blank"),)
    assert table.schema.metadata[b"notice"] == b"Research use only"
    assert not chunks.folder.exists()


def test_what_follows_a_gap_is_done_again(chunks):
    """Only an unbroken beginning counts, and half a file counts for nothing."""
    chunks.begin(IDENTITY)
    chunks.write([row("a")], first=0, end=1)
    chunks.write([row("c")], first=2, end=3)
    (chunks.folder / ".units-000000001-000000002.parquet.partial").write_bytes(b"half")

    assert chunks.begin(IDENTITY) == 1
    assert not list(chunks.folder.glob(".*"))


def test_another_identity_is_refused_and_says_what_differs(chunks):
    """Rows of two models never meet."""
    chunks.begin(IDENTITY)

    with pytest.raises(ConfigError, match="begun with another bundle"):
        chunks.begin(IDENTITY | {"bundle": "c"})
