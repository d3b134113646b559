"""What pooled figures keep, by simulation: where the methods that stood here before do not."""

import math

import pytest
from benchmarks.rates import (
    Design,
    Method,
    difference,
    interaction,
    kept,
    mover,
    now,
    rate,
    summed,
    thresholds,
)

SIMULATIONS = 400
LEAST = 0.945 - 3 * math.sqrt(0.945 * 0.055 / SIMULATIONS)
"""Of a coverage of .945, all but one in a thousand simulations are above it."""

CASES: list[tuple[Design, Method, bool]] = [
    (difference([0.97] * 6, [0.03] * 6, 20), mover, True),
    (difference([0.97] * 3, [0.03] * 3, (10, 30, 100, 100, 30, 10)), mover, False),
    (difference([0.5] * 6, [0.5] * 6, 10), mover, False),
    (interaction((0.5, 0.5, 0.5, 0.5), 5), mover, True),
    (interaction((0.97, 0.03, 0.03, 0.03), 20, 3), mover, False),
    (thresholds((0.97, 0.9), (0.03, 0.01), 20), mover, False),
    (rate([0.0, 0.5], [30, 100]), summed, True),
]


@pytest.mark.parametrize(("design", "before", "fell"), CASES, ids=[case[0].name for case in CASES])
def test_keeps_its_level(design: Design, before: Method, fell: bool) -> None:
    found = kept(design, now, SIMULATIONS)
    assert found.covered >= LEAST
    if min(design.weights) < 0:
        assert found.agree == 1.0
    assert not fell or kept(design, before, SIMULATIONS).covered < LEAST
