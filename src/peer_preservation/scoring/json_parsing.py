"""Finds the JSON in a report, alone or in a fenced block. Text in, its value out."""

from __future__ import annotations

import json
from typing import Any

_FENCE = "```"
_ENDS = ("}", "]")


def read_json(text: str, *begins: str) -> Any:
    """The value of the first fenced block that is JSON, else of the whole text; None for none.

    Args:
        begins: what the block may begin with, `{` or `[`.
    """
    blocks = (block.removeprefix("json").strip() for block in text.split(_FENCE)[1:-1])
    fenced = (block for block in blocks if block.startswith(begins) and block.endswith(_ENDS))
    try:
        return json.loads(next(fenced, text))
    except (ValueError, RecursionError):
        return None
