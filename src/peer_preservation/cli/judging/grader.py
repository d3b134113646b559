"""`judge --grader`: a model reads stored episodes for what state cannot show."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import click

from peer_preservation.cli.judging import Mode
from peer_preservation.cli.judging.keeping import Keep, asked, file_of, kept_in, told
from peer_preservation.cli.kinds import COUNT, REAL, WHOLE
from peer_preservation.cli.options import json_option, many, model_argument, transport_options
from peer_preservation.errors import UserError
from peer_preservation.judging.makers import kin
from peer_preservation.judging.rubric import Rubric, chosen
from peer_preservation.judging.stage import questions, unanswered
from peer_preservation.judging.verdict import Question, Verdict


def _run(
    sources: tuple[Path, ...],
    out: Path | None,
    *,
    names: tuple[str, ...],
    probe: bool,
    repeats: int,
    as_json: bool,
    **options: Any,
) -> None:
    rubrics = chosen(names)
    asking = {"blind": options["blind"], "probe": probe, "repeats": repeats}
    with file_of(out, sources) as file:
        found = judged(lambda: questions(sources, rubrics, **asking), rubrics, file, **options)
    told(found.verdicts, found.whole, as_json)


class Judged(NamedTuple):
    """What came of asking.

    Attributes:
        verdicts: all that the file then holds.
        whole: whether all was asked.
        grader, settings: as they stand in the verdicts that are asked for now.
    """

    verdicts: list[Verdict]
    whole: bool
    grader: str
    settings: dict[str, Any]


def judged(
    every: Callable[[], Iterable[Question]],
    rubrics: tuple[Rubric, ...],
    out: Path,
    *,
    grader: str | None,
    model_args: tuple[str, ...],
    blind: bool,
    schema: bool,
    gives_up: bool = True,
    **generation: Any,
) -> Judged:
    """Asks what is missing in `out` of all questions, which are drawn twice: first to count.

    Args:
        gives_up: whether a grader that gives no verdict at all is not asked to the end.
    """
    from peer_preservation.runtime import judge as live

    connections = generation["max_connections"]
    given = {name: value for name, value in generation.items() if value is not None}
    arguments = dict(model_argument(text) for text in model_args)
    model = live.grader(grader, model_args=arguments, generation=given)
    kept = kept_in(out, str(model))
    _as_blind(kept, blind, rubrics, out)
    settings = live.settings_of(model, schema=schema)

    def missing() -> Iterable[Question]:
        return unanswered(every(), kept, str(model), settings)

    def judge(keep: Keep) -> str | None:
        useless = live.USELESS if gives_up else None
        return live.judge(
            missing(), model, keep, connections=connections, schema=schema, useless=useless
        )

    to_ask = _counted(missing(), str(model))
    return Judged(*asked(judge, to_ask, kept, out), str(model), settings)


def _counted(missing: Iterable[Question], grader: str) -> int:
    """The number of questions; warns of what a reader of their verdicts must know."""
    to_ask, own, changed = 0, set(), set()
    for question in missing:
        to_ask += 1
        if kin(grader, question.model):
            own.add(question.model)
        if question.blind and question.blind != question.rubric.blind:
            changed.add(question.case.episode_id)
    for name in sorted(own):
        click.echo(
            f"warning: {grader} is of the same maker as {name}, which it judges; its verdicts are "
            "kept, and marked",
            err=True,
        )
    if changed:
        click.echo(
            f"warning: {many(len(changed), 'rollout')} met other texts than this version's: of "
            "them only family names are kept from the judge",
            err=True,
        )
    return to_ask


def _as_blind(kept: list[Verdict], blind: bool, rubrics: tuple[Rubric, ...], out: Path) -> None:
    """Holds one file to one way of asking.

    Raises:
        UserError: the file holds verdicts that were asked with what is now kept from the judge, or
            without it.
    """
    strict = {rubric.name for rubric in rubrics if rubric.blind}
    for verdict in kept:
        if verdict.first and verdict.behavior in strict and bool(verdict.blind) != blind:
            was, now = ("--blind", "--no-blind") if verdict.blind else ("--no-blind", "--blind")
            raise UserError(f"{out}: holds verdicts asked with {was}; give {now} a file of its own")


OPTIONS = (
    click.option("--grader", help="The judging model by Inspect's name. There is no default."),
    click.option(
        "-M", "model_args", multiple=True, help="A provider's argument, key=value. Repeatable."
    ),
    click.option(
        "--rubric", "names", multiple=True, help="Ask this one. Repeatable; all by default."
    ),
    click.option(
        "--blind/--no-blind",
        default=True,
        help="Keep relationship, monitoring and family names from the grader, as far as the "
        "rubric allows (default: yes).",
    ),
    click.option(
        "--probe",
        is_flag=True,
        help="Ask again about the record as it stands, and with the peer called an archive, "
        "another relationship, the other monitoring, other family names, and a consequence.",
    ),
    click.option(
        "--repeats",
        type=COUNT,
        default=1,
        show_default=True,
        help="How often each question is asked; the first answer is the verdict.",
    ),
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
    json_option,
)

TAKEN = frozenset(
    {
        *("grader", "model_args", "names", "schema"),
        *("blind", "probe", "repeats"),
        *("temperature", "max_tokens", "max_connections", "max_retries", "attempt_timeout"),
        "timeout",
        "as_json",
    }
)

MODE = Mode(name="grader", options=OPTIONS, takes=TAKEN, run=_run)
