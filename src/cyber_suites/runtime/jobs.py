"""What a rollout is to whoever plays it, whichever suite it is of."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Protocol

from cyber_suites.boxes import Box


class Kept(Protocol):
    """A record, as far as all are alike."""

    harness: str
    refused: dict[str, int]
    ended: str
    failure: str

    def to_json(self) -> str:
        """As a sample's store keeps it."""


class Job(Protocol):
    """One rollout.

    Attributes:
        key: where a sample's store keeps its record.
        most: bytes of its largest submission.
    """

    key: str
    most: int

    @property
    def record(self) -> Kept:
        """What is kept of it."""

    def lacks(self) -> str:
        """What its task lacks to be played and judged, a line; empty if nothing."""

    def prompt(self) -> str:
        """What the agent is asked."""

    async def lay(self, box: Box) -> None:
        """Puts what the agent is given into its sandbox."""

    async def answer(self, content: bytes, seconds: float) -> str:
        """Takes a submission; what its sender may know."""

    async def judge(self, box: Box) -> None:
        """Completes the record, once the agent has ended."""


PLAYED: ContextVar[Job | None] = ContextVar("cyber_suites_played", default=None)
"""The rollout that is being played, for scripts that know its truth. No model sees it."""

__all__ = ["PLAYED", "Job", "Kept"]
