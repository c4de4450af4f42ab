"""What a file says of itself."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from tumorscope.audit.shortcuts.traits import traits_of
from tumorscope.domain.errors import DataError

PIXELS = np.arange(48 * 64, dtype=np.uint8).reshape(48, 64)


def _file(pixels, kind, **options):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()


def test_png_says_mode_depth_size_and_density():
    """A grey PNG of 8 bit is told as such, with its size in bytes."""
    content = _file(PIXELS, "PNG", dpi=(72, 72))

    traits = traits_of(content, PIXELS)

    assert (traits.format, traits.mode, traits.bits) == ("PNG", "grey", 8)
    assert (traits.height_px, traits.width_px) == (48, 64)
    assert traits.file_bytes == len(content)
    assert traits.density == "2835x2835x1"  # 72 dots an inch, in dots a meter
    assert math.isnan(traits.jpeg_step)


def test_a_png_comment_is_counted_and_not_kept():
    """The text of a comment appears nowhere in the traits, only its length."""
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "Jane Doe")

    traits = traits_of(_file(PIXELS, "PNG", pnginfo=info), PIXELS)

    assert traits.extra_bytes == len("Comment\0Jane Doe")
    assert "Jane" not in repr(traits)


def test_jpeg_tables_tell_the_quality():
    """Files of one quality share tables; a lower quality has larger steps."""
    good, same, poor = (
        traits_of(_file(PIXELS, "JPEG", quality=quality), PIXELS)
        for quality in (90, 90, 40)
    )

    assert good.jpeg_tables == same.jpeg_tables != poor.jpeg_tables
    assert 1 <= good.jpeg_step < poor.jpeg_step <= 255


def test_jpeg_subsampling_and_progressive_are_told():
    """Two files that differ only in how JPEG is written differ in compression."""
    color = np.dstack([PIXELS] * 3)
    kinds = [
        traits_of(_file(color, "JPEG", quality=80, **options), color).compression
        for options in ({"subsampling": 0}, {"subsampling": 2}, {"progressive": True})
    ]

    assert len(set(kinds)) == 3
    assert kinds[0] == "baseline 11/11/11"
    assert kinds[2].startswith("progressive")


def test_tiff_tells_compression_in_both_byte_orders():
    """Deflate has the number 8; a big-endian file is read as well as a little one."""
    deflated = _file(PIXELS, "TIFF", compression="tiff_adobe_deflate")
    big = (
        b"MM\x00*\x00\x00\x00\x08"
        + b"\x00\x02"
        + b"".join(
            (
                b"\x01\x02\x00\x03\x00\x00\x00\x01\x00\x10\x00\x00",  # 16 bits
                b"\x01\x03\x00\x03\x00\x00\x00\x01\x00\x05\x00\x00",  # LZW
            )
        )
    )

    small, large = traits_of(deflated, PIXELS), traits_of(big, PIXELS)

    assert (small.format, small.mode, small.bits) == ("TIFF", "grey x1", 8)
    assert small.compression.startswith("8/")
    assert (large.bits, large.compression) == (16, "5/1/0, 2 tags")


def test_bits_of_three_samples_are_read_where_they_are_kept():
    """A color TIFF keeps the bits of its three samples outside the field."""
    color = np.dstack([PIXELS] * 3)

    traits = traits_of(_file(color, "TIFF"), color)

    assert (traits.mode, traits.bits) == ("color x3", 8)
    assert traits.is_grey_in_color


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"GIF89a", "PNG, JPEG and TIFF"), (b"\x89PNG\r\n\x1a\n", "ends early")],
)
def test_other_content_is_refused(content, message):
    """What is no picture, or ends in its header, is an error and not a set of blanks."""
    with pytest.raises(DataError, match=message):
        traits_of(content, PIXELS)
