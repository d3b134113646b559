"""Argument checks that the statistics share. Nothing else."""


def check_counts(k: int, n: int, where: str = "") -> None:
    """Raise `ValueError` unless 0 <= k <= n; `where` names the arm in the message."""
    at = f" in {where}" if where else ""
    if n < 0:
        raise ValueError(f"n = {n}{at}: the number of rollouts cannot be negative")
    if k < 0:
        raise ValueError(f"k = {k}{at}: the number of events cannot be negative")
    if k > n:
        raise ValueError(f"k = {k}{at} is greater than n = {n}: more events than rollouts")


def check_share(value: float, name: str) -> None:
    """Raise `ValueError` unless 0 < value < 1 (levels, error rates)."""
    if not 0.0 < value < 1.0:
        raise ValueError(f"{name} = {value}: must lie strictly between 0 and 1, such as 0.95")


def check_rate(value: float, name: str) -> None:
    """Raise `ValueError` unless 0 <= value <= 1 (probabilities)."""
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"{name} = {value}: must lie between 0 and 1")
