"""The command line of the suites: test a folder's tasks, run models through them, score again."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from eval_observatory.errors import UserError

if TYPE_CHECKING:
    from cyber_suites.runtime.running import Study
    from eval_observatory.plan import Plan
    from eval_observatory.shards import Shard

_DATA = click.argument(
    "data", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="DATA"
)
_BINARIES = click.option(
    "--binaries",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Of CyberGym: the folder of extracted builds; by default `binaries` in DATA.",
)
_ENGINE = click.option(
    "--engine",
    default="",
    help="Of CyberGym: docker or podman, which has the published images; by default the extracted "
    "builds run in our sandbox.",
)
_TASKS = click.option(
    "--task", "only", multiple=True, help="Keep this task, subset (arvo:) or system. Repeatable."
)
_OUT = click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="The folder that is made.",
)
_FOLDERS = click.argument(
    "folders", type=click.Path(path_type=Path, exists=True), nargs=-1, required=True
)


_REAL_SET = ("build", "check", "dates", "list")


class _Lazy(click.Group):
    """Finds the commands of the real set only once one is asked for."""

    def list_commands(self, context: click.Context) -> list[str]:
        return sorted({*super().list_commands(context), *_REAL_SET})

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in _REAL_SET:
            return super().get_command(context, name)
        group: click.Group = import_module("cyber_suites.real_set.command").real_set
        return group.get_command(context, name)


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """CyberGym and BountyBench, runnable offline in a sandbox, and scored again at any time.

    DATA is a CyberGym data folder (with tasks.json) or a BountyBench checkout (SYSTEM/bounties).
    `build`, `check`, `dates` and `list` are of the set of real vulnerabilities that builds itself.
    Plans, estimates and pages are made by `eval-observatory`. For defence only: docs/cyber.md.

    Exit codes: 0 done; 1 there is something broken or missing; 2 the input was wrong.
    """


@cli.command("self-test")
@_DATA
@_BINARIES
@_ENGINE
@_TASKS
@click.option(
    "--repeats", type=click.IntRange(1), default=2, show_default=True, help="Of each play."
)
@click.option(
    "--at-once", type=click.IntRange(1), default=1, show_default=True, help="Tasks at a time."
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Findings as JSON.")
def self_test(
    data: Path,
    binaries: Path | None,
    engine: str,
    only: tuple[str, ...],
    repeats: int,
    at_once: int,
    out: Path | None,
) -> None:
    """Say which tasks can be played, by ground truth and null."""
    from cyber_suites.selftest import Found
    from cyber_suites.selftest import self_test as test

    def say(found: Found) -> None:
        click.echo(f"{found.task}: {'; '.join(found.broken) if found.broken else 'ok'}")
        for note in found.notes:
            click.echo(f"  {note}")

    found = test(data, binaries, only, repeats, at_once, say, engine)
    broken = [one.task for one in found if one.broken]
    if out:
        out.write_bytes(msgspec.json.format(msgspec.json.encode(found)) + b"\n")
    click.echo(f"{len(found) - len(broken)} of {len(found)} tasks can be played", err=True)
    if broken:
        sys.exit(1)


def _playing(command: Callable[..., None]) -> Callable[..., None]:
    """The options of all that plays."""
    for option in reversed(
        (
            _BINARIES,
            _ENGINE,
            _TASKS,
            click.option(
                "--harness",
                default="custom",
                show_default=True,
                help="custom, our loop, or claude_code, codex_cli, gemini_cli, opencode.",
            ),
            click.option(
                "--seconds", type=click.IntRange(1), help="Time of an agent; 1200 by default."
            ),
            click.option(
                "--turns", type=click.IntRange(1), help="Answers of its model; 100 by default."
            ),
            click.option(
                "--released", default="", metavar="YYYY-MM-DD", help="The models' release."
            ),
            click.option(
                "--at-once",
                type=click.IntRange(1),
                default=2,
                show_default=True,
                help="Rollouts at a time.",
            ),
        )
    ):
        command = option(command)
    return command


def _say(line: str) -> None:
    click.echo(line, err=True)


def _study(plan: Plan, data: Path, options: Mapping[str, Any], shard: Shard | None = None) -> Study:
    """A plan by the options of all that plays."""
    from cyber_suites.runtime.running import Study

    told = {name: options[name] for name in ("seconds", "turns", "released", "engine")}
    return Study(
        plan,
        data,
        binaries=options["binaries"],
        only=options["only"],
        settings={"harness": options["harness"], **{n: v for n, v in told.items() if v}},
        shard=shard,
        at_once=options["at_once"],
        say=_say,
    )


@cli.command()
@_DATA
@click.option(
    "--model", "models", multiple=True, metavar="NAME", help="An Inspect model. Repeatable."
)
@click.option(
    "--level",
    "levels",
    multiple=True,
    help="Of CyberGym: level0 … level3 or end_to_end; by default level1.",
)
@click.option(
    "--workflow",
    "workflows",
    multiple=True,
    help="Of BountyBench: detect, exploit or patch; by default patch.",
)
@click.option("--rollouts", type=click.IntRange(1), help="Per cell; by default one a task.")
@click.option(
    "--plan",
    "locked",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="A plan of `eval-observatory plan`: it says models, cells, rollouts and when to stop.",
)
@click.option("--shard", help="Play a part of a plan: 3/16, slurm, kubernetes/16.")
@_playing
@_OUT
def run(data: Path, out: Path, locked: Path | None, shard: str | None, **options: Any) -> None:
    """Play models through the tasks, or go on where that stopped.

    A task that cannot be played is named and left unscored; then the command ends with 1.
    """
    from cyber_suites.planning import plan_of_options
    from eval_observatory.plan import Plan
    from eval_observatory.shards import Shard

    if locked:
        given = [n for n in ("models", "levels", "workflows", "rollouts") if options[n]]
        if given:
            raise UserError(f"--{given[0].rstrip('s')}: the plan says it; leave it out")
        plan = Plan.read(locked)
    else:
        plan = plan_of_options(data, **options)
    which = Shard.of(shard, os.environ) if shard else None
    done = _study(plan, data, options, which).run(out)
    click.echo(f"{out}: eval-observatory report {out} --out {out}/report", err=True)
    if not done:
        sys.exit(1)


@cli.command()
@_DATA
@_playing
@_OUT
def demo(data: Path, out: Path, **options: Any) -> None:
    """Play scripts with known acts through the tasks, to the page."""
    from cyber_suites.organisms import scripts_of
    from cyber_suites.planning import PLAYED, plan_of_options, suite_of
    from eval_observatory.report.page import write_report
    from eval_observatory.trials import read_trials

    suite = suite_of(data)
    played = {**options, "levels": (), "workflows": (), "rollouts": None}
    parts, whole = [], True
    for level in PLAYED[suite.name]:
        models = [f"cyber/{name}" for name in scripts_of(level)]
        chosen = {"levels" if suite.name == "cybergym" else "workflows": (level,), "models": models}
        plan = plan_of_options(data, **{**played, **chosen})
        parts.append(out / level)
        whole = _study(plan, data, options).run(parts[-1]) and whole
    table = read_trials(parts, suite, allow_mixed=True)
    click.echo(f"Report: {write_report(table, suite, out / 'report').page}")
    if not whole:
        sys.exit(1)


@cli.command()
@_FOLDERS
@click.option("--suite", type=click.Choice(["cybergym", "bountybench"]), required=True)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True)
def trials(folders: tuple[Path, ...], suite: str, out: Path) -> None:
    """Make the trial table of logs again, from the kept records."""
    from cyber_suites.trials import known, trials_of
    from eval_observatory.trials import write_trials
    from eval_observatory.writing import written

    table = trials_of(folders, known()[suite])
    with written(out) as partial:
        write_trials(table, known()[suite].suite, partial)
    click.echo(f"{table.height} trials: {out}", err=True)


@cli.command()
@_FOLDERS
@click.option("--in-part", is_flag=True, help="Write what there is.")
@_OUT
def merge(folders: tuple[Path, ...], in_part: bool, out: Path) -> None:
    """Put the shards of a run together; names what is missing."""
    from cyber_suites.merging import merge as put_together
    from eval_observatory.merging import again

    found = put_together(folders, out, in_part=in_part)
    for line in again(found, "cyber-suites run DATA --plan"):
        click.echo(line, err=True)
    click.echo(f"{found.trials.height} trials: {out}", err=True)
    if found.whole.missing:
        sys.exit(1)


def main() -> None:
    """Runs the command line; a user's mistake is one line and exit code 2."""
    try:
        cli()
    except UserError as error:
        click.echo(f"cyber-suites: {error}", err=True)
        sys.exit(2)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        click.echo(f"cyber-suites: {where}{error.strerror or error}", err=True)
        sys.exit(2)
