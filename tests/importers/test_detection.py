"""Detection: the layout decides, and an error says what was looked for."""

from __future__ import annotations

import pytest

from tumorscope.domain.errors import ConfigError, DataError
from tumorscope.importers.csv_table import CsvColumns
from tumorscope.importers.detection import detect_layout, import_source
from tumorscope.importers.folder import FolderLayout
from tumorscope.importers.inspection import Inspection


def read(root, importer="auto", layout=FolderLayout()):  # noqa: B008 - frozen
    """Import a source without further options."""
    return import_source(
        root, Inspection(), importer=importer, layout=layout, columns=CsvColumns()
    )


@pytest.fixture
def classes(tmp_path, write_image):
    """Return a source with class folders."""
    write_image("yes/a.png")
    write_image("no/b.png")
    return tmp_path


def test_class_folders_are_read_by_folder(classes):
    """Recognized names are enough."""
    assert set(read(classes).manifest.table["source"]) == {"folder"}


def test_named_class_folders_are_read_by_folder(tmp_path, write_image):
    """Other names are, once the options name them."""
    write_image("A/a.png")
    write_image("B/b.png")

    imported = read(tmp_path, layout=FolderLayout(positive=("A",), negative=("B",)))

    assert imported.manifest.table["label"].tolist() == [1, 0]


def test_a_table_is_read_by_csv_whether_file_or_folder_is_given(tmp_path, write_image):
    """A folder without class folders that holds one table."""
    write_image("images/a.png")
    table = tmp_path / "list.csv"
    table.write_text("image,label\na.png,1\n")

    for source in (table, tmp_path):
        assert set(read(source).manifest.table["source"]) == {"csv"}


def test_folders_of_images_do_not_hide_a_table(tmp_path, write_image):
    """`train` beside other folders is no class layout where a table names the images."""
    write_image("train/a.png")
    write_image("more/b.png")
    (tmp_path / "list.csv").write_text("image,label\na,1\nb,0\n")

    assert set(read(tmp_path).manifest.table["source"]) == {"csv"}


@pytest.mark.parametrize(
    ("make", "layout"),
    [("TCGA_CS_4941_19960909/", "lgg"), ("phantom.csv", "phantom"), ("x.csv", "csv")],
)
def test_the_layout_is_told_by_its_marks(tmp_path, make, layout):
    """LGG by its patient folders, a phantom cohort by its table."""
    path = tmp_path / make
    path.mkdir() if make.endswith("/") else path.touch()

    assert detect_layout(tmp_path, FolderLayout()) == layout


def test_the_lgg_set_is_recognized_beside_its_table(tmp_path):
    """Its data.csv is no table of images."""
    (tmp_path / "TCGA_CS_4941_19960909").mkdir()
    (tmp_path / "data.csv").touch()

    assert detect_layout(tmp_path, FolderLayout()) == "lgg"


def test_class_folders_beside_a_table_are_asked_about(classes):
    """Which of them holds the labels is the user's decision, and both ways work."""
    (classes / "list.csv").write_text("image,label\na.png,0\nb.png,1\n")

    with pytest.raises(ConfigError, match="--importer folder or --importer csv"):
        read(classes)

    assert read(classes, "folder").manifest.table["label"].tolist() == [0, 1]
    assert read(classes, "csv").manifest.table["label"].tolist() == [0, 1]


def test_an_unknown_layout_is_told_what_was_looked_for(tmp_path, write_image):
    """The message names each layout, what was found, and what to do."""
    write_image("Lesion/a.png")
    for name in ("one.csv", "two.csv"):
        (tmp_path / name).touch()

    with pytest.raises(ConfigError, match="layout is not recognized") as caught:
        read(tmp_path)

    message = str(caught.value)
    for part in ("phantom.csv", "TCGA_", "one.csv, two.csv", "Lesion", "--positive"):
        assert part in message


def test_an_empty_folder_has_no_layout(tmp_path):
    """Nothing found is said as "none"."""
    with pytest.raises(ConfigError, match="found folders: none"):
        read(tmp_path)


@pytest.mark.parametrize("importer", ["auto", "folder", "csv", "lgg", "phantom"])
def test_a_missing_source_is_named(tmp_path, importer):
    """Whatever the importer."""
    with pytest.raises(DataError, match="absent: no such file or folder"):
        read(tmp_path / "absent", importer)


@pytest.mark.parametrize("importer", ["auto", "folder", "lgg", "phantom"])
def test_a_file_is_no_source_but_for_a_table(tmp_path, importer):
    """A picture given as the source is an error that says what a source is."""
    path = tmp_path / "scan.png"
    path.touch()

    with pytest.raises(ConfigError, match="is a file"):
        read(path, importer)


@pytest.mark.parametrize("importer", ["lgg", "phantom"])
def test_a_named_importer_refuses_another_layout(classes, importer):
    """Naming the importer does not bend the source to it."""
    with pytest.raises(DataError, match="is this"):
        read(classes, importer)
