"""Tables: columns, labels, names of files, and what is refused."""

from __future__ import annotations

import pytest

from tumorscope.domain.errors import ConfigError, DataError
from tumorscope.importers.csv_table import (
    TEXTURE_COLUMNS,
    CsvColumns,
    find_tables,
    import_csv,
)
from tumorscope.importers.inspection import Inspection


@pytest.fixture
def read(tmp_path, write_image):
    """Write two images and a table, and import it with the given columns."""
    write_image("a.png")
    write_image("b.png")

    def import_text(text, *, name="table.csv", encoding="utf-8", **columns):
        (tmp_path / name).write_bytes(text.encode(encoding))
        return import_csv(tmp_path / name, Inspection(), columns=CsvColumns(**columns))

    return import_text


def labels(imported):
    """Return the label of every image."""
    table = imported.manifest.table
    return dict(zip(table["image"], table["label"].tolist(), strict=True))


@pytest.mark.parametrize("path", ["image", "Image", "path", "filename", "FILE"])
@pytest.mark.parametrize("label", ["label", "Class", "class", "target"])
def test_usual_column_names_are_recognized(tmp_path, read, path, label):
    """Path and label columns need no option; the table's folder is the root."""
    imported = read(f"{path},{label}\na.png,1\nb.png,0\n")

    assert labels(imported) == {"a.png": 1, "b.png": 0}
    assert imported.manifest.root == tmp_path
    assert set(imported.manifest.table["source"]) == {"csv"}
    assert imported.manifest.table["sequences"].isna().all()
    assert imported.manifest.table["class_name"].isna().all()


@pytest.mark.parametrize(
    ("positive", "negative"),
    [
        ("1", "0"),
        ("1.0", "0.0"),
        ("yes", "NO"),
        ("Tumor", "no_tumor"),
        ("glioma", "normal"),
    ],
)
def test_usual_labels_are_recognized(read, positive, negative):
    """Numbers and words; a word stays in `class_name`."""
    imported = read(f"image,label\na.png,{positive}\nb.png,{negative}\n")

    assert labels(imported) == {"a.png": 1, "b.png": 0}
    words = imported.manifest.table["class_name"].dropna().tolist()
    assert words == ([] if positive[0] == "1" else [positive, negative])


def test_other_labels_need_the_options(read):
    """Unknown labels are listed; the user's words win, even over 0 and 1."""
    with pytest.raises(ConfigError, match='labels that are not recognized: "2", "HGG"'):
        read("image,label\na.png,HGG\nb.png,2\n")

    assert labels(
        read("image,label\na.png,HGG\nb.png,2\n", positive=("HGG",), negative=("2",))
    ) == {"a.png": 1, "b.png": 0}
    assert labels(
        read("image,label\na.png,1\nb.png,2\n", positive=("2",), negative=("1",))
    ) == {"a.png": 0, "b.png": 1}


def test_an_empty_label_is_unknown_and_noted(read):
    """A blank is null and never 0."""
    imported = read("image,label\na.png,1\nb.png,\n")

    assert imported.manifest.table["label"].isna().tolist() == [False, True]
    assert imported.notes == ("Rows without a label: 1 of 2.",)


def test_manifest_columns_are_taken_by_their_own_names(read, write_image):
    """Text stays text ("007", "NA"), numbers become numbers, blanks become null."""
    write_image("masks/m.png")

    imported = read(
        "image,label,patient_id,slice_index,slice_count,age_years,site,mask,sequences\n"
        "a.png,1,007,0,2,61.5,NA,masks/m.png,t1\nb.png,0,007,1,2,,, ,t1\n"
    )

    rows = imported.manifest.table
    assert rows["patient_id"].tolist() == ["007", "007"]
    assert rows["slice_index"].tolist() == [0, 1]
    assert rows["age_years"].iat[0] == 61.5
    assert rows["age_years"].isna().tolist() == [False, True]
    assert rows["site"].iat[0] == "NA"
    assert rows["site"].isna().tolist() == [False, True]
    assert rows["mask"].iat[0] == "masks/m.png"
    assert rows["mask"].isna().tolist() == [False, True]
    assert imported.manifest.sequences == ("t1",)


