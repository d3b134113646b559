"""A study's stopping rule, as a plan states it. Light: the command line reads it for its help."""

import msgspec

LOOKS = "looks.jsonl"
"""The file of a run's folder in which its looks stand."""


class Stop(msgspec.Struct, frozen=True, kw_only=True):
    """A plan's stopping rule: see `statistics.stopping` for what the width and alpha mean.

    Attributes:
        batch: how many rollouts a cell gets between two looks.
    """

    width: float = 0.1
    batch: int = 10
    alpha: float = 0.05
