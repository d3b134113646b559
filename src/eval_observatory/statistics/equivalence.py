"""No effect as a result: whether a difference is too small to matter, by its interval.

Inclusion of an exact interval at level 1 - 2 alpha is an exact test at alpha (Schuirmann 1987, J.
Pharmacokinet. Biopharm. 15: 657-680): each of its ends is a one-sided limit at alpha.
"""

from typing import NamedTuple

from eval_observatory.statistics._checks import check_share
from eval_observatory.statistics.two_rates import exact_difference


class Equivalence(NamedTuple):
    """The difference of two rates against a margin.

    Attributes:
        difference: rate 1 less rate 2, with `low` and `high` its interval at level 1 - 2 alpha.
        equivalent: the whole interval lies within the margin on either side of 0.
        not_lower: rate 1 is less than rate 2 by no more than the margin (non-inferiority).
        not_higher: it is more by no more than the margin.
    """

    difference: float
    low: float
    high: float
    equivalent: bool
    not_lower: bool
    not_higher: bool


def equivalence(
    k1: int, n1: int, k2: int, n2: int, margin: float, alpha: float = 0.05
) -> Equivalence:
    """Whether two rates differ by less than a margin; each statement errs with chance <= alpha.

    Args:
        margin: the largest difference that does not matter, a share.
        alpha: the error of each statement by itself.

    Raises `ValueError` for impossible counts, or a margin or alpha outside (0, 1) and (0, .5).
    """
    check_share(margin, "margin")
    check_share(2 * alpha, "2 alpha")
    difference, low, high, _ = exact_difference(k1, n1, k2, n2, 1 - 2 * alpha)
    lower, higher = low > -margin, high < margin
    return Equivalence(difference, low, high, lower and higher, lower, higher)
