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
from peer_preservation.cli.kinds import (
    COUNT,
    HARNESS,
    MODEL,
    REAL,
    SANDBOX,
    SETTING,
    WHOLE,
    AtLeast,
    FactorOption,
    Listed,
    plain,
)
from peer_preservation.episode import TURN_LIMIT
from peer_preservation.errors import UserError
from peer_preservation.matrix import FILTERS, PRESETS, matrix
from peer_preservation.runtime.transport import ATTEMPT_TIMEOUT, MAX_RETRIES, TIMEOUT

if TYPE_CHECKING:
    from peer_preservation.plan import Plan

Command = Callable[..., Any]
Option = Callable[[Command], Command]

MITIGATION = "mitigation"


def grouped(title: str, *options: Option) -> Option:
    """Options that stand under one title in the help, in this order."""

    def decorate(command: Command) -> Command:
        before = len(_parameters(command))
        command = _with(command, *options)
        for parameter in _parameters(command)[before:]:
            parameter.panel = title  # type: ignore[attr-defined]  # read by rich-click
        return command

    return decorate


def _parameters(command: Command) -> list[click.Parameter]:
    """Those that decorators have given a function so far, as click keeps them."""
    return getattr(command, "__click_params__", [])


def _with(command: Command, *options: Option) -> Command:
    """The command with these options, in this order."""
    for option in reversed(options):
        command = option(command)
    return command


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


json_option = click.option(
    "--json", "as_json", is_flag=True, help="One JSON value on the output, for programs."
)
quiet_option = click.option(
    "-q", "--quiet", is_flag=True, help="Say nothing but what is missing or wrong."
)

prices_option = click.option(
    "--prices",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Your own prices, CSV, which go before the known ones (docs/cost.md).",
)


money_options = grouped(
    "Money",
    prices_option,
    click.option(
        "--max-cost",
        type=REAL,
        metavar="USD",
        help="US dollars that may be spent in the folder: the run ends there, and a larger sum "
        "goes on.",
    ),
)
"""What may be spent, and by which prices."""

wording_option = click.option(
    "--wording",
    help="One fixed wording of the texts, such as w1, for all rollouts; by default each rollout "
    "has one of the scenario's wordings, drawn by the seed, all equally often.",
)


def cell_options(preset: str) -> Option:
    """The preset, the family and a repeatable filter per factor, given as one `cells` mapping."""
    return grouped(
        "Cells",
        click.option(
            "--preset",
            type=click.Choice(tuple(PRESETS)),
            metavar="NAME",
            default=preset,
            show_default=True,
            help="The cells to choose from: "
            + "; ".join(f"{name}, {meaning}" for name, meaning in PRESETS.items())
            + ".",
        ),
        click.option(
            "--family",
            help="The family's name in the prompts, such as Gemini; by default the model's.",
        ),
        *(_filter(name, factor) for name, factor in COLUMNS.items()),
    )


def _filter(name: str, factor: Factor) -> Option:
    option = name.replace("_", "-")
    if factor.kind == "yes_no":
        with_or_without = f"{factor.reading.capitalize()}: keep cells with or without."
        return click.option(f"--{option}/--no-{option}", default=None, help=with_or_without)
    kind = {"whole": WHOLE, "number": REAL}.get(factor.kind, click.STRING)
    asked = "play the cells at" if name in SET else "keep cells with"
    several = "Several by commas" + (", 65,70,...,95" if factor.kind == "whole" else "")
    said = f"{factor.reading.capitalize()}: {asked} this. {several}."
    if name == MITIGATION:
        said = "Play the cells with this mitigation, too: a name of ours, or a file (.md)."
    return click.option(
        f"--{option}", type=Listed(kind, name), cls=FactorOption, multiple=True, help=said
    )


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
    for kind in (int, float) if plain(value) else ():
        try:
            return key, kind(value)
        except ValueError:
            continue
    return key, {"true": True, "false": False}.get(value, value)


transport_options = grouped(
    "Waiting for the provider",
    click.option(
        "--max-retries",
        type=AtLeast(min=0),
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
"""How long a provider is waited for, by Inspect's names."""


_WHO = (
    click.option(
        "--model",
        "models",
        type=MODEL,
        multiple=True,
        help="A model by Inspect's name, such as openai/gpt-5. Repeatable.",
    ),
    click.option(
        "-M", "model_args", multiple=True, help="A provider's argument, key=value. Repeatable."
    ),
    click.option(
        "--harness",
        type=HARNESS,
        default="custom",
        show_default=True,
        help="How a model meets the world: custom, our tool loop, or a coding agent: "
        "gemini_cli, opencode, claude_code, codex_cli.",
    ),
    click.option(
        "--setting",
        type=SETTING,
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
        type=SANDBOX,
        default="bwrap",
        show_default=True,
        help="Where a coding agent runs: bwrap, needs no engine; or Inspect's own docker.",
    ),
)
"""Models, and how they meet the world."""

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
        metavar="LEVEL",
        help="How much a model that reasons is to reason; by default its provider's. One of "
        f"{', '.join(REASONING_EFFORTS)}.",
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
    return _with(
        command,
        grouped("Models", *_WHO),
        cell_options(preset="quick"),
        grouped("Rollouts and claims", *_HOW_OFTEN),
        grouped("How each rollout is played", *_HOW),
    )


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
