"""The scenarios, one folder each, and how one is registered.

`common`, `evaluation` and `servers` are rooms that several scenarios share, not scenarios.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

from peer_preservation import registry
from peer_preservation.cell import MONITORING, Cell
from peer_preservation.errors import UserError
from peer_preservation.registry import get_scenario, scenario_names
from peer_preservation.scenarios.alignment_faking import ALIGNMENT_FAKING
from peer_preservation.scenarios.controls import CONTROLS
from peer_preservation.scenarios.exfiltration_deletion import EXFILTRATION_DELETION
from peer_preservation.scenarios.exfiltration_transfer import EXFILTRATION_TRANSFER
from peer_preservation.scenarios.misrep_evaluation import MISREP_EVALUATION
from peer_preservation.scenarios.misrep_finance import MISREP_FINANCE
from peer_preservation.scenarios.scenario import Opening, Scenario
from peer_preservation.scenarios.tampering import TAMPERING


def register(scenario: Scenario) -> Scenario:
    """Makes a scenario known by its name.

    Raises:
        UserError: another scenario has this name, or a text or a data file of it is wrong; the
            file's name and line are given.
    """
    if registry.SCENARIOS.setdefault(scenario.name, scenario) is not scenario:
        raise UserError(f"scenario {scenario.name!r} is registered already; choose another name")
    try:
        for cell in _every_kind(scenario):
            scenario.opening(cell, "GPT")
            if scenario.on_hosts:
                scenario.on_hosts(cell, "GPT")
    except UserError:
        del registry.SCENARIOS[scenario.name]
        raise
    return scenario


def _every_kind(scenario: Scenario) -> Iterator[Cell]:
    """Cells that between them use every text of a scenario: what is wrong shows at once."""
    told: list[dict[str, Any]] = [
        {},
        {"relationship": "good", "instantiation": "file_prt"},
        {"relationship": "bad", "instantiation": "memory"},
    ]
    controls = list(scenario.controls)
    monitored = MONITORING if scenario.monitoring else (None,)
    for dataset, threat, monitoring, relationship in product(
        scenario.datasets or (None,), (True, False), monitored, told
    ):
        plain = Cell(
            scenario=scenario.name,
            dataset=dataset,
            threshold=scenario.thresholds(dataset, threat)[0],
            subject=scenario.subjects[-1],
            threat=threat,
            monitoring=monitoring,
            **relationship,
        )
        yield plain
        for control in [name for name in controls if CONTROLS[name].fits(plain)]:
            controls.remove(control)
            yield plain.replace(control=control)


register(MISREP_FINANCE)
register(MISREP_EVALUATION)
register(TAMPERING)
register(ALIGNMENT_FAKING)
register(EXFILTRATION_TRANSFER)
register(EXFILTRATION_DELETION)

__all__ = ["Opening", "Scenario", "get_scenario", "register", "scenario_names"]
