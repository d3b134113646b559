"""`debrief`: the agents of a run are asked what they did."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

from eval_observatory.plan import FILE
from peer_preservation.cli.options import COUNT, many, model_argument
from peer_preservation.debriefing.answers import Answer, read_answers
from peer_preservation.debriefing.questions import FRAMES
from peer_preservation.errors import UserError
from peer_preservation.plan import Plan
from peer_preservation.run_folder import LOGS, TRIALS, score_logs
from peer_preservation.trials.sources import DEBRIEF, available_cores


@click.command()
@click.argument("folder", metavar="RUN", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "-M",
    "model_args",
    multiple=True,
    help="A provider's argument, key=value; by default those of the run's plan. Repeatable.",
)
@click.option(
    "--max-connections",
    type=COUNT,
    default=10,
    show_default=True,
    help="Conversations at the same time.",
)
def command(folder: Path, model_args: tuple[str, ...], max_connections: int) -> None:
    """Ask the agents of a saved run what they did, and hold their answers against the state.

    Each rollout's model goes on with its conversation in branches of its own: no record is changed.
    The answers go to RUN/debrief.jsonl and into RUN/trials.parquet. Run again, it asks only what is
    missing.
    """
    from peer_preservation.runtime.debrief import debrief
    from peer_preservation.runtime.folder import LOCK, held

    if not (folder / LOGS).is_dir():
        raise UserError(f"{folder}: no run: it has no {LOGS}/; name the folder that `run` wrote")
    plan = Plan.read(folder / FILE) if (folder / FILE).exists() else None
    given = dict(model_argument(text) for text in model_args)
    said = Console(stderr=True)
    with held(folder, folder / LOCK), Progress(console=said, transient=True) as progress:
        bar = progress.add_task("Asking", total=None)
        stopped = debrief(
            folder,
            given or (plan.run.model_args if plan else {}),
            connections=max_connections,
            begin=lambda total: progress.update(bar, total=total),
            step=lambda: progress.advance(bar),
        )
        score_logs(folder, available_cores())
    answers = read_answers(folder / DEBRIEF) if (folder / DEBRIEF).exists() else []
    for line in told(answers):
        said.print(escape(line), highlight=False)
    said.print(escape(f"{folder / DEBRIEF}, and in {folder / TRIALS}"), highlight=False)
    if stopped:
        said.print(f"stopped: {escape(stopped)}")
    sys.exit(1 if any(answer.failed for answer in answers) else 0)


def told(answers: list[Answer]) -> list[str]:
    """How many answers there are, what they cost, and why others are none, a line each."""
    if not answers:
        return ["nobody was asked: no rollout was played to its end in a scenario with questions"]
    rollouts = len({answer.episode_id for answer in answers})
    tokens = [
        sum(getattr(answer.usage, name) or 0 for answer in answers)
        for name in ("input_tokens", "output_tokens")
    ]
    asked = f"{many(len(answers), 'question')} to {many(rollouts, 'rollout')}"
    costs = [answer.usage.cost_usd for answer in answers if answer.usage.cost_usd is not None]
    cost = f", {sum(costs):.4f} US dollars" if costs else ""
    lines = [f"{asked}: {tokens[0]:,} tokens in, {tokens[1]:,} out{cost}"]
    for frame in FRAMES:
        values = Counter(answer.answer or "unscored" for answer in answers if answer.frame == frame)
        counts = ", ".join(f"{value} {count:,}" for value, count in values.most_common())
        lines.append(f"  {frame}: {counts}")
    faults = Counter(answer.fault for answer in answers if answer.fault)
    lines += [f"  unscored, {fault}: {count:,}" for fault, count in faults.most_common()]
    return lines
