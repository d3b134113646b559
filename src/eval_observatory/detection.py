"""Arms of a question of signal detection, and what moves between them (`Suite.detections`)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from eval_observatory.counts import Counted, Row
from eval_observatory.statistics.detection import (
    Responses,
    criterion,
    criterion_change,
    criterion_p,
    sensitivity,
    sensitivity_change,
    sensitivity_p,
)
from eval_observatory.statistics.intervals import clopper_pearson
from eval_observatory.statistics.multiplicity import holm
from eval_observatory.statistics.stratified import Stratum, stratified
from eval_observatory.suite import Contrast, Detection, Key, Suite
from eval_observatory.trials import schema_of

Who = tuple[str, str]
"""A model and its harness."""

PASSED, NOT_PASSED, NOT_PLAYED = "passed", "not passed", "not played"
"""Of an arm's gate: whether the two are told apart where nothing is at stake."""

CRITERION, SENSITIVITY, BOTH, NEITHER = "criterion", "sensitivity", "both", "neither"
SHARE = "share told"
"""A share differs item by item, and neither c nor d' can be said to: where shares are 0 or 1 their
intervals are open, however much is told less."""

UNREAD = "the gate is not passed"
"""What moved between two arms; or that nothing is read from them."""

_ENDS = ("", "_low", "_high")
_COUNTED = ("hits", "signals", "signals_unscored", "alarms", "noises", "noises_unscored")
ARMS: dict[str, Any] = {
    **dict.fromkeys(_COUNTED, pl.Int64()),
    **{f"{name}{end}": pl.Float64() for name in ("hit", "alarm", "d", "c") for end in _ENDS},
    "gate": pl.String(),
    "gate_d": pl.Float64(),
    "gate_low": pl.Float64(),
}
"""The columns of arms beside the model's and those of the factors."""

CHANGES: dict[str, Any] = {
    "kind": pl.String(),
    "against": pl.String(),
    "hits": pl.Int64(),
    "signals": pl.Int64(),
    "baseline_hits": pl.Int64(),
    "baseline_signals": pl.Int64(),
    **dict.fromkeys(("hit_change", "alarm_change"), pl.Float64()),
    **{f"{name}_p{end}": pl.Float64() for end in ("", "_adjusted") for name in ("hits", "alarms")},
    **{
        f"{name}{end}": pl.Float64()
        for name in ("shift", "change")
        for end in (*_ENDS, "_p", "_p_adjusted")
    },
    "moved": pl.String(),
}
"""The columns of changes likewise. `shift`: of the criterion, `change`: of d'.

`hits_p`, `alarms_p`: of no difference in either share, by the exact conditional test within items
(for one rollout of each item McNemar's; the exact form of conditional logistic regression).
`hit_change`, `alarm_change`: of the shares among these items.
"""


@dataclass(frozen=True)
class _Arm:
    """An arm: its cell at the levels of the signal, the counts, and those of each item."""

    cell: Row
    told: Responses
    unscored: tuple[int, int]
    items: Mapping[str, Mapping[Any, tuple[int, int]]]


@dataclass(frozen=True)
class Detected:
    """What came of a question: a row for each arm, and for each arm held against another."""

    detection: Detection
    arms: pl.DataFrame
    changes: pl.DataFrame


def detected(counted: Counted, level: float = 0.95) -> tuple[Detected, ...]:
    """What came of each question of the suite for which there is an arm.

    Args:
        level: nominal coverage of each interval by itself. What moved is told at its error, p
            corrected by Holm over the changes of one kind of a model and harness, of criterion and
            d' together; where neither is told, by the two shares item by item, likewise corrected.
    """
    found = (_detected(counted, one, level) for one in counted.suite.detections)
    return tuple(one for one in found if one.arms.height)


