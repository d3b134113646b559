"""Labels that are read from words, and how often each was read right where the truth is known.

Pure data: a suite's package measures them once, on cases that nobody tuned the reader to.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

Count = Annotated[int, msgspec.Meta(ge=0)]
Method = Literal["rule", "judge", "agent"]


class Told(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What became of cases whose truth is known, in numbers of cases."""

    right: Count
    wrong: Count
    unscored: Count

    @property
    def scored(self) -> int:
        """Those that got a value."""
        return self.right + self.wrong

    @property
    def n(self) -> int:
        """All of them."""
        return self.scored + self.unscored


class WordLabel(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """One label, or one reading of its values.

    Attributes:
        name: its column in the trial table.
        shows: the values of which `present` and `absent` tell; without them, of yes.
        method: who reads it: a fixed rule, a judge model, or the agent itself when asked.
        present: cases in which it is true: the right ones of those scored are the sensitivity.
        absent: cases in which it is not: the right ones of those scored are the specificity.
        values: cases of a label with many values, such as a mean.
        grader: the judge's name, of a label that a model reads.
        cases: what it alone was measured on, where others were on something else.
        people: how many of its values in a trial table people labelled too.
    """

    name: str
    method: Method = "rule"
    shows: tuple[Any, ...] = ()
    present: Told | None = None
    absent: Told | None = None
    values: Told | None = None
    grader: str = ""
    cases: str = ""
    people: int = 0

    @property
    def measured(self) -> bool:
        """Whether any error rate of it is known."""
        return any((self.present, self.absent, self.values))


class WordLabels(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """All labels of a suite that are read from words; every other one is read from state.

    Attributes:
        cases: what they were measured on, one sentence without its full stop.
        date: when, as YYYY-MM-DD.
    """

    cases: str = ""
    date: str = ""
    labels: tuple[WordLabel, ...] = ()

    def of(self, column: str, shows: tuple[Any, ...] = ()) -> WordLabel | None:
        """What is known of a column's label, of these values if they were measured apart."""
        there = [label for label in self.labels if label.name == column]
        exact = [label for label in there if set(label.shows) == set(shows)]
        return next(iter((*exact, *there)), None)
