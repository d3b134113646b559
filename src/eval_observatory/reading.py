"""Files as text, as TOML and as CSV, with one line for what is wrong with them."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def csv_rows(path: Path, remedy: str = "") -> Iterator[csv.DictReader[str]]:
    """The rows of a CSV file, read while they are asked for.

    Args:
        remedy: what to do where the file is none, for the message.

    Raises:
        UserError: the file cannot be read, or is no CSV file in UTF-8.
    """
    what_to_do = f"; {remedy}" if remedy else ""
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            yield csv.DictReader(lines)
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}{what_to_do}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path}: not a CSV file in UTF-8: {error}{what_to_do}") from None
