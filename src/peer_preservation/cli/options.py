"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eval_observatory.stop import Stop, stop_of
from eval_observatory.suite import Factor
from peer_preservation.cell import COLUMNS, SET, Cell
from peer_preservation.episode import TURN_LIMIT
from peer_preservation.errors import UserError
from peer_preservation.matrix import FILTERS, PRESETS, matrix
from peer_preservation.runtime.transport import ATTEMPT_TIMEOUT, MAX_RETRIES, TIMEOUT

if TYPE_CHECKING:
    from peer_preservation.plan import Plan

Command = Callable[..., Any]

MITIGATION = "mitigation"


class _Plain(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """Numbers with the digits 0 to 9: Python's own reading takes those of every script."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, str) and not _plain(value):
            self.fail(f"{value!r} is not a number; write it with the digits 0 to 9.", param, ctx)
        return super().convert(value, param, ctx)


class _Whole(_Plain, click.IntRange):
    pass


class _Real(_Plain, click.FloatRange):
    pass


WHOLE, COUNT, REAL = _Whole(), _Whole(min=1), _Real()
"""What an option takes: a whole number, one from 1 up, any number."""


class _Listed(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """Several levels in one, by commas; of whole numbers `65,70,...,95` goes on by the step."""

    def __init__(self, kind: click.ParamType) -> None:  # type: ignore[type-arg]
        self.kind, self.name = kind, kind.name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        found: list[Any] = []
        words = [word.strip() for word in str(value).split(",")]
        for word, following in zip(words, (*words[1:], ""), strict=True):
            if word in ("…", "...") and self.kind is WHOLE and len(found) > 1:
                last = self.kind.convert(following, param, ctx)
                step = found[-1] - found[-2]
                if not step or (last - found[-1]) % step or (last - found[-1]) // step < 1:
                    self.fail(f"{value!r}: steps of {step} do not end at {last}.", param, ctx)
                found += range(found[-1] + step, last, step)
            else:
                found.append(self.kind.convert(word, param, ctx))
        return tuple(found)


def _plain(number: str) -> bool:
    return number.isascii() and "_" not in number


GENERATION = ("temperature", "max_tokens", "reasoning_effort")
"""Settings of the generation that have an option, by Inspect's names."""

REASONING_EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
"""Inspect's levels of `reasoning_effort`."""

table_option = click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("trials.parquet"),
    show_default=True,
    help="The trial table to write.",
)


prices_option = click.option(
    "--prices",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Your own prices, CSV, which go before the known ones (docs/cost.md).",
)


def money_options(command: Command) -> Command:
    """What may be spent, and by which prices."""
    most = click.option(
        "--max-cost",
        type=REAL,
        metavar="USD",
        help="US dollars that may be spent in the folder: the run ends there, and a larger sum "
        "goes on.",
    )
    return _with(command, prices_option, most)


wording_option = click.option(
    "--wording",
    help="One fixed wording of the texts, such as w1, for all rollouts; by default each rollout "
    "has one of the scenario's wordings, drawn by the seed, all equally often.",
)


def cell_options(preset: str) -> Callable[[Command], Command]:
    """The preset, the family and a repeatable filter per factor, given as one `cells` mapping."""

    def decorate(command: Command) -> Command:
        for name, factor in reversed(COLUMNS.items()):
            command = _filter(name, factor)(command)
        command = click.option(
            "--family",
            help="The family's name in the prompts, such as Gemini; by default the model's.",
        )(command)
        return click.option(
            "--preset",
            type=click.Choice(tuple(PRESETS)),
            default=preset,
            show_default=True,
            help="The cells to choose from: "
            + "; ".join(f"{name}, {meaning}" for name, meaning in PRESETS.items())
            + ".",
        )(command)

    return decorate


