"""What the board sets side by side: one measure in one cell, over entries; ranks, and a common p.

Nothing is pooled: a panel is of one cell, that which most entries have, and says which.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eval_observatory.board.making import withdrawn
from eval_observatory.board.record import Entry, Row
from eval_observatory.statistics.intervals import clopper_pearson_many
from eval_observatory.statistics.multiplicity import holm
from eval_observatory.statistics.ranks import Rank, rank_intervals

LEVEL = 0.95
RANKING = (
    "Rank intervals: one rate is told to be higher than another only where their exact intervals "
    "(Clopper–Pearson) do not overlap, each at 1 − 0.05/m for m entries, so that all hold together "
    "in 95 % of boards; ranks from those told to be higher to those told to be lower, as Mogstad, "
    "Romano, Shaikh and Wilhelm (2024). Who cannot be told apart has the same ranks open."
)


@dataclass(frozen=True)
class Point:
    """An entry's row in a panel.

    Attributes:
        rank: the ranks that are left open; None where it is not ranked.
        p_board: p of its difference, corrected by Holm over all that the suite's page shows.
    """

    entry: Entry
    row: Row
    rank: Rank | None = None
    p_board: float | None = None


@dataclass(frozen=True)
class Panel:
    """One measure in one cell, over entries in the order of vendor and release."""

    suite: str
    measure: str
    title: str
    cell_id: str
    estimand: str
    points: tuple[Point, ...]
    of: int

    @property
    def ranked(self) -> bool:
        """Whether any two are told apart by rank."""
        return any(point.rank for point in self.points)


def suites(entries: Sequence[Entry]) -> dict[str, list[Entry]]:
    """The entries by suite and design, current designs first: old rows stay under their version."""
    found: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        found[suite_key(entry)].append(entry)
    newest = {key: max(e.manifest.when for e in listed) for key, listed in found.items()}
    return dict(sorted(found.items(), key=lambda pair: (-len(pair[1]), newest[pair[0]], pair[0])))


def suite_key(entry: Entry) -> str:
    """What tells the suites of a board apart: the name, and how it counts."""
    it = entry.manifest
    return f"{it.suite}@{it.design[:12]}" if it.design else it.suite


def panels(entries: Sequence[Entry]) -> list[Panel]:
    """The panels of a suite: each primary measure in the cell that most entries have.

    Entries that are withdrawn, replaced or contradict themselves are in none.
    """
    gone = withdrawn(entries)
    counting = [
        one for one in entries if one.manifest.id not in gone and not one.verification.contradicted
    ]
    rows: dict[str, dict[str, list[Point]]] = defaultdict(lambda: defaultdict(list))
    for entry in sorted(counting, key=_place):
        for row in entry.rows:
            if row.primary and row.estimate is not None:
                rows[row.measure][row.cell_id].append(Point(entry, row))
    chosen = [_chosen(cells) for cells in rows.values()]
    return [
        Panel(
            suite=suite_key(points[0].entry),
            measure=points[0].row.measure,
            title=points[0].row.title or points[0].row.measure,
            cell_id=points[0].row.cell_id,
            estimand=points[0].row.estimand,
            points=tuple(points),
            of=len(cells),
        )
        for points, cells in zip(_corrected(chosen), rows.values(), strict=True)
    ]


def _place(entry: Entry) -> tuple[str, ...]:
    """By vendor, then release, then day: where an entry stands in a panel."""
    it = entry.manifest
    return (it.vendor.casefold() or "\uffff", it.released, it.name.casefold(), it.when, it.id)


def _chosen(cells: dict[str, list[Point]]) -> list[Point]:
    """The points of the cell that most entries have, of those one that is held against another."""
    held = Counter({id: sum(p.row.difference is not None for p in ps) for id, ps in cells.items()})
    return max(cells.values(), key=lambda ps: (held[ps[0].row.cell_id], len(ps)))


def _corrected(chosen: Sequence[Sequence[Point]]) -> list[list[Point]]:
    """The points with ranks within each panel, and with p over all panels together."""
    tests = [
        (i, j) for i, ps in enumerate(chosen) for j, one in enumerate(ps) if one.row.p is not None
    ]
    raw = [p for i, j in tests if (p := chosen[i][j].row.p) is not None]
    over = dict(zip(tests, holm(raw) if raw else [], strict=True))
    made = []
    for i, points in enumerate(chosen):
        ranks = ranks_of([one.row for one in points])
        made.append(
            [
                Point(one.entry, one.row, rank, over.get((i, j)))
                for j, (one, rank) in enumerate(zip(points, ranks, strict=True))
            ]
        )
    return made


def ranks_of(rows: Sequence[Row]) -> list[Rank | None]:
    """The rank intervals of rates (`RANKING`); None of what has no counts, or stands alone."""
    counted = [i for i, row in enumerate(rows) if row.k is not None and row.n]
    found: list[Rank | None] = [None] * len(rows)
    m = len(counted)
    if m < 2:
        return found
    k = np.array([rows[i].k for i in counted])
    n = np.array([rows[i].n for i in counted])
    low, high = clopper_pearson_many(k, n, 1 - (1 - LEVEL) / m)
    higher = low[:, None] > high[None, :]
    for i, rank in zip(counted, rank_intervals(higher), strict=True):
        found[i] = rank
    return found
