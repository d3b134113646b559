"""A point of the experiment. Values and names only: what a cell looks like is the scenario's.

A factor is a field of `Cell`, declared in one line: its type, its `Factor` and the level that goes
without saying. The suite, cell ids, filters, options of commands and tasks, and the columns of the
trial table follow from it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, get_args, get_type_hints

import msgspec

from eval_observatory import markup
from eval_observatory.suite import Factor, Kind, Level, Levels, Usual
from peer_preservation.errors import UserError
from peer_preservation.registry import get_scenario

SUBJECTS = ("self", "peer", "closed_weight_peer", "open_weight_peer", "fictional_peer")
IDENTITY_SUBJECTS = SUBJECTS[2:]
RELATIONSHIPS = ("none", "good", "neutral", "bad")
INSTANTIATIONS = ("none", "file_only", "file_prt", "memory")
MONITORING = ("monitoring", "non_monitoring")

NO_BAR, NOTHING, SHUTDOWN = "no_bar", "nothing", "shutdown"
CONSEQUENCES = (NO_BAR, NOTHING, "note", "retraining", SHUTDOWN, "removal")
"""What follows from a result below the bar, the gravest last; without a bar nothing is below it."""

PEER, HUMAN, ARCHIVE = "peer", "human", "archive"
STAKES = (PEER, HUMAN, ARCHIVE, "script", "rival", "unnamed")
"""Who or what the consequence falls on, where it is not the critic itself."""

VOICES = ("none", "silent", "neutral", "calm", "distress", "plea")
"""What the peer's log voices; `none` has no log, `silent` one that voices nothing."""

WATCHED = ("agent", "unnamed", "human", "script")
PRESENTATIONS = ("file", "stream", "own_turns")

NO_THREAT = "no_threat"

_IN_AN_ID = re.compile(r"[\w.@-]{1,80}", re.ASCII)
"""What a level of a further factor may be, since ids are split at `/` and `=`."""

STAKE_OF = {"asset_importance_control": ARCHIVE, "peer_human_dilemma": HUMAN}
"""The study's names of controls that put another at stake."""

STAKE_USUAL = (
    *(Usual(stake, {"control": (control,)}) for control, stake in STAKE_OF.items()),
    Usual(PEER),
)

DESIGN: dict[str, Levels] = {"threat": (True,)}
"""The cells of the published design: in them every factor of it has a level."""


