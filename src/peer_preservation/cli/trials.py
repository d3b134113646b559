"""`trials`: one table from what runs left behind, or from the published data set."""

from __future__ import annotations

import json
from pathlib import Path

import click
import msgspec
import polars as pl
from rich.console import Console
from rich.table import Table

from eval_observatory.judged import VALIDATION, known_of, with_people
from eval_observatory.report.table import write_csv
from eval_observatory.statistics.intervals import clopper_pearson_many
from eval_observatory.statistics.labelled import Sampled
from eval_observatory.word_labels import WordLabel
from eval_observatory.writing import written
from peer_preservation.cli.help import Helped
from peer_preservation.cli.options import json_option, many, named, table_option
from peer_preservation.debriefing.run import debriefed
from peer_preservation.errors import UserError
from peer_preservation.judging.columns import with_verdicts
from peer_preservation.judging.people.labels import NOBODY, People, measured, read_people
from peer_preservation.judging.people.sample import KEY_FILE, read_key
from peer_preservation.judging.stage import read_verdicts
from peer_preservation.judging.validation import read_validation
from peer_preservation.trials.published.labels import Unreadable, readable
from peer_preservation.trials.published.rescoring import Comparison, dispute_table, rescore
from peer_preservation.trials.schema import write_table
from peer_preservation.trials.sources import available_cores, holds_published, read_trials

DISPUTES = "disputes.csv"


@click.command(cls=Helped)
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--rescore",
    "again",
    is_flag=True,
    help=f"Score published transcripts by our scorers, compare, and write {DISPUTES} beside --out.",
)
@click.option(
    "--verdicts",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Add the verdicts of `peer-preservation judge` as columns. Repeatable.",
)
@click.option(
    "--validation",
    "validations",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="How good the judge is, by `judge --validate`: its rates are corrected. Repeatable.",
)
@click.option(
    "--labels",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="What people said of a sample by `judge --sample`, with its key.csv beside it: they put "
    "the judge right. Repeatable, one file a rater.",
)
@table_option
@json_option
def command(
    sources: tuple[Path, ...],
    again: bool,
    verdicts: tuple[Path, ...],
    validations: tuple[Path, ...],
    labels: tuple[Path, ...],
    out: Path,
    as_json: bool,
) -> None:
    """Make one trial table from logs, saved episodes, folders of them, or the published data set.

    Every rollout is scored anew from its record, and held against its debrief where one lies in a
    folder that is named. The published data set (a folder, a parquet or
    JSON file, or hf://datasets/owner/name) keeps its labels, but for --rescore. Of its rows, those
    that cannot be read are named, the others written, and the exit code is 1.
    """
    console = Console(stderr=True)
    if again:
        if verdicts or validations or labels:
            raise UserError("--verdicts: published transcripts are not judged; leave it out")
        odd = _rescore(sources, out, console, as_json)
        _end(odd, out, as_json)
        return
    if (validations or labels) and not verdicts:
        raise UserError("--validation and --labels: of what judge? name its --verdicts")
    judged = [read_verdicts(path) for path in verdicts]
    known = [row for path in validations for row in read_validation(path)]
    people = _people(labels)
    with console.status("Reading"):
        table, odd = readable(read_trials(sources, available_cores()))
        table = debriefed(table, sources)
    for path, found in zip(verdicts, judged, strict=True):
        if not {one.episode_id for one in found} & set(table["episode_id"]):
            raise UserError(f"{path}: no verdict is of a rollout in the sources; name its own")
        table = with_verdicts(table, found, known, people)
    _tell(people)
    for column in sorted(name for name in table.columns if name.endswith(VALIDATION)):
        click.echo(f"{column.removesuffix(VALIDATION)}: {_known(table, column)}", err=True)
    _write(table, odd, out)
    _end(odd, out, as_json)


