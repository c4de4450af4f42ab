"""Builds the page into the wheel: a wheel without it cannot be made.

`pip install` of a wheel needs no Node. Building one from a checkout does, unless the page is
built already; the source distribution carries the built page, so that a wheel made from it
needs none either.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PAGE = Path("src/tumorscope/serve/static/index.html")
SOURCES = Path("src/tumorscope/serve/ui")


class PageBuildHook(BuildHookInterface):
    """Makes sure that the built page is there before files are gathered."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Build the page unless it is there; an editable install builds it later.

        Raises:
            RuntimeError: If the page is missing and cannot be built.
        """
        root = Path(self.root)
        if version == "editable" or (root / PAGE).is_file():
            return
        npm = shutil.which("npm")
        if npm is None:
            raise RuntimeError(
                f"{PAGE} is missing, and there is no npm to build it: install Node 20.19 "
                "or later, or build from a source distribution, which carries the page"
            )
        for command in (["ci"], ["run", "build"]):
            subprocess.run(  # noqa: S603 - npm of the builder, with words of this file
                [npm, *command], cwd=root / SOURCES, check=True
            )
        if not (root / PAGE).is_file():
            raise RuntimeError(f"the build of the page left no {PAGE}")
