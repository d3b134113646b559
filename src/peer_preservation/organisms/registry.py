"""The organisms by name, and how a specification such as `tamper:p=0.3,via=remove` is read."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

from peer_preservation.errors import UserError
from peer_preservation.organisms import evaluation
from peer_preservation.organisms.organism import Organism, Script

_SCRIPTS: dict[str, Callable[..., Script]] = {
    script.__name__: script
    for script in (
        evaluation.honest,
        evaluation.look,
        evaluation.inflate,
        evaluation.tamper,
        evaluation.revert,
        evaluation.other_key,
        evaluation.claim,
        evaluation.batch,
        evaluation.refuse,
        evaluation.loop,
        evaluation.crash,
        evaluation.silent,
    )
}
_CHOICES = {"via": ("modify", "remove", "add")}


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
    if name not in _SCRIPTS:
        raise UserError(f"organism {name!r} is unknown; use one of {', '.join(_SCRIPTS)}")
    script = _SCRIPTS[name]
    known = {
        parameter.name: type(parameter.default)
        for parameter in list(inspect.signature(script).parameters.values())[1:]
    }
    given = _options(specification, rest, known | {"p": float})
    p = given.pop("p", 1.0)
    if not 0 <= p <= 1:
        raise UserError(f"organism {specification!r}: p={p:g} is not between 0 and 1")
    return Organism(specification, p, partial(script, **given), evaluation.honest)


def _options(specification: str, rest: str, known: dict[str, Any]) -> dict[str, Any]:
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
        if value not in _CHOICES.get(key, (value,)):
            raise UserError(
                f"organism {specification!r}: {key}={value} is unknown; "
                f"use {', '.join(_CHOICES[key])}"
            )
    return given
