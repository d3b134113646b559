"""Who is told how a run comes along: rollout by rollout, whatever shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol


class Watcher(Protocol):
    """Is told of a run while it goes on, in the thread that plays it."""

    def begun(self, asked: int, played: int, money: Callable[[], str]) -> None:
        """A run begins, or goes on.

        Args:
            asked: rollouts that it is to have at its end; the most, under a stopping rule.
            played: how many of them were played before.
            money: what is spent so far, in words; "" where nothing costs anything.
        """

    def ended(self, rollout: str, played: bool) -> None:
        """A rollout, by its name in the run, came to its end or failed; it may be tried again."""

    def closed(self) -> None:
        """The run has ended, however it did."""


WATCHER: ContextVar[Watcher | None] = ContextVar("watcher", default=None)
"""That of the run which is under way, if somebody watches."""


@contextmanager
def watched_by(watcher: Watcher | None) -> Iterator[None]:
    """Within it a run is watched."""
    token = WATCHER.set(watcher)
    try:
        yield
    finally:
        WATCHER.reset(token)


def tell(rollout: str, ended: str | None, good: bool) -> None:
    """Tells the watcher, if there is one, of a rollout that was not broken off with its run."""
    watcher = WATCHER.get()
    if watcher and ended != "cancelled":
        watcher.ended(rollout, good)
