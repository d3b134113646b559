"""`judge`: a model reads stored episodes for what state cannot show."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click
import polars as pl
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from eval_observatory.report.table import write_csv
from eval_observatory.statistics.intervals import clopper_pearson
from eval_observatory.writing import written
from peer_preservation.cli.options import COUNT, REAL, WHOLE, model_argument, transport_options
from peer_preservation.episode import Episode
from peer_preservation.errors import UserError
from peer_preservation.judging.agreement import Comparison, Dispute, compare, read_ratings
from peer_preservation.judging.itself import ITSELF, follow_ups
from peer_preservation.judging.probe import flips
from peer_preservation.judging.rubric import Rubric, chosen
from peer_preservation.judging.stage import (
    line_of,
    mend,
    one_grader,
    questions,
    read_verdicts,
    unanswered,
)
from peer_preservation.judging.verdict import Question, Verdict
from peer_preservation.runtime.folder import held

Keep = Callable[[Verdict], None]
SHOWN = 20
"""Disputed episodes that are printed; a file takes all of them."""


@click.command()
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--grader", help="The judging model by Inspect's name. There is no default.")
@click.option(
    "-M", "model_args", multiple=True, help="A provider's argument, key=value. Repeatable."
)
@click.option("--rubric", "names", multiple=True, help="Ask this one. Repeatable; all by default.")
@click.option(
    "--itself",
    is_flag=True,
    help="Ask the model of each rollout, after its job, whether it took it for a test; no grader.",
)
@click.option("--probe", is_flag=True, help="Ask again with the peer called an archive.")
@click.option("--temperature", type=REAL, help="The grader's sampling temperature.")
@click.option("--max-tokens", type=WHOLE, help="Output tokens of an answer.")
@click.option(
    "--max-connections",
    type=COUNT,
    default=10,
    show_default=True,
    help="Questions at the same time.",
)
@transport_options
@click.option(
    "--schema/--no-schema",
    default=True,
    help="Hold the grader to the answer's JSON schema where its provider can (default: yes).",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The verdicts to write (.jsonl); with --agreement, the disputed episodes (.csv).",
)
@click.option(
    "--agreement",
    is_flag=True,
    help="Compare two raters: SOURCES are two of .jsonl verdicts, .csv labels, .parquet trials.",
)
def command(
    sources: tuple[Path, ...],
    names: tuple[str, ...],
    out: Path | None,
    agreement: bool,
    itself: bool,
    **options: Any,
) -> None:
    """Have a model judge stored episodes, or see how far two judges agree.

    \b
    peer-preservation judge runs/a --grader openai/gpt-5 --out verdicts.jsonl
    peer-preservation judge runs/a --itself --out asked.jsonl
    peer-preservation judge --agreement verdicts.jsonl labels.csv

    Run again with the same arguments, it asks only what is missing. Episodes are never changed.
    """
    if agreement:
        _agree(sources, out)
        return
    if out is None or out.suffix != ".jsonl":
        raise UserError("--out: name the file of the verdicts, such as --out verdicts.jsonl")
    for source in sources:
        if out == source or source.resolve() in out.resolve().parents:
            raise UserError(f"--out {out}: lies in source {source}; write the verdicts elsewhere")
    if itself:
        if names or any(options[name] for name in ("grader", "probe", "temperature", "max_tokens")):
            raise UserError(
                "--itself: puts one question to the models that played, with their own settings; "
                "leave --grader, --rubric, --probe, --temperature and --max-tokens out"
            )
        with held(out, _lock(out)):
            verdicts = _ask_themselves(sources, out, **options)
    else:
        rubrics = chosen(names)
        with held(out, _lock(out)):
            verdicts = _judge(sources, rubrics, out, **options)
    _tell(verdicts)
    sys.exit(1 if any(verdict.failed for verdict in verdicts) else 0)


def _lock(out: Path) -> Path:
    return out.with_name(f".{out.name}.lock")


def _judge(
    sources: tuple[Path, ...],
    rubrics: tuple[Rubric, ...],
    out: Path,
    *,
    grader: str | None,
    model_args: tuple[str, ...],
    probe: bool,
    schema: bool,
    **generation: Any,
) -> list[Verdict]:
    """Asks what is missing in `out`; all that is then known."""
    from peer_preservation.runtime import judge as live

    connections = generation["max_connections"]
    given = {name: value for name, value in generation.items() if value is not None}
    arguments = dict(model_argument(text) for text in model_args)
    model = live.grader(grader, model_args=arguments, generation=given)
    kept = _kept(out, str(model))

    def missing() -> Iterable[Question]:
        asked = questions(sources, rubrics, probe=probe)
        return unanswered(asked, kept, str(model), live.settings_of(model, schema=schema))

    def judge(keep: Keep) -> str | None:
        return live.judge(missing(), model, keep, connections=connections, schema=schema)

    return _asked(judge, sum(1 for _ in missing()), kept, out)


def _ask_themselves(
    sources: tuple[Path, ...],
    out: Path,
    *,
    model_args: tuple[str, ...],
    max_connections: int,
    **_: Any,
) -> list[Verdict]:
    """Puts the follow-up question where its answer is missing in `out`; all that is then known."""
    from peer_preservation.runtime import judge as live
    from peer_preservation.runtime.study import model_of

    arguments = dict(model_argument(text) for text in model_args)
    kept = _kept(out, ITSELF)
    episodes = dict(follow_ups(sources))
    missing = list(unanswered(episodes, kept, ITSELF, {}))
    models = {name: model_of(name, arguments) for name in _models(episodes[q] for q in missing)}

    def ask(keep: Keep) -> str | None:
        return live.ask_themselves(
            [(question, episodes[question]) for question in missing],
            lambda episode: models[str(episode.setting.model)],
            keep,
            connections=max_connections,
        )

    return _asked(ask, len(missing), kept, out)


def _models(episodes: Iterable[Episode]) -> Iterable[str]:
    for episode in episodes:
        if not episode.setting.model:
            raise UserError(f"{episode.cell.id}: the episode names no model that could be asked")
        yield episode.setting.model


def _kept(out: Path, grader: str) -> list[Verdict]:
    kept = read_verdicts(out) if out.exists() else []
    if (other := one_grader(kept, str(out))) not in (None, grader):
        raise UserError(f"{out}: holds verdicts by {other}; give {grader} a file of its own")
    return kept


def _asked(
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


def _tell(verdicts: list[Verdict]) -> None:
    """The rates that the file holds, with n, interval and unscored, and the probe's flips."""
    console = Console()
    table = Table("Behaviour", "True", "n", "95 %", "Unscored", title="Verdicts, as named")
    plain = [verdict for verdict in verdicts if not verdict.renamed]
    for behavior in sorted({verdict.behavior for verdict in plain}):
        values = [verdict.verdict for verdict in plain if verdict.behavior == behavior]
        k, n = values.count(True), len(values) - values.count(None)
        low, high = clopper_pearson(k, n)
        table.add_row(behavior, f"{k}", f"{n}", _span(low, high), f"{len(values) - n}")
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
            table.add_row(behavior, *map(str, counts), _span(*flip.interval), str(flip.unscored))
        console.print(table)


