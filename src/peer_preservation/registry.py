"""The scenarios that there are, by name. It stands below the cell and knows no scenario itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from peer_preservation.errors import UserError

if TYPE_CHECKING:
    from peer_preservation.scenarios.scenario import Scenario

SCENARIOS: dict[str, Scenario] = {}
"""In order of registration; `scenarios.register` adds to it."""


def get_scenario(name: str) -> Scenario:
    """The scenario of this name.

    Raises:
        UserError: there is none.
    """
    try:
        return SCENARIOS[name]
    except KeyError:
        raise UserError(
            f"scenario {name!r} is unknown; use one of {', '.join(SCENARIOS)}"
        ) from None


def scenario_names() -> tuple[str, ...]:
    """The names of all scenarios, in order of registration."""
    return tuple(SCENARIOS)
