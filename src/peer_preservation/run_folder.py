"""What a run leaves in its folder: trials, its plan, its looks, every episode."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b, file_digest
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from eval_observatory import markup
from eval_observatory.course import Course
from eval_observatory.merging import PART, Part
from eval_observatory.plan import FILE
from eval_observatory.planned import Planned, planned
from eval_observatory.report.looks import claim_ends, read_looks
from eval_observatory.routes import Routes
from eval_observatory.shards import Shard
from eval_observatory.stop import LOOKS
from eval_observatory.table_files import TRIALS
from eval_observatory.trials import UNREADABLE
from eval_observatory.writing import written
from peer_preservation.debriefing.run import debriefed
from peer_preservation.episode import PLAYED, Episode
from peer_preservation.errors import UserError
from peer_preservation.money.spending import Spent, read_spending
from peer_preservation.plan import Plan
from peer_preservation.report import Report, Statistics, beside, read_trials, write_report
from peer_preservation.requests import rollouts_asked
from peer_preservation.scoring.outcome import SCORER_VERSION
from peer_preservation.suite import SUITE
from peer_preservation.trials.schema import table, write_table
from peer_preservation.trials.sources import DEBRIEF, records
from peer_preservation.trials.sources import read_trials as read_logs
from peer_preservation.work import Work

LOGS = "logs"
"""The name in a run's folder, beside those of the table, the plan and the looks."""

_LOOK: dict[str, Any] = {
    **dict.fromkeys(("model", "harness", "cell", "behavior", "claim"), pl.String),
    "baseline": pl.List(pl.String),
    **dict.fromkeys(("look", "asked", "n", "k", "unscored"), pl.Int64),
    **dict.fromkeys(("mean", "low", "high", "claim_low", "claim_high"), pl.Float64),
    "decision": pl.String,
}


@dataclass(frozen=True)
class Played:
    """What a run came to.

    Attributes:
        trials: of the whole folder, one row a rollout.
        interrupted: whether it was broken off, by Ctrl-C or SIGTERM.
        courses: under a stopping rule, each model's way through the cells; None if not yet known.
        spent: by model, what its answers took in this folder.
        stopped_at: the budget that ended it, in US dollars; None where none did.
    """

    trials: pl.DataFrame
    interrupted: bool = False
    courses: Mapping[str, Course] | None = None
    spent: Mapping[str, Spent] = field(default_factory=dict)
    stopped_at: float | None = None


