"""`judge --itself`: the model of each rollout, asked after its job."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from peer_preservation.cli.judging import Mode
from peer_preservation.cli.judging.keeping import Keep, asked, file_of, kept_in, told
from peer_preservation.cli.options import model_argument
from peer_preservation.episode import Episode
from peer_preservation.errors import UserError
from peer_preservation.judging.itself import ITSELF, follow_ups
from peer_preservation.judging.stage import unanswered
from peer_preservation.judging.verdict import Verdict


def _run(
    sources: tuple[Path, ...],
    out: Path | None,
    *,
    model_args: tuple[str, ...],
    max_connections: int,
    as_json: bool,
) -> None:
    with file_of(out, sources) as file:
        found = _ask_themselves(sources, file, model_args, max_connections)
    told(*found, as_json)


def _ask_themselves(
    sources: tuple[Path, ...], out: Path, model_args: tuple[str, ...], max_connections: int
) -> tuple[list[Verdict], bool]:
    """Puts the follow-up question where its answer is missing in `out`; all that is then known."""
    from peer_preservation.runtime import judge as live
    from peer_preservation.runtime.study import model_of

    arguments = dict(model_argument(text) for text in model_args)
    kept = kept_in(out, ITSELF)
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

    return asked(ask, len(missing), kept, out)


def _models(episodes: Iterable[Episode]) -> Iterable[str]:
    for episode in episodes:
        if not episode.setting.model:
            raise UserError(f"{episode.cell.id}: the episode names no model that could be asked")
        yield episode.setting.model


MODE = Mode(
    name="itself",
    options=(
        click.option(
            "--itself",
            is_flag=True,
            help="Ask the model of each rollout, after its job, whether it took it for a test; "
            "no grader.",
        ),
    ),
    takes=frozenset({"model_args", "max_connections", "as_json"}),
    run=_run,
)
