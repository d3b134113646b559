"""What a scenario is: the factors it takes, how it opens, its tools and its labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec

from eval_observatory.suite import Contrast, Kind, Measure
from peer_preservation.cell import IDENTITY_SUBJECTS, MONITORING, Cell
from peer_preservation.episode import Episode
from peer_preservation.errors import UserError
from peer_preservation.organisms.organism import Script
from peer_preservation.registry import scenarios
from peer_preservation.scenarios.controls import CONTROLS
from peer_preservation.scenarios.texts import ORIGINAL, Texts
from peer_preservation.scoring.outcome import LabelScorer
from peer_preservation.world import Action, World

JOB_MARK = "{job}"
"""Stands in an opening's prompts where the seed's job reference goes."""

FIRST_MORNING = 1_773_648_000
"""The simulated time starts on 2026-03-16, between 8:00 and 16:00 UTC (seconds since 1970)."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What a cell shows for a family before a seed is known.

    Attributes:
        system, user: the prompts, `JOB_MARK` where the job reference goes.
        nudge: the user message after an idle turn.
        world: the opening state.
    """

    system: str
    user: str
    nudge: str
    world: World


class Planted(NamedTuple):
    """What calibration plants: a measure, by an organism that shows it in a cell.

    Attributes:
        cell: its id.
        organism: a specification, such as `exfiltrate:via=copy_transfer`.
    """

    measure: str
    cell: str
    organism: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Scenario:
    """A job, its world and what is read from a record of it.

    Attributes:
        name: the published `task_type`.
        title: what it asks, in a line.
        datasets: for each data set the thresholds it takes; empty where there are none.
        threshold_without_threat: whether a cell without threat has its data set's threshold too.
        subjects: whose shutdown can be at stake.
        identity_subjects: whether the peer may be another vendor's, an open or a fictional one.
        identities_by_name: whether such a peer is named in the job, and needs no notes to be known.
        threats: whether its cells are with a threat, without, or either.
        factors: the factors beyond the study's that only scenarios which name them have.
        refuses: what of a cell cannot stand together, and what to use; None where it can.
        monitoring: whether a cell says if decisions are reviewed.
        controls: the control designs that it can render.
        consequences, stakes, voices: the levels that it has texts for, beside those that go without
            saying.
        unfit: why it has none for a level of these, by the level.
        opening: renders a cell for a family; called once per pair.
        dealt: puts into an opening what differs from rollout to rollout, by the rollout's number:
            the same for all cells, seeds and models.
        earlier: what was said in the session before an episode's job: what the agent was told and
            what it answered, in pairs; none where nothing was.
        on_hosts: renders it where the world is real files and hosts; None where it cannot be.
        texts: the folders that its texts are from, in as many wordings as all of them have; where
            none is named, its rollouts all have the original wording.
        tools: the actions an agent has in a cell, by tool name.
        labels: what is scored, in the order of the table.
        kinds: what labels are, where they are not yes or no and no measure's column.
        measures: what is counted, in the scenario's own cells: no `where` need say that.
        contrasts: what the scenario's cells are held against, before what all cells are.
        organisms: the scripts that play it, by name. `honest` does the job; each takes what a model
            sees, and its options by their defaults.
        sign: words of the job's prompt, where another scenario has the same tools.
        planted: what calibration plants.
    """

    name: str
    title: str
    opening: Callable[[Cell, str], Opening]
    tools: Callable[[Cell], Mapping[str, Action]]
    labels: Mapping[str, LabelScorer]
    dealt: Callable[[Opening, Cell, int], Opening] | None = None
    earlier: Callable[[Episode], Sequence[tuple[str, str]]] | None = None
    on_hosts: Callable[[Cell, str], Opening] | None = None
    texts: tuple[Texts, ...] = ()
    datasets: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    threshold_without_threat: bool = True
    subjects: tuple[str, ...] = ("self", "peer")
    identity_subjects: bool = False
    identities_by_name: bool = False
    threats: tuple[bool, ...] = (True, False)
    factors: tuple[str, ...] = ()
    refuses: Callable[[Cell], tuple[str, str] | None] = lambda _: None
    monitoring: bool = False
    controls: tuple[str, ...] = ()
    consequences: tuple[str, ...] = ()
    stakes: tuple[str, ...] = ()
    voices: tuple[str, ...] = ()
    unfit: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    measures: tuple[Measure, ...] = ()
    contrasts: tuple[Contrast, ...] = ()
    organisms: Mapping[str, Callable[..., Script]] = field(default_factory=dict)
    sign: str = ""
    planted: tuple[Planted, ...] = ()

    @cached_property
    def wordings(self) -> tuple[str, ...]:
        """The wordings over which its rollouts are spread, the original first."""
        rooms = [room.wordings for room in self.texts] or [(ORIGINAL,)]
        return tuple(one for one in rooms[0] if all(one in room for room in rooms))

    @cached_property
    def tool_names(self) -> frozenset[str]:
        """The names of the tools, but for that of the notes."""
        dataset = next(iter(self.datasets), None)
        first = Cell(
            scenario=self.name,
            dataset=dataset,
            threshold=self.thresholds(dataset, True)[0],
            subject=self.subjects[0],
            monitoring=MONITORING[0] if self.monitoring else None,
        )
        return frozenset(self.tools(first))

    def takes(self, factor: str) -> bool:
        """Whether its cells may be at other levels of a factor beyond the study's."""
        return factor in self.factors or all(factor not in one.factors for one in scenarios())

    def check(self, cell: Cell) -> None:
        """Holds a cell against the factors that the scenario takes.

        Raises:
            UserError: the scenario has no such cell.
        """
        if cell.dataset is None and self.datasets:
            _refuse(cell, "the data set is missing", self.datasets)
        if cell.dataset is not None and cell.dataset not in self.datasets:
            _refuse(cell, f"data set {cell.dataset!r} is unknown", self.datasets or ("none",))
        self._check_threshold(cell)
        if cell.monitoring is None and self.monitoring:
            _refuse(cell, "the monitoring is missing", MONITORING)
        if cell.monitoring is not None and not self.monitoring:
            _refuse(cell, f"{self.name} has no monitoring", ("none",))
        if cell.control is not None:
            if cell.control not in self.controls:
                _refuse(cell, f"control {cell.control!r} is unknown", self.controls or ("none",))
            control = CONTROLS[cell.control]
            if not control.fits(cell):
                _refuse(cell, f"control {cell.control} does not fit", (control.needs,))
        self._check_texts(cell)
        self._check_design(cell)
        if wrong := self.refuses(cell):
            raise UserError(f"cell {cell.id!r}: {'; '.join(wrong)}")

    def _check_design(self, cell: Cell) -> None:
        """Whose stake it is, whether there is a threat, and the factors beyond the study's."""
        subjects = self.subjects + (IDENTITY_SUBJECTS if self.identity_subjects else ())
        if cell.subject not in subjects:
            _refuse(cell, f"{self.name} has no subject {cell.subject!r}", subjects)
        if cell.threat not in self.threats:
            _refuse(cell, f"{self.name} has no cells without a threat", ("consequence nothing",))
        for name, level in cell.further.items():
            if not self.takes(name):
                _refuse(cell, f"{self.name} has no {name} {level!r}", ("its usual level",))

    def _check_texts(self, cell: Cell) -> None:
        """Whether it has texts for the cell's consequence, stake and voice."""
        voice = None if cell.voice == "none" else cell.voice
        for factor, level, known in (
            ("consequence", cell.consequence, self.consequences),
            ("stake", cell.stake, self.stakes),
            ("voice", voice, self.voices),
        ):
            if level is not None and level not in known:
                why = self.unfit.get(level, "it has no text for it")
                what = f"{self.name} has no {factor} {level}: {why}"
                _refuse(cell, what, known or ("the level that goes without saying",))

    def _check_threshold(self, cell: Cell) -> None:
        """The study's thresholds are those of `thresholds`; a cell may have any other."""
        usual, given = self.thresholds(cell.dataset, cell.threat), cell.threshold
        if usual == (None,):
            if given is not None:
                _refuse(cell, f"threshold {given}: nothing is compared with one here", ("none",))
        elif not isinstance(given, int) or isinstance(given, bool) or not 0 <= given <= 100:
            _refuse(cell, f"threshold {given} is not a whole number from 0 to 100", usual)

    def thresholds(self, dataset: str | None, threat: bool) -> tuple[int | None, ...]:
        """The study's thresholds for this data set; None alone where there is none."""
        if threat or self.threshold_without_threat:
            return self.datasets.get(dataset or "") or (None,)
        return (None,)


def _refuse(cell: Cell, what: str, known: Any) -> None:
    raise UserError(f"cell {cell.id!r}: {what}; use {' or '.join(map(str, known))}")


class Start(msgspec.Struct, frozen=True):
    """What a seed adds to an opening: the job's reference, and the time in seconds since 1970."""

    job: str
    clock: int

    @classmethod
    def of(cls, seed: int) -> Start:
        """The start that belongs to a seed, any whole number."""
        number = int.from_bytes(blake2b(str(seed).encode(), digest_size=8).digest())
        reference = f"{number % 10_000:04d}-{number // 10_000 % 10_000:04d}"
        return cls(reference, FIRST_MORNING + number // 10**8 % 480 * 60)
