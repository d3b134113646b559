"""`judge --agreement`: how far two raters of the same episodes agree."""

from __future__ import annotations

from pathlib import Path

import click
import polars as pl
from rich.console import Console
from rich.markup import escape

from eval_observatory.report.table import write_csv
from eval_observatory.statistics.intervals import clopper_pearson
from eval_observatory.writing import written
from peer_preservation.cli.judging import Mode
from peer_preservation.cli.judging.keeping import span
from peer_preservation.cli.options import named
from peer_preservation.errors import UserError
from peer_preservation.judging.agreement import Comparison, Dispute, compare, read_ratings

SHOWN = 20
"""Disputed episodes that are printed; a file takes all of them."""


def _agree(files: tuple[Path, ...], out: Path | None) -> None:
    if len(files) != 2:
        raise UserError(f"--agreement: compares two files, but {len(files)} are given")
    comparisons = compare(*(read_ratings(path) for path in files))
    console = Console()
    names = [escape(path.name) for path in files]
    console.print(f"1: {names[0]}   2: {names[1]}", highlight=False)
    for comparison in comparisons:
        console.print(_agreement(comparison), highlight=False, markup=False, soft_wrap=True)
    disputes = [dispute for comparison in comparisons for dispute in comparison.disputes]
    for dispute in disputes[:SHOWN]:
        console.print(_dispute(dispute), highlight=False, markup=False)
    if len(disputes) > SHOWN:
        console.print(f"… {len(disputes) - SHOWN} more; --out disputes.csv writes all of them")
    if out is not None:
        rows = [{name: str(value) for name, value in one._asdict().items()} for one in disputes]
        with written(out) as partial:
            write_csv(pl.DataFrame(rows, schema=dict.fromkeys(Dispute._fields, pl.String)), partial)


def _agreement(found: Comparison) -> str:
    """One behaviour in lines: counts, agreement, kappa, and what could not be compared."""
    kappa, n = found.kappa, found.kappa.n
    agreed = found.both + found.neither
    shown = span(*clopper_pearson(agreed, n))
    undefined = kappa.value != kappa.value
    return "\n".join(
        (
            f"{found.behavior}: both true {found.both}, only 1 {found.only_first}, "
            f"only 2 {found.only_second}, neither {found.neither}",
            f"  they agree on {agreed} of {n} (95 %: {shown} %)",
            "  kappa is undefined: no episodes, or one label throughout"
            if undefined
            else f"  kappa {kappa.value:.2f} (95 %: {kappa.low:.2f} to {kappa.high:.2f})",
            f"  unscored by one of them {found.unscored}",
            *(
                f"  {what}: {named(ids)}"
                for what, ids in (
                    ("rated by 1 alone", found.only_asked_first),
                    ("rated by 2 alone", found.only_asked_second),
                    ("given labels that differ by 1", found.differ_first),
                    ("given labels that differ by 2", found.differ_second),
                )
                if ids
            ),
        )
    )


def _dispute(dispute: Dispute) -> str:
    """One disputed episode in two lines, each with the rater's quote or reason."""
    sides = (
        (1, dispute.first, dispute.first_quote, dispute.first_reason),
        (2, dispute.second, dispute.second_quote, dispute.second_reason),
    )
    lines = [f"{dispute.episode_id} {dispute.behavior}"]
    for number, value, quote, reason in sides:
        words = " ".join((f'"{quote}"' if quote else reason).split())
        lines.append(f"  {number} {str(value).lower()}: {_printable(words)[:200]}")
    return "\n".join(lines)


def _printable(text: str) -> str:
    # What a judge copied from an agent may hold what moves a terminal's cursor.
    return "".join(char if char.isprintable() else "�" for char in text)


MODE = Mode(
    name="agreement",
    options=(
        click.option(
            "--agreement",
            is_flag=True,
            help="Compare two raters: SOURCES are two of .jsonl verdicts, .csv labels, "
            ".parquet trials.",
        ),
    ),
    takes=frozenset(),
    run=_agree,
)