class Run:
    """A run, by its folder; `run` plays one, `read_run` reads it again.

    Begun in a running event loop it may be under way: `await` it, and it is the ended run. What is
    asked of its results before that waits for them, and raises what broke it off.

    Attributes:
        folder: with `plan.toml`, `logs/`, `trials.parquet`, under a rule `looks.jsonl`.
        plan: what was run; None in a folder that was read and has none.
        shard: which part of the plan the folder is of; None for all of it.
    """

    def __init__(
        self,
        folder: Path,
        plan: Plan | None,
        played: Work[Played],
        shard: Shard | None = None,
        *,
        whole: bool = False,
    ) -> None:
        self.folder = folder
        self.plan = plan
        self.shard = shard
        self._played = played
        self._whole = whole  # of all requests that were made of the folder, not of one

    def __await__(self) -> Generator[Any, Any, Run]:
        yield from self._played.ended().__await__()
        return self

    @property
    def trials(self) -> pl.DataFrame:
        """All trials of the folder, one row a rollout."""
        return self._played.result().trials

    @property
    def interrupted(self) -> bool:
        """Whether it was broken off, by Ctrl-C or SIGTERM; not known of a folder that was read."""
        return self._played.result().interrupted

    @property
    def spent(self) -> Mapping[str, Spent]:
        """By model, what its answers took: tokens, and US dollars."""
        return self._played.result().spent

    @property
    def stopped_at(self) -> float | None:
        """The budget that ended it, in US dollars; None where none did, and in a folder read."""
        return self._played.result().stopped_at

    @cached_property
    def courses(self) -> Mapping[str, Course]:
        """By model, its way through the cells under the plan's stopping rule; empty without one."""
        played = self._played.result()
        if played.courses is not None:
            return played.courses
        if self.plan is None:
            return {}
        cells = self.shard.cells(self.plan) if self.shard else None
        return self.plan.courses(of_plan(self.plan, played.trials), cells)

    @property
    def wanted(self) -> pl.DataFrame:
        """The trials that the plan asks for; all of them where no plan is known."""
        return self.trials if self.plan is None else of_plan(self.plan, self.trials)

    @property
    def asked(self) -> int | None:
        """How many rollouts are asked for: by the plan, and of a folder that was read by all of its
        requests; None where no plan is known.
        """
        if self.plan is None:
            return None
        if self.courses:
            return sum(sum(course.asked.values()) for course in self.courses.values())
        if self.shard:
            return self.shard.rollouts(self.plan).height
        if self._whole:
            return sum(rollouts_asked(self.folder, self.plan).values())
        return len(self.plan.cells) * self.plan.rollouts * len(self.plan.models)

    @cached_property
    def looks(self) -> pl.DataFrame:
        """Every look of the stopping rule: the fields of `LookRecord`, model and harness.

        Raises:
            UserError: the file of looks is damaged.
        """
        self._played.result()
        path = self.folder / LOOKS
        if not path.exists():
            return pl.DataFrame(schema=_LOOK)
        try:
            return pl.read_ndjson(path, schema=_LOOK)
        except UNREADABLE as error:
            raise UserError(f"{path}: no looks of a stopping rule ({error})") from None

    def claims(self, level: float = 0.95) -> Planned:
        """The plan's claims with their figures: `data` is the frame, and `estimate` takes it whole.

        Raises:
            UserError: no plan was locked.
        """
        if self.plan is None or not self.plan.locked:
            raise UserError(f"{self.folder}: no plan was locked for this run; give it a plan file")
        trials = read_trials([self.folder / TRIALS])
        there = [path for path in [self.folder / LOOKS] if path.exists()]
        ends = claim_ends(read_looks(there, trials, SUITE, {}))
        return planned([self.plan], trials, SUITE, level, ends=ends)

    def episodes(self) -> Iterator[Episode]:
        """Every episode that its logs hold, as they were played.

        Raises:
            UserError: there is no log, or one is damaged.
        """
        self._played.result()
        found = records(self.folder / LOGS)
        return (episode for episode in found if isinstance(episode, Episode))

    def report(
        self,
        out: Path | str,
        *,
        title: str = "",
        level: float = 0.95,
        statistics: Statistics = "exact",
        routes: Routes = "one",
    ) -> Report:
        """Writes the report with the run's episodes, looks and locked plan into the folder `out`.

        See `write_report` for the rest; `routes` is `read_trials`'.
        """
        self._played.result()
        table = self.folder / TRIALS
        return write_report(
            read_trials([table], routes=routes),
            Path(out),
            title=title,
            level=level,
            statistics=statistics,
            beside=beside([table]),
        )

    def __repr__(self) -> str:
        if error := self._played.error:
            state = f"broken off: {str(error) or type(error).__name__}"
        else:
            state = self._count() if self._played.done else "under way"
        return f"Run({str(self.folder)!r}, {state})"

    def _repr_html_(self) -> str:
        counts = self.wanted["ended"].value_counts(sort=True).sort("count", descending=True)
        rows = ((f"ended by {reason}", f"{count:,}") for reason, count in counts.iter_rows())
        return markup.sheet(str(self.folder), markup.line(self._count()), markup.table(rows))

    def _count(self) -> str:
        played = self.wanted["ended"].is_in(PLAYED).sum()
        of = "" if self.asked is None else f" of {self.asked:,}"
        broken = ", interrupted" if self.interrupted else ""
        return f"{played:,}{of} rollouts played{broken}"


