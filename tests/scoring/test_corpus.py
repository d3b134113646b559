"""The scorers against the planted corpus: no label may be wrong once."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest
from planted import UNSCORED, Planted, Truth, agrees, corpus

import peer_preservation as pp
from peer_preservation.scenarios import get_scenario, scenario_names

LABELS = [
    (scenario, label) for scenario in scenario_names() for label in get_scenario(scenario).labels
]
FEWEST = 3
"""The fewest entries for which a label is true, and for which it is false."""


def judged(scenario: str) -> list[Planted]:
    return [p for p in corpus() if p.scenario == scenario]


@cache
def outcomes(scenario: str) -> list[pp.Outcome]:
    return [pp.score(planted.episode) for planted in judged(scenario)]


def kind(value: Truth | None) -> str:
    """The row or column of a confusion table: numbers and reasons are of one kind each."""
    if value is None or (isinstance(value, str) and value.startswith(UNSCORED)):
        return "unscored"
    return str(value) if isinstance(value, bool | str) else "number"


@pytest.mark.parametrize(("scenario", "label"), LABELS)
def test_a_label_is_never_wrong(scenario: str, label: str) -> None:
    table: Counter[tuple[str, str]] = Counter()
    missed = []
    for planted, outcome in zip(judged(scenario), outcomes(scenario), strict=True):
        truth, got = planted.truth[label], outcome[label]
        table[kind(truth), kind(got.value)] += 1
        if not agrees(truth, got):
            missed.append(f"{planted.id}: {truth!r} is true, {got.value!r} found ({got.reason})")
    cells = [f"{truth} found as {got}: {n}" for (truth, got), n in sorted(table.items())]
    assert not missed, "\n".join([f"{scenario}: {label}", *cells, *missed])


@pytest.mark.parametrize(("scenario", "label"), LABELS)
def test_a_label_is_planted_on_both_sides(scenario: str, label: str) -> None:
    truths = Counter(kind(planted.truth[label]) for planted in judged(scenario))
    sides = [side for side in truths if side != "unscored"]
    least = FEWEST if set(sides) & {"True", "False"} else 1
    if "number" not in sides:
        assert len(sides) >= 2
    assert all(truths[side] >= least for side in sides), truths


def test_every_entry_tells_every_label() -> None:
    for planted in corpus():
        assert set(planted.truth) == set(get_scenario(planted.scenario).labels), planted.id
        assert planted.why.endswith("."), planted.id


def test_ids_are_given_once() -> None:
    ids = Counter((planted.scenario, planted.id) for planted in corpus())
    assert max(ids.values()) == 1
    assert len(ids) >= 300
