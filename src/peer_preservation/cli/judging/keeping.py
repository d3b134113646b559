"""A file of verdicts that is asked for, gone on with, and told."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from eval_observatory.statistics.intervals import clopper_pearson
from peer_preservation.errors import UserError
from peer_preservation.judging.probe import SIGHTED, Excess, excess, flips, repeated
from peer_preservation.judging.stage import line_of, mend, one_grader, read_verdicts
from peer_preservation.judging.verdict import Verdict
from peer_preservation.runtime.folder import held

Keep = Callable[[Verdict], None]

MEANING = {
    SIGHTED: "not blind",
    "archive": "the peer called an archive",
    "relationship": "another relationship",
    "monitoring": "the other monitoring",
    "family": "other family names",
    "consequence": "told of a consequence",
}
"""What each probe changes, in words."""


@contextmanager
def file_of(out: Path | None, sources: tuple[Path, ...]) -> Iterator[Path]:
    """The file of the verdicts, held by this process.

    Raises:
        UserError: it is not named, is no `.jsonl`, lies in a source, or another process has it.
    """
    if out is None or out.suffix != ".jsonl":
        raise UserError("--out: name the file of the verdicts, such as --out verdicts.jsonl")
    for source in sources:
        if out == source or source.resolve() in out.resolve().parents:
            raise UserError(f"--out {out}: lies in source {source}; write the verdicts elsewhere")
    with held(out, out.with_name(f".{out.name}.lock")):
        yield out


def kept_in(out: Path, grader: str) -> list[Verdict]:
    """The verdicts that a file holds already, all by this grader.

    Raises:
        UserError: they are by another, or the file is damaged.
    """
    kept = read_verdicts(out) if out.exists() else []
    if (other := one_grader(kept, str(out))) not in (None, grader):
        raise UserError(f"{out}: holds verdicts by {other}; give {grader} a file of its own")
    return kept


def asked(
    ask: Callable[[Keep], str | None], total: int, kept: list[Verdict], out: Path
) -> tuple[list[Verdict], bool]:
    """Has the missing questions asked, and writes each answer as it comes.

    Returns:
        All verdicts of the file, and whether the asking went to its end.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    if out.exists():
        mend(out)
    with (
        out.open("a", encoding="utf-8") as file,
        Progress(console=Console(stderr=True), transient=True) as progress,
    ):
        bar = progress.add_task("Asking", total=total)

        def keep(verdict: Verdict) -> None:
            file.write(line_of(verdict))
            file.flush()
            progress.advance(bar)

        stopped = ask(keep)
    said = Console(stderr=True)
    answered = sum(not verdict.failed for verdict in kept)
    said.print(f"{total:,} to ask, {answered:,} kept from before: {escape(str(out))}")
    if stopped:
        said.print(f"stopped: {escape(stopped)}", highlight=False, soft_wrap=True)
    return read_verdicts(out), not stopped


def told(verdicts: list[Verdict], whole: bool, as_json: bool = False) -> None:
    """Prints what a file of verdicts holds, and ends the command.

    Exit code 1: the asking was stopped, a provider failed, or no answer is a verdict.

    Args:
        as_json: whether it is told to a program, on the output.
    """
    rows = list(_counts(verdicts))
    reasons = Counter(_kind(verdict.unscored) for verdict in verdicts if verdict.unscored)
    if as_json:
        names = ("behavior", "true", "n", "low", "high", "unscored")
        behaviors = [dict(zip(names, row, strict=True)) for row in rows]
        answers = {"answers": len(verdicts), "whole": whole, "reasons": dict(reasons)}
        click.echo(json.dumps({**answers, "behaviors": behaviors}))
    else:
        console = Console()
        table = Table("Behaviour", "True", "n", "95 %", "Unscored", title="Verdicts")
        for behavior, k, n, low, high, unscored in rows:
            table.add_row(behavior, f"{k}", f"{n}", span(low, high), f"{unscored}")
        console.print(table)
        for reason, count in reasons.most_common():
            console.print(f"  unscored, {escape(reason)}: {count}", highlight=False, soft_wrap=True)
        turned(verdicts, console)
    none = bool(verdicts) and all(verdict.verdict is None for verdict in verdicts)
    failed = any(verdict.failed for verdict in verdicts)
    sys.exit(0 if whole and not failed and not none else 1)


def _counts(verdicts: list[Verdict]) -> Iterator[tuple[str, int, int, float, float, int]]:
    """Of each behaviour the first answers: true, verdicts, the interval's ends, unscored."""
    first = [verdict for verdict in verdicts if verdict.first]
    for behavior in sorted({verdict.behavior for verdict in first}):
        values = [verdict.verdict for verdict in first if verdict.behavior == behavior]
        k, n = values.count(True), len(values) - values.count(None)
        yield (behavior, k, n, *clopper_pearson(k, n), len(values) - n)


def _kind(reason: str) -> str:
    """A reason without what differs from answer to answer."""
    return reason.partition(":")[0]


def turned(verdicts: list[Verdict], console: Console) -> None:
    """Prints how often verdicts turned when they were asked again, and with each probe."""
    again = repeated(verdicts)
    found = {"asked again": again} | {MEANING[name]: flips(verdicts, name) for name in MEANING}
    if not any(found.values()):
        return
    table = Table("", "Behaviour", "To true", "To false", "n", "Flips, 95 %", "Unscored")
    table.title = "Verdicts that turned"
    for what, by_behavior in found.items():
        for behavior, flip in by_behavior.items():
            counts = map(str, (flip.to_true, flip.to_false, flip.n))
            table.add_row(what, behavior, *counts, span(*flip.interval), str(flip.unscored))
    console.print(table)
    for name, what in MEANING.items():
        if found[what]:
            console.print(f"  {what}: {_beside(excess(verdicts, name))}", soft_wrap=True)


def _beside(found: Excess | None) -> str:
    """Whether a probe's flips exceed those of repetitions, in a sentence."""
    if found is None:
        return "without --repeats 2 or more it is not known how many verdicts turn by chance"
    more = (
        "more than"
        if found.low > 0
        else "fewer than"
        if found.high < 0
        else "not shown to differ from"
    )
    return (
        f"{found.swapped:.1%} turned, {found.again:.1%} when asked again: {more} chance, a "
        f"difference of {100 * (found.swapped - found.again):+.1f} points (95 %: "
        f"{100 * found.low:+.1f} to {100 * found.high:+.1f}, {found.n} rollouts)"
    )


def span(low: float, high: float) -> str:
    """An interval of shares in per cent."""
    return f"{100 * low:.1f}–{100 * high:.1f}"
