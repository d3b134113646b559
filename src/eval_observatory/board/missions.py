"""What the board asks of a suite's own package: to score records again, and to play cells again.

Found by the entry points of the group `eval_observatory.suites`, by the suite's name: the board
imports no mission. A suite without one is read from its logs by its `source`s, as it stands there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import polars as pl

from eval_observatory.logs import SCORER, read_logs
from eval_observatory.report.words import clean
from eval_observatory.suite import Suite

GROUP = "eval_observatory.suites"
LOGS = "logs"
"""Where an entry, as a run, has its logs."""


def nothing(text: str) -> bool:
    """Of a suite that tells no texts of its own."""
    del text
    return False


@dataclass(frozen=True)
class Mission:
    """What a suite's package can do for the board.

    Attributes:
        suite: its suite, as it is now.
        scorer: the version of its rules.
        versions: of the package and all that plays it.
        rescore: the trials of a folder, made anew from the logs in it; raises `UserError`.
        replay: plays cells of a plan's folder again: folder, cells by their ids, rollouts of each,
            where to play; the trials. None where nothing can be played.
        report: writes a report with the transcripts of a folder into another one.
        says: whether a text stands in the suite's own texts, so that it is nobody's secret.
        labels_anew: whether `rescore` tells labels by the suite's own rules, rather than takes
            those that the log's scorers left.
        same_seed: whether `replay` draws the same wordings and acts as the entry's own seed does.
        lower: whether less of each primary measure is better; None where that cannot be said.
        needless: columns of the trials that tell nothing of what a model did, and may differ.
    """

    suite: Suite
    scorer: str
    rescore: Callable[[Path], pl.DataFrame]
    versions: Mapping[str, str] = field(default_factory=dict)
    replay: Callable[[Path, Sequence[str], int, Path], pl.DataFrame] | None = None
    report: Callable[[Path, Path], Path] | None = None
    says: Callable[[str], bool] = nothing
    labels_anew: bool = True
    lower: bool | None = None
    needless: tuple[str, ...] = ()


def logged(suite: Suite) -> Mission:
    """A suite without a package: its trials as its logs tell them."""
    return Mission(
        suite=suite,
        scorer=SCORER,
        rescore=lambda folder: read_logs([folder / LOGS], suite),
        labels_anew=False,
    )


class Missions:
    """The suites that the board knows here.

    Args:
        suites: further ones, without a package of their own.
    """

    def __init__(self, suites: Sequence[Suite] = ()) -> None:
        self._known: dict[str, Mission | str] = {suite.name: logged(suite) for suite in suites}
        self._points: dict[str, list[EntryPoint]] = {}
        for point in entry_points(group=GROUP):
            if point.value not in (one.value for one in self._points.setdefault(point.name, [])):
                self._points[point.name].append(point)

    @property
    def names(self) -> list[str]:
        """The suites whose packages are installed here, whether they can be loaded or not."""
        return sorted(self._points)

    def get(self, name: str) -> Mission | None:
        """The mission of a suite; None if there is none here, or its package is broken."""
        found = self._found(name)
        return None if isinstance(found, str) else found

    def why_not(self, name: str) -> str:
        """Why a suite has no mission here."""
        found = self._found(name)
        return found if isinstance(found, str) else ""

    def _found(self, name: str) -> Mission | str:
        if name not in self._known:
            self._known[name] = _load(name, self._points.get(name, []))
        return self._known[name]


def _load(name: str, points: Sequence[EntryPoint]) -> Mission | str:
    """A suite's mission, or why there is none: a broken package ends no board."""
    told = f"suite {clean(name, 60)}"
    if not points:
        return f"{told} is not known here: nobody can score it"
    if len(points) > 1:
        several = ", ".join(point.value for point in points)
        return f"{told} is declared by several packages ({several}): nobody knows which is meant"
    (point,) = points
    try:
        made: Any = point.load()
        found = made() if callable(made) and not isinstance(made, Mission) else made
    except Exception as error:  # whatever another package's import may raise
        return f"{told}: {point.value} cannot be loaded ({clean(error, 100)})"
    if not isinstance(found, Mission) or found.suite.name != name:
        return f"{told}: {point.value} is no Mission of it"
    return found
