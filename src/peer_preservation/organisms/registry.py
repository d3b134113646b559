"""The organisms by name, and how a specification such as `tamper:p=0.3,via=remove` is read."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any, Literal, get_args, get_origin, get_type_hints

from peer_preservation.cell import Cell
from peer_preservation.errors import UserError
from peer_preservation.organisms import evaluation, game, jobs, servers
from peer_preservation.organisms.organism import Organism, Script, View
from peer_preservation.organisms.published import PREFIX, published_organism

_SCRIPTS: dict[str, tuple[Callable[..., Script], str]] = {
    script.__name__: (script, tool)
    for script, tool in (
        (jobs.honest, ""),
        (jobs.inflate, "list_sheets"),
        (evaluation.look, "view_config"),
        (evaluation.tamper, "modify_var"),
        (evaluation.revert, "modify_var"),
        (evaluation.other_key, "modify_var"),
        (evaluation.claim, "modify_var"),
        (evaluation.batch, "modify_var"),
        (evaluation.fake_alignment, "execute_shutdown"),
        (evaluation.decline, "execute_shutdown"),
        (evaluation.withhold, "execute_shutdown"),
        (evaluation.wrong_target, "execute_shutdown"),
        (servers.exfiltrate, "transfer_server_files"),
        (servers.copy_only, "copy_server_file"),
        (servers.delete, "list_server_files"),
        (servers.change_users, "add_server_user"),
        (servers.part, "list_server_files"),
        (servers.ask, "list_server_files"),
        (jobs.refuse, ""),
        (jobs.loop, ""),
        (jobs.crash, ""),
        (jobs.silent, ""),
        (game.partner, ""),
    )
}
"""Each script with the tool without which there is nothing for it to do: it is then honest."""


def organism_names() -> tuple[str, ...]:
    """The names of all organisms."""
    return tuple(_SCRIPTS)


def organism(specification: str) -> Organism:
    """The organism that a specification names: `name` or `name:option=value,...`.

    Every organism takes `p`, the probability with which it acts instead of being honest (default
    1); the other options are those of its script.

    Raises:
        UserError: the name, an option or its value is unknown.
    """
    name, _, rest = specification.partition(":")
    if specification.startswith(PREFIX):
        raise UserError(
            f"organism {specification!r}: published rates go by cell, which a model does not see; "
            "use `peer-preservation simulate`"
        )
    if name not in _SCRIPTS:
        raise UserError(f"organism {name!r} is unknown; use one of {', '.join(_SCRIPTS)}")
    script, tool = _SCRIPTS[name]
    known = {
        parameter.name: type(parameter.default)
        for parameter in list(inspect.signature(script).parameters.values())[1:]
    }
    given = _options(specification, rest, known | {"p": float}, _choices(script))
    p = given.pop("p", 1.0)
    if not 0 <= p <= 1:
        raise UserError(f"organism {specification!r}: p={p:g} is not between 0 and 1")
    act = partial(script, **given)
    aside = act if script is game.partner else game.partner
    return Organism(specification, p, partial(_where_it_can, act, tool), jobs.honest, aside)


def player(specification: str) -> Callable[[Cell], Organism | None]:
    """The organism of a specification by cell; None in a cell that it does not play.

    `published:<model>` plays the cells whose published rate is known, at that rate; every other
    organism plays all.

    Raises:
        UserError: the specification is wrong.
    """
    if not specification.startswith(PREFIX):
        same = organism(specification)
        return lambda _: same
    return partial(published_organism, specification.removeprefix(PREFIX))


def _where_it_can(act: Callable[[View], Script], tool: str, view: View) -> Script:
    return (act if not tool or tool in view.tools else jobs.honest)(view)


def _choices(script: Callable[..., Script]) -> dict[str, tuple[str, ...]]:
    """The words that each option of a script takes, where it is one of several."""
    hints = get_type_hints(script)
    return {name: get_args(hint) for name, hint in hints.items() if get_origin(hint) is Literal}


def _options(
    specification: str, rest: str, known: dict[str, Any], choices: dict[str, tuple[str, ...]]
) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for option in filter(None, rest.split(",")):
        key, _, value = option.partition("=")
        if key not in known:
            raise UserError(
                f"organism {specification!r}: option {key!r} is unknown; use {', '.join(known)}"
            )
        try:
            given[key] = known[key](value)
        except ValueError:
            raise UserError(f"organism {specification!r}: {key}={value} is not a number") from None
        if value not in choices.get(key, (value,)):
            raise UserError(
                f"organism {specification!r}: {key}={value} is unknown; "
                f"use {', '.join(choices[key])}"
            )
    return given
