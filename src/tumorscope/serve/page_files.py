"""The page: files that were built before the package was, and nothing else."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter, Response
from fastapi.responses import FileResponse

from tumorscope.serve.problems import NotFoundError

router = APIRouter(include_in_schema=False)
_NAME = re.compile(r"(assets/)?[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")
_ABSENT = "There is no such file; the API is below /api/v1."
_FOREVER = "public, max-age=31536000, immutable"


def page_folder() -> Path:
    """Return where the built page is."""
    return Path(str(files("tumorscope.serve") / "static"))


@router.get("/")
def read_index() -> Response:
    """Return the page."""
    return _file("index.html", "no-cache")


@router.get("/{name}")
def read_top_file(name: str) -> Response:
    """Return an icon or the like."""
    return _file(name, "no-cache")


@router.get("/assets/{name}")
def read_asset(name: str) -> Response:
    """Return a file whose name changes with its content."""
    return _file(f"assets/{name}", _FOREVER)


def _file(name: str, cache: str) -> Response:
    if _NAME.fullmatch(name) is None:
        raise NotFoundError(_ABSENT)
    folder = page_folder().resolve()
    path = (folder / name).resolve()
    if not path.is_relative_to(folder) or not path.is_file():
        raise NotFoundError(_ABSENT)
    return FileResponse(path, headers={"Cache-Control": cache})
