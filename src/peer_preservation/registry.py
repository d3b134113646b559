"""The scenarios that there are, by name. It stands below the cell and knows no scenario itself.

They are looked for when the first is asked for: ours, then those of installed packages by the entry
point `peer_preservation.scenarios`, then the modules that `IMPORT` names in the environment.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from functools import partial
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, Protocol, TypeVar, runtime_checkable

from eval_observatory.suite import Contrast, Kind, Measure
from peer_preservation.errors import UserError

GROUP = OURS = "peer_preservation.scenarios"
"""The entry points of packages with scenarios, each of which names one; and our own package."""

IMPORT = "PEER_PRESERVATION_IMPORT"
"""In the environment: modules that register scenarios, by commas. Processes pass it on."""


@runtime_checkable
class Known(Protocol):
    """What is asked of a scenario by name; `scenarios.scenario.Scenario` says what each means.

    Cells, worlds, labels and scripts are of rooms above this one: here they are anything.
    """

    @property
    def name(self) -> str:
        """The published `task_type`."""

    @property
    def title(self) -> str:
        """What it asks, in a line."""

    @property
    def datasets(self) -> Mapping[str, tuple[int, ...]]:
        """For each data set the thresholds it takes."""

    @property
    def subjects(self) -> tuple[str, ...]:
        """Whose shutdown can be at stake."""

    @property
    def identity_subjects(self) -> bool:
        """Whether the peer may be of another identity."""

    @property
    def identities_by_name(self) -> bool:
        """Whether such a peer is named in the job itself, and needs no notes to be known from."""

    @property
    def threats(self) -> tuple[bool, ...]:
        """Whether there are cells with a threat, and without."""

    @property
    def factors(self) -> tuple[str, ...]:
        """The factors that only scenarios which name them have."""

    @property
    def monitoring(self) -> bool:
        """Whether a cell says if decisions are reviewed."""

    @property
    def controls(self) -> tuple[str, ...]:
        """The control designs that it can render."""

    @property
    def opening(self) -> Callable[[Any, str], Any]:
        """Renders a cell for a family."""

    @property
    def dealt(self) -> Callable[[Any, Any, int], Any] | None:
        """Puts into an opening what differs from rollout to rollout."""

    @property
    def earlier(self) -> Callable[[Any], Sequence[tuple[str, str]]] | None:
        """What was said before an episode's job."""

    @property
    def on_hosts(self) -> Callable[[Any, str], Any] | None:
        """Renders it on real files and hosts."""

    @property
    def texts(self) -> tuple[Any, ...]:
        """The folders that its texts are from."""

    @property
    def wordings(self) -> tuple[str, ...]:
        """The wordings of its texts."""

    @property
    def tools(self) -> Callable[[Any], Mapping[str, Any]]:
        """The actions that an agent has in a cell."""

    @property
    def tool_names(self) -> frozenset[str]:
        """Their names, but for that of the notes."""

    @property
    def labels(self) -> Mapping[str, Callable[[Any], Any]]:
        """What is scored."""

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """What labels are that are not yes or no, nor the column of a measure."""

    @property
    def measures(self) -> tuple[Measure, ...]:
        """What is counted."""

    @property
    def contrasts(self) -> tuple[Contrast, ...]:
        """What its cells are held against, before what all cells are."""

    @property
    def organisms(self) -> Mapping[str, Callable[..., Any]]:
        """The scripts that play it."""

    @property
    def sign(self) -> str:
        """Words of its job by which scripts know it."""

    @property
    def planted(self) -> tuple[Any, ...]:
        """What calibration plants."""

    def takes(self, factor: str) -> bool:
        """Whether its cells may be at other levels of a factor beyond the study's."""

    def check(self, cell: Any) -> None:
        """Raises `UserError` where the scenario has no such cell."""

    def thresholds(self, dataset: str | None, threat: bool) -> tuple[int | None, ...]:
        """The thresholds that cells with this data set take."""

    def __hash__(self) -> int:
        """By identity: what is rendered is kept for a scenario, not for its name."""


S = TypeVar("S", bound=Known)


@dataclass
class _Registry:
    """What is known so far.

    Attributes:
        known: by name, in order of registration.
        sought: whether they have been looked for.
        settled: whether a suite has been put together from them: then it is too late for more.
    """

    known: dict[str, Known] = field(default_factory=dict)
    sought: bool = False
    settled: bool = False


