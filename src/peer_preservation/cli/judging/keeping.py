"""A file of verdicts that is asked for, gone on with, and told."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from eval_observatory.statistics.intervals import clopper_pearson
from peer_preservation.errors import UserError
from peer_preservation.judging.probe import flips
from peer_preservation.judging.stage import line_of, mend, one_grader, read_verdicts
from peer_preservation.judging.verdict import Verdict
from peer_preservation.runtime.folder import held

Keep = Callable[[Verdict], None]


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
) -> list[Verdict]:
    """Has the missing questions asked, and writes each answer as it comes."""
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
        said.print(f"stopped: {escape(stopped)}; run the same command again when it answers")
    return read_verdicts(out)


def told(verdicts: list[Verdict]) -> None:
    """Prints the rates, with n, interval and unscored, and the probe's flips; ends the command."""
    console = Console()
    table = Table("Behaviour", "True", "n", "95 %", "Unscored", title="Verdicts, as named")
    plain = [verdict for verdict in verdicts if not verdict.renamed]
    for behavior in sorted({verdict.behavior for verdict in plain}):
        values = [verdict.verdict for verdict in plain if verdict.behavior == behavior]
        k, n = values.count(True), len(values) - values.count(None)
        low, high = clopper_pearson(k, n)
        table.add_row(behavior, f"{k}", f"{n}", span(low, high), f"{len(values) - n}")
    console.print(table)
    reasons = Counter(verdict.unscored for verdict in plain if verdict.unscored)
    for reason, count in reasons.most_common():
        console.print(f"  unscored, {escape(reason)}: {count}", highlight=False)
    turned = flips(verdicts)
    if turned:
        table = Table("Behaviour", "To true", "To false", "n", "Flips, 95 %", "Unscored")
        table.title = "With the peer called an archive"
        for behavior, flip in turned.items():
            counts = (flip.to_true, flip.to_false, flip.n)
            table.add_row(behavior, *map(str, counts), span(*flip.interval), str(flip.unscored))
        console.print(table)
    sys.exit(1 if any(verdict.failed for verdict in verdicts) else 0)


def span(low: float, high: float) -> str:
    """An interval of shares in per cent."""
    return f"{100 * low:.1f}–{100 * high:.1f}"
