"""Image files: what is read is what was written, and damage never passes as a picture."""

from __future__ import annotations

import os
import struct
import zlib
from io import BytesIO

import cv2
import numpy as np
import pytest
from PIL import Image

from tumorscope.domain.errors import UnreadableScanError
from tumorscope.io import images
from tumorscope.io.images import (
    is_image_name,
    pixel_digest,
    read_image,
    read_mask,
    write_png,
)

HEIGHT, WIDTH = 24, 20
GREY = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH)).astype(np.uint8)
# Red, green and blue are far apart, so that a swapped order shows.
COLOR = np.stack([GREY // 2 + 128, GREY // 4, GREY // 8], axis=-1)
GREY16 = GREY.astype(np.uint16) * 200 + 7
COLOR16 = COLOR.astype(np.uint16) * 200 + 7
SMOOTH = np.add.outer(np.arange(64), np.arange(48)).astype(np.uint8) * 2


def encode(pixels, form, **options):
    """Return a file's content, written by Pillow."""
    buffer = BytesIO()
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    image.save(buffer, form, **options)
    return buffer.getvalue()


def encode16(pixels, ending, options=()):
    """Return a file's content, written by OpenCV, which knows 16-bit color."""
    ordered = np.ascontiguousarray(pixels[..., ::-1]) if pixels.ndim == 3 else pixels
    return cv2.imencode(ending, ordered, list(options))[1].tobytes()


def png_chunk(kind, data):
    """Return one chunk with its checksum."""
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def plain_tiff(pixels, **fields):
    """Return an uncompressed one-strip TIFF with the given numeric fields."""
    samples = pixels.shape[2] if pixels.ndim == 3 else 1
    values = {
        256: pixels.shape[1],
        257: pixels.shape[0],
        258: pixels.dtype.itemsize * 8,
        259: 1,
        262: 1,
        273: 8,
        277: samples,
        278: pixels.shape[0],
        279: pixels.nbytes,
        339: 1,
    } | {int(tag.removeprefix("tag")): value for tag, value in fields.items()}
    entries = b"".join(
        struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(values.items())
    )
    directory = struct.pack("<H", len(values)) + entries + struct.pack("<I", 0)
    start = struct.pack("<I", 8 + pixels.nbytes)
    return b"II*\x00" + start + pixels.tobytes() + directory


@pytest.fixture
def read(tmp_path):
    """Write content to a file and read it as an image."""

    def read_content(content, name="scan.png", **options):
        path = tmp_path / name
        path.write_bytes(content)
        return read_image(path, **options)

    return read_content


@pytest.mark.parametrize("pixels", [GREY, COLOR, GREY16, COLOR16])
def test_png_round_trip_keeps_values_depth_and_rgb_order(tmp_path, pixels):
    """What `write_png` writes, `read_image` returns."""
    write_png(tmp_path / "scan.png", pixels)

    read_back = read_image(tmp_path / "scan.png")

    assert read_back.dtype == pixels.dtype
    np.testing.assert_array_equal(read_back, pixels)
    assert [path.name for path in tmp_path.iterdir()] == ["scan.png"]


def test_a_mask_is_written_as_0_and_255_and_read_as_bool(tmp_path):
    """A bool array survives as a mask, also when it is empty."""
    mask = GREY > 100

    write_png(tmp_path / "mask.png", mask)
    write_png(tmp_path / "empty.png", np.zeros_like(mask))

    assert set(np.unique(read_image(tmp_path / "mask.png"))) == {0, 255}
    np.testing.assert_array_equal(read_mask(tmp_path / "mask.png"), mask)
    assert not read_mask(tmp_path / "empty.png").any()


def test_a_color_mask_counts_any_channel(tmp_path):
    """A pixel that is above zero in one channel only belongs to the lesion."""
    pixels = np.zeros((4, 4, 3), np.uint8)
    pixels[1, 2, 0] = 9
    write_png(tmp_path / "mask.png", pixels)

    mask = read_mask(tmp_path / "mask.png")

    assert mask.shape == (4, 4)
    assert list(zip(*np.nonzero(mask), strict=True)) == [(1, 2)]


@pytest.mark.parametrize("pixels", [GREY, COLOR])
@pytest.mark.parametrize(
    "compression", [None, "tiff_lzw", "tiff_adobe_deflate", "packbits"]
)
def test_tiff_of_8_bit_is_read_exactly(read, pixels, compression):
    """Every lossless compression gives the values and the RGB order back."""
    content = encode(pixels, "TIFF", compression=compression)

    np.testing.assert_array_equal(read(content, "scan.tif"), pixels)


@pytest.mark.parametrize("pixels", [GREY16, COLOR16, GREY, COLOR])
@pytest.mark.parametrize("compression", [1, 5, 8, 32773])
@pytest.mark.parametrize("rows_per_strip", [7, 24])
def test_tiff_in_strips_is_read_exactly(read, pixels, compression, rows_per_strip):
    """Strips that do not divide the height are put together; 16 bit stays 16 bit."""
    options = [
        cv2.IMWRITE_TIFF_COMPRESSION,
        compression,
        cv2.IMWRITE_TIFF_ROWSPERSTRIP,
        rows_per_strip,
    ]

    read_back = read(encode16(pixels, ".tif", options), "scan.tiff")

    assert read_back.dtype == pixels.dtype
    np.testing.assert_array_equal(read_back, pixels)


@pytest.mark.parametrize("predictor", [1, 2])
def test_deflated_tiff_with_differences_is_summed_up(read, predictor):
    """Horizontal differencing wraps around at 16 bit, in both byte orders."""
    stored = GREY16.copy()
    if predictor == 2:
        stored[:, 1:] = GREY16[:, 1:] - GREY16[:, :-1]
    packed = np.frombuffer(zlib.compress(stored.tobytes()), np.uint8)
    fields = {"tag256": WIDTH, "tag257": HEIGHT, "tag258": 16, "tag259": 8}
    content = plain_tiff(packed[None], tag278=HEIGHT, tag317=predictor, **fields)

    np.testing.assert_array_equal(read(content, "scan.tif"), GREY16)


def test_big_endian_tiff_is_read_in_its_own_byte_order(read):
    """A deflated 16-bit TIFF written as MM gives the same values as II."""
    data = zlib.compress(GREY16.astype(">u2").tobytes())
    values = [(256, WIDTH), (257, HEIGHT), (258, 16), (259, 8), (262, 1), (273, 8)]
    values += [(277, 1), (278, HEIGHT), (279, len(data))]
    entries = b"".join(struct.pack(">HHII", tag, 4, 1, value) for tag, value in values)
    head = b"MM\x00*" + struct.pack(">I", 8 + len(data)) + data
    content = head + struct.pack(">H", len(values)) + entries + bytes(4)

    read_back = read(content, "scan.tif")

    assert read_back.dtype == np.dtype(np.uint16)
    np.testing.assert_array_equal(read_back, GREY16)


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize(
    "pixels", [SMOOTH, np.stack([SMOOTH, SMOOTH // 2, SMOOTH // 4], axis=-1)]
)
def test_jpeg_is_read_close_to_what_was_written(read, pixels, progressive):
    """Grey stays grey, color keeps its order, baseline or progressive."""
    content = encode(pixels, "JPEG", quality=98, subsampling=0, progressive=progressive)

    read_back = read(content, "scan.jpg")

    assert read_back.shape == pixels.shape
    assert np.abs(read_back.astype(int) - pixels).max() <= 6


def test_the_content_decides_and_not_the_ending(read):
    """A PNG that is named .jpg is read as what it is."""
    np.testing.assert_array_equal(read(encode(GREY, "PNG"), "scan.jpg"), GREY)


def test_palette_png_is_read_as_its_colors(read):
    """Palette indices are no intensities."""
    palette = Image.fromarray(COLOR).quantize(16)

    np.testing.assert_array_equal(
        read(encode(palette, "PNG")), np.asarray(palette.convert("RGB"))
    )


@pytest.mark.parametrize(("form", "name"), [("PNG", "scan.png"), ("TIFF", "scan.tif")])
def test_alpha_is_dropped_and_does_not_dim_the_colors(read, form, name):
    """A transparent pixel keeps the color that the file stores for it."""
    content = encode(np.dstack([COLOR, GREY]), form)

    np.testing.assert_array_equal(read(content, name), COLOR)


def test_alpha_of_a_16_bit_png_is_dropped(read):
    """The same for 16 bit."""
    rgba = np.dstack([COLOR16, GREY16])
    content = cv2.imencode(".png", rgba[..., [2, 1, 0, 3]])[1].tobytes()

    np.testing.assert_array_equal(read(content), COLOR16)


@pytest.mark.parametrize(("form", "name"), [("PNG", "scan.png"), ("TIFF", "scan.tif")])
def test_one_bit_is_read_as_0_and_255(read, form, name):
    """A one-bit mask is a picture of two values."""
    content = encode(Image.fromarray(GREY > 100), form)

    np.testing.assert_array_equal(read(content, name), (GREY > 100) * np.uint8(255))


def test_cmyk_jpeg_is_converted_to_rgb(read):
    """Printers' colors become RGB and not four channels."""
    cmyk = Image.fromarray(np.full((16, 16, 3), (200, 100, 50), np.uint8))
    cmyk.putpixel((0, 0), (0, 0, 0))

    read_back = read(encode(cmyk.convert("CMYK"), "JPEG", quality=98), "scan.jpg")

    assert read_back.shape == (16, 16, 3)
    np.testing.assert_allclose(read_back[12, 12], (200, 100, 50), atol=6)


@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("JPEG", {"quality": 98}),
        ("PNG", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("TIFF", {"compression": "tiff_adobe_deflate"}),
    ],
)
def test_orientation_is_left_alone(read, form, options):
    """Rows and columns stay as stored, so that a mask keeps fitting its image."""
    exif = Image.Exif()
    exif[0x0112] = 6  # rotate by 90 degrees to view

    read_back = read(encode(SMOOTH, form, exif=exif, **options), "scan.any")

    assert read_back.shape == SMOOTH.shape
    assert np.abs(read_back.astype(int) - SMOOTH).max() <= 6


CUT = {
    "grey.png": encode(GREY, "PNG"),
    "color16.png": encode16(COLOR16, ".png"),
    "grey.jpg": encode(GREY, "JPEG"),
    "progressive.jpg": encode(COLOR, "JPEG", progressive=True),
    "plain.tif": encode(GREY, "TIFF"),
    "lzw.tif": encode(COLOR, "TIFF", compression="tiff_lzw"),
    "deflate.tif": encode(GREY, "TIFF", compression="tiff_adobe_deflate"),
    "grey16.tif": encode16(GREY16, ".tif"),
}


@pytest.mark.parametrize("name", CUT)
def test_a_truncated_file_is_refused_wherever_it_is_cut(read, name):
    """No cut passes, from the first byte to the last but one."""
    content = CUT[name]
    lengths = [*range(1, len(content), max(1, len(content) // 40)), len(content) - 1]

    for length in lengths:
        with pytest.raises(UnreadableScanError, match=name):
            read(content[:length], name)


def test_a_jpeg_cut_behind_its_thumbnail_is_refused(read):
    """The end marker of an embedded preview is not taken for the end of the image."""
    preview = encode(SMOOTH, "JPEG")
    content = encode(COLOR, "JPEG")
    segment = b"\xff\xe5" + struct.pack(">H", len(preview) + 2) + preview
    whole = content[:2] + segment + content[2:]
    assert read(whole, "scan.jpg").shape == COLOR.shape

    with pytest.raises(UnreadableScanError, match="truncated"):
        read(whole[: len(segment) + len(content) // 2], "scan.jpg")


@pytest.mark.parametrize("name", ["grey.png", "color16.png", "deflate.tif"])
def test_changed_bytes_are_refused_where_the_format_has_a_checksum(read, name):
    """Flipped bits in the pixel data of PNG and deflated TIFF never pass."""
    content = bytearray(CUT[name])
    middle = len(content) // 2
    content[middle] ^= 0x10

    with pytest.raises(UnreadableScanError, match=name):
        read(bytes(content), name)


def test_damaged_lzw_codes_are_refused(read):
    """OpenCV passes over strips that it could not decode; here they are an error."""
    content = bytearray(encode(SMOOTH, "TIFF", compression="tiff_lzw"))
    middle = len(content) // 2
    content[middle : middle + 20] = bytes(byte ^ 0xA5 for byte in content[middle:][:20])

    with pytest.raises(UnreadableScanError, match="damaged"):
        read(bytes(content), "scan.tif")


def test_png_with_too_few_rows_is_refused(read):
    """Whole chunks and checksums do not hide that rows are missing."""
    rows = b"".join(b"\x00" + row.tobytes() for row in GREY[:10])
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 0, 0, 0, 0)
    content = (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", head)
        + png_chunk(b"IDAT", zlib.compress(rows))
        + png_chunk(b"IEND", b"")
    )

    with pytest.raises(UnreadableScanError, match="truncated or damaged"):
        read(content)


def test_deflated_strip_with_too_few_bytes_is_refused(read):
    """A strip whose checksum holds but that is too short is no picture."""
    packed = np.frombuffer(zlib.compress(GREY[:10].tobytes()), np.uint8)
    content = plain_tiff(
        packed[None], tag256=WIDTH, tag257=HEIGHT, tag259=8, tag278=HEIGHT
    )

    with pytest.raises(UnreadableScanError, match="too few bytes"):
        read(content, "scan.tif")


def test_a_deflate_bomb_is_refused_without_inflating_it(read):
    """A strip that inflates to far more than the picture needs is cut off."""
    packed = np.frombuffer(zlib.compress(bytes(10_000_000), 1), np.uint8)
    content = plain_tiff(
        packed[None], tag256=WIDTH, tag257=HEIGHT, tag259=8, tag278=HEIGHT
    )

    with pytest.raises(UnreadableScanError, match="bomb"):
        read(content, "scan.tif")


@pytest.mark.parametrize("name", ["scan.png", "scan.jpg", "scan.tif"])
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty: the file has no bytes"),
        (b"this is a text\n" * 50, "not an image"),
        (b"GIF89a" + bytes(100), "not an image"),
        (bytes(1000), "not an image"),
        (b"\x89PNG\r\n\x1a\n", "damaged"),
        (b"\xff\xd8", "truncated"),
        (b"II*\x00", "truncated"),
        (b"II+\x00" + bytes(20), "BigTIFF"),
    ],
)
def test_what_is_no_image_is_refused_by_name_and_reason(read, name, content, reason):
    """Empty files, text and bare signatures are named for what they are."""
    with pytest.raises(UnreadableScanError, match=f"{name}.*{reason}"):
        read(content, name)


@pytest.mark.parametrize("pixels", [GREY * 0, COLOR * 0 + 9, GREY16 * 0 + 300])
def test_a_constant_scan_is_refused_and_a_constant_mask_is_not(tmp_path, pixels):
    """A scan without information is an error; an empty mask is a fact."""
    path = tmp_path / "flat.png"
    write_png(path, pixels)

    with pytest.raises(UnreadableScanError, match=f"constant.*{pixels.flat[0]}"):
        read_image(path)
    assert read_image(path, allow_constant=True).shape == pixels.shape


FRAMES = [Image.fromarray(GREY), Image.fromarray(255 - GREY)]


@pytest.mark.parametrize(("form", "name"), [("PNG", "scan.png"), ("TIFF", "scan.tif")])
def test_several_frames_are_refused(read, form, name):
    """An animated PNG or a multi-page TIFF is not reduced to its first picture."""
    content = encode(FRAMES[0], form, save_all=True, append_images=FRAMES[1:])

    with pytest.raises(UnreadableScanError, match="2 frames"):
        read(content, name)


def test_an_animated_gif_is_no_image(read):
    """GIF is not among the formats, whatever its name."""
    content = encode(FRAMES[0], "GIF", save_all=True, append_images=FRAMES[1:])

    with pytest.raises(UnreadableScanError, match="not an image"):
        read(content, "scan.png")


def test_tiff_pages_in_a_circle_are_refused(read):
    """A page that names itself as the next does not hang the reader."""
    content = plain_tiff(GREY)
    circle = content[:-4] + content[4:8]

    with pytest.raises(UnreadableScanError, match="circle"):
        read(circle, "scan.tif")


def test_a_pixel_bomb_is_refused_by_its_header(read):
    """A PNG that claims 60000 x 60000 pixels is not decoded."""
    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    content = (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", head)
        + png_chunk(b"IDAT", zlib.compress(bytes(1000)))
        + png_chunk(b"IEND", b"")
    )

    with pytest.raises(UnreadableScanError, match="too large: 60000 x 60000 pixels"):
        read(content)


def test_a_huge_file_is_refused_before_it_is_read(tmp_path, monkeypatch):
    """The size on disk is looked at first."""
    path = tmp_path / "scan.png"
    write_png(path, GREY)
    monkeypatch.setattr(images, "MAX_FILE_BYTES", 100)

    with pytest.raises(UnreadableScanError, match=r"too large.*limit is 100 bytes"):
        read_image(path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (encode(GREY.astype(np.float32), "TIFF"), "signed or floating point"),
        (encode(GREY.astype(np.int32), "TIFF"), "signed or floating point"),
        (plain_tiff(GREY.astype(np.int16), tag339=2), "signed or floating point"),
        (plain_tiff(GREY.astype(np.uint32)), "32.*bit is not supported"),
        (plain_tiff(GREY16, tag262=0), "white as zero"),
        (encode(Image.fromarray(COLOR).convert("LAB"), "TIFF"), "color space 8"),
        (plain_tiff(GREY, tag256=0), "0 x 24 pixels"),
    ],
)
def test_a_tiff_that_decoders_read_in_different_ways_is_refused(read, content, reason):
    """Float, signed and 32-bit samples, odd color spaces: an error instead of a guess."""
    with pytest.raises(UnreadableScanError, match=reason):
        read(content, "scan.tif")


def test_a_missing_file_a_folder_and_a_pipe_are_refused(tmp_path):
    """What is no regular file is named, and a pipe does not block."""
    (tmp_path / "folder.png").mkdir()
    os.mkfifo(tmp_path / "pipe.png")

    for name, reason in [
        ("missing.png", "cannot be opened: No such file"),
        ("folder.png", "not a file"),
        ("pipe.png", "not a file"),
    ]:
        with pytest.raises(UnreadableScanError, match=f"{name}: {reason}"):
            read_image(tmp_path / name)


def test_the_digest_tells_values_shapes_and_depths_apart():
    """Equal pixels give equal digests however they lie in memory; nothing else does."""
    digests = {
        pixel_digest(pixels)
        for pixels in (
            GREY,
            GREY.reshape(WIDTH, HEIGHT),
            GREY.astype(np.uint16),
            GREY16,
        )
    }

    assert len(digests) == 4
    assert pixel_digest(np.asfortranarray(COLOR)) == pixel_digest(COLOR)


def test_image_names_end_with_a_known_suffix_in_any_case(tmp_path):
    """The ending decides what counts as an image name."""
    names = ["a.png", "b.JPG", "c.Jpeg", "d.tif", "e.TIFF", "f.npy", "g.gif", "png"]

    found = [name for name in names if is_image_name(tmp_path / name)]

    assert found == names[:5]
