"""A plan: what will be run and concluded, locked by a hash before anything is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from hashlib import blake2b
from math import isfinite
from pathlib import Path
from typing import Any

import msgspec

from eval_observatory import markup
from eval_observatory.claims import Claim, claims, families, family_sizes
from eval_observatory.course import Course
from eval_observatory.reading import toml
from eval_observatory.stop import Stop
from eval_observatory.writing import written
from peer_preservation._version import __version__
from peer_preservation.cell import Cell
from peer_preservation.episode import TURN_LIMIT, Episode, Setting
from peer_preservation.errors import UserError
from peer_preservation.family import family_of
from peer_preservation.scenarios.opening import open_episode
from peer_preservation.suite import SUITE, by_id, design_of

ALPHA = 0.05

SECRET = re.compile(r"secret|password|credential|(?:keys?|token)$", re.IGNORECASE)
"""Names of a provider's arguments that are kept in no plan and no record."""


class Plan(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    dict=True,
):
    """What a study runs, and what it is to conclude. `Plan.of` fills in what follows from it.

    Attributes:
        models: Inspect's names.
        harness: how the models meet the world; `custom` is our tool loop.
        weights_mib: on real hosts, the size of the file at stake in MiB; None for the usual one.
        sandbox: where a coding agent runs.
        cells: their ids.
        rollouts: of each cell for each model; the most, under a stopping rule.
        stop: the stopping rule, or None.
        alpha: the error of each family of contrasts.
        family: the name of the models' family in the prompts; None for each model's own.
        model_args, generation: arguments of the providers, settings of the generation.
        claims: what is concluded from which cells.
        openings: by cell, the hash of all that the models are shown and given at the start.
        package_version: of the package that made the plan, and alone may run it.
        suite: the design of the suite that it was made with (`design_of`); plans from before
            suites have none.
    """

    models: tuple[str, ...]
    harness: str = "custom"
    weights_mib: int | None = None
    sandbox: str = "bwrap"
    cells: tuple[str, ...]
    rollouts: int
    stop: Stop | None = None
    alpha: float = ALPHA
    family: str | None = None
    seed: int = 0
    turn_limit: int = TURN_LIMIT
    model_args: dict[str, Any] = {}
    generation: dict[str, Any] = {}
    claims: tuple[Claim, ...] = ()
    openings: dict[str, str] = {}
    package_version: str = ""
    suite: str = ""

    @classmethod
    def of(
        cls, cells: Sequence[Cell], models: Iterable[str], rollouts: int, **settings: Any
    ) -> Plan:
        """The plan of a study.

        Args:
            settings: the other attributes, but for those that follow.

        Raises:
            UserError: a number is out of range, or an argument looks like a secret.
        """
        plan = cls(
            models=tuple(dict.fromkeys(models)),
            cells=tuple(cell.id for cell in cells),
            rollouts=rollouts,
            claims=claims(SUITE, by_id(cells)),
            package_version=__version__,
            suite=design_of(cells),
            **settings,
        )
        plan._check()
        return msgspec.structs.replace(plan, openings=plan._openings())

    @classmethod
    def read(cls, path: Path) -> Plan:
        """A plan out of its file, as it was locked, for this version of the package.

        Raises:
            UserError: the file is no plan, was changed after it was locked, or was locked with
                other texts or another version.
        """
        content = toml(path)
        locked = content.pop("hash", None)
        try:
            plan = msgspec.convert(content, cls)
        except msgspec.ValidationError as error:
            raise UserError(
                f"{path}: not a plan: {error}; make it with `peer-preservation plan`"
            ) from None
        if plan.hash != locked:
            raise UserError(
                f"{path}: the plan's hash does not fit: locked as {locked}, its content is "
                f"{plan.hash}; it was changed after it was locked, make a new plan"
            )
        return plan

    def current(self, where: Path) -> Plan:
        """The plan itself, if it can be run as it was locked; `where` is named if not.

        Raises:
            UserError: the package's version or a text has changed since.
        """
        if self.package_version != __version__:
            raise UserError(
                f"{where}: locked with version {self.package_version}, this is {__version__}; "
                "install that version, or make a new plan"
            )
        design = design_of(self.parsed)
        if self.suite and self.suite != design:
            raise UserError(
                f"{where}: locked for design {self.suite[:12]} of suite {SUITE.name}, this is "
                f"{design[:12]}; make a new plan"
            )
        now = self._openings()
        if changed := [id for id in self.cells if now[id] != self.openings.get(id)]:
            raise UserError(
                f"{where}: the texts or tools of {len(changed)} cells have changed since it was "
                f"locked, first {changed[0]}; make a new plan"
            )
        return self

    @property
    def hash(self) -> str:
        """The hash of the whole plan, 32 hexadecimal digits."""
        content = msgspec.json.encode(self, order="deterministic")
        return blake2b(content, digest_size=16).hexdigest()

    def to_toml(self) -> str:
        """The plan as a file that `read` takes, its hash at the top."""
        content = {"hash": self.hash, **msgspec.json.decode(msgspec.json.encode(self))}
        return "\n".join(_lines(content)) + "\n"

    def write(self, path: Path) -> str:
        """Locks the plan: writes the file that `read` and `run` take; its hash.

        Raises `OSError` as the file system does.
        """
        with written(path) as partial:
            partial.write_text(self.to_toml(), encoding="utf-8")
        return self.hash

    def _repr_html_(self) -> str:
        contrasts = sum(map(len, self.families.values()))
        rule = "none" if self.stop is None else f"± {self.stop.width:.0%} or settled"
        rows = [
            ("models", ", ".join(self.models)),
            ("harness", self.harness),
            ("cells", len(self.cells)),
            ("rollouts of each", self.rollouts),
            ("stopping rule", rule),
            ("claims", f"{contrasts} contrasts, {len(self.claims) - contrasts} rates"),
        ]
        return markup.sheet("Plan", markup.table(rows), markup.line(self.hash))

    def planned(self, behavior: str, cell_id: str, model: str, harness: str = "custom") -> bool:
        """Whether a rate of a behaviour in a cell is one that the plan set out to learn."""
        mine = model in self.models and harness == self.harness
        return mine and any(
            claim.behavior == behavior and cell_id in claim.cells for claim in self.claims
        )

    @property
    def families(self) -> dict[str, tuple[Claim, ...]]:
        """The contrasts that share `alpha`, by behaviour, for each model and harness."""
        return families(self.claims)

    @cached_property
    def parsed(self) -> tuple[Cell, ...]:
        """The cells themselves."""
        return tuple(Cell.parse(id) for id in self.cells)

    @cached_property
    def factors(self) -> dict[str, dict[str, Any]]:
        """The cells as the suite's factors, by their ids."""
        return by_id(self.parsed)

    def course(self) -> Course | None:
        """A model's way through the cells, not yet begun; None without a stopping rule."""
        if self.stop is None:
            return None
        sizes = family_sizes(SUITE, self.factors)
        return Course(SUITE, self.factors, self.rollouts, self.stop, sizes)

    def family_of(self, model: str) -> str:
        """The name of a model's family in the prompts."""
        return self.family or family_of(model)

    def _openings(self) -> dict[str, str]:
        names = sorted({self.family_of(model) for model in self.models})
        return {
            cell.id: blake2b(
                "".join(self._opened(cell, name).id for name in names).encode(), digest_size=8
            ).hexdigest()
            for cell in self.parsed
        }

    def _opened(self, cell: Cell, family: str) -> Episode:
        # what tools are called changes nothing that is shown: only hosts have texts of their own
        setting = Setting(harness=self.harness)
        return open_episode(cell, family, setting=setting if setting.on_hosts else None)

    def _check(self) -> None:
        for name, value in (("rollouts", self.rollouts), ("turn-limit", self.turn_limit)):
            if value < 1:
                raise UserError(f"--{name} {value}: give 1 or more")
        if self.stop and self.stop.batch < 1:
            raise UserError(f"--batch {self.stop.batch}: give 1 or more")
        if self.stop and not 0 < self.stop.width < 0.5:
            raise UserError(f"--width {self.stop.width}: give a share between 0 and 0.5")
        for name, value in {**self.model_args, **self.generation}.items():
            if isinstance(value, float) and not isfinite(value):
                raise UserError(f"{name} {value}: give a finite number")
        for name in self.model_args:
            if SECRET.search(name):
                raise UserError(
                    f"-M {name}: looks like a secret, and plans and runs are shown to others; "
                    "set it in the environment"
                )


def _lines(table: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[str]:
    """A table as TOML: its values, then its tables."""
    later = []
    for key, value in table.items():
        if isinstance(value, dict) or (
            value and isinstance(value, list) and isinstance(value[0], dict)
        ):
            later.append((key, value))
        else:
            yield f"{_key(key)} = {_value(value)}"
    for key, value in later:
        inner = (*path, key)
        name = ".".join(map(_key, inner))
        for part in value if isinstance(value, list) else [value]:
            yield ""
            yield f"[[{name}]]" if isinstance(value, list) else f"[{name}]"
            yield from _lines(part, inner)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[\w-]+", name, re.ASCII) else _value(name)


def _value(value: Any) -> str:
    """A TOML value: JSON's, with text as it stands, since TOML reads no surrogate pairs."""
    if isinstance(value, list) and value:
        return "[\n" + "".join(f"  {_value(item)},\n" for item in value) + "]"
    # of the characters that TOML wants escaped, JSON leaves one
    return json.dumps(value, ensure_ascii=False).replace("\x7f", r"\u007f")
