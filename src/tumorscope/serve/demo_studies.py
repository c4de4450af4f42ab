"""Hands phantom studies in at a first start, as if somebody had uploaded them."""

from __future__ import annotations

from pathlib import Path

from tumorscope.serve.hand_in import Intake, hand_in


def hand_in_demo(folder: Path, intake: Intake) -> int:
    """Hand in each subfolder as a study; one that was handed in before is left out.

    Args:
        folder: Its subfolders are named as their studies shall be.
        intake: Where.

    Returns:
        Number of studies that were handed in.
    """
    count = 0
    for source in sorted(one for one in folder.iterdir() if one.is_dir()):
        files = {
            file.relative_to(source).as_posix(): file
            for file in sorted(one for one in source.rglob("*") if one.is_file())
        }
        made = hand_in(intake, files, title=source.name, key=f"demo:{source.name}")
        count += made is not None
    return count
