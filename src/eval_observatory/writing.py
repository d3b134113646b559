"""How files are written: whole, or not at all; and how TOML is."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def written(path: Path) -> Iterator[Path]:
    """A place to write a file that appears at `path` only when it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        partial = Path(folder) / path.name
        yield partial
        partial.replace(path)


def toml_of(content: Mapping[str, Any]) -> str:
    """A mapping as TOML: its values, then a table for each mapping and list of mappings.

    Mappings within those stand on one line. TOML has no null: none may be in it.
    """
    return "\n".join(_lines(content)) + "\n"


def _lines(content: Mapping[str, Any]) -> Iterator[str]:
    later = []
    for key, value in content.items():
        several = isinstance(value, list) and value and isinstance(value[0], dict)
        if isinstance(value, dict) or several:
            later.append((key, value))
        else:
            yield f"{_key(key)} = {_value(value)}"
    for key, value in later:
        for table in value if isinstance(value, list) else [value]:
            yield ""
            yield f"[[{_key(key)}]]" if isinstance(value, list) else f"[{_key(key)}]"
            yield from (f"{_key(name)} = {_value(one)}" for name, one in table.items())


def _key(name: str) -> str:
    return name if re.fullmatch(r"[\w-]+", name, re.ASCII) else _value(name)


def _value(value: Any) -> str:
    """A TOML value: JSON's, with text as it stands, since TOML reads no surrogate pairs."""
    if isinstance(value, dict):
        inner = ", ".join(f"{_key(name)} = {_value(one)}" for name, one in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list) and value:
        return "[\n" + "".join(f"  {_value(item)},\n" for item in value) + "]"
    # of the characters that TOML wants escaped, JSON leaves one
    return json.dumps(value, ensure_ascii=False).replace("\x7f", r"\u007f")
