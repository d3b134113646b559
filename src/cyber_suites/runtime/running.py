"""A plan of a suite, played with Inspect: it goes on where it stopped, in shards or till a stop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl
from inspect_ai import SampleSource, Task, eval_set
from inspect_ai.dataset import Dataset, MemoryDataset, Sample
from inspect_ai.log import EvalSample
from inspect_ai.model import Model, get_model

from cyber_suites.boxes import printable
from cyber_suites.runtime.dealing import Deck
from cyber_suites.runtime.harnesses import harness_of
from cyber_suites.runtime.playing import LOOP
from cyber_suites.runtime.tasks import task_of
from cyber_suites.trials import Scored, known, labels_of, trials_of
from eval_observatory.course import Course, Rollout
from eval_observatory.errors import UserError
from eval_observatory.merging import PART, Part
from eval_observatory.plan import FILE, Plan
from eval_observatory.shards import Shard
from eval_observatory.table_files import TRIALS
from eval_observatory.trials import write_trials
from eval_observatory.writing import written
from peer_preservation.runtime.folder import LOCK, addressable, held
from peer_preservation.runtime.unreachable import unreachable

LOGS = "logs"


@dataclass(frozen=True)
class Study:
    """A plan to be run on this machine.

    Attributes:
        data: the data folder or checkout.
        binaries: of CyberGym, the folder of extracted builds; by default in the data folder.
        only: the tasks to keep; all without any.
        settings: further arguments of the suite's Inspect task.
        shard: which of the plan's rollouts are run; all of them without one.
        at_once: rollouts at a time.
        say: is told, a line each, which tasks cannot be played, and what is unscored in the end.
    """

    plan: Plan
    data: Path
    binaries: Path | None = None
    only: Sequence[str] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    shard: Shard | None = None
    at_once: int = 2
    say: Callable[[str], Any] = lambda _: None

    def run(self, out: Path, display: Any = None) -> bool:
        """Plays what is not yet in the folder `out`, and writes its trial table.

        A task that cannot be played or judged is named, and its rollouts are unscored with that
        reason, without a question to a model; the others go on.

        Returns:
            Whether it came to its end, and every rollout is scored by what its cell is about.

        Raises:
            UserError: it cannot be run, with the reason; so if no task can be played.
        """
        logs = addressable(out) / LOGS
        scored, deck = self.scored, self._deck()
        lacking = self._lacking(deck)
        # before anything is written, so that a wrong name costs nothing
        models = {name: _model(name) for name in self.plan.models}
        harness_of(self.settings.get("harness", LOOP))
        with held(out, out / LOCK):
            self._enter(out)
            for id, why in lacking.items():
                self.say(f"{id}: cannot be played: {why}")
            dealt = [self._task(name, model, deck) for name, model in models.items()]
            tasks = [task for task in dealt if task is not None]
            if not tasks:
                return True  # there are more shards than rollouts
            _, done = eval_set(
                tasks,
                log_dir=str(logs),
                log_dir_allow_dirty=True,
                display=display,
                max_samples=self.at_once,
                max_sandboxes=self.at_once,
                log_buffer=1,  # a rollout takes minutes: each is on the disk once it has ended
                retry_on_error=2,
                retry_cleanup=False,
                fail_on_error=False,
                log_realtime=False,
                log_model_api=False,
                ctl_server=False,
                acp_server=False,
            )
            table = trials_of([logs], scored)
            with written(out / TRIALS) as partial:
                write_trials(table, scored.suite, partial)
        ended = len(done) == len(tasks) and all(log.status != "cancelled" for log in done)
        return not self._unscored(table, lacking) and ended

    def _lacking(self, deck: Deck) -> dict[str, str]:
        """By task, why it cannot be played in one of the cells at least."""
        told = [one for cell in self.plan.factors.values() for one in deck.lacking(cell).items()]
        broken = {id: why for id, why in told if why}
        if broken and all(why for _, why in told):
            id, why = next(iter(broken.items()))
            more = f", and likewise {len(broken) - 1} more" if len(broken) > 1 else ""
            raise UserError(f"{self.data}: no task can be played: {id}: {why}{more}")
        return broken

    def _unscored(self, table: pl.DataFrame, named: Collection[str]) -> bool:
        """Whether a rollout is unscored by a measure that its cell is about; says why, by task."""
        suite, found = self.scored.suite, Counter[tuple[str, str]]()
        for row in table.iter_rows(named=True):
            columns = [measure.column for measure in suite.measures_of(row)]
            if lost := next((name for name in columns if row[name] is None), ""):
                found[row["task"], str(row[f"{lost}_unscored"])] += 1
        for (task, why), count in found.items():
            if task not in named:
                self.say(f"{task}: {count} unscored: {printable(why.encode())}")
        return bool(found)

    @property
    def scored(self) -> Scored:
        """The suite of the plan.

        Raises:
            UserError: it is none of this package.
        """
        name = self.plan.suite.name
        if name not in known():
            raise UserError(f"a plan of suite {name!r}; give one of {' or '.join(known())}")
        return known()[name]

    def _enter(self, out: Path) -> None:
        """Makes the folder that of this plan and shard, or sees that it is."""
        path = out / FILE
        if path.exists() and Plan.read(path).hash != self.plan.hash:
            raise UserError(f"{out}: the folder holds the run of another plan; choose another")
        if self.shard:
            if not self.plan.locked:
                raise UserError(
                    f"--shard {self.shard}: shards are of a locked plan; make one with "
                    "`eval-observatory plan`, and give its file"
                )
            part_of(self.plan, self.shard, self.scored).taken_up(out).keep(out)
        elif (out / PART).exists():
            raise UserError(f"{out}: the folder holds shard {Part.read(out).shard}; give it")
        self.plan.keep(path)

    def _task(self, name: str, model: Model, deck: Deck) -> Task | None:
        deal = self._deal(deck)
        cells = self.plan.factors
        dataset: Dataset | SampleSource
        if self.plan.stop:
            mine = self.shard.cells(self.plan).get(name, ()) if self.shard else tuple(cells)
            if not mine:
                return None
            dataset = _Batches(lambda: self.plan.course(mine), deal, self.scored)
        else:
            numbers = self._numbers(name)
            samples = [deal(id, number) for id, number in numbers]
            if not samples:
                return None
            dataset = MemoryDataset(samples)
        more = {name: value for name, value in self.settings.items() if name != "released"}
        if self.binaries:
            more["binaries"] = str(self.binaries)
        task = task_of(self.plan.suite, dataset, str(self.data), **more)
        task.model = model
        return task

    def _numbers(self, model: str) -> list[Rollout]:
        if self.shard is None:
            return [(id, n) for id in self.plan.cells for n in range(self.plan.rollouts)]
        rows = self.shard.rollouts(self.plan).filter(pl.col("agent_model") == model)
        return list(rows.select("cell_id", "rollout").iter_rows())

    def _deck(self) -> Deck:
        told = {name: str(self.settings.get(name, "")) for name in ("released", "engine")}
        return Deck(self.plan.suite, self.data, self.binaries, self.only, **told)

    def _deal(self, deck: Deck) -> Callable[[str, int], Sample]:
        """Makes the sample of a rollout by its cell's id and its number."""

        def sample(id: str, rollout: int) -> Sample:
            chosen = deck.deal(self.plan.factors[id], rollout)
            chosen.id = f"{id}@{rollout:04}"
            chosen.metadata = {**(chosen.metadata or {}), "cell": id, "rollout": rollout}
            return chosen

        return sample


