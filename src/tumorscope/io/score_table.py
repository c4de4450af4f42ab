"""Scores of many slices as Parquet: chunks that survive a kill, then one file.

A chunk appears whole or not at all, under a name that says which units of the source it
holds. So the folder of chunks is its own journal: what stands there is done.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tumorscope.domain.errors import ConfigError
from tumorscope.io.whole_files import write_json

SCHEMA = pa.schema(
    [
        ("image", pa.string()),
        ("slice_index", pa.int32()),
        ("position_mm", pa.float64()),
        ("tumor_probability", pa.float64()),
        ("threshold_probability", pa.float64()),
        ("above_threshold", pa.bool_()),
        ("decision", pa.string()),
        ("reasons", pa.list_(pa.string())),
        ("possible_labels", pa.list_(pa.string())),
        ("input_check", pa.string()),
        ("input_reasons", pa.list_(pa.string())),
        ("refused", pa.string()),
    ]
)
IDENTITY = "identity.json"
_CHUNK = re.compile(r"units-(\d{9})-(\d{9})\.parquet")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreChunks:
    """The folder beside a table that is being made.

    Attributes:
        folder: Where the chunks are.
        out: The table that they are going to be.
    """

    folder: Path
    out: Path

    @classmethod
    def beside(cls, out: Path) -> ScoreChunks:
        """Return the chunks of a table."""
        return cls(folder=out.with_name(f".{out.name}.chunks"), out=out)

    def begin(self, identity: Mapping[str, Any]) -> int:
        """Start, or go on where an earlier call was stopped.

        Args:
            identity: What the scores depend on, by name; must be what it was then.

        Returns:
            Units of the source that are done.

        Raises:
            ConfigError: If the table is there already, or was begun with another
                source, bundle or engine.
        """
        if self.out.exists():
            raise ConfigError(f"{self.out} exists: remove it, or name another file")
        known = self.folder / IDENTITY
        if not known.is_file():
            # Without an identity nothing else in it can be trusted.
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir(parents=True)
            write_json(known, identity)
            return 0
        before = json.loads(known.read_text(encoding="utf-8"))
        changed = sorted(key for key in identity if before.get(key) != identity[key])
        if changed:
            raise ConfigError(
                f"{self.out}: was begun with another {', '.join(changed)}; its rows "
                f"would not belong together. Remove {self.folder} to begin anew, or name "
                "another file"
            )
        for path in self.folder.glob(".*.partial"):
            path.unlink()
        return self.units_done

    @property
    def units_done(self) -> int:
        """Units of the source in whole chunks, without a gap from the first."""
        return max((end for _, end, _ in self._chunks()), default=0)

    def write(self, rows: Sequence[Mapping[str, Any]], *, first: int, end: int) -> None:
        """Keep the rows of some units.

        Args:
            rows: One for each slice, with the columns of `SCHEMA`.
            first: First unit of the source, from 0.
            end: The one behind the last.
        """
        table = pa.Table.from_pylist(list(rows), schema=SCHEMA)
        path = self.folder / f"units-{first:09d}-{end:09d}.parquet"
        partial = path.with_name(f".{path.name}.partial")
        with partial.open("wb") as stream:
            pq.write_table(table, stream, compression="zstd")
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(path)

    def finish(self, notes: Mapping[str, str]) -> ScoredTable:
        """Make one table of all chunks, row group by row group, and remove them.

        Args:
            notes: Texts that the table carries as metadata.

        Returns:
            The table, and what of it was refused.
        """
        tally = _Tally()
        partial = self.out.with_name(f".{self.out.name}.{os.getpid()}.partial")
        schema = SCHEMA.with_metadata(notes)
        with pq.ParquetWriter(partial, schema, compression="zstd") as writer:
            for _, _, path in self._chunks():
                table = pq.read_table(path, schema=SCHEMA)
                tally.add(table)
                writer.write_table(table.replace_schema_metadata(schema.metadata))
        partial.replace(self.out)
        shutil.rmtree(self.folder)
        return ScoredTable(
            path=self.out, rows=tally.rows, refused=tuple(tally.refused_names)
        )

    def _chunks(self) -> Iterator[tuple[int, int, Path]]:
        """Yield first unit, end and file of each chunk that follows on the one before."""
        reached = 0
        for path in sorted(self.folder.glob("units-*.parquet")):
            match = _CHUNK.fullmatch(path.name)
            if match is not None and int(match[1]) == reached:
                reached = int(match[2])
                yield int(match[1]), reached, path


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredTable:
    """A finished table.

    Attributes:
        path: The Parquet file.
        rows: Number of rows.
        refused: Name and reason of each row without a score, in order.
    """

    path: Path
    rows: int
    refused: tuple[tuple[str, str], ...]


class _Tally:
    """Counts rows and keeps what was refused."""

    def __init__(self) -> None:
        self.rows = 0
        self.refused_names: list[tuple[str, str]] = []

    def add(self, table: pa.Table) -> None:
        self.rows += table.num_rows
        refused = table.filter(pa.compute.field("refused") != "")
        self.refused_names += zip(
            refused["image"].to_pylist(), refused["refused"].to_pylist(), strict=True
        )
