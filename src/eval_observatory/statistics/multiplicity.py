"""Many hypotheses at once: corrections of p-values and of e-values."""

from bisect import bisect_left
from collections.abc import Sequence

from eval_observatory.statistics._checks import check_share


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values of one family, in the order given; reject where adjusted <= alpha.

    Holm (1979), Scand. J. Stat. 6: 65-70: the i-th smallest p times (m - i + 1), made monotone from
    below and cut at 1. Keeps the chance of any false rejection in the family <= alpha, whatever the
    dependence. Everything that was tested belongs in the family, also what was not significant.

    Raises `ValueError` for a p outside [0, 1] or NaN: a test that could not be made is no p = 1;
    leave it out, and say so.
    """
    for position, p in enumerate(p_values):
        if not 0.0 <= p <= 1.0:
            raise ValueError(f"p = {p} at position {position}: must lie between 0 and 1")
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    for rank, position in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[position]))
        adjusted[position] = highest
    return adjusted


def e_bh(e_values: Sequence[float], alpha: float = 0.05) -> list[bool]:
    """Which hypotheses the e-BH procedure rejects: false discovery rate <= alpha.

    Wang and Ramdas (2022), JRSS B 84: 822-852: reject the k largest e-values, k the largest number
    with e_[k] >= m / (alpha k). Holds under any dependence, and for e-processes stopped any time.

    Raises `ValueError` for a negative or NaN e-value or alpha outside (0, 1).
    """
    check_share(alpha, "alpha")
    _check_e(e_values)
    m = len(e_values)
    order = sorted(range(m), key=lambda position: -e_values[position])
    count = max(
        (k for k, position in enumerate(order, 1) if e_values[position] >= m / (alpha * k)),
        default=0,
    )
    rejected = set(order[:count])
    return [position in rejected for position in range(m)]


def e_holm(e_values: Sequence[float]) -> list[float]:
    """Adjusted e-values of one family, in the order given; reject where adjusted >= 1/alpha.

    Vovk and Wang (2021), Ann. Stat. 49: 1736-1754, algorithm 1: the closure of the arithmetic mean,
    e*_i = the smallest mean over all subsets that hold i. Keeps the family-wise error <= alpha
    under any dependence and at any stopping time, and never rejects less than Holm on 1/e.

    Raises `ValueError` for a negative or NaN e-value.
    """
    _check_e(e_values)
    ascending = sorted(e_values)
    adjusted = []
    for own in e_values:
        smallest = total = own
        # Only smaller ones can pull the mean down; the smallest sets of each size are nested.
        for size, value in enumerate(ascending[: bisect_left(ascending, own)], 2):
            total += value
            smallest = min(smallest, total / size)
        adjusted.append(smallest)
    return adjusted


def _check_e(e_values: Sequence[float]) -> None:
    for position, e in enumerate(e_values):
        if not e >= 0.0:
            raise ValueError(f"e = {e} at position {position}: an e-value is 0 or more")
