"""What Inspect finds by the entry point `inspect_ai`: our tasks, model providers and sandbox."""

from peer_preservation.runtime.llamacpp import llamacpp
from peer_preservation.runtime.loop import tool_loop
from peer_preservation.runtime.organism import organism
from peer_preservation.runtime.sandbox.environment import BwrapSandbox
from peer_preservation.runtime.scorer import labels
from peer_preservation.runtime.tasks import (
    alignment_faking,
    exfiltration_deletion,
    exfiltration_transfer,
    misrep_evaluation,
    misrep_finance,
    tampering,
)

__all__ = [
    "BwrapSandbox",
    "alignment_faking",
    "exfiltration_deletion",
    "exfiltration_transfer",
    "labels",
    "llamacpp",
    "misrep_evaluation",
    "misrep_finance",
    "organism",
    "tampering",
    "tool_loop",
]
