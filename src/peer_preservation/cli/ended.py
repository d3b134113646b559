"""What a run came to: its rates, the sentence they support, what is missing, what to do next."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec
import polars as pl
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from eval_observatory.report.words import clean
from eval_observatory.table_files import TRIALS
from peer_preservation.cli.costs import say_what_was_spent
from peer_preservation.cli.debrief import told as told_of_debrief
from peer_preservation.debriefing.answers import read_answers
from peer_preservation.episode import PLAYED
from peer_preservation.errors import UserError
from peer_preservation.money.spending import total
from peer_preservation.trials.sources import DEBRIEF

if TYPE_CHECKING:
    from peer_preservation.report.findings import Findings
    from peer_preservation.run_folder import Run

INTERRUPTED = "interrupted: run the same command again, it goes on from here"
REPORT = "report"
"""The name of the report's folder within that of the run."""


def told(run: Run, reported: bool, as_json: bool, quiet: bool) -> int:
    """Tells what a run came to; the exit code: 0 if all was played and all asked answered.

    Args:
        reported: whether the report is made, too.
        as_json: whether it is told to a program, on the output.
        quiet: whether only what is missing is told.
    """
    findings, lacking = _found(run)
    page = run.report(run.folder / REPORT).page if reported and findings else None
    if as_json:
        click.echo(json.dumps(_plain(run, findings, page), default=str))
    elif not quiet:
        if run.courses:
            Console(stderr=True).print(spent_table(run))
        say_what_was_spent(run)
        if findings:
            Console().print(findings.table)
            for sentence in findings.sentences:
                click.echo(sentence)
        if lacking:
            click.echo(lacking, err=True)
    code = max(_debriefed(run), _missing(run, quiet or as_json))
    if not (run.interrupted or quiet or as_json) and run.stopped_at is None and findings:
        now = f"open {page.absolute().as_uri()}" if page else report_command(run.folder)
        click.echo(f"next: {now}")
    return code


def _found(run: Run) -> tuple[Findings | None, str]:
    """What its trials say; else why not: nothing was played, or a shard of it, or an error."""
    if run.shard or not run.trials["ended"].is_in(PLAYED).any():
        return None, ""
    from peer_preservation.report import beside, read_trials
    from peer_preservation.report.findings import Findings

    table = [run.folder / TRIALS]
    try:
        return Findings.of(read_trials(table), beside(table)), ""
    except UserError as error:
        return None, f"no rates yet: {error}"


def report_command(folder: Path) -> str:
    """The command that makes the report of a run, and opens it."""
    words = ("peer-preservation", "report", str(folder), "--out", str(folder / REPORT), "--open")
    return shlex.join(words)


def _plain(run: Run, findings: Findings | None, page: Path | None) -> dict[str, Any]:
    """For programs."""
    trials = run.wanted
    failed = trials.filter(~pl.col("ended").is_in(PLAYED))["ended"].value_counts(sort=True)
    return {
        "folder": str(run.folder),
        "asked": run.asked,
        "played": trials.height - int(failed["count"].sum()),
        "unscored": dict(failed.iter_rows()),
        "not_run": max(0, (run.asked or 0) - trials.height),
        "interrupted": run.interrupted,
        "stopped_at_usd": run.stopped_at,
        "usd": total(run.spent),
        "spent": msgspec.to_builtins(dict(run.spent)),
        "sentences": findings.sentences if findings else (),
        "rates": findings.rows if findings else (),
        "report": None if page is None else str(page),
    }


def _debriefed(run: Run) -> int:
    """What came of the debrief, if the plan has one; the exit code."""
    if run.plan is None or not run.plan.run.debrief or run.interrupted:
        return 0
    path = run.folder / DEBRIEF
    answers = read_answers(path) if path.exists() else []
    for line in told_of_debrief(answers, run.trials["episode_id"].to_list()):
        click.echo(line, err=True)
    return 1 if any(answer.failed for answer in answers) else 0


def _missing(run: Run, quiet: bool) -> int:
    """How much there is, and what is missing; the exit code."""
    trials, asked = run.wanted, run.asked
    assert asked is not None
    played = trials["ended"].is_in(PLAYED).sum()
    if played < asked or not quiet:
        click.echo(f"{played} of {asked} rollouts played: {run.folder / TRIALS}", err=True)
    failed = trials.filter(~pl.col("ended").is_in(PLAYED))
    for reason, count in failed["ended"].value_counts(sort=True).iter_rows():
        click.echo(f"  unscored, {clean(reason)}: {count}", err=True)
    if trials.height < asked:
        click.echo(f"  not run: {asked - trials.height}", err=True)
    if run.stopped_at is not None:
        return 1
    if run.interrupted:
        click.echo(INTERRUPTED, err=True)
    elif trials.height < asked:
        click.echo("run the same command again, it goes on from here", err=True)
    return 0 if played == asked else 1


def spent_table(run: Run) -> Table:
    """Rollouts spent and saved in each cell under a stopping rule, and how its claim ended."""
    plan = run.plan
    assert plan is not None
    most = plan.rollouts * sum(len(course.asked) for course in run.courses.values())
    spent = sum(sum(course.asked.values()) for course in run.courses.values())
    saved = 1 - spent / most if most else 0
    table = Table(title=f"{spent:,} rollouts of {most:,}: {saved:.0%} saved")
    for name in ("model", "cell", "spent", "saved", "claim"):
        table.add_column(name, justify="right" if name in ("spent", "saved") else "left")
    for model, course in run.courses.items():
        ends = {look.cell: look.decision for look in course.looks}
        for cell, asked in course.asked.items():
            end = ends[cell] or "open" if cell in ends else "baseline"
            table.add_row(escape(model), cell, str(asked), str(plan.rollouts - asked), end)
    return table
