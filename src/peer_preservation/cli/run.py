"""`run`: models over cells with Inspect."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec
from click.core import ParameterSource
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from eval_observatory.stop import LOOKS
from peer_preservation.cli.options import (
    COUNT,
    STUDY_OPTIONS,
    planned,
    study_options,
    transport_options,
    written,
)
from peer_preservation.episode import PLAYED
from peer_preservation.errors import UserError
from peer_preservation.runtime.transport import OPERATIONAL

if TYPE_CHECKING:
    import polars as pl

    from eval_observatory.course import Course
    from peer_preservation.plan import Plan
    from peer_preservation.runtime.harness import Harness
    from peer_preservation.runtime.study import Study


@click.command()
@click.argument("plan_file", metavar="[PLAN]", required=False, type=click.Path(path_type=Path))
@study_options
@click.option(
    "--max-connections",
    type=COUNT,
    help="Requests to a model at the same time.",
)
@click.option(
    "--max-samples",
    type=COUNT,
    help="Rollouts at the same time; by default two a core in coding agents.",
)
@transport_options
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="The folder of the run: logs/*.eval and trials.parquet.",
)
@click.pass_context
def command(
    context: click.Context,
    /,
    plan_file: Path | None,
    max_samples: int | None,
    out: Path,
    **options: Any,
) -> None:
    """Run models through the experiment with Inspect.

    PLAN is a file of `peer-preservation plan`, which says it all. Run again with the same
    arguments, it goes on where it stopped.
    """
    from eval_observatory.planned import FILE

    plan = _locked(plan_file, context) if plan_file else planned(options)
    given = {name: options[name] for name in OPERATIONAL if options.get(name) is not None}
    study = _study(plan, given, max_samples)
    if plan_file:
        _is_free(plan, out)
    ended = study.run(out, display="rich" if sys.stdout.isatty() else "plain")
    if plan_file:
        with written(out / FILE) as partial:
            partial.write_text(plan.to_toml(), encoding="utf-8")
    trials = _of(plan, write_trials(out))
    courses = {model: course for model in plan.models if (course := _course(plan, model, trials))}
    if courses:
        _write_looks(plan, courses, out)
        Console(stderr=True).print(spent_table(plan, courses))
    asked = [sum(course.asked.values()) for course in courses.values()]
    count = sum(asked) if asked else len(plan.cells) * plan.rollouts * len(plan.models)
    sys.exit(_say_what_is_missing(trials, count, out, ended=ended))


def write_trials(out: Path) -> pl.DataFrame:
    """Scores the logs of a run folder into its trial table."""
    from peer_preservation.trials.schema import write_table
    from peer_preservation.trials.sources import available_cores, read_trials

    trials = read_trials([out / "logs"], available_cores())
    with written(out / "trials.parquet") as partial:
        write_table(trials, partial)
    return trials


def spent_table(plan: Plan, courses: dict[str, Course]) -> Table:
    """Rollouts spent and saved in each cell, and how its claim ended."""
    most = len(plan.cells) * plan.rollouts * len(courses)
    spent = sum(sum(course.asked.values()) for course in courses.values())
    table = Table(title=f"{spent:,} rollouts of {most:,}: {1 - spent / most:.0%} saved")
    for name in ("model", "cell", "spent", "saved", "claim"):
        table.add_column(name, justify="right" if name in ("spent", "saved") else "left")
    for model, course in courses.items():
        ends = {look.cell: look.decision for look in course.looks}
        for cell in plan.cells:
            asked = course.asked[cell]
            end = ends[cell] or "open" if cell in ends else "baseline"
            table.add_row(escape(model), cell, str(asked), str(plan.rollouts - asked), end)
    return table


def _locked(path: Path, context: click.Context) -> Plan:
    from peer_preservation.plan import Plan

    given = [
        "/".join((*option.opts, *option.secondary_opts))
        for option in STUDY_OPTIONS
        if context.get_parameter_source(str(option.name)) is not ParameterSource.DEFAULT
    ]
    if given:
        raise UserError(
            f"{path} says what is run: leave {', '.join(given)} out, or make a new plan with them"
        )
    return Plan.read(path).current(path)


def _study(plan: Plan, transport: dict[str, Any], max_samples: int | None) -> Study:
    from peer_preservation.runtime.study import Study

    return Study(
        cells=plan.parsed,
        models=plan.models,
        harness=_harness(plan, max_samples),
        rollouts=plan.rollouts,
        stop=plan.stop,
        family=plan.family,
        seed=plan.seed,
        turn_limit=plan.turn_limit,
        model_args=plan.model_args,
        generation={**plan.generation, **transport},
        max_samples=max_samples,
    )


def _harness(plan: Plan, at_once: int | None = None) -> Harness:
    from peer_preservation.runtime.harness import harness_of

    name, _, setting = plan.harness.partition("/")
    return harness_of(name, setting or None, plan.weights_mib, plan.sandbox, at_once)


def _is_free(plan: Plan, out: Path) -> None:
    """Raises `UserError` if the folder holds the run of another plan."""
    from eval_observatory.planned import FILE
    from peer_preservation.plan import Plan

    if (out / FILE).exists() and Plan.read(out / FILE).hash != plan.hash:
        raise UserError(f"{out}: the folder holds the run of another plan; choose another folder")


def _of(plan: Plan, trials: pl.DataFrame) -> pl.DataFrame:
    """The rows that the plan asked for."""
    import polars as pl

    return trials.filter(
        pl.col("agent_model").is_in(plan.models), pl.col("rollout") < plan.rollouts
    )


def _course(plan: Plan, model: str, trials: pl.DataFrame) -> Course | None:
    from eval_observatory.course import replayed

    course = plan.course()
    return course and replayed(course, trials.filter(agent_model=model).iter_rows(named=True))


def _write_looks(plan: Plan, courses: dict[str, Course], out: Path) -> None:
    lines = [
        msgspec.json.encode(
            {"model": model, "harness": plan.harness, **msgspec.structs.asdict(look)}
        )
        for model, course in courses.items()
        for look in course.looks
    ]
    with written(out / LOOKS) as partial:
        partial.write_bytes(b"".join(line + b"\n" for line in lines))


def _say_what_is_missing(
    trials: pl.DataFrame, planned: int, out: Path, *, ended: bool = True
) -> int:
    """One line on what there is; the exit code."""
    import polars as pl

    played = trials["ended"].is_in(PLAYED).sum()
    click.echo(f"{played} of {planned} rollouts played: {out / 'trials.parquet'}", err=True)
    failed = trials.filter(~pl.col("ended").is_in(PLAYED))
    for reason, count in failed["ended"].value_counts(sort=True).iter_rows():
        click.echo(f"  unscored, {reason}: {count}", err=True)
    if trials.height < planned:
        click.echo(f"  not run: {planned - trials.height}", err=True)
    if not ended:
        click.echo("interrupted: run the same command again, it goes on from here", err=True)
    elif trials.height < planned:
        click.echo("run the same command again, it goes on from here", err=True)
    return 0 if played == planned else 1
