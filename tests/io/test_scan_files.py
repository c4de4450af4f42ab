"""Tests of the files of a study: archives are read in place, and not trusted."""

from __future__ import annotations

import os
import stat
import zipfile

import pytest

from tumorscope.domain.errors import DataError, UnreadableScanError
from tumorscope.io import scan_files
from tumorscope.io.scan_files import ScanFile, files_of_zip, read_content


def write_zip(path, members, **options):
    """Write an archive of names and contents."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content, **options)
    return path


def test_members_are_read_in_place(tmp_path, sandbox):
    """Name and content of every member, folders left out, and no file unpacked."""
    path = write_zip(
        tmp_path / "a.zip", [("x/", b""), ("x/1", b"one" * 99), ("2", b"")]
    )

    files = files_of_zip(path, sandbox)

    assert [(file.name, read_content(file)) for file in files] == [
        ("x/1", b"one" * 99),
        ("2", b""),
    ]
    assert list(tmp_path.iterdir()) == [path]


def test_a_stored_member_is_read(tmp_path, sandbox):
    """Not every archive is packed."""
    path = write_zip(tmp_path / "a.zip", [("1", b"plain")], compress_type=0)

    assert read_content(files_of_zip(path, sandbox)[0]) == b"plain"


@pytest.mark.parametrize(
    "name", ["../up", "/etc/passwd", "a/../../up", "C:/x", "..\\up"]
)
def test_a_name_that_leaves_the_archive_is_refused(name, tmp_path, sandbox):
    """No stored name is ever used as a path; one that tries is a reason to stop."""
    path = write_zip(tmp_path / "a.zip", [(name, b"x")])

    with pytest.raises(DataError, match="leads outside the archive"):
        files_of_zip(path, sandbox)


def test_a_link_is_refused(tmp_path, sandbox):
    """A link would make a later member land elsewhere."""
    entry = zipfile.ZipInfo("link")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    path = write_zip(tmp_path / "a.zip", [(entry, b"/etc/passwd")])

    with pytest.raises(DataError, match="a link"):
        files_of_zip(path, sandbox)


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
def test_two_members_of_one_name_are_refused(tmp_path, sandbox):
    """Which one is meant cannot be known; case makes no difference."""
    path = write_zip(tmp_path / "a.zip", [("a", b"1"), ("A", b"2")])

    with pytest.raises(DataError, match="two members have one name"):
        files_of_zip(path, sandbox)


def test_a_bomb_is_refused_before_it_is_inflated(tmp_path, sandbox):
    """A member packed a thousand times is no scan."""
    path = write_zip(tmp_path / "a.zip", [("1", bytes(50_000_000))])

    with pytest.raises(DataError, match="packed more than 200 times"):
        files_of_zip(path, sandbox)


def test_members_that_overlap_are_refused(tmp_path, sandbox):
    """Overlapping members are how small archives become endless."""
    path = write_zip(tmp_path / "a.zip", [("a", os.urandom(500)), ("b", b"x" * 500)])
    content = bytearray(path.read_bytes())
    second = content.rindex(b"PK\x01\x02")
    content[second + 42 : second + 46] = (10).to_bytes(4, "little")
    path.write_bytes(bytes(content))

    with pytest.raises(DataError, match=r"overlap|not a readable zip"):
        files_of_zip(path, sandbox)


def test_a_member_that_lies_about_its_size_is_refused(tmp_path, sandbox):
    """Inflating stops at the declared size."""
    path = write_zip(tmp_path / "a.zip", [("a", b"abc" * 500)])
    content = bytearray(path.read_bytes())
    entry = content.rindex(b"PK\x01\x02")
    content[entry + 24 : entry + 28] = (100).to_bytes(4, "little")
    path.write_bytes(bytes(content))
    (file,) = files_of_zip(path, sandbox)

    with pytest.raises(UnreadableScanError, match="inflates to more than 100 bytes"):
        read_content(file)


def test_a_changed_byte_of_a_member_is_noticed(tmp_path, sandbox):
    """The checksum is looked at."""
    path = write_zip(tmp_path / "a.zip", [("a", b"plain" * 9)], compress_type=0)
    content = path.read_bytes().replace(b"plain", b"Plain", 1)
    path.write_bytes(content)
    (file,) = files_of_zip(path, sandbox)

    with pytest.raises(UnreadableScanError, match="checksum differs"):
        read_content(file)


def test_too_many_members_and_no_archive_are_refused(tmp_path, sandbox, monkeypatch):
    """Limits and damage are told apart."""
    path = write_zip(tmp_path / "a.zip", [("a", b"1"), ("b", b"2")])
    monkeypatch.setattr(scan_files, "MAX_MEMBERS", 1)
    with pytest.raises(UnreadableScanError, match="2 members; the limit is 1"):
        scan_files.list_zip(str(path))

    path.write_bytes(b"PK nothing")
    with pytest.raises(DataError, match=r"a\.zip: not a readable zip archive"):
        files_of_zip(path, sandbox)


def test_only_regular_files_are_read(tmp_path, monkeypatch):
    """A device or a folder is no scan, and a huge file is not loaded."""
    with pytest.raises(UnreadableScanError, match=r"cannot be opened|not a regular"):
        read_content(ScanFile(path=tmp_path, name="folder"))
    with pytest.raises(UnreadableScanError, match="not a regular file"):
        read_content(ScanFile(path=tmp_path.joinpath("/dev/null"), name="null"))
    monkeypatch.setattr(scan_files, "MAX_FILE_BYTES", 3)
    (tmp_path / "file").write_bytes(b"1234")
    with pytest.raises(UnreadableScanError, match="too large: 4 bytes"):
        read_content(ScanFile(path=tmp_path / "file", name="file"))