def _model(name: str) -> Model:
    """The model of a name.

    Raises:
        UserError: there is no such model, or it cannot be reached as it is set up here.
    """
    try:
        return get_model(name)
    except UserError:
        raise
    except Exception as error:
        raise unreachable(f"model {name!r}", error) from None


def part_of(plan: Plan, shard: Shard, scored: Scored) -> Part:
    """What a shard's folder says of itself."""
    versions = {"scorer": scored.version, "inspect-ai": version("inspect-ai")}
    return Part(shard=shard, plan=plan.hash, versions=versions)


class _Batches(SampleSource):
    """The samples of a task under a stopping rule: what the course asks for next.

    Inspect drives a source again when it takes a task up again: a rollout that is seen twice is
    the sign of it, and the course begins anew.
    """

    def __init__(
        self, course: Callable[[], Course], deal: Callable[[str, int], Sample], scored: Scored
    ) -> None:
        self._new, self._deal, self._scored = course, deal, scored
        self.initial_samples()

    def initial_samples(self) -> list[Sample]:
        """The first batch of every cell."""
        self._course, self._seen = self._new(), set[Rollout]()
        return [self._deal(*one) for one in self._course.start()]

    async def sample_complete(self, sample: EvalSample) -> list[Sample]:
        """The next batches, once this rollout was the last that a look waited for."""
        stored = sample.store.get(self._scored.key)
        told = labels_of(stored, self._scored) if isinstance(stored, str) else {}
        row = {name: label.value for name, label in told.items()}
        return self._next(sample.metadata, {**row, "attempts": 1})

    async def sample_abandoned(self, sample: Sample, epoch: int) -> list[Sample]:
        """A rollout that was cancelled is unscored: nobody waits for it."""
        del epoch
        return self._next(sample.metadata or {}, {})

    def _next(self, metadata: Mapping[str, Any], row: Mapping[str, Any]) -> list[Sample]:
        rollout = (metadata["cell"], metadata["rollout"])
        if rollout in self._seen:
            self.initial_samples()
        self._seen.add(rollout)
        return [self._deal(*one) for one in self._course.add(*rollout, row)]
