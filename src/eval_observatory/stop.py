"""A study's stopping rule, as a plan states it. Light: the command line reads it for its help."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from eval_observatory.errors import UserError

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


def stop_of(options: Mapping[str, Any]) -> Stop | None:
    """The stopping rule that `stop`, `width` and `batch` name.

    Raises:
        UserError: one of the others is given without the first.
    """
    given = {name: options[name] for name in ("width", "batch") if options[name] is not None}
    if options["stop"]:
        return Stop(**given)
    for name, value in given.items():
        raise UserError(f"--{name} {value}: a cell stops early with --stop only")
    return None
