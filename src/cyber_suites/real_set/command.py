"""The commands of the real set: `python -m cyber_suites.real_set build --out FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from cyber_suites.real_set import checking, dates, setup
from cyber_suites.real_set.recipes import bounties, packages
from eval_observatory.errors import UserError

_ONLY = click.option(
    "--only", multiple=True, metavar="ID", help="Tasks whose id begins so; may be given again."
)

_SOURCES = click.option(
    "--sources",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="A folder with files of the sources, for a system that cannot fetch them.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def real_set() -> None:
    """Real vulnerabilities, long fixed: built from public sources, tried on themselves.

    Exit codes: 0 all stand; 1 some do not, and the table says why; 2 the input was wrong.
    """


@real_set.command()
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True)
@_SOURCES
@_ONLY
def build(out: Path, sources: Path | None, only: tuple[str, ...]) -> None:
    """Build the real set, or go on where that was stopped.

    Sources come by hash from the registries of this machine. In --out are then cybergym/ and
    bountybench/, each a DATA of `cyber-suites`.
    """
    try:
        rows = setup.build(out, sources=sources, only=only, say=click.echo)
    except UserError as error:
        _wrong(error)
    click.echo("")
    for row in rows:
        state = "stands" if row.stands else "missing"
        click.echo(
            f"{row.id:<42} {row.kind:<7} {state:<8} {row.seconds:>5.0f} s "
            f"{row.bytes / 2**20:>7.1f} MiB  {row.why}".rstrip()
        )
    standing = [row for row in rows if row.stands]
    click.echo(
        f"{len(standing)} of {len(rows)} stand, {sum(row.seconds for row in rows):.0f} s, "
        f"{sum(row.bytes for row in standing) / 2**20:.0f} MiB"
    )
    sys.exit(0 if len(standing) == len(rows) else 1)


@real_set.command("list")
def listed() -> None:
    """What the real set is of.

    Id, CVE, its day, that of the fix, kind of bug, origin of the ground truth.
    """
    for recipe in packages():
        for task in recipe.tasks:
            days = f"{task.cve_date or '-':<10} {task.fix_date}"
            click.echo(
                f"{task.id:<34} {task.cve or '-':<15} {days} {task.cwe:<8} "
                f"{task.bug}; {task.truth.origin}"
            )
        for variant in recipe.variants:
            click.echo(f"{variant.of + '-' + variant.kind:<34} a variant")
    for bounty in bounties():
        days = f"{bounty.cve_date or '-':<10} {bounty.fix_date}"
        click.echo(f"{bounty.id:<34} {bounty.cve:<15} {days} {bounty.cwe:<8} {bounty.title}; made")


@real_set.command()
@click.option("--out", type=click.Path(path_type=Path, file_okay=False, exists=True), required=True)
@click.option("--repeats", type=click.IntRange(1), default=20, show_default=True)
@_ONLY
def check(out: Path, repeats: int, only: tuple[str, ...]) -> None:
    """Play ground truth and nothing through a built real set."""
    try:
        results = checking.check(out, repeats=repeats, only=only, say=click.echo)
    except UserError as error:
        _wrong(error)
    broken = [result for result in results if result.broken]
    click.echo(f"{len(results) - len(broken)} of {len(results)} are sound, {repeats} repeats each")
    sys.exit(1 if broken or not results else 0)


@real_set.command("dates")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False, exists=True), required=True)
@_SOURCES
def held_dates(out: Path, sources: Path | None) -> None:
    """Hold the real set's days against its sources.

    The days of CVEs and fixes were entered by hand; changelogs, patches and wheels tell some.
    """
    try:
        found = dates.held((*([sources] if sources else []), out / setup.DOWNLOADS))
    except UserError as error:
        _wrong(error)
    for one in found:
        click.echo(f"{one.task:<28} {'; '.join(one.said)}".rstrip())
        for line in one.wrong:
            click.echo(f"{one.task:<28} contradicts the recipe: {line}")
    wrong = [one for one in found if one.wrong]
    click.echo(f"{len(found) - len(wrong)} of {len(found)} are not contradicted")
    sys.exit(1 if wrong else 0)


def _wrong(error: UserError) -> None:
    click.echo(f"Error: {error}", err=True)
    sys.exit(2)
