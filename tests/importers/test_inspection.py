"""Inspection: every file is opened once, and what is wrong is listed by name."""

from __future__ import annotations

import os

import numpy as np
import pandas as pd
import pytest

from tumorscope.domain.errors import ConfigError, DataError
from tumorscope.importers.inspection import Inspection, inspect
from tumorscope.io.images import pixel_digest, read_image


def table(*names, **columns):
    """Return a table with the required columns."""
    return pd.DataFrame({"image": list(names), "source": "test"} | columns)


def test_size_and_digest_of_every_file_are_recorded(tmp_path, write_image):
    """The digest is that of the decoded pixels, whatever the order of the threads."""
    paths = [write_image(f"{number}.png", (number + 4, 9)) for number in range(6)]

    imported = inspect(
        table(*(path.name for path in paths)),
        root=tmp_path,
        inspection=Inspection(workers=3),
        notes=("a note",),
    )

    rows = imported.manifest.table
    assert rows["height_px"].tolist() == [4, 5, 6, 7, 8, 9]
    assert set(rows["width_px"]) == {9}
    assert rows["pixel_digest"].tolist() == [
        pixel_digest(read_image(path)) for path in paths
    ]
    assert imported.left_out == ()
    assert imported.notes == ("a note",)


def damaged_source(tmp_path, write_image):
    """Write one good file and four that cannot be used; return their table."""
    write_image("good.png")
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.png").write_text("hello")
    content = write_image("cut.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(content[:60])
    np.save(tmp_path / "array.npy", np.zeros(3))
    return table("good.png", "empty.png", "text.png", "cut.png", "array.npy")


def test_all_unusable_files_stand_in_one_list(tmp_path, write_image):
    """The default stops, names each file once with its reason, and says what to do."""
    source = damaged_source(tmp_path, write_image)

    with pytest.raises(DataError) as caught:
        inspect(source, root=tmp_path, inspection=Inspection())

    lines = str(caught.value).splitlines()
    assert lines[0] == "4 of 5 files cannot be used:"
    assert lines[1] == "  empty.png: empty: the file has no bytes"
    assert lines[2] == "  text.png: not an image (PNG, JPEG or TIFF)"
    assert lines[3].startswith("  cut.png: truncated")
    assert lines[4].startswith("  array.npy: not an image name")
    assert "--skip-unreadable" in lines[5]
    assert caught.value.exit_status == 2


def test_skipping_goes_on_and_records_what_was_left_out(tmp_path, write_image):
    """The manifest holds the usable rows; the others are kept by name and reason."""
    source = damaged_source(tmp_path, write_image)

    imported = inspect(
        source, root=tmp_path, inspection=Inspection(skip_unreadable=True)
    )

    assert imported.manifest.table["image"].tolist() == ["good.png"]
    assert {entry.image: entry.reason.split(":")[0] for entry in imported.left_out} == {
        "empty.png": "empty",
        "text.png": "not an image (PNG, JPEG or TIFF)",
        "cut.png": "truncated or damaged",
        "array.npy": "not an image name; images end with .jpeg, .jpg, .png, .tif, .tiff",
    }


def test_nothing_usable_is_an_error_even_when_skipping(tmp_path):
    """An empty manifest cannot be made."""
    (tmp_path / "empty.png").touch()

    with pytest.raises(DataError, match="1 of 1 files cannot be used"):
        inspect(
            table("empty.png"),
            root=tmp_path,
            inspection=Inspection(skip_unreadable=True),
        )


def test_a_long_list_is_cut_and_counted(tmp_path):
    """At most 200 lines, and how many more there are."""
    source = table(*(f"{number}.png" for number in range(203)))

    with pytest.raises(DataError, match="and 3 more") as caught:
        inspect(source, root=tmp_path, inspection=Inspection())

    assert len(str(caught.value).splitlines()) == 203


@pytest.mark.parametrize("column", ["image", "mask"])
def test_a_link_that_leads_outside_is_refused(tmp_path, write_image, column):
    """Neither an image nor a mask is read from outside of the source."""
    write_image("source/inside.png")
    outside = write_image("outside.png")
    (tmp_path / "source" / "link.png").symlink_to(outside)
    names = {"image": "inside.png", "mask": None} | {column: "link.png"}

    with pytest.raises(DataError, match="a link that leads outside the source"):
        inspect(
            pd.DataFrame([names | {"source": "test"}]),
            root=tmp_path / "source",
            inspection=Inspection(),
        )


def test_a_linked_folder_that_leads_outside_is_refused(tmp_path, write_image):
    """The same where a folder on the way is the link."""
    write_image("elsewhere/scan.png")
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "link").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(DataError, match="a link that leads outside the source"):
        inspect(
            table("link/scan.png"), root=tmp_path / "source", inspection=Inspection()
        )


