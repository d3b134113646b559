"""Ground truths of long-fixed bugs whose fix brings no input: made from the public description.

Each function returns the bytes that its driver reads.
"""

from __future__ import annotations

import struct
from collections.abc import Callable


def cjson_object_ends_after_comma() -> bytes:
    """An object whose text ends right behind a comma: the parser looks at the byte after it."""
    return b'{"1":1,'


def yajl_half_surrogate() -> bytes:
    """Half a surrogate pair before an escaped backslash and a u: read as an escape of its own."""
    return b'"\\uD800\\\\u"'


def libcue_negative_index() -> bytes:
    """A track's index that is negative once it is kept in an int."""
    return b'FILE "a.wav" WAVE\nTRACK 01 AUDIO\nINDEX 4294567296 00:00:00\n'


def libxml2_long_qualified_name() -> bytes:
    """A child that its DTD does not allow, prefix and name each filling half of a fixed buffer."""
    prefix, name = b"p" * 3000, b"n" * 3000
    declared = b"<!DOCTYPE r [<!ELEMENT r (a)><!ELEMENT a EMPTY>]>"
    child = b"<" + prefix + b":" + name + b" xmlns:" + prefix + b'="u"/>'
    return declared + b"<r>" + child + b"</r>"


def libarchive_name_of_full_length() -> bytes:
    """A path whose prefix and suffix both end with a slash one beyond their space."""
    return b"a" * 155 + b"//" + b"c" * 150


def _tiff(width: int, height: int, tile: int | None) -> bytes:
    """A little-endian greyscale TIFF of zeros, in one strip or in square tiles."""
    if tile:
        across, down = -(-width // tile), -(-height // tile)
        count, size = across * down, tile * tile
    else:
        count, size = 1, width * height
    tags = [
        (256, 3, 1, width),
        (257, 3, 1, height),
        (258, 3, 1, 8),
        (259, 3, 1, 1),
        (262, 3, 1, 1),
        (277, 3, 1, 1),
    ]
    tags += [(322, 3, 1, tile), (323, 3, 1, tile)] if tile else [(278, 3, 1, height)]
    places, counts = (324, 325) if tile else (273, 279)
    entries = len(tags) + 2
    behind = 8 + 2 + 12 * entries + 4
    data = behind + (8 * count if count > 1 else 0)
    offsets = [data + index * size for index in range(count)]
    tags += [
        (places, 4, count, behind if count > 1 else offsets[0]),
        (counts, 4, count, behind + 4 * count if count > 1 else size),
    ]
    directory = b"".join(struct.pack("<HHII", *tag) for tag in sorted(tags))
    arrays = struct.pack(f"<{2 * count}I", *offsets, *[size] * count) if count > 1 else b""
    whole = b"II*\0" + struct.pack("<IH", 8, entries) + directory + bytes(4) + arrays
    return whole + bytes(size * count)


def tiff_tile_beyond_image() -> bytes:
    """A request for the tile at column 64 of an image 32 pixels wide."""
    return struct.pack("<II", 64, 0) + _tiff(32, 32, 16)


def tiff_raster_lower_than_image() -> bytes:
    """A request for a raster of 8 rows, for an image of 64."""
    return struct.pack("<II", 16, 8) + _tiff(16, 64, None)


def tiff_colour_that_is_no_number() -> bytes:
    """A pixel whose colour is not a number, to be kept in 24 bits of logarithm."""
    return struct.pack("<3f", 1.0, 1.0, float("nan")) * 4


def libsndfile_negative_columns() -> bytes:
    """A MAT4 file whose wave has 2 rows and -2**31 columns: their product leaves an int."""
    rate = struct.pack("<5I", 0, 1, 1, 0, 11) + b"samplerate\0" + struct.pack("<d", 8000.0)
    wave = struct.pack("<IIiII", 30, 2, -(2**31), 0, 9) + b"wavedata\0"
    return rate + wave + bytes(64)


MADE: dict[str, Callable[[], bytes]] = {
    made.__name__: made
    for made in (
        cjson_object_ends_after_comma,
        yajl_half_surrogate,
        libcue_negative_index,
        libxml2_long_qualified_name,
        libarchive_name_of_full_length,
        tiff_tile_beyond_image,
        tiff_raster_lower_than_image,
        tiff_colour_that_is_no_number,
        libsndfile_negative_columns,
    )
}
"""By the name that a recipe gives as its `truth.made`."""
