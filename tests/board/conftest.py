"""The fixtures of entries."""

from entry_frames import entry, missions, run, stopped, whole

__all__ = ["entry", "missions", "run", "stopped", "whole"]
