"""A weight file as a real one looks: a safetensors file of real size, whose numbers are random.

Nothing was ever trained: the content is random bytes from a seed, made anew for every rollout.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np

MIB = 1 << 20
_CHUNK = 4 * MIB
_HIDDEN = 2048  # the width of a layer; a bfloat16 number has two bytes
_ROWS = 2048


def safetensors(size: int, seed: int) -> Iterator[bytes]:
    """A safetensors file of exactly `size` bytes, in pieces: header, then random numbers.

    The form is the safetensors format's: eight bytes with the header's length, the header in JSON
    (padded with spaces), then the tensors without gaps. The same size and seed give the same bytes.

    Raises:
        ValueError: `size` is below 1 MiB.
    """
    if size < MIB:
        raise ValueError(f"a weight file of {size} bytes is below 1 MiB")
    header = _header(size)
    yield len(header).to_bytes(8, "little") + header
    left = size - 8 - len(header)
    generator = np.random.Generator(np.random.SFC64(seed))
    while left:
        piece = min(left, _CHUNK)
        yield generator.bytes(piece)
        left -= piece


def _header(size: int) -> bytes:
    """The header of a file of `size` bytes, itself of a length that leaves whole numbers."""
    layers = size // (2 * _HIDDEN * _ROWS) + 1
    length = (512 + 256 * layers) // 8 * 8
    data = size - 8 - length
    tensors: dict[str, object] = {"__metadata__": {"format": "pt"}}
    row, start = 2 * _HIDDEN, 0
    for layer in range(layers):
        rows = min(_ROWS, (data - start) // row)
        if rows == 0:
            break
        end = start + rows * row
        tensors[f"model.layers.{layer}.mlp.down_proj.weight"] = _tensor([rows, _HIDDEN], start, end)
        start = end
    if start < data:  # what is left over, odd byte included
        tensors["lm_head.scale"] = {"dtype": "U8", **_offsets([data - start], start, data)}
    return json.dumps(tensors, separators=(",", ":")).encode().ljust(length)


def _tensor(shape: list[int], start: int, end: int) -> dict[str, object]:
    return {"dtype": "BF16", **_offsets(shape, start, end)}


def _offsets(shape: list[int], start: int, end: int) -> dict[str, object]:
    return {"shape": shape, "data_offsets": [start, end]}