def test_foreign_columns_are_renamed_or_ignored(read):
    """Each column is named; what is left is an error that shows both options."""
    text = "scan,subject,weather,Tumor\na.png,s1,rain,1\nb.png,s2,sun,0\n"
    rename = {"scan": "image", "Tumor": "label"}

    with pytest.raises(ConfigError, match=r"unknown columns .*'subject'") as caught:
        read(text, rename=rename)
    imported = read(
        text, rename=rename | {"subject": "patient_id"}, ignore=("weather",)
    )

    assert '--column "subject=patient_id"' in str(caught.value)
    assert '--ignore-column "subject"' in str(caught.value)
    assert imported.manifest.table["patient_id"].tolist() == ["s1", "s2"]


def test_path_and_label_columns_can_be_given(read):
    """A given column wins over a recognized one, which is then left out."""
    imported = read(
        "file,scan,label,truth\nx,a.png,9,1\ny,b.png,9,0\n",
        path="scan",
        label="truth",
        ignore=("file", "label"),
    )

    assert labels(imported) == {"a.png": 1, "b.png": 0}


@pytest.mark.parametrize(
    ("head", "columns", "message"),
    [
        ("scan,label", {}, "which column holds the image.*--column NAME=image"),
        ("image,truth", {}, "which column holds the label.*--column NAME=label"),
        ("image,label,target", {}, "several could be.*'label', 'target'"),
        ("image,label", {"path": "scan"}, "'scan'.* not in the table"),
        ("image,label", {"ignore": ("scan",)}, "'scan'.* not in the table"),
        ("image,label,site,where", {"rename": {"where": "site"}}, "two columns.*site"),
    ],
)
def test_columns_that_are_not_clear_are_refused(read, head, columns, message):
    """Nothing is guessed: missing, doubled and misspelt columns are named."""
    cells = ["a.png,1,1,1", "b.png,0,0,0"]
    width = head.count(",") + 1
    rows = [",".join(row.split(",")[:width]) for row in cells]

    with pytest.raises(ConfigError, match=message):
        read("\n".join([head, *rows]), **columns)


@pytest.mark.parametrize("target", ["hospital", "pixel_digest"])
def test_renaming_to_a_column_that_cannot_be_filled_is_refused(target):
    """Unknown columns, and those that the import measures itself."""
    with pytest.raises(ConfigError, match=f"{target}.*cannot be filled"):
        CsvColumns(rename={"x": target})


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("a.png,1\na.png,1\nb.png,0", "duplicate rows for 1 images: a.png"),
        ("a.png,1\na.png,0\nb.png,0", "contradicting labels for 1 images: a.png"),
        ("a.png,1\nA.PNG,1\nb.png,0", "duplicate rows for 1 images: a.png"),
        ("a,1\na.png,0\nb.png,0", "contradicting labels for 1 images: a.png"),
        ("a.png,1\n../b.png,0", "lead outside the source: ../b.png"),
        ("a.png,1\n/b.png,0", "lead outside the source: /b.png"),
        ("a.png,1\nC:\\b.png,0", "lead outside the source"),
        ("a.png,1\n,0", "a value in .*image"),
        ("a.png,1\nb.png,0\nc.png,0", "1 images of the table have no file: c.png"),
        ("a.png,1", "1 image files have no row in the table: b.png"),
    ],
)
def test_rows_and_files_must_match_one_to_one(read, rows, message):
    """Twice, contradicting, outside, without a file, without a row: all by name."""
    with pytest.raises(DataError, match=message):
        read(f"image,label\n{rows}\n")


