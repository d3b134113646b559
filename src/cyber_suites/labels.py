"""A label of a rollout: a value, or why there is none."""

from __future__ import annotations

from typing import NamedTuple

Value = bool | float | str


class Label(NamedTuple):
    """A column's value; None with the reason where the rollout cannot be scored."""

    value: Value | None
    unscored: str | None = None


Labels = dict[str, Label]


def scored(value: Value) -> Label:
    """A label that is known."""
    return Label(value)


def unscored(why: str) -> Label:
    """A label that is not, in one line."""
    return Label(None, " ".join(why.split())[:200])
