"""Tests of pictures: every pixel stays, every other byte goes."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from tumorscope.deid.elements import MalformedFileError
from tumorscope.deid.identity import IdentityTokens
from tumorscope.deid.keys import PatientKeys
from tumorscope.deid.pictures import deidentify_picture, is_picture

KEYS = PatientKeys(secret=bytes(32))
TOKENS = IdentityTokens.from_values({"names": ["Vandermolen"]})
PIXELS = np.arange(256, dtype=np.uint8).reshape(16, 16)


def saved(kind, pixels=PIXELS, **options):
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, format=kind, **options)
    return written.getvalue()


def clean(content):
    return deidentify_picture(content, KEYS, TOKENS, name="Vandermolen/1")


def png_text():
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "Vandermolen")
    text.add_itxt("Author", "Vandermolen", zip=True)
    return text


def exif():
    made = Image.Exif()
    made[0x010E] = "Vandermolen"
    return made


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {"pnginfo": png_text()}),
        ("JPEG", {"exif": exif(), "comment": "Vandermolen"}),
        ("TIFF", {"description": "Vandermolen"}),
    ],
)
def test_metadata_go_and_pixels_stay(kind, options):
    """Also what stands behind the end of the picture."""
    content = saved(kind, **options) + b"Vandermolen"

    done = clean(content)

    before, after = (
        np.asarray(Image.open(io.BytesIO(one))) for one in (content, done.content)
    )
    assert np.array_equal(before, after)
    assert b"andermolen" not in done.content
    assert "andermolen" not in done.name


def test_sixteen_bits_and_pages_of_a_tiff_stay():
    """Nothing is lost by writing a TIFF anew."""
    pages = [Image.fromarray(PIXELS.astype(np.uint16) * 200 + n) for n in range(3)]
    written = io.BytesIO()
    pages[0].save(written, format="TIFF", save_all=True, append_images=pages[1:])

    done = Image.open(io.BytesIO(clean(written.getvalue()).content))

    assert done.n_frames == 3
    done.seek(2)
    assert np.array_equal(np.asarray(done), np.asarray(pages[2]))


def test_colored_jpegs_keep_their_colors():
    """The segment that says how colors are coded is not metadata."""
    content = saved("JPEG", np.dstack([PIXELS, PIXELS.T, PIXELS]))

    done = clean(content)

    assert np.array_equal(
        np.asarray(Image.open(io.BytesIO(done.content))),
        np.asarray(Image.open(io.BytesIO(content))),
    )


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_a_cut_picture_is_refused(kind):
    """No half of a picture is written."""
    content = saved(kind)

    with pytest.raises(MalformedFileError):
        clean(content[: len(content) // 2])


def test_a_damaged_checksum_is_refused():
    """A chunk that was changed is not passed on."""
    content = bytearray(saved("PNG"))
    content[20] ^= 1

    with pytest.raises(MalformedFileError, match="bad-picture"):
        clean(bytes(content))


def test_other_files_are_no_pictures():
    """The first bytes decide, not the name."""
    assert not is_picture(b"GIF89a")
    with pytest.raises(MalformedFileError, match="unknown-kind"):
        clean(b"GIF89a")