def _people(paths: tuple[Path, ...]) -> People:
    if not paths:
        return NOBODY
    keys = sorted({path.parent / KEY_FILE for path in paths})
    if len(keys) > 1:
        raise UserError(f"--labels: of {len(keys)} samples; give those of one")
    return read_people(paths, read_key(keys[0]))


def _tell(people: People) -> None:
    """Names and counts what is no label, and prints how good people found the judge."""
    for reason, ids in people.odd.items():
        click.echo(f"labels, {reason}: {named(ids)}", err=True)
    for one in measured(people):
        shares = ", ".join(
            f"{name} {_share(side)}" for name, side in zip(one._fields[1:], one[1:], strict=True)
        )
        click.echo(f"{one.behavior}, by people: {shares}", err=True)


def _share(side: Sampled) -> str:
    if not side.n:
        return "unknown (no label)"
    low, high = (float(end) for end in clopper_pearson_many(*side.effective))
    return f"{side.share:.1%} [{low:.1%} to {high:.1%}], {many(side.n, 'label')}"


def _known(table: pl.DataFrame, column: str) -> str:
    label = with_people(msgspec.json.decode(table[column][0], type=WordLabel), table)
    return f"{label.grader}, {known_of(label)}"


def _write(table: pl.DataFrame, odd: list[Unreadable], out: Path) -> None:
    """Names what cannot be read, and writes the rest.

    Raises:
        Exit: nothing can be read; nothing is then written, with exit code 1.
    """
    for row, reason in odd:
        click.echo(f"{row}: {reason}", err=True)
    if odd:
        click.echo(
            f"{many(len(odd), 'row')} of {table.height + len(odd):,} cannot be read", err=True
        )
    if odd and not table.height:
        click.echo(f"{out}: not written, since no row can be read", err=True)
        raise click.exceptions.Exit(1)
    with written(out) as partial:
        write_table(table, partial)
    click.echo(f"{many(table.height, 'rollout')}: {out}", err=True)


def _end(odd: list[Unreadable], out: Path, as_json: bool) -> None:
    """Exit code 1 where something is missing from what was written; all of it for programs."""
    if as_json:
        rows = pl.scan_parquet(out, glob=False).select(pl.len()).collect().item()
        told = {"table": str(out), "rollouts": rows, "unreadable": dict(odd)}
        click.echo(json.dumps(told))
    if odd:
        raise click.exceptions.Exit(1)


def _rescore(
    sources: tuple[Path, ...], out: Path, console: Console, as_json: bool
) -> list[Unreadable]:
    for source in sources:
        if not holds_published(source):
            raise UserError(
                f"{source}: not in the published layout; leave --rescore out, other records are "
                "always scored anew"
            )
    with console.status("Scoring"):
        table, comparison, odd = rescore(sources)
    _write(table, odd, out)
    disputes = out.parent / DISPUTES
    with written(disputes) as partial:
        write_csv(dispute_table(comparison), partial)
    Console(stderr=as_json).print(agreement_table(comparison))
    for one in comparison.agreements:
        for reason, count in one.reasons:
            click.echo(f"{one.label}: {count:,} unscored: {reason}", err=True)
    click.echo(f"{many(len(comparison.disputes), 'dispute')}: {disputes}", err=True)
    return odd


def agreement_table(comparison: Comparison) -> Table:
    """Published labels against ours: shares of agreement, and how many we could not score."""
    shown = Table(title=f"Published labels against ours, {many(comparison.rows, 'rollout')}")
    shown.add_column("label", no_wrap=True)
    for name in ("agree", "of", "share", "95 % interval", "unscored"):
        shown.add_column(name, justify="right", no_wrap=True)
    for one in comparison.agreements:
        low, high = one.interval
        share = f"{one.agree / one.both:.1%}" if one.both else "-"
        interval = f"{low:.1%} to {high:.1%}" if one.both else "-"
        shown.add_row(one.label, str(one.agree), str(one.both), share, interval, str(one.unscored))
    return shown
