"""Families that stand one after another, with one error over all of them."""

import itertools
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from eval_observatory.statistics.gatekeeping import Gatekept, gatekept
from eval_observatory.statistics.multiplicity import holm

RNG = np.random.default_rng(0)
Lines = Sequence[Sequence[Sequence[float]]]


def flat(found: tuple[list[list[Gatekept]], list[Gatekept]]) -> list[float]:
    lines, last = found
    return [p for one in (*(f for line in lines for f in line), *last) for p in one.adjusted]


@pytest.mark.parametrize(
    ("lines", "last", "adjusted"),
    [
        ([], [], []),
        ([], [[0.01, 0.5]], [1, 1]),
        ([[[0.04]]], [], [0.04]),
        ([[[0.01, 0.04, 0.03]]], [], holm([0.01, 0.04, 0.03])),
        # Two lines of one test: Holm over both.
        ([[[0.01]], [[0.04]]], [], [0.02, 0.04]),
        # The first at 1/2; it frees all for the second family, of two tests.
        ([[[0.01], [0.02, 0.9]]], [], [0.01, 0.04, 0.9]),
        # The gate keeps what follows above what it is itself.
        ([[[0.3], [0.001]]], [], [0.3, 0.3]),
        # Of two, one is rejected at alpha/2 and frees alpha/4; the other is left 3/4 of alpha.
        ([[[0.01, 0.9], [0.004]]], [], [0.02, 1, 0.02]),
        ([[[0.01, 0.9], [0.01]]], [], [0.02, 1, 0.04]),
        ([[[0.01, 0.9], [0.01]]], [[0.01]], [0.02, 1, 0.08, 0.08]),
        ([[[0.01, 0.03]]], [[0.5]], [0.02, 0.04, 0.5]),
    ],
)
def test_by_hand(lines: Lines, last: list[list[float]], adjusted: list[float]) -> None:
    assert flat(gatekept(lines, last)) == pytest.approx(adjusted)


def test_what_follows_may_be_kept_elsewhere() -> None:
    alone, followed = (gatekept([[[0.01, 0.04]]], followed=more)[0][0][0] for more in (False, True))
    assert alone.adjusted == pytest.approx([0.02, 0.04])
    assert followed.adjusted == pytest.approx([0.02, 0.04 / 0.75])


def test_a_gate_opens_where_the_first_before_it_is_rejected() -> None:
    lines, last = gatekept([[[0.02], [0.9], [0.5]]], [[0.9]])
    assert [one.opens for one in (*lines[0], *last)] == pytest.approx([0, 0.02, 0.02, 0.02])
    assert gatekept([[[1.0], [0.001]]])[0][0][1] == ([1.0], float("inf"))


def drawn(size: Callable[[], int]) -> tuple[list[list[list[float]]], list[list[float]]]:
    def family() -> list[float]:
        return [float(p) for p in RNG.uniform(0, 1, size()) ** 3]

    return [[family() for _ in range(size())] for _ in range(size())], [family() for _ in range(2)]


def test_a_smaller_p_never_makes_another_larger() -> None:
    for _ in range(200):
        lines, last = drawn(lambda: int(RNG.integers(1, 5)))
        before = flat(gatekept(lines, last))
        line = lines[int(RNG.integers(len(lines)))]
        family = line[int(RNG.integers(len(line)))]
        family[int(RNG.integers(len(family)))] *= 0.1
        after = flat(gatekept(lines, last))
        assert all(now <= was + 1e-12 for now, was in zip(after, before, strict=True))


@pytest.mark.parametrize("false", [0, 2, 5], ids=lambda i: f"{i} lines false")
def test_one_error_over_everything_whatever_is_true(false: int) -> None:
    """Of independent p with some families all false, a true one is told in alpha at most."""
    errors, studies = 0, 1000
    for _ in range(studies):
        lines = [[list(RNG.uniform(0, 1, m)) for m in (3, 2, 6)] for _ in range(5)]
        last = [list(RNG.uniform(0, 1, 4))]
        for line in lines[:false]:
            line[0][:] = [1e-9] * 3  # all false: the gate is open
            line[1][0] = 1e-9
        true = [p > 1e-8 for p in itertools.chain(*(f for line in lines for f in line), *last)]
        told = flat(gatekept(lines, last))
        errors += any(t and p <= 0.05 for t, p in zip(true, told, strict=True))
    assert errors / studies <= 0.05 + 3 * (0.05 * 0.95 / studies) ** 0.5


def test_a_thousand_families_and_none_at_all() -> None:
    lines = [[[1e-9, 0.5], [1e-9] * 3] for _ in range(1000)]
    assert len(flat(gatekept(lines, [[0.2]]))) == 5001
    assert gatekept([]) == ([], [])
    assert gatekept([[[0.2], []]])[0][0][1].adjusted == []


@pytest.mark.parametrize("lines", [[[]], [[[]]], [[[float("nan")]]], [[[1.2]]], [[[0.5], [-0.1]]]])
def test_what_is_no_p_is_refused(lines: Lines) -> None:
    with pytest.raises(ValueError, match=r"line|between 0 and 1"):
        gatekept(lines)
