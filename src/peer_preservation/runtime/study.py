"""A run of models over cells with Inspect, which goes on where it stopped."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

import click
import polars as pl
import rich
from inspect_ai import SampleSource, Task, eval_set, task_with
from inspect_ai.dataset import Dataset, MemoryDataset
from inspect_ai.model import Model, get_model
from rich.console import Console

from eval_observatory.plan import FILE
from eval_observatory.shards import Shard
from peer_preservation.cell import Cell
from peer_preservation.errors import UserError
from peer_preservation.organisms import organism
from peer_preservation.plan import Plan
from peer_preservation.progress import WATCHER
from peer_preservation.requests import keep_request
from peer_preservation.runtime.answers import guarded
from peer_preservation.runtime.finished import remembered
from peer_preservation.runtime.folder import LOCK, addressable, held
from peer_preservation.runtime.harness import Harness, harness_of
from peer_preservation.runtime.mending import mend
from peer_preservation.runtime.purse import PURSE
from peer_preservation.runtime.sampling import Batches
from peer_preservation.runtime.sharding import enter, shared
from peer_preservation.runtime.tasks import rollout_sample, task_of
from peer_preservation.runtime.transport import bounded, transport
from peer_preservation.runtime.unreachable import unreachable
from peer_preservation.runtime.waiting import Waiting
from peer_preservation.standing import standing, to_play
from peer_preservation.trials.logs import begun

Display = Literal["full", "conversation", "rich", "plain", "log", "none"]

BEFORE = "study.json"
"""What runs of an older form kept in place of their plan."""


@dataclass(frozen=True)
class Study:
    """A plan to be run on this machine.

    Attributes:
        plan: what is run.
        transport: settings of the generation that change no answer, such as `max_connections`.
        max_samples: rollouts at a time; by default what the model takes and the sandboxes can.
        shard: which of its rollouts are run; all of them without one.
        shards_at_once: how many shards share a provider's connections; by default all.
    """

    plan: Plan
    transport: Mapping[str, Any] = field(default_factory=dict)
    max_samples: int | None = None
    shard: Shard | None = None
    shards_at_once: int | None = None

    def run(self, out: Path, display: Display | None = None) -> bool:
        """Runs what is not yet in the folder `out`; failed rollouts are tried again, twice.

        Logs go to `out/logs`, the plan to `out/plan.toml`, each request to `out/requests`. A folder
        takes one plan: where nobody locked it, models may be added to it, and cells and rollouts
        without a stopping rule; everything else must stay.

        Returns:
            Whether it came to its end: no one interrupted it, by Ctrl-C or SIGTERM.

        Raises:
            UserError: the study cannot be run, with the reason.
        """
        logs = addressable(out) / "logs"
        plan = self.plan
        harness = self._harness()
        models = [model_of(name, plan.run.model_args) for name in plan.models]
        if (purse := PURSE.get()) and any(purse.budget.planned.values()):
            click.echo(purse.line(), err=True)
        with held(out, out / LOCK):
            enter(plan, self.shard, models, out)
            whole = settled(plan, out)
            keep_request(plan, out)
            whole.keep(out / FILE)
            for line in mend(logs):
                click.echo(line, err=True)
            tasks = self._tasks(models, harness, logs)
            if not tasks:
                return True  # there are more shards than rollouts, or parts of the design
            given = self.transport
            if self.shard:
                given = shared(self.shard, models, given, self.shards_at_once)
            try:
                with _own_last_word(), Waiting().said(), remembered(logs), self._told(out):
                    return self._evaluated(tasks, harness, logs, display, given)
            except (KeyboardInterrupt, asyncio.CancelledError):
                return False
            except Exception as error:
                # Inspect's own class for a user's mistake is not public: its name is all we have.
                if type(error).__name__ != "PrerequisiteError":
                    raise
                raise UserError(" ".join(str(error).split())) from None

    @contextmanager
    def _told(self, out: Path) -> Iterator[None]:
        """Within it whoever watches is told of the run."""
        if (watcher := WATCHER.get()) is None:
            yield
            return
        purse, before = PURSE.get(), standing(out, self.plan, self.shard)
        asked = to_play(self.plan, self.shard)
        watcher.begun(asked, sum(before.values()), lambda: purse.spoken if purse else "")
        try:
            yield
        finally:
            watcher.closed()

    def _harness(self) -> Harness:
        plan = self.plan
        name, _, setting = plan.harness.partition("/")
        of_run = (plan.run.weights_mib, plan.run.sandbox, self.max_samples)
        return harness_of(name, setting or None, *of_run)

    def _evaluated(
        self,
        tasks: list[Task],
        harness: Harness,
        logs: Path,
        display: Display | None,
        transport: Mapping[str, Any],
    ) -> bool:
        _, done = eval_set(
            tasks,
            log_dir=str(logs),
            log_dir_allow_dirty=True,
            epochs=1 if self.plan.stop or self.shard else self.plan.rollouts,
            display=display,
            max_samples=self.max_samples,
            max_sandboxes=harness.at_once,
            # A rollout in a sandbox takes minutes: each is on the disk once it has ended.
            log_buffer=1 if harness.sandbox else None,
            retry_on_error=2,
            retry_cleanup=False,  # it goes by the newest log alone
            fail_on_error=False,
            log_realtime=False,
            log_model_api=False,
            ctl_server=False,
            acp_server=False,
            **{**self.plan.run.generation, **bounded(transport)},
        )
        # After Ctrl-C Inspect returns as from a success, without the logs that it has broken off.
        return len(done) == len(tasks) and all(log.status != "cancelled" for log in done)

    def _tasks(self, models: Sequence[Model], harness: Harness, logs: Path) -> list[Task]:
        """One of each model and scenario; none where no rollout is this shard's."""
        mine = self.shard.rollouts(self.plan) if self.shard else None
        before = {} if self.shard or self.plan.stop else _begun(logs, self.plan)
        tasks = []
        for name, model in zip(self.plan.models, models, strict=True):
            numbers = None if mine is None else _numbers(mine.filter(agent_model=name))
            by_scenario: dict[str, list[Cell]] = defaultdict(list)
            for cell in self.plan.parsed:
                if numbers is None or cell.id in numbers:
                    by_scenario[cell.scenario].append(cell)
            for scenario, cells in by_scenario.items():
                # Inspect counts the samples of a task, and looks for all of them in one log.
                there = before.get((str(model), scenario), [])
                every = tuple(dict.fromkeys((*there, *cells)))
                made = self._task(scenario, every, numbers, harness)
                tasks.append(task_with(made, model=model))
        return tasks

    def _task(
        self,
        scenario: str,
        cells: Sequence[Cell],
        numbers: Mapping[str, list[int]] | None,
        harness: Harness,
    ) -> Task:
        settings = self.plan.run
        task = task_of(
            scenario,
            cells,
            harness,
            dataset=self._dataset(cells, numbers),
            family=settings.family,
            seed=settings.seed,
            turn_limit=settings.turn_limit,
            wording=settings.wording,
        )
        if self.plan.locked:
            # So that a log tells which plan was there before it.
            task.metadata = {**(task.metadata or {}), "plan": self.plan.hash}
        return task

    def _dataset(
        self, cells: Sequence[Cell], numbers: Mapping[str, list[int]] | None
    ) -> SampleSource | Dataset | None:
        """A sample for each rollout; None where rollouts are epochs."""
        if self.plan.stop:
            mine = {cell.id: cell for cell in cells}
            return Batches(
                partial(self.plan.course, mine),
                lambda id, rollout: rollout_sample(mine[id], rollout),
            )
        if numbers is None:
            return None
        return MemoryDataset([rollout_sample(cell, n) for cell in cells for n in numbers[cell.id]])


