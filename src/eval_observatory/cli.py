"""The command line of the Observatory: any suite's logs to a trial table, estimates and a page."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from eval_observatory.board.commands import COMMANDS
from eval_observatory.errors import UserError
from eval_observatory.loading import load_suite
from eval_observatory.routes import Routes
from eval_observatory.stop import Stop, stop_of
from eval_observatory.suite import Level, Suite
from eval_observatory.writing import written

_SUITE = click.option(
    "--suite",
    "name",
    metavar="NAME",
    help="The suite: its name, as `cybergym`, or where it stands in Python: MODULE:NAME.",
)
_LOGS = click.argument(
    "logs", type=click.Path(path_type=Path, exists=True), nargs=-1, required=True
)
_TABLES = click.argument(
    "tables", type=click.Path(path_type=Path, exists=True), nargs=-1, required=True
)
_ROUTES = click.option(
    "--routes",
    type=click.Choice(["one", "apart", "pooled"]),
    default="one",
    show_default=True,
    help="Of a model that was measured over several routes (providers, upstreams, versions, "
    "settings): refuse, a row for each, or all as one.",
)
_PLAN = click.option(
    "--plan",
    "locked",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="The plan that was locked before; by default the plan.toml beside each table.",
)
LEVEL = 0.95
"""Nominal coverage of each interval."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """What did a model do, and what does that say? From logs of any evaluation to a report.

    Exit codes: 0 done; 2 the input was wrong.
    """


@cli.command()
@_LOGS
@_SUITE
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True)
def trials(logs: tuple[Path, ...], name: str | None, out: Path) -> None:
    """Make one trial table from Inspect logs, or folders of them."""
    from eval_observatory.logs import read_logs
    from eval_observatory.trials import write_trials

    if name is None:
        raise UserError("--suite: name the suite of these logs, such as my_eval.suite:SUITE")
    suite = load_suite(name)
    table = read_logs(logs, suite)
    with written(out) as partial:
        write_trials(table, suite, partial)
    without = table.filter(ended="error").height
    click.echo(f"{table.height} trials, {without} of them with an error: {out}", err=True)


@cli.command()
@_SUITE
@click.option(
    "--model", "--models", "models", multiple=True, help="A model by its name. Repeatable."
)
@click.option("--harness", help="As the trials say it; by default the task's own solver.")
@click.option("--rollouts", type=int, default=10, show_default=True, help="Rollouts per cell.")
@click.option(
    "--where", multiple=True, metavar="FACTOR=LEVEL", help="Keep cells with this level. Repeatable."
)
@click.option(
    "--claim",
    "also",
    multiple=True,
    metavar="CONTRAST",
    help="Claim this contrast too; ONE*TWO is the interaction of two. Repeatable.",
)
@click.option("--stop", is_flag=True, help="Cells end once their claims are settled.")
@click.option("--width", type=float, help=f"With --stop; {Stop().width} by default.")
@click.option("--batch", type=int, help=f"With --stop; {Stop().batch} by default.")
@click.option("--expect", type=float, default=0.15, show_default=True, help="A rate in a cell …")
@click.option("--against", type=float, default=0.05, show_default=True, help="… and its baseline.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True)
def plan(name: str | None, where: tuple[str, ...], out: Path, **options: Any) -> None:
    """Lock what will be run and concluded over a suite's cells, and show first what it can show.

    Nothing is run. `report` and `estimates` hold the plan against the trials.
    """
    from rich.console import Console

    from eval_observatory.cells import cells
    from eval_observatory.plan import HARNESS, Plan
    from eval_observatory.report.outlook import check_rates, claims_table, outlook

    if name is None:
        raise UserError("--suite: name the suite to plan, such as my_eval.suite:SUITE")
    expect, against = options["expect"], options["against"]
    check_rates(expect, against)
    suite = load_suite(name)
    made = Plan.of_suite(
        suite,
        cells(suite, kept_levels(suite, where)),
        options["models"],
        options["rollouts"],
        harness=options["harness"] or HARNESS,
        stop=stop_of(options),
        also=options["also"],
    )
    console = Console()
    for part in (claims_table(made), *outlook(made, expect, against)):
        console.print(part)
    click.echo(f"locked as {made.write(out)}: {out}", err=True)


@cli.command()
@_TABLES
@_SUITE
@_PLAN
@_ROUTES
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True)
def estimates(
    tables: tuple[Path, ...], name: str | None, locked: Path | None, routes: Routes, out: Path
) -> None:
    """Every rate with its interval, and its difference to the baseline, as one CSV file."""
    from eval_observatory.report.analysis import analyse
    from eval_observatory.report.beside import beside
    from eval_observatory.report.table import write_csv
    from eval_observatory.trials import read_trials

    suite = suite_of(tables, name)
    found = beside(tables, suite, plan=locked)
    made = analyse(read_trials(tables, suite, routes=routes), suite, LEVEL, found).estimates
    with written(out) as partial:
        write_csv(made, partial)
    click.echo(f"{made.height} estimates: {out}", err=True)


@cli.command()
@_TABLES
@_SUITE
@_PLAN
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True)
@click.option("--allow-mixed", is_flag=True, help="Compare trials of different runs.")
@_ROUTES
def report(
    tables: tuple[Path, ...],
    name: str | None,
    locked: Path | None,
    out: Path,
    allow_mixed: bool,
    routes: Routes,
) -> None:
    """Make the report: a page, estimates.csv, figures, and what was planned."""
    from eval_observatory.report.beside import beside
    from eval_observatory.report.page import write_report
    from eval_observatory.trials import read_trials

    suite = suite_of(tables, name)
    found = beside(tables, suite, plan=locked)
    table = read_trials(tables, suite, allow_mixed=allow_mixed, routes=routes)
    written = write_report(table, suite, out, level=LEVEL, beside=found)
    click.echo(f"Report: {written.page}")


for _command in COMMANDS:
    cli.add_command(_command)


def kept_levels(suite: Suite, where: Sequence[str]) -> dict[str, list[Level]]:
    """By factor, the levels that `factor=level` names.

    Raises:
        UserError: one is not of that form, or names no factor or no level of it.
    """
    from eval_observatory.cells import level_of, unknown_factor

    kept: dict[str, list[Level]] = {}
    for text in where:
        name, equals, level = text.partition("=")
        if not equals:
            raise UserError(f"--where {text}: give it as factor=level")
        if name not in suite.names:
            raise UserError(f"--where {text}: {unknown_factor(suite, name)}")
        try:
            kept.setdefault(name, []).append(level_of(suite.factor(name), level))
        except UserError as error:
            raise UserError(f"--where {text}: {error}") from None
    return kept


def suite_of(tables: Sequence[Path], name: str | None) -> Suite:
    """The named suite, else that which the first table carries.

    Raises:
        UserError: none is named, and the table carries none.
    """
    from eval_observatory.table_files import parts_of, table_in
    from eval_observatory.trials import suite_in

    found = load_suite(name) if name else suite_in(parts_of(table_in(tables[0]))[0])
    if found is None:
        raise UserError(f"{tables[0]}: the table does not say its suite; name it by --suite")
    return found


def main() -> None:
    """Runs the command line; a user's mistake is one line and exit code 2."""
    try:
        cli()
    except UserError as error:
        click.echo(f"eval-observatory: {error}", err=True)
        sys.exit(2)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        click.echo(f"eval-observatory: {where}{error.strerror or error}", err=True)
        sys.exit(2)