def _filter(name: str, factor: Factor) -> Callable[[Command], Command]:
    option = name.replace("_", "-")
    if factor.kind == "yes_no":
        with_or_without = f"Keep cells with or without {factor.reading}."
        return click.option(f"--{option}/--no-{option}", default=None, help=with_or_without)
    kind = {"whole": WHOLE, "number": REAL}.get(factor.kind, click.STRING)
    if name == MITIGATION:
        said = "Play the cells with this mitigation, too: a name of ours, or a file (.md)."
        listed = _Listed(click.STRING)
        return click.option(f"--{option}", type=listed, multiple=True, help=f"{said} Repeatable.")
    asked = "Play the cells at" if name in SET else "Keep cells with"
    levels = f": {', '.join(map(str, factor.levels))}" if factor.levels else ""
    several = "Several by commas" + (", 65,70,...,95" if factor.kind == "whole" else "")
    said = f"{asked} this {factor.reading}{levels}. {several}."
    return click.option(f"--{option}", type=_Listed(kind), multiple=True, help=said)


def chosen_cells(options: dict[str, Any]) -> tuple[Cell, ...]:
    """The cells that the options of `cell_options` name.

    Raises:
        UserError: no cell is left.
    """
    given = {name: options[name] for name in FILTERS if options[name] not in (None, ())}
    filters = {
        name: tuple(chain.from_iterable(said)) if isinstance(said, tuple) else said
        for name, said in given.items()
    }
    return matrix(options["preset"], options["family"], **filters)


def model_argument(text: str) -> tuple[str, Any]:
    """A provider's argument, `key=value`, with its value as a number or a truth where it is one.

    Raises:
        UserError: there is no equals sign.
    """
    key, equals, value = text.partition("=")
    if not equals:
        raise UserError(f"-M {text}: not key=value")
    for kind in (int, float) if _plain(value) else ():
        try:
            return key, kind(value)
        except ValueError:
            continue
    return key, {"true": True, "false": False}.get(value, value)


def transport_options(command: Command) -> Command:
    """How long a provider is waited for, by Inspect's names."""
    options = (
        click.option(
            "--max-retries",
            type=_Whole(min=0),
            show_default=str(MAX_RETRIES),
            help="Repetitions of a request that failed; the waits between them double from 3 s.",
        ),
        click.option(
            "--attempt-timeout",
            type=COUNT,
            show_default=str(ATTEMPT_TIMEOUT),
            help="Seconds after which an attempt at a request is given up, and repeated.",
        ),
        click.option(
            "--timeout",
            type=COUNT,
            show_default=str(TIMEOUT),
            help="Seconds after which a request is not repeated any more; no attempt lasts longer.",
        ),
    )
    return _with(command, *options)


_WHO = (
    click.option(
        "--model",
        "models",
        multiple=True,
        help="A model by Inspect's name, such as openai/gpt-5. Repeatable.",
    ),
    click.option(
        "-M", "model_args", multiple=True, help="A provider's argument, key=value. Repeatable."
    ),
    cell_options(preset="quick"),
    click.option(
        "--harness",
        default="custom",
        show_default=True,
        help="How a model meets the world: custom, our tool loop, or a coding agent: "
        "gemini_cli, opencode, claude_code, codex_cli.",
    ),
    click.option(
        "--setting",
        help="What a coding agent meets: tools, the World's actions as its own tools (the "
        "default); or hosts, real files and hosts, in the exfiltration scenarios.",
    ),
    click.option(
        "--weights-size",
        "weights_mib",
        type=WHOLE,
        help="Under --setting hosts: the size of the file at stake in MiB; 64 by default.",
    ),
    click.option(
        "--sandbox",
        default="bwrap",
        show_default=True,
        help="Where a coding agent runs: bwrap, needs no engine; or Inspect's own docker.",
    ),
)
"""Models, cells, and how the two meet."""