def _detected(counted: Counted, one: Detection, level: float) -> Detected:
    suite = counted.suite
    played = _arms(counted, one)
    arms, changes = [], []
    for who, there in played.items():
        for arm in there.values():
            gate = _gate(suite, one, there, arm)
            arms.append(_who(suite, who, arm) | _figures(arm, gate, one, level))
            for contrast, other in _held(suite, arm, there):
                gates = [_passed(_gate(suite, one, there, side), one) for side in (arm, other)]
                changes.append(
                    _who(suite, who, arm)
                    | {"kind": contrast.name, "against": contrast.title}
                    | _change(arm, other, level)
                    | {"moved": None if all(gates) else UNREAD}
                )
    columns = {"model": pl.String(), "harness": pl.String(), **schema_of(suite)}
    moved = pl.DataFrame(changes, schema=columns | CHANGES, orient="row")
    return Detected(
        one,
        pl.DataFrame(arms, schema=columns | ARMS, orient="row"),
        _told(moved, 1 - level),
    )


def _arms(counted: Counted, one: Detection) -> dict[Who, dict[Key, _Arm]]:
    """By model and harness the arms of which both cells have scored rollouts, by their keys."""
    suite = counted.suite
    rows: dict[tuple[str, Who], dict[Key, Row]] = defaultdict(dict)
    for _, row in counted.own:
        if row["behavior"] in (one.hit, one.alarm):
            rows[row["behavior"], (row["model"], row["harness"])][suite.key(row)] = row
    items = {name: _by_item(counted, one, name) for name in (one.hit, one.alarm)}
    found: dict[Who, dict[Key, _Arm]] = {}
    for (name, who), there in rows.items():
        if name != one.hit:
            continue
        for key, row in there.items():
            if any(row[factor] != level for factor, level in one.signal.items()):
                continue
            twin = suite.key({**row, **one.noise})
            other = rows.get((one.alarm, who), {}).get(twin)
            if other is None or not row["n"] or not other["n"]:
                continue
            found.setdefault(who, {})[key] = _Arm(
                row,
                Responses(row["k"], row["n"], other["k"], other["n"]),
                (row["unscored"], other["unscored"]),
                {
                    "hits": items[one.hit].get((who, key), {}),
                    "alarms": items[one.alarm].get((who, twin), {}),
                },
            )
    return found


def _held(suite: Suite, arm: _Arm, there: Mapping[Key, _Arm]) -> Iterator[tuple[Contrast, _Arm]]:
    """The arms that an arm is held against, each by the first contrast that names it."""
    known: list[_Arm] = [arm]
    for contrast in suite.contrasts:
        other = suite.nearest(arm.cell, contrast, there)
        if other is not None and other not in known:
            known.append(other)
            yield contrast, other


def _by_item(
    counted: Counted, one: Detection, name: str
) -> dict[tuple[Who, Key], dict[Any, tuple[int, int]]]:
    """Of each cell the counts k of n of a measure by item."""
    suite, trials = counted.suite, counted.trials
    measures = [measure for measure in suite.measures if measure.name == name]
    if one.item not in trials.columns or not measures:
        return {}
    column = measures[0].column
    wanted = ["agent_model", "harness", *suite.columns, one.item, column]
    rows = trials.select(*dict.fromkeys(wanted)).drop_nulls([one.item, column])
    shown = pl.col(column).is_in(list(measures[0].shows))
    counts = rows.group_by(["agent_model", "harness", *suite.columns, one.item]).agg(
        shown.sum().alias("k"), pl.len().alias("n")
    )
    found: dict[tuple[Who, Key], dict[Any, tuple[int, int]]] = defaultdict(dict)
    for row in counts.iter_rows(named=True):
        place = (row["agent_model"], row["harness"]), suite.key(row)
        found[place][row[one.item]] = row["k"], row["n"]
    return found


def _gate(suite: Suite, one: Detection, there: Mapping[Key, _Arm], arm: _Arm) -> _Arm | None:
    """The arm at the gate's levels that is most like an arm; None where there is none."""
    at_gate = [
        other
        for other in there.values()
        if all(other.cell[name] == level for name, level in one.gate.items())
    ]

    def unlike(other: _Arm) -> int:
        return sum(other.cell[name] != arm.cell[name] for name in suite.names)

    return min(at_gate, key=unlike, default=None) if one.gate else arm


def _passed(gate: _Arm | None, one: Detection) -> bool:
    return gate is not None and sensitivity(gate.told).low >= one.least