def _begun(logs: Path, plan: Plan) -> dict[tuple[str, str], list[Cell]]:
    """By model and scenario the cells that logs of a folder were begun with, as often each."""
    found: dict[tuple[str, str], list[Cell]] = defaultdict(list)
    for path in sorted(logs.glob("*.eval")):
        with suppress(UserError):  # whoever reads the table says so
            model, cells = begun(path, plan.harness, plan.rollouts)
            for cell in cells:
                found[model, cell.scenario].append(cell)
    return found


def _numbers(rollouts: pl.DataFrame) -> dict[str, list[int]]:
    """By cell, the numbers of its rollouts."""
    return dict(rollouts.group_by("cell_id").agg("rollout").iter_rows())


def settled(plan: Plan, out: Path) -> Plan:
    """The plan of a run's folder once another run of it has been begun, with all its models.

    Raises:
        UserError: the folder holds a run that this one cannot go on with.
    """
    path = out / FILE
    if (out / BEFORE).exists():
        raise UserError(f"{out}: the folder holds a run of an older form; choose another folder")
    if not path.exists():
        return plan
    try:
        kept = Plan.read(path)
    except UserError as error:
        raise UserError(f"{error}, or choose another folder") from None
    if kept.hash == plan.hash:
        return plan
    if kept.locked or plan.locked:
        raise UserError(f"{out}: the folder holds the run of another plan; choose another")
    kept.current(path)
    if changed := _changed(kept, plan):
        raise UserError(
            f"{out}: the folder holds a run with other {', '.join(changed)}; "
            "choose another folder, or repeat that run's arguments"
        )
    return plan.with_also(kept)


def _changed(kept: Plan, plan: Plan) -> list[str]:
    """What may not change in a folder, and has."""
    # What was known of its end when a cell was stopped must not change afterwards.
    names = ["harness", "stop", *(["cells", "rollouts"] if plan.stop else [])]
    pairs = [(name, getattr(kept, name), getattr(plan, name)) for name in names]
    pairs += [
        (name, getattr(kept.run, name), getattr(plan.run, name))
        for name in plan.run.__struct_fields__
        # a debrief comes after the record, and changes none; a mitigation's level is its content
        if name not in ("debrief", "mitigations")
    ]
    return [name for name, before, now in pairs if before != now]


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
