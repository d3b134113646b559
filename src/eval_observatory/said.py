"""What a suite says to readers beside its figures: notes, kinds of models, limits. Pure data."""

from __future__ import annotations

from typing import Any

import msgspec


class Note(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a reader of any figure must know; of several, the first that applies is told.

    Attributes:
        scorer: of trials with this scorer version …
        column: … or of trials with this column; of all, without either.
        told_by: how their columns are told, in place of what the measures say.
        tables: said before the note of each table.
    """

    text: str
    scorer: str = ""
    column: str = ""
    told_by: str = ""
    tables: str = ""


class ModelKind(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a reader must know about a model before its numbers, known by its name's prefix."""

    prefix: str = ""
    badge: str = ""
    note: str = ""


class Limit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the numbers of a suite cannot tell.

    Attributes:
        untested: said at the end of the text where no contrast is tested.
        scorer: of trials with this scorer version only; `but` of all others only.
    """

    title: str
    text: str
    untested: str = ""
    scorer: str = ""
    but: str = ""


_WORDS = frozenset(
    (
        *("title", "question", "legend", "words", "meaning", "told_by", "sides", "source"),
        *("tables", "notes", "models", "limits", "figures", "axes", "beside", "word_labels"),
    )
)
"""What a suite says only to readers, or only of where a log has it."""


def without_words(said: Any) -> Any:
    """A suite as plain data, without what it says only to readers."""
    if isinstance(said, list):
        return [without_words(one) for one in said]
    if not isinstance(said, dict):
        return said
    return {name: without_words(one) for name, one in said.items() if name not in _WORDS}
