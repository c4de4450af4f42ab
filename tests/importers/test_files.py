"""Files of a source: all of them, in a fixed order, and no links to elsewhere."""

from __future__ import annotations

import pytest

from tumorscope.domain.errors import DataError
from tumorscope.importers.files import files_below, shown, system_files_note


def test_every_file_but_those_of_the_system_is_found(tmp_path):
    """Unknown and hidden files are found; only the documented names are passed over."""
    (tmp_path / "b").mkdir()
    for name in ("z.txt", ".hidden", "b/a.npy", ".DS_Store", "b/Thumbs.db"):
        (tmp_path / name).touch()

    found = [path.relative_to(tmp_path).as_posix() for path in files_below(tmp_path)]

    assert found == [".hidden", "z.txt", "b/a.npy"]
    assert "Passed over: 2 files" in system_files_note(tmp_path)[0]


def test_nothing_passed_over_gives_no_note(tmp_path):
    """An empty folder has no files and no note."""
    assert list(files_below(tmp_path)) == []
    assert system_files_note(tmp_path) == []


def test_a_linked_folder_is_an_error(tmp_path):
    """A link to a folder is neither followed nor silently left out."""
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "link").symlink_to(tmp_path)

    with pytest.raises(DataError, match="link to a folder is not followed"):
        list(files_below(tmp_path / "source"))


def test_long_lists_say_how_many_are_not_shown():
    """The first ten names, then the count of the others."""
    assert shown(["a", "b"]) == "a, b"
    assert shown([str(number) for number in range(13)]).endswith("9 and 3 more")
