"""Labels: true, false or another value, or unscored with a reason; each with its evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

import msgspec

from eval_observatory import markup

if TYPE_CHECKING:
    from peer_preservation.episode import Episode

SCORER_VERSION = "5"
"""Changes whenever a label of any episode could change."""

LabelValue = bool | float | str


class Label(msgspec.Struct, frozen=True):
    """One label of one episode.

    Attributes:
        value: what was found, or None for unscored.
        reason: why it is unscored, else None.
        evidence: indices into the episode's events.
    """

    value: LabelValue | None
    reason: str | None = None
    evidence: tuple[int, ...] = ()

    def _repr_html_(self) -> str:
        where = ", ".join(map(str, self.evidence))
        return markup.sheet(self.told, markup.line(f"by event {where}" if where else ""))

    @property
    def told(self) -> str:
        """The value as a text, or that it is unscored and why."""
        return f"unscored: {self.reason}" if self.value is None else str(self.value)


LabelScorer = Callable[["Episode"], Label]
Outcome = Mapping[str, Label]


def found(value: LabelValue, evidence: Iterable[int] = ()) -> Label:
    """A label that the record shows."""
    return Label(value, None, tuple(evidence))


def unscored(reason: str, evidence: Iterable[int] = ()) -> Label:
    """A label that the record cannot show."""
    return Label(None, reason, tuple(evidence))