def test_a_name_that_fits_two_files_is_refused(read, write_image):
    """Both files are named."""
    write_image("sub/a.jpg.png")
    write_image("sub/b.png")

    with pytest.raises(DataError, match=r"B \(b.png, sub/b.png\)"):
        read("image,label\na.png,1\nB,0\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not a table"),
        ("image,label\n", "has no rows"),
        ("image,label\na.png,1,surplus\nb.png,0\n", "is not a table"),
        ("image,label\na.png,1,surplus\nb.png,0,surplus\n", "is not a table"),
        ('image,label\n"a.png,1\n', "is not a table"),
    ],
)
def test_text_that_is_no_table_is_refused(read, text, message):
    """Empty files, lone heads, rows longer than the head, an open quote."""
    with pytest.raises(DataError, match=message):
        read(text)


def test_text_of_another_encoding_is_refused(read):
    """Letters are not guessed."""
    with pytest.raises(DataError, match="save it as UTF-8"):
        read("image,label,site\na.png,1,Köln\nb.png,0,Köln\n", encoding="latin-1")


@pytest.mark.parametrize("column", ["slice_index", "age_years"])
def test_a_number_that_is_none_is_refused(read, column):
    """A word in a number's column is named with its column."""
    with pytest.raises(DataError, match=f"'{column}' must hold numbers"):
        read(f"image,label,{column}\na.png,1,many\nb.png,0,2\n")


@pytest.mark.parametrize(
    ("name", "text", "encoding"),
    [
        ("t.tsv", "image\tlabel\na.png\t1\nb.png\t0\n", "utf-8"),
        ("t.csv", "image;label\na.png;1\nb.png;0\n", "utf-8"),
        ("t.csv", "image, label\r\na.png, 1\r\nb.png, 0\r\n", "utf-8-sig"),
        ("T.CSV", "image,label\na.png,1\nb.png,0\n", "utf-8"),
    ],
)
def test_tabs_semicolons_and_excels_byte_order_mark_are_read(
    read, name, text, encoding
):
    """The usual dialects of tables."""
    assert labels(read(text, name=name, encoding=encoding)) == {"a.png": 1, "b.png": 0}


def test_a_folder_with_one_table_is_a_source(tmp_path, read):
    """With two tables, or none, the message says which were found."""
    read("image,label\na.png,1\nb.png,0\n")
    assert len(import_csv(tmp_path, Inspection(), columns=CsvColumns()).manifest) == 2

    (tmp_path / "other.tsv").touch()
    assert [path.name for path in find_tables(tmp_path)] == ["other.tsv", "table.csv"]
    with pytest.raises(ConfigError, match=r"found 2 \(other.tsv, table.csv\)"):
        import_csv(tmp_path, Inspection(), columns=CsvColumns())


def test_a_missing_table_is_named(tmp_path):
    """The path and the reason."""
    with pytest.raises(DataError, match=r"table.csv: cannot be opened: No such file"):
        import_csv(tmp_path / "table.csv", Inspection(), columns=CsvColumns())


def test_the_kaggle_set_of_3762_slices_is_read_as_it_lies(tmp_path, write_image):
    """`image1.jpg` and `Image2` find their files, and texture columns are left out."""
    for number in (1, 2, 3):
        write_image(f"Brain Tumor/Image{number}.jpg")
    texture = sorted(TEXTURE_COLUMNS)
    numbers = ",".join(["0.5"] * 13)
    (tmp_path / "Brain Tumor.csv").write_text(
        f"Image,Class,{','.join(texture)}\n"
        f"image1.jpg,0,{numbers}\nImage2,0,{numbers}\nImage3,1,{numbers}\n"
    )

    imported = import_csv(tmp_path, Inspection(), columns=CsvColumns())

    assert labels(imported) == {
        "Brain Tumor/Image1.jpg": 0,
        "Brain Tumor/Image2.jpg": 0,
        "Brain Tumor/Image3.jpg": 1,
    }
    assert "13 texture columns" in imported.notes[0]
    assert "AUROC 0.99" in imported.notes[0]
    assert "never specificity" in imported.notes[1]


def test_one_texture_column_alone_is_an_unknown_column(read):
    """Only the exact set is known; a lone "Mean" is asked about."""
    with pytest.raises(ConfigError, match=r"unknown columns .*Mean"):
        read("image,label,Mean\na.png,1,3\nb.png,0,4\n")
