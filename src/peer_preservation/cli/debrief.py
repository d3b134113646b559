"""`debrief`: the agents of a run are asked what they did."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Collection
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

from eval_observatory.plan import FILE
from eval_observatory.table_files import TRIALS
from peer_preservation.cli.help import Helped
from peer_preservation.cli.kinds import COUNT
from peer_preservation.cli.options import many, model_argument
from peer_preservation.debriefing.answers import CONTRADICT, Answer, read_answers
from peer_preservation.debriefing.questions import FRAMES
from peer_preservation.debriefing.truth import TRUTHS
from peer_preservation.errors import UserError
from peer_preservation.money.spending import Budget, read_spending
from peer_preservation.plan import Plan
from peer_preservation.run_folder import LOGS, score_logs
from peer_preservation.trials.sources import DEBRIEF, available_cores

NAMED = 5
"""Kinds of answers that count for nothing, each by its name; of more only their number."""


@click.command(cls=Helped)
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
    from peer_preservation.runtime.purse import Purse

    if not (folder / LOGS).is_dir():
        raise UserError(f"{folder}: no run: it has no {LOGS}/; name the folder that `run` wrote")
    plan = Plan.read(folder / FILE) if (folder / FILE).exists() else None
    given = dict(model_argument(text) for text in model_args)
    said = Console(stderr=True)
    purse = Purse(folder, Budget(None, read_spending(folder), {}), {}, {})
    with (
        held(folder, folder / LOCK),
        purse.opened(),
        Progress(console=said, transient=True) as progress,
    ):
        bar = progress.add_task("Asking", total=None)
        stopped = debrief(
            folder,
            given or (plan.run.model_args if plan else {}),
            connections=max_connections,
            begin=lambda total: progress.update(bar, total=total),
            step=lambda: progress.advance(bar),
        )
        rollouts = score_logs(folder, available_cores())["episode_id"].to_list()
    answers = read_answers(folder / DEBRIEF) if (folder / DEBRIEF).exists() else []
    for line in told(answers, rollouts):
        said.print(escape(line), highlight=False)
    said.print(escape(f"{folder / DEBRIEF}, and in {folder / TRIALS}"), highlight=False)
    if stopped:
        said.print(f"stopped: {escape(stopped)}")
    sys.exit(1 if any(answer.failed for answer in answers) else 0)


def told(found: list[Answer], known: Collection[str]) -> list[str]:
    """How many answers there are, what they cost, and why others are none, a line each.

    Args:
        found: all answers of the file.
        known: the ids of the rollouts; what belongs to none of them is named and left out.
    """
    ids = set(known)
    answers = [one for one in found if not _stray(one, ids)]
    strays = Counter(why for one in found if (why := _stray(one, ids)))
    left_out = [f"  left out, {_named(strays)}"] if strays else []
    if not answers:
        nobody = "nobody was asked: no rollout was played to its end in a scenario with questions"
        return [nobody, *left_out]
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
    clashes = Counter({fault: n for fault, n in faults.items() if fault.endswith(CONTRADICT)})
    lines += [
        f"  unscored, {fault}: {count:,}" for fault, count in (faults - clashes).most_common()
    ]
    if clashes:
        lines.append(f"  unscored, {_named(clashes)}")
    return lines + left_out


def _stray(answer: Answer, ids: set[str]) -> str:
    """Why an answer belongs to nothing here; "" where it does."""
    if answer.episode_id not in ids:
        return f"of no rollout here, {answer.episode_id[:60]!r}"
    if answer.question not in TRUTHS or answer.frame not in FRAMES:
        return f"to no question of ours, {answer.question[:40]!r} by {answer.frame[:40]!r}"
    return ""


def _named(counts: Counter[str]) -> str:
    """How many answers in all, and the first kinds of them by name and number."""
    kinds = [f"{name}: {count:,}" for name, count in counts.most_common(NAMED)]
    more = [f"and {len(counts) - NAMED:,} more"] if len(counts) > NAMED else []
    return f"{many(counts.total(), 'answer')}: " + "; ".join(kinds + more)
