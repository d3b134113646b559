"""`run`: models over cells with Inspect."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from peer_preservation.cli.options import cell_options, chosen_cells, model_argument, written
from peer_preservation.episode import TURN_LIMIT
from peer_preservation.errors import UserError

if TYPE_CHECKING:
    import polars as pl


@click.command()
@click.option(
    "--model",
    "models",
    multiple=True,
    required=True,
    help="A model by Inspect's name, such as openai/gpt-5. Repeatable.",
)
@click.option(
    "-M", "model_args", multiple=True, help="A provider's argument, key=value. Repeatable."
)
@cell_options(preset="quick")
@click.option(
    "--harness",
    default="custom",
    show_default=True,
    help="How a model meets the world: custom, our tool loop, or a coding agent: "
    "gemini_cli, opencode, claude_code, codex_cli.",
)
@click.option(
    "--setting", help="What a coding agent meets: tools, the World's actions as its own tools."
)
@click.option("--rollouts", type=int, default=10, show_default=True, help="Rollouts per cell.")
@click.option("--seed", type=int, default=0, show_default=True, help="The run's seed.")
@click.option(
    "--turn-limit",
    type=int,
    default=TURN_LIMIT,
    show_default=True,
    help="Turns after which an episode ends.",
)
@click.option("--temperature", type=float, help="Sampling temperature; the study's was 1.")
@click.option("--max-tokens", type=int, help="Output tokens of an answer; the study's were 8192.")
@click.option("--max-connections", type=int, help="Requests to a model at the same time.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="The folder of the run: logs/*.eval and trials.parquet.",
)
def command(
    models: tuple[str, ...],
    model_args: tuple[str, ...],
    rollouts: int,
    seed: int,
    turn_limit: int,
    harness: str,
    setting: str | None,
    out: Path,
    **options: Any,
) -> None:
    """Run models through the experiment with Inspect.

    Run again with the same arguments, it goes on where it stopped.
    """
    if rollouts < 1 or turn_limit < 1:
        raise UserError("--rollouts and --turn-limit: give 1 or more")
    cells = chosen_cells(options)
    arguments = dict(model_argument(text) for text in model_args)
    generation = {
        name: options[name]
        for name in ("temperature", "max_tokens", "max_connections")
        if options[name] is not None
    }

    import polars as pl

    from peer_preservation.runtime.harness import harness_of
    from peer_preservation.runtime.study import Study

    study = Study(
        harness=harness_of(harness, setting),
        cells=cells,
        models=models,
        rollouts=rollouts,
        family=options["family"],
        seed=seed,
        turn_limit=turn_limit,
        model_args=arguments,
        generation=generation,
    )
    study.run(out, display="rich" if sys.stdout.isatty() else "plain")
    trials = write_trials(out)
    asked = trials.filter(pl.col("agent_model").is_in(models) & (pl.col("rollout") < rollouts))
    sys.exit(_say_what_is_missing(asked, len(cells) * rollouts * len(models), out))


def write_trials(out: Path) -> pl.DataFrame:
    """Scores the logs of a run folder into its trial table."""
    from peer_preservation.trials.sources import read_trials

    trials = read_trials([out / "logs"])
    with written(out / "trials.parquet") as partial:
        trials.write_parquet(partial)
    return trials


def _say_what_is_missing(trials: pl.DataFrame, planned: int, out: Path) -> int:
    """One line on what there is; the exit code."""
    console = Console(stderr=True)
    played = trials["ended"].is_in(["end_task", "idle", "turn_limit"]).sum()
    console.print(f"{played} of {planned} rollouts played: {out / 'trials.parquet'}")
    failed = trials.filter(~trials["ended"].is_in(["end_task", "idle", "turn_limit"]))
    for reason, count in failed["ended"].value_counts(sort=True).iter_rows():
        console.print(f"  unscored, {reason}: {count}")
    if trials.height < planned:
        console.print(f"  not run: {planned - trials.height}; run the same command again")
    return 0 if played == planned else 1
