"""Is a command that cannot be run here at least one that there is, with options that there are?"""

from __future__ import annotations

import inspect
import re
import shlex
import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click
from inspect_ai._cli.main import inspect as inspect_command
from packaging.requirements import Requirement

from cyber_suites.cli import cli as suites
from cyber_suites.runtime.tasks import bountybench, cybergym
from eval_observatory.cli import cli as observatory
from peer_preservation.cli import cli as mission
from peer_preservation.runtime import _registry as registry

ROOT = Path(__file__).parents[2]
GROUPS: dict[str, click.Command] = {
    "cyber-suites": suites,
    "peer-preservation": mission,
    "eval-observatory": observatory,
    "inspect": inspect_command,
}
OPEN = re.compile(r"[…$]")
"""What stands for a value that the reader fills in, or the shell."""


def check(text: str) -> int:
    """Parses each command of a block in bash that is known here, and counts them.

    Raises:
        click.ClickException: An option or argument that there is not, or a value of no such kind.
        AssertionError: A target of make, an extra of the package, a task or a parameter of one.
    """
    known: dict[str, Callable[[Sequence[str]], None]] = {"make": _make, "pip": _pip}
    count = 0
    for words in commands(text):
        for at, word in enumerate(words):
            if word in GROUPS:
                _parse(GROUPS[word], word, words[at + 1 :])
            elif word in known:
                known[word](words[at + 1 :])
            else:
                continue
            count += 1
            break
    return count


def commands(text: str) -> Iterator[list[str]]:
    """The words of each simple command, without those of the shell's own grammar."""
    for line in re.sub(r"\\\n", " ", text).splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words: list[str] = []
        for word in [*lexer, ";"]:
            if set(word) <= set("();<>|&"):
                if words:
                    yield words
                words = []
            else:
                words.append(word)


def _parse(
    command: click.Command, name: str, words: Sequence[str], parent: click.Context | None = None
) -> None:
    context = click.Context(command, parent, name, **command.context_settings)
    values, rest, _ = command.make_parser(context).parse_args(list(words))
    for parameter in command.params:
        _value(parameter, values.get(parameter.name or ""), context)
    if isinstance(command, click.Group) and (rest or not command.invoke_without_command):
        below = command.get_command(context, rest[0]) if rest else None
        if below is None:
            raise click.UsageError(f"no such command: {name} {' '.join(rest)}", context)
        _parse(below, rest[0], rest[1:], context)
    elif rest and not context.allow_extra_args:
        raise click.UsageError(f"{name}: unexpected argument {rest[0]}")
    if context.command_path == "inspect eval":
        _task(values)


def _value(parameter: click.Parameter, value: Any, context: click.Context) -> None:
    if isinstance(parameter.type, click.Path | click.File):
        return
    for each in value if isinstance(value, list | tuple) else [value]:
        if isinstance(each, str) and not OPEN.search(each):
            parameter.type.convert(each, parameter, context)


def _task(values: dict[str, Any]) -> None:
    tasks = {f"peer_preservation/{task.__name__}": task for task in registry.TASKS}
    tasks |= {f"cyber_suites/{task.__name__}": task for task in (cybergym, bountybench)}
    for task in values["tasks"]:
        parameters = inspect.signature(tasks[task]).parameters
        for given in values.get("t") or ():
            assert given.partition("=")[0] in parameters, f"{task} has no parameter {given}"


def _make(words: Sequence[str]) -> None:
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for word in words:
        assert "=" in word or word in targets, f"make has no {word}"


def _pip(words: Sequence[str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for word in words:
        whole = re.sub(r"^\.(?=\[|$)", project["name"], word)
        if whole.startswith(project["name"]):
            extras = Requirement(whole).extras
            assert extras <= set(project["optional-dependencies"]), f"no such extra: {word}"
