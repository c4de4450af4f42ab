"""Tests of NIfTI, side-cars and pictures: texts go, voxels and pixels stay."""

from __future__ import annotations

import gzip
import io
import struct

import nibabel as nib
import numpy as np
import pytest

from tumorscope.deid import nifti
from tumorscope.deid.elements import MalformedFileError
from tumorscope.deid.identity import IdentityTokens
from tumorscope.deid.keys import PatientKeys
from tumorscope.deid.nifti import deidentify_nifti

KEYS = PatientKeys(secret=bytes(32))
TOKENS = IdentityTokens.from_values({"names": ["Vandermolen^Wilhelmina"]})


def make(kind=nib.Nifti1Image, order="<"):
    voxels = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    header = kind.header_class(endianness=order)
    header.set_data_dtype(np.int16)
    volume = kind(voxels, np.diag([2, 2, 3, 1]), header)
    volume.header["descrip"] = b"Vandermolen"
    volume.header["aux_file"] = b"W. Vandermolen"
    volume.header["intent_name"] = b"Wilhelmina"
    extension = nib.nifti1.Nifti1Extension("comment", b"Vandermolen")
    volume.header.extensions.append(extension)
    return volume, volume.to_bytes()


def code_of(content):
    with pytest.raises(MalformedFileError) as caught:
        deidentify_nifti(content, KEYS, TOKENS, name="a")
    return caught.value.code


@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
@pytest.mark.parametrize("order", "<>")
def test_texts_and_extensions_go_voxels_stay(kind, order):
    """Both versions, both byte orders; geometry is the same to the last bit."""
    volume, content = make(kind, order)

    done = deidentify_nifti(content, KEYS, TOKENS, name="Vandermolen/t1")

    again = kind.from_bytes(done.content)
    assert np.array_equal(again.get_fdata(), volume.get_fdata())
    assert np.array_equal(again.affine, volume.affine)
    assert b"andermolen" not in done.content
    assert list(again.header.extensions) == []
    assert done.counts["extensions", "X"] == 1
    assert "Vandermolen" not in done.name


def test_gzip_keeps_neither_name_nor_time():
    """Its header holds both, in front of the volume."""
    written = io.BytesIO()
    with gzip.GzipFile("Vandermolen.nii", "wb", fileobj=written, mtime=1e9) as packed:
        packed.write(make()[1])

    done = deidentify_nifti(written.getvalue(), KEYS, TOKENS, name="a")

    assert done.content[3] == 0
    assert done.content[4:8] == bytes(4)
    assert done.name.endswith(".nii.gz")


def test_a_volume_and_its_side_car_share_their_name():
    """BIDS tools find them together."""
    first = deidentify_nifti(make()[1], KEYS, TOKENS, name="sub/t1").name

    assert first.removesuffix(".nii") == KEYS.name_file("volume", "sub/t1")


def test_lying_headers_are_refused():
    """Too few voxels, no dimensions, a start outside the file."""
    content = make()[1]

    assert code_of(content[:-2]) == "truncated"
    assert code_of(content[:40] + bytes(16) + content[56:]) == "bad-nifti"
    assert (
        code_of(content[:108] + struct.pack("<f", 9e9) + content[112:]) == "bad-nifti"
    )
    assert code_of(b"\x5c\x01\0\0" + bytes(10)) == "bad-nifti"


def test_a_gzip_bomb_is_stopped(monkeypatch):
    """Inflating ends at the limit."""
    monkeypatch.setattr(nifti, "MAX_INFLATED", 2**16)

    assert code_of(gzip.compress(bytes(2**22))) == "inflates-too-far"


def test_a_cut_or_damaged_gzip_is_refused():
    """Half of a volume is no volume."""
    packed = gzip.compress(make()[1])

    assert code_of(packed[:-9]) == "truncated"
    assert code_of(packed[:10] + b"\xff" * 20) == "bad-deflate"


def test_a_name_in_the_voxels_is_refused():
    """Whatever stays is searched."""
    content = make()[1]

    assert code_of(content[:-22] + b"xxVandermolen Wilhelmi") == "identifier-left"
