"""HTML of plain values, as a notebook shows them: no text in it is read as mark-up.

Styles stand in the elements, since a notebook may drop sheets; no colour is set for text, since
its ground may be light or dark.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

FOLDED = 600
"""Characters of a text after which it is folded away."""

_FACE = "font-family:system-ui,sans-serif;line-height:1.45;max-width:60em;text-align:left"
_CELL = (
    "padding:.15em .9em .15em 0;text-align:left;vertical-align:top;white-space:pre-wrap;"
    "overflow-wrap:anywhere;border-bottom:1px solid #8886"
)
_TEXT = "white-space:pre-wrap;overflow-wrap:anywhere;margin:.2em 0;font-size:.92em"
_MISSING = "–"


def text(value: object) -> str:
    """A value as text, escaped; characters that would hide or reorder it are named, its length
    bounded."""
    from eval_observatory.report.words import transcript

    return _MISSING if value is None else escape(transcript(str(value)))


def sheet(title: str, *parts: str) -> str:
    """A whole piece: its title, as text, and parts that are HTML."""
    return f'<div style="{_FACE}"><strong>{text(title)}</strong>{"".join(parts)}</div>'


def line(words: object) -> str:
    """A line of words below a title, set back."""
    return f'<div style="opacity:.75">{text(words)}</div>'


def passage(words: str, title: str = "") -> str:
    """A longer text with its line breaks, under its title; a very long one is folded away."""
    body = f'<div style="{_TEXT}">{text(words)}</div>'
    if len(words) > FOLDED:
        shown = f"{title}, " if title else ""
        return (
            f'<details><summary style="opacity:.75">{text(shown)}{len(words):,} characters'
            f"</summary>{body}</details>"
        )
    return (line(title) if title else "") + body


def marked(name: str, colour: str, *parts: str) -> str:
    """A step of a record: its name, as text, beside a coloured edge, and parts that are HTML."""
    return (
        f'<div style="border-left:3px solid {colour};padding-left:.7em;margin:.6em 0">'
        f"<strong>{text(name)}</strong>{''.join(parts)}</div>"
    )


def table(rows: Iterable[Sequence[object]], columns: Sequence[object] = ()) -> str:
    """Rows of texts under their headings, if there are any."""

    def row(cells: Sequence[object], tag: str) -> str:
        return "".join(f'<{tag} style="{_CELL}">{text(cell)}</{tag}>' for cell in cells)

    head = f"<thead><tr>{row(columns, 'th')}</tr></thead>" if columns else ""
    body = "".join(f"<tr>{row(cells, 'td')}</tr>" for cells in rows)
    return (
        f'<table style="border-collapse:collapse;margin:.4em 0">{head}<tbody>{body}</tbody></table>'
    )
