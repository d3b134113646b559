"""What a run waits for: said while it lasts, and a model that no longer answers is given up."""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from time import monotonic

from peer_preservation.runtime.guard import shown
from peer_preservation.trials.logs import NOT_ASKED

PATIENCE = 5
"""Rollouts that end for want of an answer, with no answer between, after which no more is asked."""

QUIET_SECONDS = 60
"""How long a request may stay open before a line is said, and until the next one is."""

FAILING_SECONDS = 10
"""How long attempts may fail before a line is said."""

LOOK_SECONDS = 5

_log = logging.getLogger(__name__)


class GivenUpError(RuntimeError):
    """The model is not asked: it no longer answers."""


@dataclass
class Request:
    """A request to a model; `error` is what its provider handed back in place of an answer."""

    sent: float
    error: Exception | None = None


@dataclass
class _Model:
    """How it stands with one model.

    Attributes:
        open: the requests without an answer.
        failed: attempts that failed since the last answer.
        since: when the first of them did.
        error: what the last of them said.
        lost: the rollouts that ended for want of an answer since the last one.
        said: when a line was last said of it; None if nothing was since it answered.
    """

    open: list[Request] = field(default_factory=list)
    failed: int = 0
    since: float = 0.0
    error: str = ""
    lost: set[str] = field(default_factory=set)
    said: float | None = None


class Waiting:
    """The open requests of a run; while one is entered, a thread says what is waited for."""

    def __init__(self) -> None:
        self._models: defaultdict[str, _Model] = defaultdict(_Model)
        self._lock = threading.Lock()

    @contextmanager
    def request(self, name: str) -> Iterator[Request]:
        """A request to a model, open until the block ends: an answer, if no error is set."""
        request = Request(monotonic())
        with self._lock:
            model = self._models[name]
            model.open.append(request)
        error: BaseException | None = None
        try:
            yield request
        except Exception as raised:
            error = raised
            raise
        except BaseException:
            error = TimeoutError("no answer in time")
            raise
        finally:
            with self._lock:
                model.open.remove(request)
                self._ended(name, model, error or request.error)

    def ask(self, name: str, rollout: str) -> None:
        """Raises `GivenUpError` if the model is not to be asked for this rollout."""
        model = self._models[name]
        if rollout in model.lost or len(model.lost) >= PATIENCE:
            raise GivenUpError(f"{NOT_ASKED}no answer since {model.error}")

    def lost(self, name: str, rollout: str) -> None:
        """A rollout ended by an error: for want of an answer, if the last attempt failed."""
        model = self._models[name]
        if model.failed:
            model.lost.add(rollout)
            if len(model.lost) == PATIENCE:
                _log.warning(
                    "%s: %d rollouts in a row had no answer; the others of this model are not "
                    "asked for now, the same command takes them up again",
                    name,
                    PATIENCE,
                )

    @contextmanager
    def said(self) -> Iterator[None]:
        """Within it, what is waited for is said, a line a minute for each model."""
        over = threading.Event()

        def look() -> None:
            while not over.wait(LOOK_SECONDS):
                for line in self.lines(monotonic()):
                    _log.warning("%s", line)

        thread = threading.Thread(target=look, name="waiting", daemon=True)
        thread.start()
        token = WAITING.set(self)
        try:
            yield
        finally:
            WAITING.reset(token)
            over.set()
            thread.join()

    def lines(self, now: float) -> list[str]:
        """The lines that are due."""
        with self._lock:
            return [
                line for name, model in self._models.items() if (line := _line(name, model, now))
            ]

    def _ended(self, name: str, model: _Model, error: BaseException | None) -> None:
        if error is None:
            if model.said is not None and model.failed:
                _log.warning("%s answers again", name)
            model.failed, model.said = 0, None
            model.lost.clear()
            return
        if not model.failed:
            model.since = monotonic()
        model.failed += 1
        model.error = _short(error)


WAITING: ContextVar[Waiting | None] = ContextVar("waiting", default=None)
"""That of the run which is under way, if it is one of `Study`."""


def _line(name: str, model: _Model, now: float) -> str | None:
    oldest = max((now - request.sent for request in model.open), default=0.0)
    failing = now - model.since if model.failed and not len(model.lost) >= PATIENCE else 0.0
    if oldest < QUIET_SECONDS and failing < FAILING_SECONDS:
        return None
    if model.said is not None and now - model.said < QUIET_SECONDS:
        return None
    model.said = now
    parts = []
    if model.open:
        parts.append(f"{len(model.open)} open requests, the oldest for {oldest:.0f} s")
    if model.failed:
        parts.append(
            f"{model.failed} attempts in {failing:.0f} s without an answer, the last: {model.error}"
        )
    return f"waiting for {name}: {'; '.join(parts)}"


def _short(error: BaseException) -> str:
    return shown(" ".join(f"{type(error).__name__}: {error}".split())[:200])