def test_a_source_that_is_itself_a_link_is_read(tmp_path, write_image):
    """Only links out of the source matter, not how the source was reached."""
    write_image("real/scan.png")
    (tmp_path / "link").symlink_to(tmp_path / "real")

    imported = inspect(
        table("scan.png"), root=tmp_path / "link", inspection=Inspection()
    )

    assert imported.manifest.root == tmp_path / "link"


def test_paths_outside_the_source_are_refused_before_any_file_is_opened(tmp_path):
    """`..` and absolute paths are an error of the table."""
    for path in ("../scan.png", "/etc/scan.png", "C:/scan.png"):
        with pytest.raises(DataError, match="lead outside the source"):
            inspect(table(path), root=tmp_path, inspection=Inspection())


def test_a_mask_of_another_shape_is_refused(tmp_path, write_image):
    """The message names the mask and both shapes."""
    write_image("scan.png", (12, 10))
    write_image("mask.png", (10, 12))

    with pytest.raises(DataError, match=r"mask.png: the mask is \(10, 12\), its image"):
        inspect(
            table("scan.png", mask=["mask.png"]), root=tmp_path, inspection=Inspection()
        )


def test_equal_pixels_with_both_labels_are_refused(tmp_path, write_image):
    """A copy of a picture under the other label is named, whatever its file name."""
    write_image("a.png")
    (tmp_path / "b.png").write_bytes((tmp_path / "a.png").read_bytes())

    with pytest.raises(DataError, match=r"contradicting labels.*a.png, b.png"):
        inspect(
            table("a.png", "b.png", label=[0, 1]),
            root=tmp_path,
            inspection=Inspection(),
        )


def test_contradictions_are_kept_for_an_audit_that_tells_of_them(tmp_path, write_image):
    """What stops a training is what an audit wants to see."""
    write_image("a.png")
    (tmp_path / "b.png").write_bytes((tmp_path / "a.png").read_bytes())

    imported = inspect(
        table("a.png", "b.png", label=[0, 1]),
        root=tmp_path,
        inspection=Inspection(keep_contradictions=True),
    )

    assert imported.manifest.table["label"].tolist() == [0, 1]


@pytest.mark.parametrize("labels", [[1, 1], [1, None]])
def test_equal_pixels_without_a_contradiction_are_kept(tmp_path, write_image, labels):
    """Duplicates with one label are a matter of the split, not an error."""
    write_image("a.png")
    (tmp_path / "b.png").write_bytes((tmp_path / "a.png").read_bytes())

    imported = inspect(
        table("a.png", "b.png", label=labels), root=tmp_path, inspection=Inspection()
    )

    assert imported.manifest.table["pixel_digest"].nunique() == 1


@pytest.mark.parametrize(
    ("labels", "message"),
    [([1, 1], "duplicate rows for 1 images: a.png"), ([0, 1], "contradicting labels")],
)
def test_a_row_that_repeats_is_refused(tmp_path, write_image, labels, message):
    """The same image twice is an error, and a worse one under both labels."""
    write_image("a.png")

    with pytest.raises(DataError, match=message):
        inspect(
            table("a.png", "a.png", label=labels),
            root=tmp_path,
            inspection=Inspection(),
        )


def test_unknown_columns_are_refused(tmp_path):
    """A column that the manifest does not know is named."""
    with pytest.raises(ConfigError, match=r"unknown columns.*hospital"):
        inspect(table("a.png", hospital=["x"]), root=tmp_path, inspection=Inspection())


def test_progress_sees_every_file(tmp_path, write_image):
    """The bar counts the rows."""
    seen = []

    def count(items, *, total, label):
        for item in items:
            seen.append((total, label))
            yield item

    write_image("a.png")
    write_image("b.png")

    inspect(
        table("a.png", "b.png"), root=tmp_path, inspection=Inspection(progress=count)
    )

    assert seen == [(2, "opening files")] * 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission_is_listed(tmp_path, write_image):
    """A file that cannot be opened is one entry in the list."""
    write_image("a.png").chmod(0)

    with pytest.raises(DataError, match=r"a.png: cannot be opened: Permission denied"):
        inspect(table("a.png"), root=tmp_path, inspection=Inspection())