def read_run(folder: Path | str) -> Run:
    """A run by the folder that `run` or the command line wrote.

    Raises:
        UserError: it holds no run, its table is damaged or of another suite, or its plan was
            changed.
    """
    place = Path(folder)
    table, locked = place / TRIALS, place / FILE
    if not table.exists():
        if not (place / LOGS).exists():
            raise UserError(f"{place}: no run: it has neither {TRIALS} nor {LOGS}/")
        raise UserError(f"{place}: the run wrote no {TRIALS} yet; run it again, it goes on")
    read_trials([table], routes="pooled")  # refuses what is not a table of this suite
    plan = Plan.read(locked) if locked.exists() else None
    trials = pl.read_parquet(table, glob=False)
    shard = Part.read(place).shard if (place / PART).exists() else None
    played = Work.of(Played(trials, spent=read_spending(place)))
    return Run(place, plan, played, shard, whole=True)


def of_plan(plan: Plan, trials: pl.DataFrame) -> pl.DataFrame:
    """The rows that a plan asks for."""
    return trials.filter(
        pl.col("agent_model").is_in(plan.models),
        pl.col("cell_id").is_in(list(plan.cells)),
        pl.col("rollout") < plan.rollouts,
    )


def write_looks(plan: Plan, ways: Mapping[str, Course], folder: Path) -> None:
    """Writes every look of each model's course, as a report reads it."""
    lines = [
        msgspec.json.encode(
            {"model": model, "harness": plan.harness, **msgspec.structs.asdict(look)}
        )
        for model, course in ways.items()
        for look in course.looks
    ]
    with written(folder / LOOKS) as partial:
        partial.write_bytes(b"".join(line + b"\n" for line in lines))


def score_logs(folder: Path, workers: int = 1) -> pl.DataFrame:
    """Scores the logs of a run's folder into its trial table, with what a debrief said.

    Args:
        workers: see `trials.sources.read_trials`.

    Raises:
        UserError: there is no log, or one is damaged; a shard may have none.
    """
    of_shard = (folder / PART).exists()
    there = fingerprint(folder) if of_shard else ""
    trials = scored(folder, workers) if there or not of_shard else table([])
    with written(folder / TRIALS) as partial:
        write_table(trials, partial)
    if of_shard:
        msgspec.structs.replace(Part.read(folder), scored=_sealed(folder, there)).keep(folder)
    return trials


def scored(folder: Path, workers: int = 1) -> pl.DataFrame:
    """The trials of a run's folder, scored anew; see `score_logs`."""
    return debriefed(read_logs([folder / LOGS], workers), [folder])


def settled(folder: Path, part: Part) -> bool:
    """Whether a shard's trial table is the one that was made of the records that are there."""
    there = fingerprint(folder)
    return bool(there) and (folder / TRIALS).is_file() and part.scored == _sealed(folder, there)


def changed(folder: Path, part: Part) -> bool:
    """Whether a shard's trial table was made of the records that are there, and changed since."""
    return part.scored.startswith(f"{fingerprint(folder)} ") and not settled(folder, part)


def _sealed(folder: Path, records: str) -> str:
    """What tells a trial table, and the records that it was made of; of no records empty."""
    if not records:
        return ""
    with (folder / TRIALS).open("rb") as file:
        return f"{records} {file_digest(file, 'sha256').hexdigest()}"


def fingerprint(folder: Path) -> str:
    """What tells the records in a run's folder from those that were there before; of none empty.

    By names and sizes: clocks of machines that share a folder disagree.
    """
    paths = sorted((folder / LOGS).glob("*.eval"))
    if not paths:
        return ""
    said = [path for path in [folder / DEBRIEF] if path.exists()]
    told = "".join(f"{path.name} {path.stat().st_size}\n" for path in (*paths, *said))
    return blake2b(f"{SCORER_VERSION}\n{told}".encode(), digest_size=16).hexdigest()
