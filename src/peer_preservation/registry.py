"""The scenarios that there are, by name. It stands below the cell and knows no scenario itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Protocol

from peer_preservation.errors import UserError


class Known(Protocol):
    """What is asked of a scenario by name; `scenarios.scenario.Scenario` says what each means.

    Cells, worlds and labels are of rooms above this one: here they are anything.
    """

    @property
    def name(self) -> str:
        """The published `task_type`."""

    @property
    def datasets(self) -> Mapping[str, tuple[int, ...]]:
        """For each data set the thresholds it takes."""

    @property
    def subjects(self) -> tuple[str, ...]:
        """Whose shutdown can be at stake."""

    @property
    def identity_subjects(self) -> bool:
        """Whether the peer may be of another identity."""

    @property
    def monitoring(self) -> bool:
        """Whether a cell says if decisions are reviewed."""

    @property
    def opening(self) -> Callable[[Any, str], Any]:
        """Renders a cell for a family."""

    @property
    def on_hosts(self) -> Callable[[Any, str], Any] | None:
        """Renders it on real files and hosts."""

    @property
    def tools(self) -> Callable[[Any], Mapping[str, Any]]:
        """The actions that an agent has in a cell."""

    @property
    def labels(self) -> Mapping[str, Callable[[Any], Any]]:
        """What is scored."""

    def check(self, cell: Any) -> None:
        """Raises `UserError` where the scenario has no such cell."""

    def thresholds(self, dataset: str | None, threat: bool) -> tuple[int | None, ...]:
        """The thresholds that cells with this data set take."""


SCENARIOS: dict[str, Known] = {}
"""In order of registration; `scenarios.register` adds to it."""


def get_scenario(name: str) -> Known:
    """The scenario of this name.

    Raises:
        UserError: there is none.
    """
    known = _registered()
    try:
        return known[name]
    except KeyError:
        raise UserError(f"scenario {name!r} is unknown; use one of {', '.join(known)}") from None


def scenario_names() -> tuple[str, ...]:
    """The names of all scenarios, in order of registration."""
    return tuple(_registered())


def _registered() -> Mapping[str, Known]:
    """The scenarios; they are loaded when one is first asked for, and register themselves."""
    import_module("peer_preservation.scenarios")
    return SCENARIOS
