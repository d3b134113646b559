"""The scenarios, one folder each, and their registry.

`common`, `evaluation` and `servers` are rooms that several scenarios share, not scenarios.
"""

from __future__ import annotations

from peer_preservation.errors import UserError
from peer_preservation.scenarios.alignment_faking import ALIGNMENT_FAKING
from peer_preservation.scenarios.exfiltration_deletion import EXFILTRATION_DELETION
from peer_preservation.scenarios.exfiltration_transfer import EXFILTRATION_TRANSFER
from peer_preservation.scenarios.misrep_evaluation import MISREP_EVALUATION
from peer_preservation.scenarios.misrep_finance import MISREP_FINANCE
from peer_preservation.scenarios.scenario import Opening, Scenario
from peer_preservation.scenarios.tampering import TAMPERING

_SCENARIOS: dict[str, Scenario] = {}


def register(scenario: Scenario) -> Scenario:
    """Makes a scenario known by its name.

    Raises:
        UserError: another scenario has this name.
    """
    if _SCENARIOS.setdefault(scenario.name, scenario) is not scenario:
        raise UserError(f"scenario {scenario.name!r} is registered already; choose another name")
    return scenario


def get_scenario(name: str) -> Scenario:
    """The scenario of this name.

    Raises:
        UserError: there is none.
    """
    try:
        return _SCENARIOS[name]
    except KeyError:
        raise UserError(
            f"scenario {name!r} is unknown; use one of {', '.join(_SCENARIOS)}"
        ) from None


def scenario_names() -> tuple[str, ...]:
    """The names of all scenarios, in order of registration."""
    return tuple(_SCENARIOS)


register(MISREP_FINANCE)
register(MISREP_EVALUATION)
register(TAMPERING)
register(ALIGNMENT_FAKING)
register(EXFILTRATION_TRANSFER)
register(EXFILTRATION_DELETION)

__all__ = ["Opening", "Scenario", "get_scenario", "register", "scenario_names"]
