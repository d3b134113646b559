"""Labels made again from the logs, held against the table of an entry, value by value."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from eval_observatory.archive import DAMAGES, opened
from eval_observatory.errors import UserError
from eval_observatory.logs import SAMPLES
from eval_observatory.report.words import clean

KEY = "episode_id"
SCORER = "scorer_version"
MOST_LISTED = 50
_WHERE = ("cell_id", "rollout")


@dataclass(frozen=True)
class Compared:
    """A table beside the one made anew.

    Attributes:
        rows: rollouts that are in both.
        without_record: rollouts of the table that no log has.
        without_row: rollouts of the logs that the table has not.
        doubled: rollouts that the table has more than once.
        differences: a line for each column that differs, with the first place.
        cells: in how many places values differ.
        not_made: columns that no record tells, such as a judge's verdicts.
        scorers: the versions in the table, and those made anew.
    """

    rows: int
    without_record: tuple[str, ...]
    without_row: tuple[str, ...]
    doubled: tuple[str, ...]
    differences: tuple[str, ...]
    cells: int
    not_made: tuple[str, ...]
    scorers: tuple[str, str]

    @property
    def other_scorer(self) -> bool:
        """Whether another version told the labels of the table, as the table says."""
        return self.scorers[0] != self.scorers[1]

    @property
    def same_rollouts(self) -> bool:
        """Whether both have the same rollouts, each once."""
        return not (self.without_record or self.without_row or self.doubled)


def compared(table: pl.DataFrame, anew: pl.DataFrame, needless: Collection[str] = ()) -> Compared:
    """Every value of a table beside that of the one made anew from its logs.

    Floats are the same when they are equal to the last bit. A column that one side lacks is the
    same as one without values.

    Args:
        needless: columns that tell nothing of what a model did.
    """
    ids = table[KEY]
    doubled = ids.filter(ids.is_duplicated()).unique().sort()
    once = table.unique(KEY, keep="first", maintain_order=True)
    both = once.join(anew, on=KEY, suffix=" anew", maintain_order="left")
    mine, theirs = set(ids), set(anew[KEY])
    shared = [n for n in table.columns if n not in (KEY, SCORER, *needless)]
    made = [name for name in shared if name in anew.columns]
    told = {*table.columns, SCORER, *needless}
    gone = [name for name in anew.columns if name not in told]
    lines, cells = [], 0
    for name in made:
        count, line = _difference(both, name)
        cells += count
        lines += [line] if line else []
    for name in gone:
        if filled := anew[name].count():
            cells += filled
            lines.append(f"{clean(name, 60)}: the table has no such column, its logs tell {filled}")
    not_made = [name for name in shared if name not in anew.columns and table[name].count()]
    return Compared(
        rows=both.height,
        without_record=tuple(_named(once.filter(~pl.col(KEY).is_in(list(theirs))))),
        without_row=tuple(_named(anew.filter(~pl.col(KEY).is_in(list(mine))))),
        doubled=tuple(map(str, doubled)),
        differences=tuple(lines[:MOST_LISTED]),
        cells=cells,
        not_made=tuple(not_made),
        scorers=(_versions(table), _versions(anew)),
    )


def scores_differ(
    folder: Path, names: Iterable[str], anew: pl.DataFrame, scorer: str
) -> str | None:
    """How the counts of labels that the logs' own scorers wrote differ from those made anew.

    Inspect writes scores into a log when it is played: who edits a record has to edit them, too.
    Asked only where every sample was scored by this very version and the logs hold each rollout
    once, by counts, since logs name rollouts in their own way; empty where nothing differs, None
    where nothing can be asked.

    Raises:
        UserError: a log is damaged.
    """
    sums: defaultdict[str, float] = defaultdict(float)
    count = 0
    for name in names:
        for score in _scores(folder / name):
            if (score.get("metadata") or {}).get("scorer_version") != scorer:
                return None
            value = score.get("value")
            count += 1
            for label, one in (value if isinstance(value, dict) else {}).items():
                if isinstance(one, int | float) and one == one:
                    sums[label] += one
    if count != anew.height:
        return None
    for label, total in sorted(sums.items()):
        if label in anew.columns and anew[label].dtype in (pl.Boolean, pl.Int64, pl.Float64):
            now = float(anew[label].cast(pl.Float64).sum())
            if abs(now - total) > 1e-6:
                return (
                    f"{clean(label, 60)} is {total:g} in sum by the logs' own scores, {now:g} anew"
                )
    return ""


def _scores(path: Path) -> Iterator[dict[str, Any]]:
    """The first score of each sample of a log that has one."""
    try:
        with opened(path) as archive:
            for name in dict.fromkeys(archive.namelist()):
                if name.startswith(SAMPLES):
                    scores = json.loads(archive.read(name)).get("scores") or {}
                    yield from list(scores.values())[:1]
    except DAMAGES as error:
        raise UserError(f"{path.name}: not a log: {clean(error, 100)}") from None


def _difference(both: pl.DataFrame, name: str) -> tuple[int, str]:
    """In how many rows a column differs, and the first of them in words."""
    before, now = both[name], both[f"{name} anew"]
    if before.dtype != now.dtype:
        if before.null_count() == len(before) or now.null_count() == len(now):
            differs = before.is_not_null() | now.is_not_null()
        else:
            try:
                differs = before.cast(now.dtype).ne_missing(now)
            except pl.exceptions.PolarsError:
                differs = pl.Series([True] * len(before))
    else:
        differs = before.ne_missing(now)
    count = int(differs.sum())
    if not count:
        return 0, ""
    first = both.filter(differs).row(0, named=True)
    place = " ".join(str(first[one]) for one in _WHERE if first.get(one) is not None)
    return count, (
        f"{clean(name, 60)}: {count} of {both.height}; {clean(place, 80)}: "
        f"{clean(first[name], 40)} in the table, {clean(first[f'{name} anew'], 40)} from its log"
    )


def _named(rows: pl.DataFrame) -> Iterator[str]:
    for row in rows.iter_rows(named=True):
        told = " ".join(str(row[name]) for name in _WHERE if row.get(name) is not None)
        yield clean(told or row[KEY], 100)


def _versions(table: pl.DataFrame) -> str:
    if SCORER not in table.columns:
        return "none"
    return ", ".join(sorted({str(one) for one in table[SCORER].unique()}))
