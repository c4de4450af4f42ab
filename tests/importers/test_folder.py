"""One folder for each class: names, split folders, patient folders, and what is refused."""

from __future__ import annotations

import pandas as pd
import pytest

from tumorscope.domain.errors import ConfigError, DataError
from tumorscope.importers.folder import (
    FolderLayout,
    class_folder_names,
    has_class_folders,
    import_folder,
)
from tumorscope.importers.inspection import Inspection


def read(root, *, skip=False, positive=(), negative=()):
    """Import a folder with the given options."""
    return import_folder(
        root,
        Inspection(skip_unreadable=skip),
        layout=FolderLayout(positive=positive, negative=negative),
    )


def column(imported, name):
    """Return one column by image."""
    table = imported.manifest.table.set_index("image")
    return {image: value for image, value in table[name].items() if pd.notna(value)}


@pytest.mark.parametrize(
    ("tumor", "none"),
    [
        ("yes", "no"),
        ("Yes", "NO"),
        ("tumor", "no_tumor"),
        ("Tumour", "No Tumor"),
        ("tumor", "notumor"),
        ("tumor", "no-tumor"),
        ("tumour", "healthy"),
        ("tumor", "Normal"),
    ],
)
def test_two_class_layouts_are_recognized(tmp_path, write_image, tumor, none):
    """Common names need no option; `class_name` keeps the folder's word."""
    write_image(f"{tumor}/a.png")
    write_image(f"{none}/b.png")

    imported = read(tmp_path)

    assert column(imported, "label") == {f"{tumor}/a.png": 1, f"{none}/b.png": 0}
    assert set(column(imported, "class_name").values()) == {tumor, none}
    assert set(imported.manifest.table["source"]) == {"folder"}
    assert imported.manifest.table["sequences"].isna().all()
    assert imported.notes == ()


@pytest.mark.parametrize(
    "names",
    [
        ("glioma", "meningioma", "pituitary", "notumor"),
        ("glioma_tumor", "meningioma_tumor", "pituitary_tumor", "no_tumor"),
    ],
)
def test_the_four_class_layout_keeps_its_split_as_information(
    tmp_path, write_image, names
):
    """Training and Testing stand in `source_part`, and a note says: not trusted."""
    for part in ("Training", "Testing"):
        for name in names:
            write_image(f"{part}/{name}/Tr-{name}.png")

    imported = read(tmp_path)

    assert sum(column(imported, "label").values()) == 6
    assert column(imported, "label")[f"Testing/{names[3]}/Tr-{names[3]}.png"] == 0
    parts = column(imported, "source_part")
    assert parts[f"Training/{names[0]}/Tr-{names[0]}.png"] == "Training"
    assert sorted(parts.values()) == ["Testing"] * 4 + ["Training"] * 4
    assert "Testing, Training" in imported.notes[0]
    assert "not trusted" in imported.notes[0]


def test_file_names_are_never_taken_for_patients(tmp_path, write_image):
    """Names that look like patient ids leave `patient_id` null."""
    write_image("yes/patient01_slice3.png")
    write_image("no/patient02_slice3.png")

    assert not read(tmp_path).manifest.has_patients


def test_folders_inside_the_classes_are_patients(tmp_path, write_image):
    """The folder's name is the patient, also across classes, and a note says so."""
    for name in ("yes/p1/1.png", "yes/p2/1.png", "no/p1/2.png", "no/p3/1.png"):
        write_image(name)

    imported = read(tmp_path)

    assert column(imported, "patient_id") == {
        "no/p1/2.png": "p1",
        "no/p3/1.png": "p3",
        "yes/p1/1.png": "p1",
        "yes/p2/1.png": "p2",
    }
    assert "3 patients" in imported.notes[0]


def test_patient_folders_and_split_folders_go_together(tmp_path, write_image):
    """`train/<class>/<patient>/<image>` fills both columns."""
    write_image("train/yes/p1/1.png")
    write_image("valid/no/p2/1.png")

    imported = read(tmp_path)

    assert column(imported, "patient_id")["valid/no/p2/1.png"] == "p2"
    assert column(imported, "source_part")["valid/no/p2/1.png"] == "valid"


@pytest.mark.parametrize("loose", ["yes/2.png", "no/2.png"])
def test_files_and_patient_folders_together_are_refused(tmp_path, write_image, loose):
    """Half the patients unknown would be a leak, in one class or across both."""
    write_image("yes/p1/1.png")
    write_image("no/p2/1.png")
    write_image(loose)

    with pytest.raises(DataError, match=f"class folder itself \\({loose}\\)"):
        read(tmp_path)


def test_deeper_folders_are_refused(tmp_path, write_image):
    """What a third level means is not guessed."""
    write_image("yes/p1/series/1.png")
    write_image("no/p2/1.png")

    with pytest.raises(DataError, match=r"yes/p1/series/1.png: nested deeper"):
        read(tmp_path)


