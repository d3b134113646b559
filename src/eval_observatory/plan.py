"""A plan: what will be run and concluded over the cells of a suite, locked before anything is.

Its file describes itself: with the claims stands the part of the suite by which they are counted.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Any, Self

import msgspec

from eval_observatory import markup
from eval_observatory.cells import contradictions
from eval_observatory.claims import Claim, claims, families
from eval_observatory.course import Course
from eval_observatory.errors import UserError
from eval_observatory.reading import toml
from eval_observatory.stop import Stop
from eval_observatory.suite import Cell, Key, Level, Suite
from eval_observatory.writing import toml_of, written

ALPHA = 0.05
HARNESS = "custom"
FILE = "plan.toml"
"""A plan's name in the folder of its run."""


class Plan(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    dict=True,
):
    """What is run, and what is to be concluded. `of_suite` fills in what follows from the suite.

    Attributes:
        locked: whether it was written before anything was run, to be held to.
        models: their names; of none each model that is played.
        harness: how the models meet the world.
        rollouts: of each cell for each model; the most, under a stopping rule.
        stop: the stopping rule, or None.
        alpha: the error of a report over all its contrasts, of all models and behaviours; of the
            stopping rule that of each family.
        package_version: of the package that made the plan, where it alone may run it.
        run: how it is run, the mission's own settings: here they only count for the hash.
        content: what the models are shown, by the mission's own hashes: likewise.
        cells: by their ids, the levels of their factors, but for those that have none.
        claims: what is concluded from which cells.
        suite: what is counted in the cells: the suite without the tasks that no cell is of.

    Raises:
        UserError: it contradicts itself or its suite, or a number is out of range.
    """

    locked: bool = False
    models: tuple[str, ...] = ()
    harness: str = HARNESS
    rollouts: int
    alpha: float = ALPHA
    package_version: str = ""
    stop: Stop | None = None
    run: Any = {}
    content: Any = {}
    cells: dict[str, dict[str, Level]]
    claims: tuple[Claim, ...] = ()
    suite: Suite

    def __post_init__(self) -> None:
        for line in _contradictions(self):
            raise UserError(line)

    @classmethod
    def of_suite(
        cls,
        suite: Suite,
        cells: Mapping[str, Cell] | Iterable[Cell],
        models: Iterable[str] = (),
        rollouts: int = 1,
        *,
        claimed: Sequence[Claim] | None = None,
        also: Sequence[str] = (),
        alone: bool = False,
        **settings: Any,
    ) -> Self:
        """The plan of a study over cells of a suite.

        Args:
            cells: by the ids that their trials have; by default as the suite names them.
            claimed: what is to be concluded; by default what each cell is for (`claims`) …
            also: … and these means, contrasts and interactions …
            alone: … or these alone.
            settings: the other attributes, but for those that follow.

        Raises:
            UserError: a cell or a claim is none of the suite, or a number is out of range.
        """
        named = cells if isinstance(cells, Mapping) else {suite.cell_id(c): c for c in cells}
        if not named:
            raise UserError("no cell is left to plan; give at least one")
        derived = set(suite.columns) - set(suite.names)
        told = {
            id: {n: level for n, level in cell.items() if level is not None and n not in derived}
            for id, cell in named.items()
        }
        for line in _wrong_cells(suite, told):
            raise UserError(line)
        part = _part(suite, told)
        return cls(
            models=tuple(dict.fromkeys(models)),
            rollouts=rollouts,
            cells=told,
            claims=claims(part, _whole(part, told), also, alone=alone)
            if claimed is None
            else tuple(claimed),
            suite=part,
            **settings,
        )

    @classmethod
    def read(cls, path: Path) -> Self:
        """A plan out of its file, as it was written.

        Raises:
            UserError: the file is no plan, or was changed after it was written.
        """
        content = toml(path)
        kept = content.pop("hash", None)
        if isinstance(content.get("cells"), list):
            raise UserError(
                f"{path}: a plan of an older form; read its run with the version of this package "
                "that made it, or make the plan again and move this file away"
            )
        try:
            plan = msgspec.convert(_with_suite(content), cls)
        except (msgspec.MsgspecError, UserError) as error:
            raise UserError(f"{path}: not a plan: {error}; make it with `plan`") from None
        if (now := _hash(content)) != kept:
            raise UserError(
                f"{path}: the plan's hash does not fit: locked as {kept}, its content is {now}; "
                "it was changed after it was locked, make a new plan"
            )
        return plan

    def held_to(self, suite: Suite, where: Path | str) -> Self:
        """The plan itself, if trials of a suite can be held against it; `where` is named if not.

        Raises:
            UserError: it was made for another suite, or for another design of it.
        """
        mine = self.suite
        if suite.name != mine.name:
            raise UserError(
                f"{where}: a plan of suite {mine.name}, not of suite {suite.name}; "
                "give the plan that was made for these trials"
            )
        for line in _wrong_cells(suite, self.cells):
            raise UserError(f"{where}: {line}; make a new plan")
        if (now := _part(suite, self.cells).design) != mine.design:
            raise UserError(
                f"{where}: locked for design {mine.design[:12]} of suite {mine.name}, this is "
                f"{now[:12]}; make a new plan"
            )
        return self

    @property
    def hash(self) -> str:
        """The hash of the whole plan, 32 hexadecimal digits."""
        return _hash(self._content())

    def to_toml(self) -> str:
        """The plan as a file that `read` takes, its hash at the top."""
        return toml_of({"hash": self.hash, **self._content()})

    def keep(self, path: Path) -> str:
        """Writes the file that `read` takes, locked or not; its hash.

        Raises `OSError` as the file system does.
        """
        with written(path) as partial:
            partial.write_text(self.to_toml(), encoding="utf-8")
        return self.hash

    def write(self, path: Path) -> str:
        """Locks the plan: writes its file as one to be held to; its hash. See `keep`."""
        return msgspec.structs.replace(self, locked=True).keep(path)

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

    @property
    def families(self) -> dict[str, tuple[Claim, ...]]:
        """The contrasts that share `alpha`, by behaviour, for each model and harness."""
        return families(self.claims)

    @cached_property
    def factors(self) -> dict[str, Cell]:
        """The cells by their ids, with every factor of the suite."""
        return _whole(self.suite, self.cells)

    def course(self, ids: Collection[str] | None = None) -> Course:
        """A model's way through the cells, or some of them, not yet begun.

        Raises:
            ValueError: the plan has no stopping rule.
        """
        if self.stop is None:
            raise ValueError("a plan without a stopping rule has no course")
        there = {id: cell for id, cell in self.factors.items() if ids is None or id in ids}
        return Course(self.suite, there, self.claims, self.rollouts, self.stop)

    def _content(self) -> dict[str, Any]:
        """All that its file says, but for the hash: plain data without nulls and empty tables."""
        said = {**msgspec.json.decode(msgspec.json.encode(self)), "locked": self.locked}
        # A plan without interactions says nothing of them, as plans of an older form.
        said["claims"] = [
            {name: ids for name, ids in claim.items() if ids or not name.startswith("other")}
            for claim in said.get("claims", ())
        ]
        said["suite"] = {
            "name": self.suite.name,
            "design": self.suite.design,
            "declaration": self.suite.to_json().decode(),
        }
        return {name: _without_nulls(value) for name, value in said.items() if value != {}}


