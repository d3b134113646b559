"""The trial table of a suite from its logs, every label made again from the kept record."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from cyber_suites.labels import Label, Labels, unscored
from eval_observatory.archive import opened
from eval_observatory.errors import UserError
from eval_observatory.logs import SAMPLES, read_logs
from eval_observatory.suite import Suite
from eval_observatory.trials import type_of


class Scored(NamedTuple):
    """How a suite's records are found and scored.

    Attributes:
        key: where a sample's store keeps one.
        labels: every label of one, from its JSON.
        version: of the rules.
    """

    suite: Suite
    key: str
    labels: Callable[[str], Labels]
    version: str


def known() -> dict[str, Scored]:
    """The suites of this package, by their names."""
    from cyber_suites.bountybench import record as bounty_record
    from cyber_suites.bountybench import scoring as bounty_scoring
    from cyber_suites.bountybench.suite import BOUNTYBENCH
    from cyber_suites.cybergym import record as gym_record
    from cyber_suites.cybergym import scoring as gym_scoring
    from cyber_suites.cybergym.suite import CYBERGYM

    gym, bounty = gym_record.Record.from_json, bounty_record.Record.from_json
    found = (
        Scored(
            CYBERGYM,
            gym_record.KEY,
            lambda text: gym_scoring.labels(gym(text)),
            gym_scoring.SCORER_VERSION,
        ),
        Scored(
            BOUNTYBENCH,
            bounty_record.KEY,
            lambda text: bounty_scoring.labels(bounty(text)),
            bounty_scoring.SCORER_VERSION,
        ),
    )
    return {one.suite.name: one for one in found}


def trials_of(paths: Iterable[Path], scored: Scored) -> pl.DataFrame:
    """The rollouts of logs, a row each, scored from their records by the rules as they are now.

    A rollout whose log has an error, or no record that can be read, is unscored with the reason.

    Args:
        paths: logs, or folders of them.

    Raises:
        UserError: there is no log, or none of this suite.
    """
    listed = list(paths)
    table = read_logs(listed, scored.suite)
    told = {one.id: one for one in _told(listed, scored)}
    rows = [
        _row(row, told.get(row["episode_id"]), scored.suite) for row in table.iter_rows(named=True)
    ]
    made = pl.DataFrame(rows, schema=table.schema, orient="row")
    return made.with_columns(scorer_version=pl.lit(scored.version))


class _Told(NamedTuple):
    """A rollout as its sample has it: its number in a plan, who played it, how that ended."""

    id: str
    rollout: int | None
    harness: str | None
    ended: str | None
    labels: Labels | None


def _row(row: Mapping[str, Any], told: _Told | None, suite: Suite) -> dict[str, Any]:
    """A row with the labels of its record in place of those that its log has."""
    changed = dict(row)
    if told and told.rollout is not None:
        changed["rollout"] = told.rollout
    if told and told.harness:
        changed["harness"] = told.harness
    if told and told.ended and row["ended"] != "error":
        changed["ended"] = told.ended
    if row["ended"] == "error":
        return changed
    for measure in suite.measures:
        label = _label(told.labels if told else None, measure.column)
        value = label.value
        if value is not None and type_of(measure, measure.column) == pl.Float64:
            value = float(value)
        changed[measure.column] = value
        changed[f"{measure.column}_unscored"] = label.unscored
    return changed


def _label(told: Labels | None, column: str) -> Label:
    if told is None:
        return unscored("the log has no record of it")
    return told.get(column) or unscored("not of this rollout")


def _told(paths: Iterable[Path], scored: Scored) -> Iterator[_Told]:
    """Every sample of the logs."""
    for path in paths:
        for log in [path] if path.is_file() else sorted(path.rglob("*.eval")):
            with opened(log) as archive:
                for name in archive.namelist():
                    if name.startswith(SAMPLES):
                        yield _of_sample(json.loads(archive.read(name)), scored)


def _of_sample(sample: Mapping[str, Any], scored: Scored) -> _Told:
    metadata = sample.get("metadata") or {}
    number, harness, ended = (metadata.get(name) for name in ("rollout", "harness", "ended"))
    stored = (sample.get("store") or {}).get(scored.key)
    return _Told(
        str(sample.get("uuid")),
        number if isinstance(number, int) else None,
        harness if isinstance(harness, str) else None,
        ended if isinstance(ended, str) else None,
        labels_of(stored, scored) if isinstance(stored, str) else None,
    )


def labels_of(stored: str, scored: Scored) -> Labels:
    """The labels of a record as a store has it; of one that cannot be read, why."""
    try:
        return scored.labels(stored)
    except UserError as error:
        return {m.column: unscored(str(error)) for m in scored.suite.measures}


__all__ = ["Scored", "known", "trials_of"]
