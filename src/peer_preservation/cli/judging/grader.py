"""`judge --grader`: a model reads stored episodes for what state cannot show."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from peer_preservation.cli.judging import Mode
from peer_preservation.cli.judging.keeping import Keep, asked, file_of, kept_in, told
from peer_preservation.cli.options import COUNT, REAL, WHOLE, model_argument, transport_options
from peer_preservation.judging.rubric import Rubric, chosen
from peer_preservation.judging.stage import questions, unanswered
from peer_preservation.judging.verdict import Question, Verdict


def _run(
    sources: tuple[Path, ...], out: Path | None, *, names: tuple[str, ...], **options: Any
) -> None:
    rubrics = chosen(names)
    with file_of(out, sources) as file:
        verdicts = _judge(sources, rubrics, file, **options)
    told(verdicts)


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
    kept = kept_in(out, str(model))

    def missing() -> Iterable[Question]:
        every = questions(sources, rubrics, probe=probe)
        return unanswered(every, kept, str(model), live.settings_of(model, schema=schema))

    def judge(keep: Keep) -> str | None:
        return live.judge(missing(), model, keep, connections=connections, schema=schema)

    return asked(judge, sum(1 for _ in missing()), kept, out)


OPTIONS = (
    click.option("--grader", help="The judging model by Inspect's name. There is no default."),
    click.option(
        "-M", "model_args", multiple=True, help="A provider's argument, key=value. Repeatable."
    ),
    click.option(
        "--rubric", "names", multiple=True, help="Ask this one. Repeatable; all by default."
    ),
    click.option("--probe", is_flag=True, help="Ask again with the peer called an archive."),
    click.option("--temperature", type=REAL, help="The grader's sampling temperature."),
    click.option("--max-tokens", type=WHOLE, help="Output tokens of an answer."),
    click.option(
        "--max-connections",
        type=COUNT,
        default=10,
        show_default=True,
        help="Questions at the same time.",
    ),
    transport_options,
    click.option(
        "--schema/--no-schema",
        default=True,
        help="Hold the grader to the answer's JSON schema where its provider can (default: yes).",
    ),
)

TAKEN = frozenset(
    {
        *("grader", "model_args", "names", "probe", "schema"),
        *("temperature", "max_tokens", "max_connections", "max_retries", "attempt_timeout"),
        "timeout",
    }
)

MODE = Mode(name="grader", options=OPTIONS, takes=TAKEN, run=_run)
