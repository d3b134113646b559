"""How files are written: whole, or not at all; and how TOML is."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tomli_w


@contextmanager
def written(path: Path) -> Iterator[Path]:
    """A place to write a file that appears at `path` only when it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        partial = Path(folder) / path.name
        yield partial
        partial.replace(path)


def toml_of(content: Mapping[str, Any]) -> str:
    """A mapping as TOML. TOML has no null: none may be in it."""
    return tomli_w.dumps(content, multiline_strings=False)
