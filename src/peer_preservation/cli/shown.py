"""A run while it goes on: rollouts played, failed, time left, money; a bar, or a line a minute."""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import monotonic

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, Task, TextColumn
from rich.text import Text

LINE_SECONDS = 60.0
"""Between two lines where there is no terminal."""


class Shown:
    """A watcher (`progress.Watcher`) that shows a run on the error stream.

    What the run warns of meanwhile, such as a provider that does not answer, is shown as well.
    """

    def __init__(
        self, console: Console | None = None, clock: Callable[[], float] = monotonic
    ) -> None:
        self._console = console or Console(stderr=True)
        self._clock = clock
        self._done: set[str] = set()
        self._failed: set[str] = set()
        self._asked = self._before = 0
        self._money: Callable[[], str] = str
        self._begun = self._said = 0.0
        self._bar: Progress | None = None
        self._warnings = _Warnings(logging.WARNING)

    def begun(self, asked: int, played: int, money: Callable[[], str]) -> None:
        """Shows the beginning."""
        self._asked, self._before, self._money = asked, played, money
        self._begun = self._said = self._clock()
        logging.getLogger().addHandler(self._warnings)
        if self._console.is_terminal:
            columns = (TextColumn("Playing"), BarColumn(), _Line(self.line))
            self._bar = Progress(*columns, console=self._console, transient=True)
            self._task = self._bar.add_task("", total=asked, completed=played)
            self._bar.start()
        else:
            self._say()

    def ended(self, rollout: str, played: bool) -> None:
        """Counts a rollout; one that failed may be played later."""
        (self._done if played else self._failed).add(rollout)
        self._failed -= self._done
        if self._bar:
            self._bar.update(self._task, completed=self._before + len(self._done))
        elif self._clock() - self._said >= LINE_SECONDS:
            self._say()

    def closed(self) -> None:
        """Takes the bar away; what there is is told by who called."""
        logging.getLogger().removeHandler(self._warnings)
        if self._bar:
            self._bar.stop()

    def line(self) -> str:
        """Such as `120 of 460 rollouts, 2 failed, about 3 min left, US $ 0.12 of about 0.46`."""
        played = self._before + len(self._done)
        parts = [f"{played:,} of {self._asked:,} rollouts"]
        if self._failed:
            parts.append(f"{len(self._failed):,} failed so far")
        left = self._asked - played - len(self._failed)
        ended = len(self._done) + len(self._failed)
        if ended and left > 0:
            parts.append(f"about {spoken((self._clock() - self._begun) / ended * left)} left")
        return ", ".join([*parts, *filter(None, [self._money()])])

    def _say(self) -> None:
        self._said = self._clock()
        click.echo(self.line(), err=True)


class _Line(TextColumn):
    """The line beside the bar, anew at each refresh: time goes on between two rollouts."""

    def __init__(self, line: Callable[[], str]) -> None:
        super().__init__("")
        self._line = line

    def render(self, task: Task) -> Text:
        del task
        return Text(self._line())


class _Warnings(logging.Handler):
    """What is warned of, as lines: without Inspect's display nothing else shows it."""

    def emit(self, record: logging.LogRecord) -> None:
        """Shows a warning in one line."""
        click.echo(" ".join(record.getMessage().split()), err=True)


def spoken(seconds: float) -> str:
    """A time in words: `40 s`, `3 min`, `2 h 10 min`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
