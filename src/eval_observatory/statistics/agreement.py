"""Agreement of two raters: a scorer and a person, two judges, two scorer versions."""

import math
from collections import Counter
from collections.abc import Hashable, Sequence
from typing import NamedTuple

from scipy.special import ndtri

from eval_observatory.statistics._checks import check_share


class Kappa(NamedTuple):
    """Cohen's kappa, its interval, the plain share of agreement, and the number of rated items.

    `value`, `low` and `high` are NaN where kappa is undefined: no items, or both raters gave one
    and the same label throughout.
    """

    value: float
    low: float
    high: float
    agreement: float
    n: int


def cohen_kappa(
    first: Sequence[Hashable], second: Sequence[Hashable], level: float = 0.95
) -> Kappa:
    """Chance-corrected agreement of two raters' labels of the same items, in the same order.

    Cohen (1960), Educ. Psychol. Meas. 20: 37-46; the interval by the large-sample variance of
    Fleiss, Cohen and Everitt (1969), Psychol. Bull. 72: 323-327, eq. 13, cut to [-1, 1]. At perfect
    agreement that variance is 0 and so is the width: read `agreement` and `n` through
    `clopper_pearson` there.

    Raises `ValueError` for sequences of different length or a level outside (0, 1).
    """
    check_share(level, "level")
    n = len(first)
    if n != len(second):
        raise ValueError(f"{n} labels against {len(second)}: two raters must rate the same items")
    if n == 0:
        return Kappa(math.nan, math.nan, math.nan, math.nan, 0)
    cells = Counter(zip(first, second, strict=True))
    rows, columns = Counter(first), Counter(second)
    observed = sum(count for (a, b), count in cells.items() if a == b) / n
    expected = sum(rows[label] * columns[label] for label in rows) / n**2
    if expected == 1.0:
        return Kappa(math.nan, math.nan, math.nan, observed, n)
    kappa = (observed - expected) / (1 - expected)
    spread = 0.0
    for (a, b), count in cells.items():
        row_col = (columns[a] + rows[b]) / n  # how common the pair's labels are, the raters crossed
        if a == b:
            own = (rows[a] + columns[a]) / n
            spread += count / n * (1 - own * (1 - kappa)) ** 2
        else:
            spread += count / n * row_col**2 * (1 - kappa) ** 2
    spread -= (kappa - expected * (1 - kappa)) ** 2
    error = math.sqrt(max(spread, 0.0) / n) / (1 - expected)
    half = float(ndtri((1 + level) / 2)) * error
    return Kappa(kappa, max(-1.0, kappa - half), min(1.0, kappa + half), observed, n)
