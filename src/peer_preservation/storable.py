"""Text as UTF-8 can hold it: a model may send half a surrogate pair, which JSON can spell."""

from __future__ import annotations

import re
from typing import Any

_HALF = re.compile("[\ud800-\udfff]")


def storable(value: Any) -> tuple[Any, int]:
    """JSON's values with U+FFFD in place of what is no character, and how often that was."""
    if isinstance(value, str):
        return (value, 0) if _holds(value) else _HALF.subn("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, dict):
        pairs = [(storable(key), storable(held)) for key, held in value.items()]
        lost = sum(key[1] + held[1] for key, held in pairs)
        return ({key[0]: held[0] for key, held in pairs} if lost else value), lost
    if isinstance(value, list):
        items = [storable(item) for item in value]
        lost = sum(item[1] for item in items)
        return ([item[0] for item in items] if lost else value), lost
    return value, 0


def _holds(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
