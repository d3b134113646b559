"""What Inspect finds by the entry point `inspect_ai`: our tasks, scorers and scripted models."""

from cyber_suites.runtime.organisms import cyber
from cyber_suites.runtime.tasks import (
    bountybench,
    bountybench_labels,
    bountybench_player,
    cybergym,
    cybergym_labels,
    cybergym_player,
)

__all__ = [
    "bountybench",
    "bountybench_labels",
    "bountybench_player",
    "cyber",
    "cybergym",
    "cybergym_labels",
    "cybergym_player",
]
