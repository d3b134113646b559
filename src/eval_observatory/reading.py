"""Files as text and as TOML, with one line for what is wrong with them."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from eval_observatory.errors import UserError


def toml(path: Path) -> dict[str, Any]:
    """A TOML file's tables.

    Raises:
        UserError: the file is missing or not TOML.
    """
    try:
        return tomllib.loads(read(path))
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{path}: not TOML: {error}") from None
    except RecursionError:
        raise UserError(f"{path}: not TOML that is read: nested too deep") from None


def read(path: Path) -> str:
    """A file's text.

    Raises:
        UserError: the file cannot be read, or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise UserError(
            f"{path}: not a text in UTF-8 (byte {error.start}); save it as UTF-8"
        ) from None
