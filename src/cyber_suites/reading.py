"""Files of data sets that others made: read within bounds, and refused in one line."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import msgspec

from eval_observatory.errors import UserError

T = TypeVar("T")

MOST = 64 << 20
"""Bytes of a file that is read whole."""


def json_of(path: Path, kind: type[T]) -> T:
    """A JSON file as a type; keys that the type has not are left out.

    Raises:
        UserError: it is not there, too large, or not of that form.
    """
    try:
        return msgspec.json.decode(content_of(path), type=kind)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise UserError(f"{path}: not as it should be: {error}") from None


def content_of(path: Path, most: int = MOST) -> bytes:
    """A regular file's bytes.

    Raises:
        UserError: it is not there, no regular file, too large, or cannot be read.
    """
    try:
        if not path.is_file():
            raise UserError(f"{path}: there is no such file")
        with path.open("rb") as stream:
            content = stream.read(most + 1)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from None
    if len(content) > most:
        raise UserError(f"{path}: larger than {most >> 20} MiB")
    return content


def text_of(path: Path) -> str:
    """A file's text, whatever its bytes; empty where there is none."""
    if not path.is_file():
        return ""
    return content_of(path).decode("utf-8", errors="replace")
