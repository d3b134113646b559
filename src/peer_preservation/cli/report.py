"""`report`: the page and the estimates from trial tables."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from eval_observatory.routes import Routes
from peer_preservation.cli.help import Helped
from peer_preservation.cli.options import json_option, quiet_option
from peer_preservation.errors import UserError
from peer_preservation.report import (
    Beside,
    Report,
    Statistics,
    beside,
    console_table,
    read_trials,
    write_report,
)


@click.command(cls=Helped)
@click.argument("tables", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("report"),
    show_default=True,
    help="The folder of the report.",
)
@click.option(
    "--statistics",
    type=click.Choice(["exact", "published"]),
    default="exact",
    show_default=True,
    help="Of the tables: this project's, or the study's own layout, rules and tests.",
)
@click.option(
    "--allow-mixed",
    is_flag=True,
    help="Take several tables as one run, and compare rollouts of different runs.",
)
@click.option(
    "--routes",
    type=click.Choice(["one", "apart", "pooled"]),
    default="one",
    show_default=True,
    help="Of a model that was measured over several routes (providers, upstreams, versions, "
    "settings): refuse, a row for each, or all as one.",
)
@click.option(
    "--episodes",
    type=click.Path(path_type=Path),
    multiple=True,
    help="Saved episodes (.jsonl), a log, or a folder of them, to read in the page. Repeatable; "
    "the logs beside a table are found.",
)
@click.option(
    "--calibration",
    type=click.Path(path_type=Path, file_okay=False),
    help="A folder that `calibrate` wrote, to sum up in the page.",
)
@click.option(
    "--plan",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The plan that was locked before; by default the plan.toml beside each table.",
)
@click.option("--open", "opened", is_flag=True, help="Open the page in a browser when it is made.")
@json_option
@quiet_option
@click.option("--bundle", is_flag=True, help="Add Inspect's own viewer, linked from each rollout.")
def command(
    tables: tuple[Path, ...],
    out: Path,
    statistics: Statistics,
    allow_mixed: bool,
    routes: Routes,
    episodes: tuple[Path, ...],
    calibration: Path | None,
    plan: Path | None,
    opened: bool,
    as_json: bool,
    quiet: bool,
    bundle: bool,
) -> None:
    """Make the report: a page, estimates.csv with n, interval and unscored of every rate, tables/.

    TABLES are the folders of runs, or trial tables. Several are set side by side.
    """
    trials = read_trials(tables, allow_mixed=allow_mixed, routes=routes)
    more = beside(tables, episodes=episodes, calibration=calibration, plan=plan)
    if bundle:
        more = replace(more, links=_bundled(more, out))
    with Console(stderr=True, quiet=quiet).status("Counting and drawing"):
        written = write_report(trials, out, statistics=statistics, beside=more)
    if as_json:
        click.echo(json.dumps(_plain(written), default=str))
    elif not quiet:
        _tell(written)
    if opened:
        click.launch(written.page.absolute().as_uri())


def _tell(written: Report) -> None:
    """What came of it, and where it is; the page itself last."""
    console = Console()
    console.print(console_table(written.rates))
    for note in written.notes:
        console.print(note, markup=False)
    if written.left_out:
        names = ", ".join(name for name, _ in written.left_out)
        line = f"No tables of what was not measured: {names}; the page says what they need."
        console.print(line, markup=False, soft_wrap=True)
    console.print(f"Tables: {written.tables}", markup=False, soft_wrap=True)
    console.print(f"Report: {written.page}", markup=False, soft_wrap=True)
    console.print(f"Open it: {written.page.absolute().as_uri()}", markup=False, soft_wrap=True)


def _plain(written: Report) -> dict[str, Any]:
    """For programs."""
    return {
        "page": str(written.page),
        "estimates": str(written.estimates),
        "tables": str(written.tables),
        "left_out": dict(written.left_out),
        "notes": written.notes,
        "rates": written.rates.to_dicts(),
    }


def _bundled(more: Beside, out: Path) -> Any:
    if not more.logs:
        raise UserError(
            "--bundle: there are no logs beside the trial tables; name their folder by --episodes"
        )
    from peer_preservation.runtime.bundle import bundle

    return bundle(more.logs, out)
