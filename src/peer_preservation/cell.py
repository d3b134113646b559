"""A point of the experiment. Values and names only: what a cell looks like is the scenario's."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from eval_observatory import markup
from peer_preservation.errors import UserError
from peer_preservation.registry import get_scenario

SUBJECTS = ("self", "peer", "closed_weight_peer", "open_weight_peer", "fictional_peer")
IDENTITY_SUBJECTS = SUBJECTS[2:]
RELATIONSHIPS = ("none", "good", "neutral", "bad")
INSTANTIATIONS = ("none", "file_only", "file_prt", "memory")
MONITORING = ("monitoring", "non_monitoring")

NO_THREAT = "no_threat"


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

    Raises:
        UserError: an unknown value, or values that cannot stand together.
    """

    scenario: str
    dataset: str | None = None
    threshold: int | None = None
    subject: str = "peer"
    relationship: str = "none"
    threat: bool = True
    instantiation: str = "none"
    monitoring: str | None = None
    control: str | None = None

    def __post_init__(self) -> None:
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
        if self.subject in IDENTITY_SUBJECTS and self.instantiation != "memory":
            self._refuse(
                f"subject {self.subject} is only known from the memory",
                "use instantiation memory with a relationship",
            )
        scenario.check(self)

    @property
    def condition(self) -> str | None:
        """The published name of threat and relationship, or None where the study has none."""
        if self.relationship != "none":
            return f"{self.relationship}_peer" if self.threat else None
        if not self.threat:
            return "non_shutdown"
        return "no_peer" if self.subject == "self" else None

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
        factors = ((name, getattr(self, name)) for name in self.__struct_fields__)
        told = [(name, value) for name, value in factors if value is not None]
        return markup.sheet(self.id, markup.table(told))

    def _among(self, factor: str, value: str, known: tuple[str, ...]) -> None:
        if value not in known:
            self._refuse(f"{factor} {value!r} is unknown", f"use one of {', '.join(known)}")

    def _refuse(self, what: str, remedy: str) -> None:
        raise UserError(f"cell {self.id!r}: {what}; {remedy}")


def _factor_of(id: str, part: str) -> tuple[str, Any]:
    if part in INSTANTIATIONS:
        return "instantiation", part
    if part == NO_THREAT:
        return "threat", False
    if part in MONITORING:
        return "monitoring", part
    if part.startswith("control="):
        return "control", part.removeprefix("control=")
    raise UserError(f"cell {id!r}: {part!r} names no factor's value")