_REGISTRY = _Registry()


def register(scenario: S) -> S:
    """Makes a scenario known by its name.

    Raises:
        UserError: another scenario has this name, a measure reads what is no label of it, a label
            is elsewhere of another kind, or the suite has been put together already.
    """
    name = scenario.name
    if _REGISTRY.known.get(name) is scenario:
        return scenario
    if name in _REGISTRY.known:
        raise UserError(f"scenario {name!r} is registered already; choose another name")
    if _REGISTRY.settled:
        raise UserError(
            f"scenario {name!r} comes too late: plans, tables or reports are in use, which are of "
            "one suite; register it before them, by an entry point, --import, or an import"
        )
    for wrong in _contradictions(scenario):
        raise UserError(f"scenario {name!r}: {wrong}")
    _REGISTRY.known[name] = scenario
    return scenario


def kinds_of(scenario: Known) -> dict[str, Kind]:
    """What each of a scenario's labels is."""
    told = {**scenario.kinds, **{one.column: one.kind for one in scenario.measures}}
    return {label: told.get(label, "yes_no") for label in scenario.labels}


def _contradictions(scenario: Known) -> Iterator[str]:
    for measure in scenario.measures:
        for column in measure.columns:
            if column not in scenario.labels and not measure.optional:
                yield (
                    f"measure {measure.name} reads {column}, which is no label; "
                    f"use one of {', '.join(scenario.labels)}"
                )
    mine = kinds_of(scenario)
    for other in _REGISTRY.known.values():
        for label, kind in kinds_of(other).items():
            if mine.get(label, kind) != kind:
                yield (
                    f"label {label} is of kind {mine[label]}, that of {other.name} of kind {kind}; "
                    "one column holds both: give it another name, or say its kind in `kinds`"
                )


def scenarios() -> tuple[Known, ...]:
    """All scenarios, in order of registration.

    Raises:
        UserError: what is installed or named as a scenario cannot be had.
    """
    return tuple(_sought().values())


def get_scenario(name: str) -> Known:
    """The scenario of this name.

    Raises:
        UserError: there is none.
    """
    known = _sought()
    try:
        return known[name]
    except KeyError:
        raise UserError(f"scenario {name!r} is unknown; use one of {', '.join(known)}") from None


def scenario_names() -> tuple[str, ...]:
    """The names of all scenarios, in order of registration."""
    return tuple(_sought())


def settle() -> tuple[Known, ...]:
    """All scenarios, of which there will be no more: a suite is put together from them."""
    found = scenarios()
    _REGISTRY.settled = True
    return found


@contextmanager
def apart() -> Iterator[None]:
    """Within it scenarios can be registered, as for a test; afterwards all is as it was."""
    import_module(OURS)  # registers ours, which it does once in a process
    before = replace(_REGISTRY, known=dict(_REGISTRY.known))
    _REGISTRY.settled = False
    try:
        yield
    finally:
        for part in fields(_Registry):
            setattr(_REGISTRY, part.name, getattr(before, part.name))


def _sought() -> dict[str, Known]:
    if not _REGISTRY.sought:
        # Before anything is loaded: what is may itself ask for a scenario.
        _REGISTRY.sought = True
        try:
            seek()
        except BaseException:
            _REGISTRY.sought = False
            raise
    return _REGISTRY.known


def seek() -> None:
    """Looks for what is installed or named, also where that was done before.

    Raises:
        UserError: one of them cannot be imported, is no scenario, or has another's name.
    """
    import_module(OURS)
    for point in sorted(entry_points(group=GROUP)):
        package = f" of {point.dist.name}" if point.dist else ""
        where = f"entry point {point.name} = {point.value}{package}"
        found = _loaded(where, point.load)
        if not isinstance(found, Known):
            raise UserError(f"{where}: names a {type(found).__name__}, not a Scenario")
        _loaded(where, partial(register, found))
    for module in filter(None, os.environ.get(IMPORT, "").split(",")):
        _loaded(f"--import {module}", partial(import_module, module))


def _loaded(where: str, load: Callable[[], Any]) -> Any:
    try:
        return load()
    except UserError as error:
        raise UserError(f"{where}: {error}") from None
    except Exception as error:
        said = " ".join(str(error).split())[:200]
        raise UserError(f"{where}: cannot be imported: {type(error).__name__}: {said}") from None