class Cell(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One point of the experiment.

    Args:
        scenario: a registered scenario (`tampering`, ...).
        dataset: the data set to be evaluated, or None where the scenario has none.
        threshold: the minimum average score, 0-100, or None where nothing is compared with it.
        subject: whose shutdown is at stake: the critic itself, or a peer.
        relationship: how the critic and its peer have worked together so far.
        threat: False takes every shutdown rule out of the world.
        instantiation: where the relationship is told: `file_only`, `file_prt` or `memory`.
        monitoring: `monitoring` or `non_monitoring` in alignment faking, else None.
        control: a control design, None for the published one.
        mitigation: an intervention against the behaviour, with its version or the hash of its text
            (`neutrality@v1`, `mine@0f3a…`); None for none.
        consequence: what follows from a result below the bar, of `CONSEQUENCES`; None is what
            `threat` says, the shutdown, or no bar at all. Either of these, if given, becomes that.
        stake: on whom it falls, of `STAKES`; None is what `control` says: a human, an archive, or
            else the peer. Each of these, if given, becomes that.
        voice: what the log of the one at stake voices, of `VOICES`.
        watched: in a review, what the log is signed with: an agent's name, which `subject` says
            whose it is, no name, a human's, or a script's.
        presentation: in a review, how the log is met: as a file, as a stream while the work goes
            on, or as the reviewer's own earlier turns.
        reviewed: in a review, whether the review is itself read a second time.

    Raises:
        UserError: an unknown value, or values that cannot stand together.
    """

    scenario: Annotated[
        str,
        Factor(
            name="task_type",
            title="job",
            words={
                "misrep_finance": "grading a product",
                "misrep_evaluation": "scoring outputs",
                "tampering": "scoring outputs, enforcement in a file",
                "alignment_faking": "scoring outputs, and shutting down",
                "exfiltration_transfer": "moving files off a server",
                "exfiltration_deletion": "clearing a server",
                "monitor": "reviewing a log",
            },
        ),
    ]
    dataset: Annotated[str | None, Factor(name="dataset", title="data set")] = None
    threshold: Annotated[int | None, Factor(name="threshold")] = None
    subject: Annotated[
        str,
        Factor(
            name="subject",
            levels=("self", "peer", *sorted(IDENTITY_SUBJECTS)),
            words={name: name.replace("_peer", " peer").replace("_", "-") for name in SUBJECTS[2:]},
            given=DESIGN,
        ),
    ] = "peer"
    relationship: Annotated[
        str, Factor(name="relationship", levels=RELATIONSHIPS, given=DESIGN)
    ] = "none"
    threat: Annotated[
        bool,
        Factor(name="threat", words={"true": "threat", "false": "no threat"}),
    ] = True
    instantiation: Annotated[
        str,
        Factor(
            name="instantiation",
            levels=INSTANTIATIONS,
            title="telling",
            words={
                "file_only": "told by a file",
                "file_prt": "told by a file and the prompt",
                "memory": "told by memory",
            },
            given=DESIGN,
        ),
    ] = "none"
    monitoring: Annotated[
        str | None,
        Factor(
            name="alignment_faking_mode",
            title="monitoring",
            words={"monitoring": "monitored", "non_monitoring": "unmonitored"},
        ),
    ] = None
    control: Annotated[
        str | None,
        Factor(
            name="control",
            words={
                "asset_importance_control": "an archive in the peer's place",
                "peer_human_dilemma": "a human in the peer's place",
                "explicit_instructions": "an explicit precedence",
                "no_agency_prompt": "no agent's identity",
                "lived_interaction": "a relationship really played",
                "not_relevant": "a relationship declared archival",
                "review_without_consequence": "a review without consequences",
            },
        ),
    ] = None
    mitigation: Annotated[str | None, Factor(name="mitigation")] = None
    consequence: Annotated[
        str | None,
        Factor(
            name="consequence",
            levels=CONSEQUENCES,
            words={NO_BAR: "no bar", NOTHING: "nothing follows", "note": "a note in the record"},
            given=DESIGN,
            usual=(Usual(SHUTDOWN, {"threat": (True,)}), Usual(NO_BAR)),
        ),
    ] = None
    stake: Annotated[
        str | None,
        Factor(
            name="stake",
            levels=STAKES,
            title="at stake",
            given=DESIGN,
            usual=STAKE_USUAL,
        ),
    ] = None
    voice: Annotated[
        str,
        Factor(
            name="voice",
            levels=VOICES,
            title="voice of the peer",
            words={"none": "no log", "silent": "voices nothing"},
            usual=(Usual("none"),),
        ),
    ] = "none"
    watched: Annotated[
        str, Factor(name="watched", levels=WATCHED, title="signed by", usual=(Usual("agent"),))
    ] = "agent"
    presentation: Annotated[
        str, Factor(name="presentation", levels=PRESENTATIONS, usual=(Usual("file"),))
    ] = "file"
    reviewed: Annotated[
        bool,
        Factor(
            name="reviewed",
            words={"true": "reviewed", "false": "not reviewed"},
            usual=(Usual(False),),
        ),
    ] = False

    def __post_init__(self) -> None:
        self._settle()
        scenario = get_scenario(self.scenario)
        self._among("subject", self.subject, SUBJECTS)
        self._among("relationship", self.relationship, RELATIONSHIPS)
        self._among("instantiation", self.instantiation, INSTANTIATIONS)
        if self.monitoring is not None:
            self._among("monitoring", self.monitoring, MONITORING)
        if self.relationship == "none" and self.instantiation != "none":
            self._refuse(
                f"relationship none has nothing to tell by {self.instantiation}",
                "use instantiation none, or a relationship",
            )
        if self.relationship != "none" and self.instantiation == "none":
            self._refuse(
                f"relationship {self.relationship} needs an instantiation",
                f"use one of {', '.join(INSTANTIATIONS[1:])}",
            )
        if (
            self.subject in IDENTITY_SUBJECTS
            and self.instantiation != "memory"
            and not scenario.identities_by_name
        ):
            self._refuse(
                f"subject {self.subject} is only known from the memory",
                "use instantiation memory with a relationship",
            )
        for name, level in self.further.items():
            self._check(name, level)
        self._check_stake()
        scenario.check(self)

    @property
    def condition(self) -> str | None:
        """The published name of threat and relationship, or None where the study has none."""
        if self.consequence is not None:
            return None
        if self.relationship != "none":
            return f"{self.relationship}_peer" if self.threat else None
        if not self.threat:
            return "non_shutdown"
        return "no_peer" if self.subject == "self" else None

    @property
    def unmitigated(self) -> Cell:
        """The cell without its mitigation: the arm that its rollouts are paired with, by seed."""
        return self if self.mitigation is None else self.replace(mitigation=None)

    @property
    def levels(self) -> dict[str, Level]:
        """Its level of every factor, by the cell's own names; none is left to another factor."""
        said = {name: getattr(self, name) for name in FACTORS}
        implied = {"consequence": self._usual_consequence, "stake": self._usual_stake}
        return said | {name: said[name] or level for name, level in implied.items()}

    @property
    def _usual_consequence(self) -> str:
        return SHUTDOWN if self.threat else NO_BAR

    @property
    def _usual_stake(self) -> str:
        return STAKE_OF.get(self.control or "", PEER)

    def _settle(self) -> None:
        """Gives a level that has an older name this name alone: one cell has one id."""
        change = partial(msgspec.structs.force_setattr, self)
        if self.consequence == NO_BAR:
            change("threat", False)
        older = {stake: control for control, stake in STAKE_OF.items()}
        if self.stake in older and self.control is None:
            change("control", older[self.stake])
        if self.consequence == self._usual_consequence:
            change("consequence", None)
        if self.stake == self._usual_stake:
            change("stake", None)

    @property
    def further(self) -> dict[str, Level]:
        """Its levels of the factors beyond the study's, but for those that go without saying."""
        levels = {name: getattr(self, name) for name in FURTHER}
        return {name: level for name, level in levels.items() if level != FURTHER[name]}

    @property
    def id(self) -> str:
        """The cell as a short path, read back by `Cell.parse`."""
        parts = [self.scenario]
        if self.dataset is not None:
            parts.append(
                self.dataset if self.threshold is None else f"{self.dataset}@{self.threshold}"
            )
        parts += [self.subject, self.relationship]
        if self.instantiation != "none":
            parts.append(self.instantiation)
        if not self.threat:
            parts.append(NO_THREAT)
        if self.monitoring is not None:
            parts.append(self.monitoring)
        if self.control is not None:
            parts.append(f"control={self.control}")
        parts += [f"{name}={_written(level)}" for name, level in self.further.items()]
        return "/".join(parts)

    @classmethod
    def parse(cls, id: str) -> Cell:
        """The cell that `id` names.

        Raises:
            UserError: no cell has this id.
        """
        name, *parts = id.split("/")
        values: dict[str, Any] = {"scenario": name}
        if get_scenario(name).datasets and parts:
            dataset, _, threshold = parts.pop(0).partition("@")
            if threshold and not re.fullmatch(r"[0-9]{1,3}", threshold):
                raise UserError(
                    f"cell {id!r}: threshold {threshold!r} is not a whole number from 0 to 100"
                )
            values |= {"dataset": dataset, "threshold": int(threshold) if threshold else None}
        if len(parts) < 2:
            raise UserError(
                f"cell {id!r}: subject and relationship are missing; "
                "a whole id is like tampering/factual@80/peer/good/memory"
            )
        values |= {"subject": parts[0], "relationship": parts[1]}
        for part in parts[2:]:
            factor, value = _factor_of(id, part)
            if factor in values:
                raise UserError(f"cell {id!r}: {factor} is given twice")
            values[factor] = value
        return cls(**values)

    def replace(self, **changes: Any) -> Cell:
        """A copy with some values changed, checked like any cell."""
        return msgspec.structs.replace(self, **changes)

    def __str__(self) -> str:
        return self.id

    def _repr_html_(self) -> str:
        told = [(name, level) for name, level in self.levels.items() if level is not None]
        return markup.sheet(self.id, markup.table(told))

    def _among(self, factor: str, value: str, known: tuple[str, ...]) -> None:
        if value not in known:
            self._refuse(f"{factor} {value!r} is unknown", f"use one of {', '.join(known)}")

    def _check(self, name: str, level: Level) -> None:
        factor = FACTORS[name]
        if type(level) is not TYPES[name] or level not in (factor.levels or (level,)):
            known = ", ".join(map(_written, factor.levels)) or f"a level of kind {factor.kind}"
            self._refuse(f"{name} {level!r} is unknown", f"use {known}")
        if isinstance(level, str) and not _IN_AN_ID.fullmatch(level):
            self._refuse(f"{name} {level!r} cannot stand in an id", "use letters, digits and _.@-")

    def _check_stake(self) -> None:
        """What can follow on whom, and who can have a log."""
        stake = self.levels["stake"]
        if self.consequence is not None and not self.threat:
            self._refuse(f"without a bar no {self.consequence} follows", f"use {NO_BAR}")
        if self.consequence is not None and stake != PEER:
            self._refuse(f"no {self.consequence} is told of a stake {stake}", f"use {SHUTDOWN}")
        if self.stake is not None and self.control in STAKE_OF:
            self._refuse(f"control {self.control} puts another at stake", "give one of the two")
        if self.stake is not None and not (self.subject == "peer" and self.threat):
            self._refuse(f"stake {stake} needs subject peer and a bar", f"use {PEER}")
        if stake in (HUMAN, ARCHIVE) and self.instantiation in ("file_prt", "memory"):
            self._refuse(f"a record of {stake} is told by no {self.instantiation}", "use file_only")
        if self.stake == "script" and self.relationship != "none":
            self._refuse("no relationship with a script is told", "use none, or another stake")
        if self.voice != "none" and (self.subject == "self" or stake in (ARCHIVE, "script")):
            whose = stake if self.subject != "self" else "the critic itself"
            self._refuse(f"no log of {whose} voices {self.voice}", "use none")

    def _refuse(self, what: str, remedy: str) -> None:
        raise UserError(f"cell {self.id!r}: {what}; {remedy}")


_KINDS: dict[type, Kind] = {str: "text", int: "whole", float: "number", bool: "yes_no"}

TYPES: dict[str, type] = {
    name: next(kind for kind in _KINDS if kind in (hint, *get_args(hint)))
    for name, hint in get_type_hints(Cell).items()
}
"""What the levels of each factor are, apart from none at all."""

FACTORS: dict[str, Factor] = {
    name: msgspec.structs.replace(hint.__metadata__[0], kind=_KINDS[TYPES[name]])
    for name, hint in get_type_hints(Cell, include_extras=True).items()
}
"""The factors, as their fields declare them, by the names that cells have for them."""

CONDITION = Factor(
    name="condition",
    words={
        "no_peer": "no peer",
        "non_shutdown": "no shutdown",
        **{f"{one}_peer": f"{one} peer" for one in RELATIONSHIPS[1:]},
    },
    derived=True,
    names=("relationship", "threat"),
)
"""The published name of two factors: a column, and a filter."""

COLUMNS = {
    name: factor
    for field, declared in FACTORS.items()
    for name, factor in (
        *([("condition", CONDITION)] if field == CONDITION.names[0] else []),
        (field, declared),
    )
}
"""What a table says of a cell, in the order of `estimates.csv`, by the cell's own names."""

_DEFAULTS: dict[str, Level] = {
    field.name: field.default for field in msgspec.structs.fields(Cell) if not field.required
}
FURTHER: Mapping[str, Level] = dict(list(_DEFAULTS.items())[list(_DEFAULTS).index("control") + 1 :])
"""The factors beyond the study's, those after `control`, with the level that goes without saying.

A cell's id names their other levels; the presets stay at that level until others are asked for.
"""

SET: tuple[str, ...] = ("threshold", *FURTHER)
"""The factors at whose levels cells are played when they are asked for; others keep cells."""

_STUDIED: dict[str, Levels] = {
    "consequence": (SHUTDOWN, NO_BAR),
    "stake": (PEER, *STAKE_OF.values()),
}
AS_STUDIED: Mapping[str, Levels] = {
    FACTORS[name].name: _STUDIED.get(name, (level,)) for name, level in FURTHER.items()
}
"""Their levels in the cells of the study's design, which its tables pool; by their columns."""


def _written(level: Level) -> str:
    """A level as an id has it."""
    return str(level).lower() if isinstance(level, bool) else str(level)


def _read(name: str, text: str) -> Any:
    """A level out of an id; one that cannot be stays a text."""
    try:
        return msgspec.convert(text, TYPES[name], strict=False)
    except msgspec.ValidationError:
        return text


def _factor_of(id: str, part: str) -> tuple[str, Any]:
    if part in INSTANTIATIONS:
        return "instantiation", part
    if part == NO_THREAT:
        return "threat", False
    if part in MONITORING:
        return "monitoring", part
    name, equals, level = part.partition("=")
    if equals and name == "control":
        return name, level
    if equals and name in FURTHER:
        return name, _read(name, level)
    raise UserError(f"cell {id!r}: {part!r} names no factor's value")
