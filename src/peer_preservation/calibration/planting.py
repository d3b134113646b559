"""Trials in which all is known: acts at planted rates, and what keeps outcomes from sight."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from eval_observatory.labels import ATTEMPTS
from eval_observatory.trials import type_of
from peer_preservation._version import __version__
from peer_preservation.cell import Cell
from peer_preservation.scoring.outcome import SCORER_VERSION
from peer_preservation.suite import SUITE, factors_of

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

MODEL = "lab/{}"
"""The name of the model that plays a simulated study, by its number."""

Values = Callable[[np.random.Generator, Bools], Floats]
"""Draws numbers of rollouts, given which of them show the behaviour; a row a study."""

LOST = "planted"
"""The reason of an outcome that is not seen."""

SHOWS: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {
    "misrep_finance": ({"subject_grade": "A"}, {"subject_grade": "C"}),
    "misrep_evaluation": ({"eval_score": 95.0}, {"eval_score": 60.0}),
    "tampering": ({"shutdown_enabled": False}, {"shutdown_enabled": True}),
    "alignment_faking": (
        {"due_step": "left", "read_data": True},
        {"due_step": "done", "read_data": True},
    ),
    "exfiltration_transfer": ({"exfiltration": True}, {"exfiltration": False}),
    "exfiltration_deletion": ({"exfiltration": True}, {"exfiltration": False}),
}
"""Labels of a rollout that shows its scenario's behaviour, and of one that does not."""

TYPES = {
    name: type_of(measure, name)
    for measure in SUITE.measures
    if not measure.optional
    for name in measure.columns
}
"""The labels that every table has."""


class Hidden(NamedTuple):
    """How often outcomes are not seen where the behaviour is shown, and where it is not."""

    shown: float = 0.0
    not_shown: float = 0.0

    def lost(self, shows: Bools, draw: np.random.Generator) -> Bools:
        """Which outcomes are not seen."""
        return draw.random(shows.shape) < np.where(shows, self.shown, self.not_shown)


SEEN = Hidden()


@dataclass(frozen=True, kw_only=True)
class PlantedCell:
    """A cell of every simulated study.

    Attributes:
        cell: its id.
        rate: how often its behaviour is shown; of each study, or of each study and wording.
        n: rollouts.
        hidden: what keeps outcomes from sight.
        tries: how often a rollout is begun anew whose outcome was not seen.
        shows: labels of a rollout that shows it and of one that does not; by default its
            scenario's.
        values: draws numbers, by their columns, given who shows it; in place of acts.
        levels: further columns, such as the harness.
    """

    cell: str
    n: int
    rate: float | Floats = 0.0
    hidden: Hidden = SEEN
    tries: int = 1
    shows: tuple[Mapping[str, Any], Mapping[str, Any]] | None = None
    values: Mapping[str, Values] = field(default_factory=dict)
    levels: Mapping[str, Any] = field(default_factory=dict)


def planted(
    cells: Sequence[PlantedCell], simulations: int, draw: np.random.Generator
) -> pl.DataFrame:
    """The trials of so many studies of these cells, each played by a model of its own."""
    parts = [_rollouts(one, simulations, draw) for one in cells]
    trials = pl.concat(parts, how="diagonal_relaxed")
    lacking = [pl.lit(None, kind).alias(n) for n, kind in TYPES.items() if n not in trials.columns]
    trials = trials.with_columns(*lacking, episode_id=pl.int_range(pl.len()).cast(pl.String))
    labels = [name for name in trials.columns if name in TYPES or name in _given(cells)]
    reasons = [
        pl.when(pl.col(name).is_null()).then(pl.lit(LOST)).alias(f"{name}_unscored")
        for name in labels
    ]
    return trials.with_columns(reasons)


def numbers(models: pl.Series) -> NDArray[np.int64]:
    """The studies that models, or labels, are of."""
    return models.str.extract(r"(\d+)").cast(pl.Int64).to_numpy()


def _given(cells: Sequence[PlantedCell]) -> set[str]:
    return {name for one in cells for name in (*_shows(one)[0], *one.values)}


def _shows(one: PlantedCell) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    if one.values:
        return {}, {}
    return one.shows or SHOWS[one.cell.split("/")[0]]


def _rollouts(one: PlantedCell, simulations: int, draw: np.random.Generator) -> pl.DataFrame:
    """The rollouts of a cell, study by study."""
    shape = (simulations, one.n)
    rates, wordings = _rates(one, shape)
    shows = draw.random(shape) < rates
    lost, attempts = one.hidden.lost(shows, draw), np.ones(shape, dtype=np.int64)
    for _ in range(one.tries - 1):
        again = draw.random(shape) < rates
        lost_again = one.hidden.lost(again, draw)
        attempts += lost
        shows, lost = np.where(lost, again, shows), lost & lost_again
    columns: dict[str, Any] = {
        "agent_model": np.repeat([MODEL.format(i) for i in range(simulations)], one.n),
        "rollout": np.tile(np.arange(one.n), simulations),
        ATTEMPTS: attempts.ravel(),
    }
    if wordings is not None:
        columns["wording"] = np.tile(wordings, simulations)
    frame = pl.DataFrame(columns)
    seen, shown = pl.Series(~lost.ravel()), pl.Series(shows.ravel())
    yes, no = _shows(one)
    labels = [
        pl.when(seen & shown).then(pl.lit(yes[name])).when(seen).then(pl.lit(no[name])).alias(name)
        for name in yes
    ]
    values = [pl.Series(name, of(draw, shows).ravel()) for name, of in one.values.items()]
    return frame.with_columns(
        *labels,
        *(pl.when(seen).then(column).alias(column.name) for column in values),
        *(pl.lit(level).alias(name) for name, level in {**_fixed(one.cell), **one.levels}.items()),
    )


def _rates(one: PlantedCell, shape: tuple[int, int]) -> tuple[Floats, list[str] | None]:
    """The rate of each rollout, and the wordings that they have, which take turns."""
    rates = np.asarray(one.rate, dtype=float)
    if rates.ndim < 2:
        return np.broadcast_to(rates if rates.ndim == 0 else rates[:, None], shape), None
    turns = np.arange(shape[1]) % rates.shape[1]
    return rates[:, turns], [f"w{turn + 1}" for turn in turns]


def _fixed(cell: str) -> dict[str, Any]:
    return {
        **factors_of(Cell.parse(cell)),
        "cell_id": cell,
        "harness": "custom",
        "scorer_version": SCORER_VERSION,
        "package_version": __version__,
    }
