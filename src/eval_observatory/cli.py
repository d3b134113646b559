"""The command line of the Observatory: any suite's logs to a trial table, estimates and a page."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from eval_observatory.errors import UserError
from eval_observatory.suite import Suite
from eval_observatory.writing import written

_SUITE = click.option(
    "--suite", "name", metavar="MODULE:NAME", help="The suite: where it stands in Python."
)
_LOGS = click.argument(
    "logs", type=click.Path(path_type=Path, exists=True), nargs=-1, required=True
)
_TABLES = click.argument(
    "tables", type=click.Path(path_type=Path, exists=True), nargs=-1, required=True
)


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
@_TABLES
@_SUITE
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True)
def estimates(tables: tuple[Path, ...], name: str | None, out: Path) -> None:
    """Every rate with its interval, and its difference to the baseline, as one CSV file."""
    from eval_observatory.estimates import estimate
    from eval_observatory.report.table import write_csv
    from eval_observatory.trials import read_trials

    suite = suite_of(tables, name)
    made = estimate(read_trials(tables, suite), suite)
    with written(out) as partial:
        write_csv(made, partial)
    click.echo(f"{made.height} estimates: {out}", err=True)


@cli.command()
@_TABLES
@_SUITE
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True)
@click.option("--allow-mixed", is_flag=True, help="Compare trials of different runs.")
def report(tables: tuple[Path, ...], name: str | None, out: Path, allow_mixed: bool) -> None:
    """Make the report: a page, estimates.csv, figures."""
    from eval_observatory.report.beside import Beside
    from eval_observatory.report.page import write_report
    from eval_observatory.trials import read_trials

    suite = suite_of(tables, name)
    table = read_trials(tables, suite, allow_mixed=allow_mixed)
    written = write_report(table, suite, out, beside=Beside(inputs=tables))
    click.echo(f"Report: {written.page}")


def suite_of(tables: Sequence[Path], name: str | None) -> Suite:
    """The named suite, else that which the first table carries.

    Raises:
        UserError: none is named, and the table carries none.
    """
    from eval_observatory.trials import suite_in

    found = load_suite(name) if name else suite_in(tables[0])
    if found is None:
        raise UserError(f"{tables[0]}: the table does not say its suite; name it by --suite")
    return found


def load_suite(name: str) -> Suite:
    """The suite that `module:NAME` names, also of a module in this folder.

    Raises:
        UserError: there is none.
    """
    module, colon, attribute = name.partition(":")
    if not colon or not module or not attribute:
        raise UserError(f"--suite {name}: give it as module:NAME")
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise UserError(f"--suite {name}: {error}") from None
    if not isinstance(found, Suite):
        raise UserError(f"--suite {name}: it is a {type(found).__name__}, no Suite")
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
