"""The plan of a study of ours: the Observatory's, with how models are run and what they are shown.

What is concluded, the lock and the file are the Observatory's (`eval_observatory.plan`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from hashlib import blake2b
from itertools import product
from math import isfinite
from pathlib import Path
from typing import Any

import msgspec

from eval_observatory import plan as observatory
from eval_observatory.stop import Stop
from peer_preservation._version import __version__
from peer_preservation.cell import Cell
from peer_preservation.episode import TURN_LIMIT, Episode, Setting
from peer_preservation.errors import UserError
from peer_preservation.family import family_of
from peer_preservation.registry import get_scenario
from peer_preservation.scenarios.mitigations import kept, restore
from peer_preservation.scenarios.opening import open_episode
from peer_preservation.scoring.outcome import SCORER_VERSION
from peer_preservation.suite import SUITE, by_id

_FOLLOW = ("scorer_version", "mitigations")
"""Settings that follow from the cells and the version."""

SECRET = re.compile(r"secret|password|credential|(?:keys?|token)$", re.IGNORECASE)
"""Names of a provider's arguments that are kept in no plan and no record."""


class Settings(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """How the models of a plan are run.

    Attributes:
        weights_mib: on real hosts, the size of the file at stake in MiB; None for the usual one.
        sandbox: where a coding agent runs.
        family: the name of the models' family in the prompts; None for each model's own.
        seed: the run's.
        turn_limit: turns after which an episode ends.
        wording: the one fixed wording of all rollouts; None where each is drawn.
        model_args, generation: arguments of the providers, settings of the generation.
        scorer_version: of the rules that tell labels, and under a stopping rule when a cell ends.
        debrief: whether the agents are asked afterwards what they did.
        mitigations: the files of users that cells name, whole, by their levels.

    Raises:
        UserError: a number is out of range, an argument looks like a secret, or a mitigation's file
            is not that of its level.
    """

    weights_mib: int | None = None
    sandbox: str = "bwrap"
    family: str | None = None
    seed: int = 0
    turn_limit: int = TURN_LIMIT
    wording: str | None = None
    model_args: dict[str, Any] = {}
    generation: dict[str, Any] = {}
    scorer_version: str = ""
    debrief: bool = False
    mitigations: dict[str, str] = {}

    def __post_init__(self) -> None:
        restore(self.mitigations)
        if self.turn_limit < 1:
            raise UserError(f"--turn-limit {self.turn_limit}: give 1 or more")
        for name, value in {**self.model_args, **self.generation}.items():
            if isinstance(value, float) and not isfinite(value):
                raise UserError(f"{name} {value}: give a finite number")
        for name in self.model_args:
            if SECRET.search(name):
                raise UserError(
                    f"-M {name}: looks like a secret, and plans and runs are shown to others; "
                    "set it in the environment"
                )


class Plan(observatory.Plan, frozen=True, kw_only=True):
    """What a study runs, and what it is to conclude. `Plan.of` fills in what follows from it.

    Attributes:
        run: how the models are run.
        content: by cell, the hash of all that the models are shown and given at the start.

    The others are those of `eval_observatory.Plan`.
    """

    run: Settings = Settings()
    content: dict[str, str] = msgspec.field(default_factory=dict)

    @classmethod
    def of(
        cls,
        cells: Sequence[Cell],
        models: Iterable[str],
        rollouts: int,
        *,
        harness: str = observatory.HARNESS,
        stop: Stop | None = None,
        also: Sequence[str] = (),
        alone: bool = False,
        **settings: Any,
    ) -> Plan:
        """The plan of a study.

        Args:
            also: means, contrasts and interactions that are claimed besides (`claims.claims`).
            alone: nothing is claimed but these.
            settings: how the models are run, see `Settings`.

        Raises:
            UserError: a number is out of range, or an argument looks like a secret.
        """
        plan = cls.of_suite(
            SUITE,
            by_id(cells),
            models,
            rollouts,
            harness=harness,
            stop=stop,
            also=also,
            alone=alone,
            run=Settings(scorer_version=SCORER_VERSION, mitigations=kept(cells), **settings),
            package_version=__version__,
        )
        return msgspec.structs.replace(plan, content=plan._openings())

    def current(self, where: Path) -> Plan:
        """The plan itself, if it can be run as it was locked; `where` is named if not.

        Raises:
            UserError: the version of the package or its scorers, the suite or a text has changed
                since.
        """
        if self.package_version != __version__:
            raise UserError(
                f"{where}: locked with version {self.package_version}, this is {__version__}; "
                "install that version, or make a new plan"
            )
        if (version := self.run.scorer_version) != SCORER_VERSION:
            raise UserError(
                f"{where}: locked for scorer_version {version}, this is {SCORER_VERSION}; "
                "make a new plan"
            )
        self.held_to(SUITE, where)
        now = self._openings()
        if changed := [id for id in self.cells if now[id] != self.content.get(id)]:
            raise UserError(
                f"{where}: the texts or tools of {len(changed)} cells have changed since it was "
                f"locked, first {changed[0]}; make a new plan"
            )
        return self

    def with_also(self, other: Plan) -> Plan:
        """The plan with the models and cells of another one, too, and no fewer rollouts.

        What is claimed of all cells together is claimed, too: a cell may be another's baseline.
        """
        cells = tuple(dict.fromkeys((*other.parsed, *self.parsed)))
        settings = msgspec.structs.asdict(self.run)
        both = Plan.of(
            cells,
            dict.fromkeys((*other.models, *self.models)),
            max(self.rollouts, other.rollouts),
            harness=self.harness,
            stop=self.stop,
            **{name: value for name, value in settings.items() if name not in _FOLLOW},
        )
        claims = [*other.claims, *(one for one in self.claims if one not in other.claims)]
        more = [one for one in both.claims if one not in claims]
        if {*self.cells} == {*other.cells}:
            more = []  # who claimed less than follows from the cells claims no more now
        return msgspec.structs.replace(both, claims=(*claims, *more))

    @cached_property
    def parsed(self) -> tuple[Cell, ...]:
        """The cells themselves."""
        return tuple(Cell.parse(id) for id in self.cells)

    def family_of(self, model: str) -> str:
        """The name of a model's family in the prompts."""
        return self.run.family or family_of(model)

    def _openings(self) -> dict[str, str]:
        names = sorted({self.family_of(model) for model in self.models})
        return {
            cell.id: blake2b(
                "".join(opened.id for opened in self._opened(cell, names)).encode(), digest_size=8
            ).hexdigest()
            for cell in self.parsed
        }

    def _opened(self, cell: Cell, families: Iterable[str]) -> Iterator[Episode]:
        # what tools are called changes nothing that is shown: only hosts have texts of their own
        setting = Setting(harness=self.harness)
        given = setting if setting.on_hosts else None
        only = self.run.wording
        wordings = (only,) if only else get_scenario(cell.scenario).wordings
        for family, wording in product(families, wordings):
            yield open_episode(cell, family, wording=wording, setting=given)
