"""Options that several commands have, and the bar that shows progress."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, TypeVar

import typer

Item = TypeVar("Item")


SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="SECTION.KEY=VALUE",
        help="Change one setting, e.g. train.epochs=20; repeatable. "
        "All settings: docs/reference/specs.md",
    ),
]


ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", help="TOML file with settings; --set wins over it."),
]


SequencesOption = Annotated[
    str,
    typer.Option(
        metavar="NAME[,NAME,NAME]",
        help="Channels of volumes: one or three of t1, t1c, t2, flair; what all studies "
        "have unless set.",
    ),
]


LabelsOption = Annotated[
    Path | None,
    typer.Option(
        help="Table of labels for volumes without masks: patient_id, study_id or "
        "series_id, perhaps slice_index, and label."
    ),
]


RunArgument = Annotated[
    Path, typer.Argument(metavar="RUN", help="Folder made by `tumorscope prepare`.")
]


def show_progress(items: Iterable[Item], *, total: int, label: str) -> Iterator[Item]:
    """Show a bar with the time left on a terminal; nothing elsewhere."""
    from tqdm import tqdm

    yield from tqdm(
        items,
        total=total,
        desc=label,
        disable=None,
        dynamic_ncols=True,
        leave=False,
        file=sys.stderr,
    )
