"""Which wording a rollout is shown: drawn by the run's seed, each as often as any other."""

from __future__ import annotations

from hashlib import blake2b

from peer_preservation.errors import UserError
from peer_preservation.registry import Known


def drawn(scenario: Known, seed: int, rollout: int, only: str | None = None) -> str:
    """The wording of a cell's rollout.

    With m wordings, each stands once among the rollouts 0 to m-1, once among m to 2m-1, and so on,
    in an order that the seed draws anew each time. The order is the same in all cells: a cell and
    what it is held against are shown the same wordings equally often, whatever their number.

    Args:
        seed: the run's.
        rollout: its number within the cell, from 0.
        only: the one wording of a run that has a fixed one.

    Raises:
        UserError: the scenario has no wording `only`.
    """
    if only is not None:
        return chosen(scenario, only)
    block, place = divmod(rollout, len(scenario.wordings))
    return sorted(scenario.wordings, key=lambda name: _lot(f"{seed}/{block}/{name}"))[place]


def chosen(scenario: Known, wording: str) -> str:
    """The wording itself.

    Raises:
        UserError: the scenario does not have it.
    """
    if wording not in scenario.wordings:
        known = ", ".join(scenario.wordings)
        raise UserError(f"scenario {scenario.name!r} has no wording {wording!r}; use {known}")
    return wording


def _lot(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=8).digest()