def _agree(files: tuple[Path, ...], out: Path | None) -> None:
    if len(files) != 2:
        raise UserError(f"--agreement: compares two files, but {len(files)} are given")
    comparisons = compare(*(read_ratings(path) for path in files))
    console = Console()
    names = [escape(path.name) for path in files]
    console.print(f"1: {names[0]}   2: {names[1]}", highlight=False)
    for comparison in comparisons:
        console.print(_agreement(comparison), highlight=False)
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
    """One behaviour in four lines: counts, agreement, kappa, and what could not be compared."""
    kappa, n = found.kappa, found.kappa.n
    agreed = found.both + found.neither
    span = _span(*clopper_pearson(agreed, n))
    undefined = kappa.value != kappa.value
    return "\n".join(
        (
            f"{found.behavior}: both true {found.both}, only 1 {found.only_first}, "
            f"only 2 {found.only_second}, neither {found.neither}",
            f"  they agree on {agreed} of {n} (95 %: {span} %)",
            "  kappa is undefined: no episodes, or one label throughout"
            if undefined
            else f"  kappa {kappa.value:.2f} (95 %: {kappa.low:.2f} to {kappa.high:.2f})",
            f"  unscored by one of them {found.unscored}, rated by one alone {found.alone}",
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


def _span(low: float, high: float) -> str:
    return f"{100 * low:.1f}–{100 * high:.1f}"
