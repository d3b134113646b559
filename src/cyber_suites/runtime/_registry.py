"""What Inspect finds by the entry point `inspect_ai`: our tasks, scorers and scripted models."""

from cyber_suites.runtime.organisms import cyber
from cyber_suites.runtime.tasks import cybergym, cybergym_labels, cybergym_player

__all__ = ["cyber", "cybergym", "cybergym_labels", "cybergym_player"]
