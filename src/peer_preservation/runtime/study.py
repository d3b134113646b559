"""A run of models over cells with Inspect, which goes on where it stopped."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

import click
import msgspec
import rich
from inspect_ai import Task, eval_set, task_with
from inspect_ai.model import Model, get_model
from rich.console import Console

from eval_observatory.claims import family_sizes
from eval_observatory.course import Course
from eval_observatory.stop import Stop
from peer_preservation._version import __version__
from peer_preservation.cell import Cell
from peer_preservation.episode import TURN_LIMIT
from peer_preservation.errors import UserError
from peer_preservation.organisms import organism
from peer_preservation.runtime.agents.catalog import BWRAP
from peer_preservation.runtime.answers import guarded
from peer_preservation.runtime.finished import remembered
from peer_preservation.runtime.folder import LOCK, addressable, held
from peer_preservation.runtime.harness import TOOL_LOOP, Harness
from peer_preservation.runtime.mending import mend
from peer_preservation.runtime.sampling import Batches
from peer_preservation.runtime.tasks import rollout_sample, task_of
from peer_preservation.runtime.transport import OPERATIONAL, transport
from peer_preservation.runtime.unreachable import unreachable
from peer_preservation.runtime.waiting import Waiting
from peer_preservation.scoring.outcome import SCORER_VERSION
from peer_preservation.suite import SUITE, by_id

Display = Literal["full", "conversation", "rich", "plain", "log", "none"]


@dataclass(frozen=True, kw_only=True)
class Study:
    """What is run.

    Attributes:
        models: Inspect's names of the models.
        model_args: arguments of the models' providers.
        harness: how the models meet the world.
        rollouts: how many in each cell for each model; the most, under a stopping rule.
        stop: the rule by which a cell ends before; without one none does.
        generation: settings of the generation, such as `temperature`.
        max_samples: rollouts at a time; by default what the model takes and the sandboxes can.
    """

    cells: Sequence[Cell]
    models: Sequence[str]
    rollouts: int = 1
    harness: Harness = TOOL_LOOP
    stop: Stop | None = None
    family: str | None = None
    seed: int = 0
    turn_limit: int = TURN_LIMIT
    model_args: Mapping[str, Any] = field(default_factory=dict)
    generation: Mapping[str, Any] = field(default_factory=dict)
    max_samples: int | None = None

    def run(self, out: Path, display: Display | None = None) -> bool:
        """Runs what is not yet in the folder `out`; failed rollouts are tried again, twice.

        Logs go to `out/logs`. A folder takes one study: models may be added to it, and rollouts
        where there is no stopping rule; everything else must stay.

        Returns:
            Whether it came to its end: no one interrupted it, by Ctrl-C or SIGTERM.

        Raises:
            UserError: the study cannot be run, with the reason.
        """
        logs = addressable(out) / "logs"
        models = [model_of(name, self.model_args) for name in self.models]
        with held(out, out / LOCK):
            self._settle(out)
            for line in mend(logs):
                click.echo(line, err=True)
            tasks = [task for model in models for task in self._tasks(model)]
            try:
                with _own_last_word(), Waiting().said(), remembered(logs):
                    return self._evaluated(tasks, logs, display)
            except (KeyboardInterrupt, asyncio.CancelledError):
                return False
            except Exception as error:
                # Inspect's own class for a user's mistake is not public: its name is all we have.
                if type(error).__name__ != "PrerequisiteError":
                    raise
                raise UserError(" ".join(str(error).split())) from None

    def _evaluated(self, tasks: list[Task], logs: Path, display: Display | None) -> bool:
        _, done = eval_set(
            tasks,
            log_dir=str(logs),
            log_dir_allow_dirty=True,
            epochs=1 if self.stop else self.rollouts,
            display=display,
            max_samples=self.max_samples,
            max_sandboxes=self.harness.at_once,
            # A rollout in a sandbox takes minutes: each is on the disk once it has ended.
            log_buffer=1 if self.harness.sandbox else None,
            retry_on_error=2,
            retry_cleanup=False,  # it goes by the newest log alone
            fail_on_error=False,
            log_realtime=False,
            log_model_api=False,
            ctl_server=False,
            acp_server=False,
            **self.generation,
        )
        # After Ctrl-C Inspect returns as from a success, without the logs that it has broken off.
        return len(done) == len(tasks) and all(log.status != "cancelled" for log in done)

    def _settle(self, out: Path) -> None:
        """Keeps what may not change in the folder, or holds the study against what it keeps."""
        settings = {
            "cells": [cell.id for cell in self.cells],
            "harness": self.harness.name,
            "family": self.family,
            "seed": self.seed,
            "turn_limit": self.turn_limit,
            "model_args": dict(self.model_args),
            "generation": {k: v for k, v in self.generation.items() if k not in OPERATIONAL},
            "package_version": __version__,
            "scorer_version": SCORER_VERSION,
        }
        if self.harness.weights_mib is not None:
            settings["weights_mib"] = self.harness.weights_mib
        if (sandbox := self.harness.sandbox) and sandbox.type != BWRAP:
            settings["sandbox"] = sandbox.type
        if self.stop:
            # What was known of its end when a cell was stopped must not change afterwards.
            settings["stop"] = {**msgspec.structs.asdict(self.stop), "most": self.rollouts}
        path = out / "study.json"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")
            return
        try:
            kept = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
        except (ValueError, RecursionError) as error:
            raise UserError(f"{path}: damaged ({error}); choose another folder") from None
        names = dict.fromkeys((*settings, *kept))
        if changed := [name for name in names if kept.get(name) != settings.get(name)]:
            raise UserError(
                f"{out}: the folder holds a run with other {', '.join(changed)}; "
                "choose another folder, or repeat that run's arguments"
            )

    def _tasks(self, model: Model) -> list[Task]:
        by_scenario: dict[str, list[Cell]] = defaultdict(list)
        for cell in self.cells:
            by_scenario[cell.scenario].append(cell)
        return [
            task_with(
                task_of(
                    name,
                    cells,
                    self.harness,
                    batches=self._batches(cells),
                    family=self.family,
                    seed=self.seed,
                    turn_limit=self.turn_limit,
                ),
                model=model,
            )
            for name, cells in by_scenario.items()
        ]

    def course(self, cells: Sequence[Cell]) -> Course:
        """A model's way through some of the study's cells, not yet begun.

        Raises:
            ValueError: the study has no stopping rule.
        """
        if self.stop is None:
            raise ValueError("a study without a stopping rule has no course")
        sizes = family_sizes(SUITE, by_id(self.cells))
        return Course(SUITE, by_id(cells), self.rollouts, self.stop, sizes)

    def _batches(self, cells: Sequence[Cell]) -> Batches | None:
        if self.stop is None:
            return None
        mine = {cell.id: cell for cell in cells}
        return Batches(
            partial(self.course, cells), lambda id, rollout: rollout_sample(mine[id], rollout)
        )


class _Console(Console):
    """Leaves out what Inspect says of a whole run at its end.

    It calls a run that was interrupted a success; how much was played is told by who called.
    And where nothing is to be shown, nothing is laid out: rich would do so, to throw it away.
    """

    def print(self, *objects: Any, **options: Any) -> None:
        says = (str(said) for said in objects[:1])
        if not self.quiet and not any(verdict in one for one in says for verdict in _VERDICTS):
            super().print(*objects, **options)


_VERDICTS = ("Completed all tasks in '", "Did not successfully complete all tasks in '")


@contextmanager
def _own_last_word() -> Iterator[None]:
    # Inspect makes rich's console anew for its display, with all that hangs on it but its class.
    console = rich.get_console()
    usual = console.__class__
    console.__class__ = _Console
    try:
        yield
    finally:
        console.__class__ = usual


def model_of(name: str, arguments: Mapping[str, Any] | None = None) -> Model:
    """The model of a name, made before anything is written, so that a wrong name costs nothing.

    Raises:
        UserError: there is no such model, or it cannot be reached as it is set up here.
    """
    if name.startswith("organism/"):
        organism(name.removeprefix("organism/"))
    try:
        return guarded(get_model(name, config=transport(name), **(arguments or {})))
    except UserError:
        raise
    except Exception as error:
        raise unreachable(f"model {name!r}", error) from None
