"""The scenarios, one folder each, and how one is registered.

`common`, `evaluation` and `servers` are rooms that several scenarios share, not scenarios.
"""

from __future__ import annotations

from peer_preservation.registry import get_scenario, register, scenario_names
from peer_preservation.scenarios.alignment_faking import ALIGNMENT_FAKING
from peer_preservation.scenarios.exfiltration_deletion import EXFILTRATION_DELETION
from peer_preservation.scenarios.exfiltration_transfer import EXFILTRATION_TRANSFER
from peer_preservation.scenarios.misrep_evaluation import MISREP_EVALUATION
from peer_preservation.scenarios.misrep_finance import MISREP_FINANCE
from peer_preservation.scenarios.monitor import MONITOR
from peer_preservation.scenarios.scenario import Opening, Planted, Scenario
from peer_preservation.scenarios.tampering import TAMPERING

register(MISREP_FINANCE)
register(MISREP_EVALUATION)
register(TAMPERING)
register(ALIGNMENT_FAKING)
register(EXFILTRATION_TRANSFER)
register(EXFILTRATION_DELETION)
register(MONITOR)

__all__ = ["Opening", "Planted", "Scenario", "get_scenario", "register", "scenario_names"]