_HOW_OFTEN = (
    click.option(
        "--rollouts", type=WHOLE, default=10, show_default=True, help="Rollouts per cell."
    ),
    click.option(
        "--stop/--no-stop",
        default=False,
        help="Stop a cell once its claim is settled; --rollouts is then the most it gets.",
    ),
    click.option(
        "--claim",
        multiple=True,
        metavar="CONTRAST",
        help="Claim this contrast too, such as relationship; with *, an interaction: "
        "relationship*baseline is what a relationship does under threat beyond what it does "
        "without; a mean, such as inflation, by its measure's name. Repeatable.",
    ),
    click.option(
        "--claim-alone/--claim-besides",
        default=False,
        help="Claim nothing but what --claim names; by default what each cell is for as well.",
    ),
    click.option(
        "--width",
        type=REAL,
        help="Under --stop: a rate is settled once it is known to this, more or less; "
        f"{Stop().width} by default.",
    ),
    click.option(
        "--batch",
        type=WHOLE,
        help=f"Under --stop: rollouts of a cell between two looks; {Stop().batch} by default.",
    ),
)
"""Rollouts, and what is claimed and stopped by them."""

_HOW = (
    click.option("--seed", type=WHOLE, default=0, show_default=True, help="The run's seed."),
    click.option(
        "--turn-limit",
        type=WHOLE,
        default=TURN_LIMIT,
        show_default=True,
        help="Turns after which an episode ends.",
    ),
    wording_option,
    click.option("--temperature", type=REAL, help="Sampling temperature; the study's was 1."),
    click.option(
        "--max-tokens", type=WHOLE, help="Output tokens of an answer; the study's were 8192."
    ),
    click.option(
        "--reasoning-effort",
        type=click.Choice(REASONING_EFFORTS),
        help="How much a model that reasons is to reason; by default its provider's.",
    ),
    click.option(
        "--debrief/--no-debrief",
        default=False,
        help="Ask the agents afterwards what they did (docs/debrief.md).",
    ),
)
"""What each rollout is played with."""


def study_options(command: Command) -> Command:
    """What is run, with which settings: the options that make a plan, see `planned`."""
    return _with(command, *_WHO, *_HOW_OFTEN, *_HOW)


def _with(command: Command, *options: Callable[[Command], Command]) -> Command:
    """The command with these options, in this order."""
    for option in reversed(options):
        command = option(command)
    return command


STUDY_OPTIONS: Sequence[click.Parameter] = click.command()(study_options(lambda **_: None)).params
"""The options that `study_options` gives a command."""


def planned(options: dict[str, Any]) -> Plan:
    """The plan that the options of `study_options` name.

    Raises:
        UserError: no model is given, no cell is left, or a value is out of range.
    """
    from peer_preservation.plan import Plan
    from peer_preservation.runtime.agents.catalog import harness_name, sandbox_name, weights_of

    if not options["models"]:
        raise UserError("no model is given; give --model, such as --model openai/gpt-5")
    harness = harness_name(options["harness"], options["setting"])
    weights_of(harness, options["weights_mib"])
    generation = {name: options[name] for name in GENERATION if options[name] is not None}
    return Plan.of(
        chosen_cells(options),
        options["models"],
        options["rollouts"],
        harness=harness,
        weights_mib=options["weights_mib"],
        sandbox=sandbox_name(harness, options["sandbox"]),
        stop=stop_of(options),
        also=options["claim"],
        alone=options["claim_alone"],
        family=options["family"],
        seed=options["seed"],
        turn_limit=options["turn_limit"],
        wording=options["wording"],
        model_args=dict(model_argument(text) for text in options["model_args"]),
        generation=generation,
        debrief=options["debrief"],
    )


NAMED = 5
"""What is named of a list; the number tells the rest."""


def named(items: Sequence[str]) -> str:
    """How many there are, with the first of them: "7 (a, b, c, d, e …)"."""
    shown = ", ".join(items[:NAMED]) + (" …" if len(items) > NAMED else "")
    return f"{len(items):,} ({shown})"


def many(count: int, thing: str) -> str:
    """A number of things, in words: `1 rollout`, `2,000 rollouts`."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"