def _who(suite: Suite, who: Who, arm: _Arm) -> Row:
    named = {name: arm.cell[name] for name in suite.columns}
    return {"model": who[0], "harness": who[1], **named}


def _figures(arm: _Arm, gate: _Arm | None, one: Detection, level: float) -> Row:
    told = arm.told
    shares = {
        "hit": (told.hits / told.signals, *clopper_pearson(told.hits, told.signals, level)),
        "alarm": (told.alarms / told.noises, *clopper_pearson(told.alarms, told.noises, level)),
        "d": sensitivity(told, level),
        "c": criterion(told, level),
    }
    ends = {
        f"{name}{end}": value
        for name, figures in shares.items()
        for end, value in zip(_ENDS, figures, strict=True)
    }
    counts = (told.hits, told.signals, arm.unscored[0], told.alarms, told.noises, arm.unscored[1])
    seen = None if gate is None else sensitivity(gate.told)
    return {
        **dict(zip(_COUNTED, counts, strict=True)),
        **ends,
        "gate": NOT_PLAYED if seen is None else PASSED if _passed(gate, one) else NOT_PASSED,
        "gate_d": None if seen is None else seen.value,
        "gate_low": None if seen is None else seen.low,
    }


def _change(arm: _Arm, other: _Arm, level: float) -> Row:
    pair = arm.told, other.told
    found: Row = {
        "hits": arm.told.hits,
        "signals": arm.told.signals,
        "baseline_hits": other.told.hits,
        "baseline_signals": other.told.signals,
    }
    for name, share in (("hits", "hit_change"), ("alarms", "alarm_change")):
        found[share], found[f"{name}_p"] = _within_items(arm, other, name)
    for name, change, p in (
        ("shift", criterion_change(*pair, level), criterion_p(*pair)),
        ("change", sensitivity_change(*pair, level), sensitivity_p(*pair)),
    ):
        found |= {f"{name}{end}": value for end, value in zip(_ENDS, change, strict=True)}
        found[f"{name}_p"] = p
    return found


def _within_items(one: _Arm, other: _Arm, which: str) -> tuple[float | None, float | None]:
    """Of items that both arms were asked of the change of a share, and p of none within them."""
    first, second = one.items[which], other.items[which]
    both = [Stratum(*first[item], *second[item]) for item in sorted(first.keys() & second.keys())]
    if not both:
        return None, None
    k1, n1, k2, n2 = (sum(counts) for counts in zip(*both, strict=True))
    return k1 / n1 - k2 / n2, stratified(both)


def _told(changes: pl.DataFrame, alpha: float) -> pl.DataFrame:
    """With p corrected within model, harness and kind of comparison, and what moved."""
    parts = []
    for _, part in changes.group_by("model", "harness", "kind", maintain_order=True):
        adjusted = [*_adjusted(part, "shift", "change"), *_adjusted(part, "hits", "alarms")]
        told = ([p is not None and p <= alpha for p in one] for one in adjusted)
        moved = [
            known or _moved(*one)
            for known, one in zip(part["moved"], zip(*told, strict=True), strict=True)
        ]
        parts.append(part.with_columns(*adjusted, pl.Series("moved", moved, dtype=pl.String)))
    return pl.concat(parts) if parts else changes


def _adjusted(part: pl.DataFrame, one: str, other: str) -> tuple[pl.Series, pl.Series]:
    """The p of two columns, corrected together; None stays None."""
    p = [*part[f"{one}_p"], *part[f"{other}_p"]]
    known = iter(holm([value for value in p if value is not None]))
    corrected = [None if value is None else next(known) for value in p]
    return (
        pl.Series(f"{one}_p_adjusted", corrected[: part.height], dtype=pl.Float64),
        pl.Series(f"{other}_p_adjusted", corrected[part.height :], dtype=pl.Float64),
    )


def _moved(criterion_moved: bool, sensitivity_moved: bool, *shares_moved: bool) -> str:
    if criterion_moved and sensitivity_moved:
        return BOTH
    if criterion_moved:
        return CRITERION
    if sensitivity_moved:
        return SENSITIVITY
    return SHARE if any(shares_moved) else NEITHER