def test_other_names_need_the_options(tmp_path, write_image):
    """Unknown folders are listed with the option; with it they are read."""
    write_image("Lesion/a.png")
    write_image("Control/b.png")

    with pytest.raises(ConfigError, match='"Control", "Lesion"') as caught:
        read(tmp_path)
    imported = read(tmp_path, positive=("lesion",), negative=("CONTROL",))

    assert '--positive "Control" or --negative "Lesion"' in str(caught.value)
    assert caught.value.exit_status == 2
    assert column(imported, "label") == {"Control/b.png": 0, "Lesion/a.png": 1}
    assert column(imported, "class_name")["Lesion/a.png"] == "Lesion"


def test_one_unknown_folder_beside_known_ones_is_refused(tmp_path, write_image):
    """A third folder is neither skipped nor guessed."""
    for name in ("yes/a.png", "no/b.png", "pred/c.png"):
        write_image(name)

    with pytest.raises(ConfigError, match='not recognized: "pred"'):
        read(tmp_path)


def test_one_side_only_is_refused(tmp_path, write_image):
    """Without the other side nothing can be learned; counts are shown."""
    write_image("glioma/a.png")
    write_image("pituitary/b.png")

    with pytest.raises(ConfigError, match="only one side") as caught:
        read(tmp_path)

    assert '"glioma" (tumor, 1 images)' in str(caught.value)
    assert "--negative NAME" in str(caught.value)


def test_a_side_without_images_counts_as_missing(tmp_path, write_image):
    """An empty folder, or one that holds a text only, is no second side."""
    write_image("yes/a.png")
    (tmp_path / "no").mkdir()
    (tmp_path / "no" / "readme.txt").touch()

    with pytest.raises(ConfigError, match=r'"no" \(no tumor, 0 images\)'):
        read(tmp_path)


def test_a_folder_without_folders_is_refused(tmp_path):
    """An empty source is named as such."""
    with pytest.raises(ConfigError, match="holds no folders"):
        read(tmp_path)


def test_files_that_are_no_images_are_listed_and_system_files_counted(
    tmp_path, write_image
):
    """Unknown files are refused by name; the documented droppings are counted."""
    write_image("yes/a.png")
    write_image("no/b.png")
    for name in ("yes/notes.txt", "no/scan.npy", "yes/.hidden"):
        (tmp_path / name).touch()
    for name in (".DS_Store", "yes/.DS_Store", "no/Thumbs.db", "no/desktop.ini"):
        (tmp_path / name).touch()

    with pytest.raises(DataError, match="3 of 5 files cannot be used") as caught:
        read(tmp_path)
    imported = read(tmp_path, skip=True)

    assert "yes/notes.txt: not an image name" in str(caught.value)
    assert "no/scan.npy: not an image name" in str(caught.value)
    assert [entry.image for entry in imported.left_out] == [
        "no/scan.npy",
        "yes/.hidden",
        "yes/notes.txt",
    ]
    assert len(imported.manifest) == 2
    assert "Passed over: 4 files" in imported.notes[0]


def test_files_beside_the_class_folders_are_named_in_a_note(tmp_path, write_image):
    """A licence is not read, and that is said."""
    write_image("yes/a.png")
    write_image("no/b.png")
    (tmp_path / "LICENSE").touch()

    assert read(tmp_path).notes == (
        "Files beside the class folders, not read: LICENSE.",
    )


@pytest.mark.parametrize("loose", ["c.png", "train/c.png"])
def test_images_outside_of_the_class_folders_are_refused(tmp_path, write_image, loose):
    """An image without a class is not left out silently."""
    above = "train/" if "/" in loose else ""
    write_image(f"{above}yes/a.png")
    write_image(f"{above}no/b.png")
    write_image(loose)

    with pytest.raises(DataError, match=f"outside of the class folders: {loose}"):
        read(tmp_path)


def test_split_folders_beside_class_folders_are_refused(tmp_path, write_image):
    """`train` beside `yes` could hold the same slices twice."""
    write_image("train/yes/a.png")
    write_image("yes/a.png")

    with pytest.raises(ConfigError, match=r"\(train\) stand beside other folders"):
        read(tmp_path)


def test_the_same_picture_in_both_classes_is_refused(tmp_path, write_image):
    """A copy in the other class is a contradiction."""
    content = write_image("yes/a.png").read_bytes()
    write_image("no/b.png").write_bytes(content)

    with pytest.raises(DataError, match="contradicting labels"):
        read(tmp_path)


def test_a_link_to_an_image_outside_is_refused(tmp_path, write_image):
    """A source holds its images itself."""
    outside = write_image("outside.png")
    write_image("source/yes/a.png")
    write_image("source/no/b.png")
    (tmp_path / "source" / "no" / "c.png").symlink_to(outside)

    with pytest.raises(DataError, match=r"no/c.png: a link that leads outside"):
        read(tmp_path / "source")


def test_class_folders_are_looked_for_below_split_folders(tmp_path, write_image):
    """What detection asks: names once each, and whether one of them is a class."""
    write_image("train/A/a.png")
    write_image("test/A/a.png")

    assert class_folder_names(tmp_path) == ["A"]
    assert not has_class_folders(tmp_path, FolderLayout())
    assert has_class_folders(tmp_path, FolderLayout(positive=("a",)))


def test_a_name_on_both_sides_is_refused():
    """The layout itself cannot contradict."""
    with pytest.raises(ConfigError, match="keep one"):
        FolderLayout(positive=("A",), negative=("a",))
