"""From a number to its rollouts: the names that the list of rollouts goes by, and addresses in it.

An address says all that the list is filtered by, so that a page that is opened by it again shows
the same. The page's script reads what is written here.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple
from urllib.parse import quote

import polars as pl

from eval_observatory.report.words import clean, factor_text, model_text
from eval_observatory.runs import WHO
from eval_observatory.suite import Suite

LIST, NONE = "#rollouts", "none"
MOST = 150
"""Characters of a name, and room for a number that tells it apart, in what `clean` leaves whole."""

MOST_LEVEL = 60
"""Characters of a level among others in a sentence."""

Shown = Literal["yes", "scored", "unscored"]
"""Which rollouts of a measure: those of k, those of n, those that are in neither."""


class Linked(NamedTuple):
    """A number as text, and where its rollouts are; "" where there are none to be read."""

    text: str
    address: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Names:
    """What models and cells of trials are called in the list of rollouts, each in its own way.

    Attributes:
        models: by model and harness.
        cells: by the levels of the suite's factors.
        told: the same in words for readers.
        page: the file of the list; "" where it is the page's own.
    """

    suite: Suite
    models: Mapping[tuple[str, str], str]
    cells: Mapping[tuple[Any, ...], str]
    told: Mapping[str, str]
    page: str = ""

    @classmethod
    def of(cls, trials: pl.DataFrame, suite: Suite) -> Names:
        """The names of checked trials."""
        who = trials.select(WHO).unique(maintain_order=True).sort(WHO)
        models = list(who.iter_rows())
        given = pl.col("cell_id").cast(pl.String).min() if "cell_id" in trials.columns else None
        agg = pl.lit(None, pl.String).first() if given is None else given
        cells = trials.group_by(suite.columns).agg(agg.alias("$id"))
        rows = cells.sort(*suite.columns, nulls_last=False).to_dicts()
        keys = [tuple(row[name] for name in suite.columns) for row in rows]
        ids_of = _apart(clean(row["$id"] or _joined(suite, row), MOST) for row in rows)
        return cls(
            suite=suite,
            models=dict(
                zip(models, _apart(clean(model_text(*one), MOST) for one in models), strict=True)
            ),
            cells=dict(zip(keys, ids_of, strict=True)),
            told=dict(zip(ids_of, (in_words(suite, row) for row in rows), strict=True)),
        )

    @cached_property
    def elsewhere(self) -> Names:
        """The same for a page beside the one with the list."""
        return Names(self.suite, self.models, self.cells, self.told, "index.html")

    def cell(self, row: Mapping[str, Any]) -> str:
        """The name of a cell of a row with the suite's factors."""
        return self.cells[tuple(row[name] for name in self.suite.columns)]

    def number(
        self,
        row: Mapping[str, Any],
        shown: Shown,
        count: int,
        *,
        whole: bool = False,
        cells: Sequence[Mapping[str, Any]] = (),
    ) -> Linked:
        """A number of a row of the estimates, with the address of exactly its rollouts.

        Args:
            row: a model, a harness, a measure, and its cell.
            shown: what is counted.
            count: how many they are.
            whole: of all cells of the model in which the measure can occur.
            cells: of these together; by default of the row's own.
        """
        if not count:
            return Linked("0", "")
        parts = {"model": self.models[row["model"], row["harness"]]}
        if not whole:
            # No name has a line break in it.
            parts["cell"] = "\n".join(map(self.cell, cells or (row,)))
        parts |= {"show": row["behavior"], "value": shown}
        return Linked(f"{count:,}", f"{self.page}{address(parts)}")


def address(parts: Mapping[str, str]) -> str:
    """The address of the list, filtered."""
    return LIST + "".join(f"&{name}={quote(value, safe='/@')}" for name, value in parts.items())


def in_words(suite: Suite, cell: Mapping[str, Any]) -> str:
    """A cell in words: what the suite calls it, and its other levels that have to be said."""
    phrase = suite.phrase_of(cell)
    told = [phrase.text] if phrase else []
    told += levels_in_words(suite, cell, phrase.where if phrase else ())
    return ", ".join(told) or "the only cell"


def levels_in_words(suite: Suite, cell: Mapping[str, Any], known: Container[str]) -> list[str]:
    """The levels of a cell that have to be said, but for factors that are known."""
    told = []
    for name in suite.names:
        factor, level = suite.factor(name), cell[name]
        if name in known or level == NONE or not suite.says(cell, name):
            continue
        # A word of the suite's says what it is of; a bare level does not.
        own = factor.told(level) is not None or factor is suite.factors[0]
        text = clean(factor_text(factor, level), MOST_LEVEL)
        told.append(text if own else f"{factor.reading} {text}")
    return told


def _joined(suite: Suite, row: Mapping[str, Any]) -> str:
    return "/".join(str(row[name]) for name in suite.columns if row[name] is not None)


def _apart(texts: Iterable[str]) -> list[str]:
    """The texts, those that are alike told apart by a number."""
    made: dict[str, None] = {}
    for text in texts:
        name, number = text, 1
        while name in made:
            number += 1
            name = f"{text} ({number})"
        made[name] = None
    return list(made)
