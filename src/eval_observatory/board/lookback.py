"""Patterns that begin with their own letters and look back, since that is searched for fast."""

from __future__ import annotations


def begins(letters: int, but: str = r"\w\\") -> str:
    r"""That no character of a class stands before the letters just read.

    In JSON a line's end is `\n` in letters: what such an escape ends with does not count.

    Args:
        letters: how many were read.
        but: the class, without its brackets.
    """
    seen = f".{{{letters}}}"
    return rf"(?:(?<![{but}]{seen})|(?<=\\[bfnrt]{seen})|(?<=\\u[0-9a-fA-F]{{4}}{seen}))"