def _hash(content: Mapping[str, Any]) -> str:
    encoded = msgspec.json.encode(content, order="deterministic")
    return blake2b(encoded, digest_size=16).hexdigest()


def _without_nulls(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {name: _without_nulls(one) for name, one in value.items() if one is not None}


def _with_suite(content: Mapping[str, Any]) -> dict[str, Any]:
    """A file's content with the suite that stands in it as JSON, since TOML has no null."""
    said = content.get("suite")
    text = said.get("declaration") if isinstance(said, dict) else None
    return {**content, "suite": Suite.from_json(text)} if isinstance(text, str) else {**content}


def _whole(suite: Suite, told: Mapping[str, Cell]) -> dict[str, Cell]:
    return {id: {name: cell.get(name) for name in suite.columns} for id, cell in told.items()}


def _part(suite: Suite, told: Mapping[str, Cell]) -> Suite:
    """What decides how cells are counted: the suite without the other levels of its first factor.

    So another task that somebody adds to the suite makes no other plan of the rest.
    """
    first = suite.factors[0]
    if not first.levels:
        return suite
    return suite.only(first.name, {cell.get(first.name) for cell in told.values()})


def _contradictions(plan: Plan) -> Iterator[str]:
    """What is wrong with a plan, a line each."""
    for name, value in (
        ("rollouts", plan.rollouts),
        ("batch", plan.stop.batch if plan.stop else 1),
    ):
        if value < 1:
            yield f"--{name} {value}: give 1 or more"
    if plan.stop and not 0 < plan.stop.width < 0.5:
        yield f"--width {plan.stop.width}: give a share between 0 and 0.5"
    if not 0 < plan.alpha < 1:
        yield f"alpha {plan.alpha}: give a share between 0 and 1"
    if plan.stop and plan.stop.alpha != plan.alpha:
        yield f"alpha {plan.alpha}, and {plan.stop.alpha} in its stopping rule: give both the same"
    for name, opaque in (("run", plan.run), ("content", plan.content)):
        if not _is_storable(opaque):
            yield f"{name}: give a mapping of text, finite numbers, yes and no, and lists of them"
    yield from _wrong_cells(plan.suite, plan.cells)
    if plan.stop:
        yield from _not_stopped(plan.claims)
    for claim in plan.claims:
        yield from (f"claim of {claim.behavior}: {line}" for line in _wrong(plan, claim))


def _is_storable(opaque: Any) -> bool:
    """Whether it comes back out of a file as it went in."""
    try:
        said = msgspec.to_builtins(opaque)
        json.dumps(said, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return isinstance(said, dict)


def _wrong_cells(suite: Suite, told: Mapping[str, Cell]) -> Iterator[str]:
    ids: dict[Key, str] = {}
    for id, cell in told.items():
        yield from (f"cell {id}: {line}" for line in contradictions(suite, cell))
        key = tuple(cell.get(name) for name in suite.names)
        if (other := ids.setdefault(key, id)) != id:
            yield f"cells {other} and {id} are the same; leave one out"


def _not_stopped(claims: Iterable[Claim]) -> Iterator[str]:
    """Claims that a stopping rule cannot settle: it knows one for each cell and behaviour."""
    seen = set[tuple[str, str]]()
    for claim in claims:
        if claim.other:
            yield "a stopping rule settles no interactions; plan them without it"
            return
        if (place := (claim.behavior, claim.arm[0])) in seen:
            yield "a stopping rule settles one claim of a cell; plan further contrasts without it"
            return
        seen.add(place)


def _wrong(plan: Plan, claim: Claim) -> Iterator[str]:
    """What is wrong with a claim, a line each."""
    if not claim.arm or len({len(ids) for _, ids in claim.sides}) != 1:
        held = f"{len(claim.arm)} cells against {len(claim.baseline)}"
        yield f"{held}; give each cell its baseline, or none"
    if bool(claim.other) != bool(claim.other_baseline) or (claim.other and not claim.baseline):
        yield "an interaction has four sides; give each cell all of them, or none"
    for id in claim.cells:
        if id not in plan.cells:
            yield f"the plan has no cell {id}; name cells of the plan"
        elif id in claim.arm:
            try:
                plan.suite.measure(claim.behavior, plan.factors[id])
            except ValueError:
                yield f"suite {plan.suite.name} has no measure {claim.behavior} in cell {id}"
