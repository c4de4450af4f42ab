"""Names in a table: with and without path, ending and case, and never a guess."""

from __future__ import annotations

import pytest

from tumorscope.domain.errors import DataError
from tumorscope.importers.file_names import FileNames

NAMES = FileNames(
    paths=("table.csv", "Brain/Image1.jpg", "Brain/Image2.jpg", "deep/a/x.png", "x.png")
)


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("Brain/Image1.jpg", "Brain/Image1.jpg"),
        ("image1.JPG", "Brain/Image1.jpg"),
        ("Image2", "Brain/Image2.jpg"),
        ("brain\\image2", "Brain/Image2.jpg"),
        ("./Brain/Image2.jpg", "Brain/Image2.jpg"),
        ("a/x", "deep/a/x.png"),
        ("x.png", "x.png"),
    ],
)
def test_a_name_is_found_with_and_without_ending_and_case(written, path):
    """The exact path wins; else the end of the path decides."""
    assert NAMES.find_all([written], what="images") == [path]


@pytest.mark.parametrize(
    "written", ["Image3", "mage1", "Image1.png", "Other/Image1.jpg"]
)
def test_a_name_that_fits_no_file_is_an_error(written):
    """Another ending, another folder or half a name is no match."""
    with pytest.raises(DataError, match="1 images of the table have no file"):
        NAMES.find_all([written], what="images")


def test_a_name_that_fits_two_files_names_both():
    """Which of two files is meant is not guessed."""
    names = FileNames(paths=("a/Image1.jpg", "b/image1.png"))

    with pytest.raises(DataError, match=r"Image1 \(a/Image1.jpg, b/image1.png\)"):
        names.find_all(["Image1"], what="images")


def test_images_that_no_row_uses_are_found():
    """Tables and other files beside them do not count."""
    assert NAMES.images_besides(["x.png", "Brain/Image1.jpg"]) == [
        "Brain/Image2.jpg",
        "deep/a/x.png",
    ]
